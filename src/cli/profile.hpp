// SPDX-License-Identifier: Apache-2.0
// Which ferryd the CLI talks to, and as whom.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace ferry::cli {

struct Profile {
  std::string url;                            // "https://127.0.0.1:7443", no path
  Secret token;                               // API token
  std::filesystem::path ca_file;              // empty: the system's CAs
  std::filesystem::path drydock_environment;  // environment.json; empty: no local cloud
  std::string
      localhost_address;        // where *.localhost names lead when not to 127.0.0.1; may be empty
  std::uint16_t mqtt_port = 0;  // of the local cloud; 0: the standard one
};

// Gives an environment variable, nullopt when unset or empty.
using Environment = std::function<std::optional<std::string>(const char*)>;
Environment process_environment();

// $XDG_CONFIG_HOME/ferry/profile.json, else ~/.config/ferry/profile.json.
Result<std::filesystem::path> user_profile_path(const Environment& environment);
// $XDG_DATA_HOME/ferry, else ~/.local/share/ferry.
Result<std::filesystem::path> default_data_directory(const Environment& environment);

// FERRY_URL with FERRY_TOKEN (and FERRY_CA_FILE), else the file FERRY_PROFILE, else the user's
// file.
Result<Profile> resolve_profile(const Environment& environment);

Result<Profile> load_profile(const std::filesystem::path& path);
// Mode 0600, replaced atomically; its directory is made with mode 0700 when absent.
Result<void> save_profile(const std::filesystem::path& path, const Profile& profile);

}  // namespace ferry::cli
