// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/master_key.hpp"

namespace ferry::api {

struct DaemonOptions {
  std::filesystem::path data;
  std::string address = "127.0.0.1";
  std::uint16_t port = 7443;
  std::vector<std::string> host_names;               // more names for the certificate
  std::optional<store::MasterKeySource> master_key;  // DATA/master.key when not given
  std::optional<std::filesystem::path> recordings;   // of HTTP exchanges; see net/http_recorder.hpp
};

// ferryd: serves until SIGTERM or SIGINT. On first start makes in `data` the database, its CA and
// certificate, the organization "default" with its owner, and owner.token (mode 0600), the owner's
// API token. Operations that were under way go on. Code::conflict when another ferryd uses `data`.
//
// Returns only errors of starting; a clean stop ends the process with exit code 0.
Result<void> run_daemon(const DaemonOptions& options);

// "serve --data DIR [--address A] [--port P] [--host-name NAME]... [--record DIR]
// [--master-key SOURCE]"
Result<DaemonOptions> parse_daemon_arguments(const std::vector<std::string>& arguments);

}  // namespace ferry::api
