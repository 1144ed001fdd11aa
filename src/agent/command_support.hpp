// SPDX-License-Identifier: Apache-2.0
// What the commands of ferry-agent have in common.
#pragma once

#include "agent/data_directory.hpp"

namespace ferry::agent {

int report_failure(const Error& error);  // on standard error; the exit code

// Certificates as text, checked to be some; an empty path is an empty text.
Result<std::string> read_pem(const std::string& path);

// From `file` ("-" is standard input), else from FERRY_NODE_TOKEN, else asked for on the terminal
// without echo. Never from the command line, which every user of the machine can read.
Result<Secret> read_token(const std::string& file);

// What the caller gives replaces what is remembered; empty texts replace nothing.
struct SettingsChange {
  std::string cloud_ca_pem = {};
  std::string server_ca_pem = {};
  std::string key_type = {};
  bool keep_key = false;
  std::string runtime = {};
};
Result<AgentSettings> update_settings(const DataDirectory& directory, const SettingsChange& change);

}  // namespace ferry::agent
