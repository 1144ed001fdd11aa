// SPDX-License-Identifier: Apache-2.0
// Certificates in files, read and judged on this machine: no server is asked.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace ferry::cli {

struct ChainFile {
  std::string file;
  std::string ca_file;   // trusted roots; empty: none are given
  std::string key_file;  // the private key that the first certificate should belong to
  std::string purpose = "client";
  std::string at;  // RFC 3339; empty: now
};

// The certificates of the file as PEM, and nothing else that may be in it.
Result<std::string> certificates_of_file(const std::string& file);
// The verdict in the shape of the API's: {"verified", "findings", "path"}.
Result<json::object> judge_chain_file(const ChainFile& arguments, const Clock& clock);
// Nothing when no key file is given or the key belongs to the chain's end, else the finding.
Result<std::optional<json::object>> judge_key_file(const ChainFile& arguments, const Clock& clock);
// The verdict for people.
std::string show_verdict(const json::object& verdict);
// What a verdict that is no means for the command.
Result<void> verdict_as_result(const json::object& verdict);

}  // namespace ferry::cli
