// SPDX-License-Identifier: Apache-2.0
#include "cli/profile.hpp"

#include <cstdlib>

#include "base/file.hpp"
#include "base/json.hpp"

namespace ferry::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStartHint =
    "start a local Ferry with 'ferry up', or set FERRY_URL and FERRY_TOKEN";

Result<fs::path> under_home(const Environment& environment, const char* xdg,
                            std::string_view rest) {
  if (auto base = environment(xdg)) return fs::path(*base) / "ferry";
  auto home = environment("HOME");
  if (!home) return fail(Code::invalid_argument, "neither HOME nor {} is set", xdg);
  return fs::path(*home) / rest / "ferry";
}

std::string without_trailing_slashes(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (!value || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

Result<fs::path> user_profile_path(const Environment& environment) {
  auto directory = under_home(environment, "XDG_CONFIG_HOME", ".config");
  if (!directory) return fail(std::move(directory).error());
  return *directory / "profile.json";
}

Result<fs::path> default_data_directory(const Environment& environment) {
  return under_home(environment, "XDG_DATA_HOME", ".local/share");
}

Result<Profile> resolve_profile(const Environment& environment) {
  const auto url = environment("FERRY_URL");
  const auto token = environment("FERRY_TOKEN");
  if (url && token) {
    Profile profile;
    profile.url = without_trailing_slashes(*url);
    profile.token = Secret(*token);
    profile.ca_file = environment("FERRY_CA_FILE").value_or("");
    return profile;
  }
  if (url || token) {
    return fail(Error{
        Code::invalid_argument,
        url ? "FERRY_URL is set but FERRY_TOKEN is not" : "FERRY_TOKEN is set but FERRY_URL is not",
        "set both, or neither"});
  }
  if (const auto file = environment("FERRY_PROFILE")) return load_profile(*file);
  auto path = user_profile_path(environment);
  if (!path) return fail(std::move(path).error());
  return load_profile(*path);
}

Result<Profile> load_profile(const fs::path& path) {
  auto text = read_file(path);
  if (!text && text.error().code == Code::not_found) {
    return fail(Error{Code::not_found, fmt::format("there is no profile {}", path.string()),
                      std::string(kStartHint)});
  }
  if (!text) return fail(std::move(text).error());
  auto document = parse_json_object(*text);
  if (!document) return fail(std::move(document).error().with("profile {}", path.string()));
  auto url = require_string(*document, "url");
  if (!url) return fail(std::move(url).error().with("profile {}", path.string()));
  auto token = require_string(*document, "token");
  if (!token) return fail(std::move(token).error().with("profile {}", path.string()));
  Profile profile;
  profile.url = without_trailing_slashes(*std::move(url));
  profile.token = Secret(*std::move(token));
  profile.ca_file = string_or(*document, "caFile", "");
  profile.drydock_environment = string_or(*document, "drydockEnvironment", "");
  profile.localhost_address = string_or(*document, "localhostAddress", "");
  const auto mqtt_port = int_or(*document, "mqttPort", 0);
  if (mqtt_port > 0 && mqtt_port <= 65535)
    profile.mqtt_port = static_cast<std::uint16_t>(mqtt_port);
  return profile;
}

Result<void> save_profile(const fs::path& path, const Profile& profile) {
  if (auto made = make_directories(path.parent_path(), 0700); !made) return made;
  json::object document{{"url", profile.url}, {"token", profile.token.reveal()}};
  if (!profile.ca_file.empty()) document["caFile"] = profile.ca_file.string();
  if (!profile.drydock_environment.empty()) {
    document["drydockEnvironment"] = profile.drydock_environment.string();
  }
  if (!profile.localhost_address.empty()) document["localhostAddress"] = profile.localhost_address;
  if (profile.mqtt_port != 0) document["mqttPort"] = profile.mqtt_port;
  return write_file_atomically(path, pretty_json(document), 0600);
}

}  // namespace ferry::cli
