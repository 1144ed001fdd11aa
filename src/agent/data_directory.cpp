// SPDX-License-Identifier: Apache-2.0
#include "agent/data_directory.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPrivateDirectory = 0700;

json::value time_value(const std::optional<Timestamp>& time) {
  return time ? json::value(format_rfc3339(*time)) : json::value(nullptr);
}

std::optional<Timestamp> read_time(const json::object& object, std::string_view name) {
  const auto time = parse_rfc3339(string_or(object, name, ""));
  return time ? std::optional(*time) : std::nullopt;
}

// All members, or an error that names the file and the first one missing.
Result<std::vector<std::string>> read_members(const json::object& object, std::string_view file,
                                              std::initializer_list<std::string_view> names) {
  std::vector<std::string> values;
  for (const auto name : names) {
    auto value = require_string(object, name);
    if (!value) return fail(std::move(value).error().with("read {}", file));
    values.push_back(*std::move(value));
  }
  return values;
}

}  // namespace

std::string Assignment::hub_host() const {
  return hub.substr(0, hub.rfind(':'));
}

Result<DataDirectory> DataDirectory::open(const std::filesystem::path& path) {
  if (auto made = make_directories(path, kPrivateDirectory); !made) {
    return fail(std::move(made).error());
  }
  auto lock = FileLock::acquire(path / "lock");
  if (!lock) {
    return fail(std::move(lock).error().with("take {} for this process", path.string()));
  }
  DataDirectory directory(path);
  directory.lock_.emplace(*std::move(lock));
  return directory;
}

Result<DataDirectory> DataDirectory::open_read_only(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    return fail(
        Error{Code::not_found, fmt::format("there is no directory {}", path.string())}.advise(
            "name the agent's data directory with --data"));
  }
  return DataDirectory(path);
}

Result<std::optional<json::object>> DataDirectory::load(std::string_view name) const {
  const auto path = path_ / name;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  const auto text = read_file(path);
  if (!text) return fail(Error(text.error()).with("read {}", path.string()));
  auto object = parse_json_object(*text);
  if (!object) return fail(std::move(object).error().with("read {}", path.string()));
  return *std::move(object);
}

Result<void> DataDirectory::store(std::string_view name, const json::object& content) const {
  const auto path = path_ / name;
  auto written = write_file_atomically(path, pretty_json(content) + "\n", kPrivateFile);
  if (!written) return fail(std::move(written).error().with("write {}", path.string()));
  return {};
}

Result<std::optional<AgentSettings>> DataDirectory::load_settings() const {
  auto object = load("agent.json");
  if (!object) return fail(std::move(object).error());
  if (!*object) return std::nullopt;
  auto instance = require_string(**object, "instance");
  if (!instance) return fail(std::move(instance).error().with("read agent.json"));
  return AgentSettings{*std::move(instance), string_or(**object, "cloudCaPem", "")};
}

Result<void> DataDirectory::save(const AgentSettings& settings) const {
  return store("agent.json",
               {{"instance", settings.instance}, {"cloudCaPem", settings.cloud_ca_pem}});
}

Result<std::optional<Secret>> DataDirectory::load_key() const {
  const auto path = path_ / "device.key.pem";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  auto text = read_file(path);
  if (!text) return fail(std::move(text).error().with("read {}", path.string()));
  return Secret(*std::move(text));
}

Result<void> DataDirectory::save_key(const Secret& pem) const {
  return write_file_atomically(path_ / "device.key.pem", pem.reveal(), kPrivateFile);
}

Result<std::optional<InstallerSession>> DataDirectory::load_session() const {
  auto object = load("session.json");
  if (!object) return fail(std::move(object).error());
  if (!*object) return std::nullopt;
  auto members = read_members(**object, "session.json", {"accessToken", "registrationId"});
  if (!members) return fail(std::move(members).error());
  return InstallerSession{Secret((*members)[0]), (*members)[1]};
}

Result<void> DataDirectory::save(const InstallerSession& session) const {
  return store("session.json", {{"accessToken", session.access_token.reveal()},
                                {"registrationId", session.registration_id}});
}

