// SPDX-License-Identifier: Apache-2.0
#include "agent/data_directory.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPrivateDirectory = 0700;

constexpr std::string_view kKey = "device.key.pem";
constexpr std::string_view kRegistration = "registration.json";
constexpr std::string_view kCandidateKey = "next.key.pem";
constexpr std::string_view kCandidate = "next.registration.json";

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
  if (auto tidied = directory.tidy(); !tidied) return fail(std::move(tidied).error());
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

// After a loss of power: temporary files go, which may hold keys, and a half adopted candidate is
// adopted.
Result<void> DataDirectory::tidy() const {
  std::vector<std::filesystem::path> leftovers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
    const std::string extension = entry.path().extension();  // ".XXXXXX" behind the whole name
    const std::string stem = entry.path().stem();
    const bool ours = stem.ends_with(".json") || stem.ends_with(".pem");
    if (ours && extension.size() == 7) leftovers.push_back(entry.path());
  }
  for (const auto& leftover : leftovers) {
    if (auto removed = remove_file(leftover); !removed) return removed;
  }
  if (!has(kCandidate) || has(kCandidateKey)) return {};
  return rename_file(path_ / kCandidate, path_ / kRegistration);
}

bool DataDirectory::has(std::string_view name) const {
  std::error_code error;
  return std::filesystem::exists(path_ / name, error);
}

Result<std::optional<json::object>> DataDirectory::load(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  const auto path = path_ / name;
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
  return AgentSettings{*std::move(instance),
                       string_or(**object, "cloudCaPem", ""),
                       string_or(**object, "serverCaPem", ""),
                       string_or(**object, "keyType", "ec-p256"),
                       bool_or(**object, "keepKey", false),
                       string_or(**object, "runtime", "")};
}

Result<void> DataDirectory::save(const AgentSettings& settings) const {
  return store("agent.json", {{"instance", settings.instance},
                              {"cloudCaPem", settings.cloud_ca_pem},
                              {"serverCaPem", settings.server_ca_pem},
                              {"keyType", settings.key_type},
                              {"keepKey", settings.keep_key},
                              {"runtime", settings.runtime}});
}

Result<std::optional<Secret>> DataDirectory::load_secret(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  auto text = read_file(path_ / name);
  if (!text) return fail(std::move(text).error().with("read {}", (path_ / name).string()));
  return Secret(*std::move(text));
}

Result<std::optional<Secret>> DataDirectory::load_key() const {
  return load_secret(kKey);
}

Result<void> DataDirectory::save_key(const Secret& pem) const {
  return write_file_atomically(path_ / kKey, pem.reveal(), kPrivateFile);
}

Result<std::optional<PendingRegistration>> DataDirectory::load_pending() const {
  auto object = load("pending.json");
  if (!object) return fail(std::move(object).error());
  if (!*object) return std::nullopt;
  auto members = read_members(**object, "pending.json", {"server", "token", "name", "hardwareId"});
  if (!members) return fail(std::move(members).error());
  return PendingRegistration{(*members)[0], Secret((*members)[1]), (*members)[2], (*members)[3]};
}

