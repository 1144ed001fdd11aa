// SPDX-License-Identifier: Apache-2.0
#include "azure/entra/managed_identity.hpp"

#include <cstdlib>

#include "azure/entra/token_endpoint.hpp"

namespace ferry::azure {
namespace {

using std::chrono::milliseconds;

// 410 says that the service is being updated, which takes up to 70 s ("How to use managed
// identities to acquire an access token", retry guidance).
constexpr milliseconds kPatience{70'000};
constexpr milliseconds kFirstPause{800};
constexpr milliseconds kLongestPause{10'000};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool worth_waiting(int status) {
  return status == 404 || status == 410 || status == 429 || status >= 500;
}

}  // namespace

std::string resource_of(std::string_view scope) {
  constexpr std::string_view kDefault = "/.default";
  if (scope.ends_with(kDefault)) scope.remove_suffix(kDefault.size());
  return std::string(scope);
}

ManagedIdentityHost managed_identity_host() {
  const std::string endpoint = environment("IDENTITY_ENDPOINT");
  const std::string header = environment("IDENTITY_HEADER");
  if (!endpoint.empty() && !header.empty()) return {endpoint, Secret(header)};
  std::string imds = environment("AZURE_POD_IDENTITY_AUTHORITY_HOST");
  if (imds.empty()) imds = "http://169.254.169.254";
  while (imds.ends_with('/')) imds.pop_back();
  return {imds + "/metadata/identity/oauth2/token", Secret()};
}

ManagedIdentityTokenSource::ManagedIdentityTokenSource(Pipeline& pipeline, ManagedIdentityHost host,
                                                       std::string client_id)
    : CachedTokenSource(pipeline), host_(std::move(host)), client_id_(std::move(client_id)) {}

Request ManagedIdentityTokenSource::request(const std::string& scope) const {
  Request request;
  request.call.url = fmt::format("{}{}api-version={}&resource={}", host_.endpoint,
                                 host_.endpoint.find('?') == std::string::npos ? '?' : '&',
                                 host_.app_service() ? "2019-08-01" : "2018-02-01",
                                 percent_encode(resource_of(scope)));
  if (!client_id_.empty()) request.call.url += "&client_id=" + percent_encode(client_id_);
  if (host_.app_service()) {
    request.call.headers.set("X-IDENTITY-HEADER", host_.header.reveal());
  } else {
    request.call.headers.set("Metadata", "true");
  }
  request.call.timeout = milliseconds(10'000);
  request.deadline = milliseconds(30'000);
  return request;
}

net::Task<Result<FreshToken>> ManagedIdentityTokenSource::fetch(std::string scope) {
  const std::string what = client_id_.empty()
                               ? std::string("ask for a token of this machine's identity")
                               : fmt::format("ask for a token of managed identity {}", client_id_);
  const Timestamp give_up = pipeline().clock().now() + kPatience;
  milliseconds pause = kFirstPause;
  while (true) {
    Request asked = request(scope);
    const std::string call = describe_call(asked.call);
    auto response = co_await pipeline().exchange(std::move(asked));
    if (!response) {
      co_return fail(std::move(response)
                         .error()
                         .with("{}", what)
                         .advise("managed identities exist only on Azure: elsewhere use another "
                                 "kind of credential"));
    }
    if (response->status == 200) {
      auto body = parse_json(response->body);
      if (!body) co_return fail(std::move(body).error().with("{}", what));
      auto token = read_token(*body);
      if (!token) co_return fail(std::move(token).error().with("{}", what));
      co_return token;
    }
    const milliseconds wait = retry_after(*response, pipeline().clock().now()).value_or(pause);
    if (!worth_waiting(response->status) || pipeline().clock().now() + wait > give_up) {
      Error error = to_error(read_service_error(*response), call);
      if (error.code == Code::invalid_argument) {
        error.code = Code::unauthenticated;
        error.hint = "give this machine a managed identity, or name the right client id";
      }
      co_return fail(std::move(error).with("{}", what));
    }
    co_await pipeline().sleep(wait);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace ferry::azure
