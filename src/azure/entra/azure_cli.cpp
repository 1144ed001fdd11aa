// SPDX-License-Identifier: Apache-2.0
#include "azure/entra/azure_cli.hpp"

#include "azure/entra/managed_identity.hpp"
#include "base/encoding.hpp"

namespace ferry::azure {
namespace {

// "exp" of a JSON Web Token; nothing when it is none.
std::optional<std::int64_t> expiry_in(std::string_view token) {
  const auto parts = split(token, '.');
  if (parts.size() != 3) return std::nullopt;
  auto claims = base64url_decode(parts[1]);
  if (!claims) return std::nullopt;
  auto object = parse_json_object(*claims);
  if (!object) return std::nullopt;
  return optional_int(*object, "exp");
}

// What az says about itself: its last line that begins with ERROR, else the last line.
std::string complaint(std::string_view text) {
  std::string chosen;
  for (const auto& line : split(text, '\n')) {
    const auto trimmed = trim(line);
    if (trimmed.empty() || (chosen.starts_with("ERROR") && !trimmed.starts_with("ERROR"))) continue;
    chosen = trimmed;
  }
  return chosen.substr(0, 500);
}

Error refusal(const ProcessOutput& output) {
  Error error{Code::unauthenticated,
              fmt::format("az ended with code {}: {}", output.exit_code, complaint(output.err)),
              "sign in with: az login"};
  if (output.err.find("az login") == std::string::npos) error.hint = "try: az account show";
  return error;
}

}  // namespace

RunAzureCli run_azure_cli() {
  return [](std::vector<std::string> arguments) -> net::Task<Result<ProcessOutput>> {
    Result<ProcessOutput> output = ProcessOutput{};
    arguments.insert(arguments.begin(), "az");
    co_await net::run_blocking(
        [&output, &arguments] { output = run_process(arguments, std::chrono::seconds(60)); });
    co_return output;
  };
}

AzureCliTokenSource::AzureCliTokenSource(Pipeline& pipeline, RunAzureCli run, std::string tenant)
    : CachedTokenSource(pipeline), run_(std::move(run)), tenant_(std::move(tenant)) {}

net::Task<Result<FreshToken>> AzureCliTokenSource::fetch(std::string scope) {
  std::vector<std::string> arguments = {"account", "get-access-token", "--output",
                                        "json",    "--resource",       resource_of(scope)};
  if (!tenant_.empty()) {
    arguments.emplace_back("--tenant");
    arguments.push_back(tenant_);
  }
  const char* what = "ask the Azure CLI for a token";
  auto output = co_await run_(std::move(arguments));
  if (!output) {
    Error error = std::move(output).error();
    if (error.code == Code::not_found) error.hint = "install the Azure CLI on Ferry's machine";
    co_return fail(std::move(error).with("{}", what));
  }
  if (output->exit_code != 0) co_return fail(refusal(*output).with("{}", what));
  auto token = read_azure_cli_token(output->out, pipeline().clock().now());
  if (!token) co_return fail(std::move(token).error().with("{}", what));
  co_return token;
}

Result<FreshToken> read_azure_cli_token(std::string_view output, Timestamp now) {
  auto object = parse_json_object(output);
  // What it printed may be a part of a token: the reason is not repeated.
  if (!object) return fail(Code::unavailable, "az printed something that is not its JSON answer");
  std::string token = string_or(*object, "accessToken", "");
  if (token.empty()) return fail(Code::unavailable, "az printed no access token");
  auto expires = optional_int(*object, "expires_on");
  if (!expires) expires = expiry_in(token);
  const auto life = std::chrono::seconds(expires ? *expires - unix_seconds(now) : 300);
  if (life <= std::chrono::seconds(0)) {
    return fail(Error{Code::unauthenticated, "the Azure CLI's token has expired", "az login"});
  }
  return FreshToken{Secret(std::move(token)), life, Secret()};
}

}  // namespace ferry::azure
