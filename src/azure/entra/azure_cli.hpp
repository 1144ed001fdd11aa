// SPDX-License-Identifier: Apache-2.0
// Tokens of an Azure CLI that somebody has signed in on the machine that Ferry runs on.
#pragma once

#include <functional>
#include <string>

#include "azure/entra/token_source.hpp"
#include "base/process.hpp"

namespace ferry::azure {

// Runs `az` with these arguments; scripted in tests.
using RunAzureCli = std::function<net::Task<Result<ProcessOutput>>(std::vector<std::string>)>;
RunAzureCli run_azure_cli();  // looked for in PATH; 60 s at most

// `az account get-access-token`: the token is read from standard output, nothing secret is in the
// arguments.
class AzureCliTokenSource final : public CachedTokenSource {
 public:
  AzureCliTokenSource(Pipeline& pipeline, RunAzureCli run, std::string tenant);

 private:
  net::Task<Result<FreshToken>> fetch(std::string scope) override;
  RunAzureCli run_;
  std::string tenant_;
};

// The output of `az account get-access-token --output json`. Its end is taken from "expires_on"
// (epoch), which old versions lack; then from the token itself (RFC 7519 "exp"), never from the
// local time in "expiresOn".
Result<FreshToken> read_azure_cli_token(std::string_view output, Timestamp now);

}  // namespace ferry::azure