void DataDirectory::forget_session() const {
  std::error_code error;
  std::filesystem::remove(path_ / "session.json", error);
}

Result<std::optional<Registration>> DataDirectory::load_registration() const {
  auto object = load("registration.json");
  if (!object) return fail(std::move(object).error());
  if (!*object) return std::nullopt;
  auto members = read_members(**object, "registration.json",
                              {"server", "registrationId", "chain", "provisioningHost", "idScope"});
  if (!members) return fail(std::move(members).error());
  Registration registration;
  registration.server = (*members)[0];
  registration.registration_id = (*members)[1];
  registration.chain_pem = (*members)[2];
  registration.provisioning_host = (*members)[3];
  registration.id_scope = (*members)[4];
  if (const auto* payload = find_object(**object, "payload")) registration.payload = *payload;
  return registration;
}

Result<void> DataDirectory::save(const Registration& registration) const {
  return store("registration.json", {{"server", registration.server},
                                     {"registrationId", registration.registration_id},
                                     {"chain", registration.chain_pem},
                                     {"provisioningHost", registration.provisioning_host},
                                     {"idScope", registration.id_scope},
                                     {"payload", registration.payload}});
}

Result<std::optional<Assignment>> DataDirectory::load_assignment() const {
  auto object = load("assignment.json");
  if (!object) return fail(std::move(object).error());
  if (!*object) return std::nullopt;
  auto members = read_members(**object, "assignment.json", {"hub", "deviceId", "moduleKey"});
  if (!members) return fail(std::move(members).error());
  return Assignment{(*members)[0], (*members)[1], Secret((*members)[2]),
                    bool_or(**object, "keyIsSet", false)};
}

Result<void> DataDirectory::save(const Assignment& assignment) const {
  return store("assignment.json", {{"hub", assignment.hub},
                                   {"deviceId", assignment.device_id},
                                   {"moduleKey", assignment.module_key.reveal()},
                                   {"keyIsSet", assignment.key_is_set}});
}

Result<std::optional<json::object>> DataDirectory::load_desired() const {
  return load("desired.json");
}

Result<void> DataDirectory::save_desired(const json::object& desired) const {
  return store("desired.json", desired);
}

Result<LocalState> DataDirectory::load_state() const {
  auto object = load("state.json");
  if (!object) return fail(std::move(object).error());
  LocalState state;
  if (!*object) return state;
  if (const auto* modules = find_object(**object, "modules")) {
    for (const auto& [name, value] : *modules) {
      if (!value.is_object()) continue;
      const json::object& fields = value.as_object();
      ModuleRecord& record = state.records[name];
      record.restart_count = static_cast<int>(int_or(fields, "restartCount", 0));
      record.last_restart = read_time(fields, "lastRestart");
      record.stopped_on_purpose = bool_or(fields, "stoppedOnPurpose", false);
    }
  }
  if (const auto* images = find_array(**object, "images")) {
    for (const auto& image : *images) {
      if (image.is_string()) state.images.emplace(image.as_string());
    }
  }
  return state;
}

Result<void> DataDirectory::save(const LocalState& state) const {
  json::object modules;
  for (const auto& [name, record] : state.records) {
    modules[name] = {{"restartCount", record.restart_count},
                     {"lastRestart", time_value(record.last_restart)},
                     {"stoppedOnPurpose", record.stopped_on_purpose}};
  }
  json::array images;
  for (const auto& image : state.images) images.emplace_back(image);
  return store("state.json", {{"modules", std::move(modules)}, {"images", std::move(images)}});
}

Result<AgentSettings> load_or_make_settings(const DataDirectory& directory) {
  auto loaded = directory.load_settings();
  if (!loaded) return fail(std::move(loaded).error());
  if (*loaded) return **std::move(loaded);
  AgentSettings settings{hex_encode(random_bytes(4)), ""};
  if (auto saved = directory.save(settings); !saved) return fail(std::move(saved).error());
  return settings;
}

}  // namespace ferry::agent