Result<void> DataDirectory::save(const PendingRegistration& pending) const {
  return store("pending.json", {{"server", pending.server},
                                {"token", pending.token.reveal()},
                                {"name", pending.name},
                                {"hardwareId", pending.hardware_id}});
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

Result<void> DataDirectory::forget_session() const {
  for (const auto* name : {"session.json", "pending.json"}) {
    if (auto removed = remove_file(path_ / name); !removed) return removed;
  }
  return {};
}

Result<std::optional<Registration>> DataDirectory::load_registration() const {
  const bool half_adopted = has(kCandidate) && !has(kCandidateKey);
  return load_registration(half_adopted ? kCandidate : kRegistration);
}

Result<std::optional<Registration>> DataDirectory::load_registration(std::string_view name) const {
  auto object = load(name);
  if (!object) return fail(std::move(object).error());
  if (!*object) return std::nullopt;
  auto members = read_members(**object, name,
                              {"server", "registrationId", "chain", "provisioningHost", "idScope"});
  if (!members) return fail(std::move(members).error());
  Registration registration;
  registration.server = (*members)[0];
  registration.registration_id = (*members)[1];
  registration.chain_pem = (*members)[2];
  registration.provisioning_host = (*members)[3];
  registration.id_scope = (*members)[4];
  if (const auto* payload = find_object(**object, "payload")) registration.payload = *payload;
  registration.renew_after = read_time(**object, "renewAfter");
  return registration;
}

Result<void> DataDirectory::save(const Registration& registration) const {
  return store_registration(kRegistration, registration);
}

Result<void> DataDirectory::store_registration(std::string_view name,
                                               const Registration& registration) const {
  return store(name, {{"server", registration.server},
                      {"registrationId", registration.registration_id},
                      {"chain", registration.chain_pem},
                      {"provisioningHost", registration.provisioning_host},
                      {"idScope", registration.id_scope},
                      {"payload", registration.payload},
                      {"renewAfter", time_value(registration.renew_after)}});
}

Result<std::optional<Secret>> DataDirectory::load_candidate_key() const {
  return load_secret(kCandidateKey);
}

Result<void> DataDirectory::save_candidate_key(const Secret& pem) const {
  return write_file_atomically(path_ / kCandidateKey, pem.reveal(), kPrivateFile);
}

Result<std::optional<Registration>> DataDirectory::load_candidate() const {
  return load_registration(kCandidate);
}

Result<void> DataDirectory::save_candidate(const Registration& registration) const {
  FERRY_CHECK(has(kCandidateKey));
  return store_registration(kCandidate, registration);
}

// The certificate first: what is left in between is a key without one, which the next request uses.
Result<void> DataDirectory::drop_candidate() const {
  for (const auto name : {kCandidate, kCandidateKey}) {
    if (auto removed = remove_file(path_ / name); !removed) return removed;
  }
  return {};
}

Result<void> DataDirectory::adopt_candidate() const {
  if (has(kCandidateKey)) {
    auto renamed = rename_file(path_ / kCandidateKey, path_ / kKey);
    if (!renamed) return renamed;
  }
  return rename_file(path_ / kCandidate, path_ / kRegistration);
}

Result<RenewalMemory> DataDirectory::load_renewal() const {
  auto object = load("renewal.json");
  if (!object) return fail(std::move(object).error());
  return *object ? RenewalMemory::from_json(**object) : RenewalMemory();
}

Result<void> DataDirectory::save(const RenewalMemory& memory) const {
  return store("renewal.json", memory.to_json());
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

Result<std::optional<json::object>> DataDirectory::load_good() const {
  return load("good.json");
}

Result<void> DataDirectory::save_good(const json::object& desired) const {
  return store("good.json", desired);
}

Result<std::optional<FallenFrom>> DataDirectory::load_fallen() const {
  auto object = load("fallen.json");
  if (!object) return fail(std::move(object).error());
  if (!*object) return std::optional<FallenFrom>();
  FallenFrom fallen;
  fallen.content = string_or(**object, "content", "");
  fallen.version = int_or(**object, "version", 0);
  fallen.reason = string_or(**object, "reason", "");
  fallen.at = read_time(**object, "at").value_or(Timestamp());
  return std::optional(std::move(fallen));
}

Result<void> DataDirectory::save(const FallenFrom& fallen) const {
  return store("fallen.json", {{"content", fallen.content},
                               {"version", fallen.version},
                               {"reason", fallen.reason},
                               {"at", format_rfc3339(fallen.at)}});
}

Result<void> DataDirectory::forget_fallen() const {
  return remove_file(path_ / "fallen.json");
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
  AgentSettings settings;
  settings.instance = hex_encode(random_bytes(4));
  if (auto saved = directory.save(settings); !saved) return fail(std::move(saved).error());
  return settings;
}

}  // namespace ferry::agent
