// SPDX-License-Identifier: Apache-2.0
// What the CLI reads of a cloud credential. Secrets never come from the command line, where every
// user of the machine can read them.
#pragma once

#include <string>

#include "base/json.hpp"
#include "base/secret.hpp"

namespace ferry::cli {

struct CredentialArguments {
  std::string kind = "client-secret";
  std::string client_id;
  std::string secret_file;       // "-" or empty: standard input, asked for on a terminal
  std::string certificate_file;  // PEM with the certificate and its key; "-": standard input
  bool send_chain = false;
  std::string token_file;
};

// The API's "credential".
Result<json::object> read_credential(const CredentialArguments& arguments);

// The text of `file`, trimmed. From a terminal it is asked for with `prompt`, without echo.
Result<Secret> read_secret(const std::string& file, const std::string& prompt);

}  // namespace ferry::cli
