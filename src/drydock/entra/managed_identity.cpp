// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/managed_identity.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "drydock/entra/refusal.hpp"

namespace drydock::entra {

using namespace ferry;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr std::string_view kVirtualMachinePath = "/metadata/identity/oauth2/token";
constexpr std::string_view kAppServicePath = "/msi/token";

HttpResponse refused(int status, std::string_view error, std::string_view text) {
  return json_response(status, json::object{{"error", error}, {"error_description", text}});
}

// App Service has an envelope of its own.
HttpResponse app_service_refused(int status, std::string_view text) {
  return json_response(status, json::object{{"statusCode", status}, {"message", text}});
}

HttpResponse internal_error(const Error& error) {
  log::error("entra", "managed identity: {}", error.describe());
  return refused(500, "unknown", "Failed to retrieve token from the Active directory.");
}

}  // namespace

ManagedIdentityEndpoint::ManagedIdentityEndpoint(Principals& principals, const Issuer& issuer,
                                                 const Clock& clock, Secret app_service_key)
    : principals_(principals),
      issuer_(issuer),
      clock_(clock),
      app_service_key_(std::move(app_service_key)) {}

HttpResponse ManagedIdentityEndpoint::answer(const HttpRequest& request) {
  std::string path = to_lower(request.path());
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();  // @azure/identity sends one
  const bool virtual_machine_path = path == kVirtualMachinePath;
  if (!virtual_machine_path && path != kAppServicePath) {
    return refused(404, "not_found", "This endpoint gives tokens of managed identities alone.");
  }
  if (request.method != "GET") {
    return refused(405, "method_not_allowed", "Tokens are fetched with GET.");
  }
  return virtual_machine_path ? virtual_machine(request) : app_service(request);
}

Result<std::optional<Principal>> ManagedIdentityEndpoint::identity_of(const HttpRequest& request) {
  for (const std::string_view name : {"client_id", "clientid"}) {
    const auto client_id = request.query_value(name);
    if (!client_id || client_id->empty()) continue;
    auto named = principals_.find_client(*client_id);
    if (named && *named && (*named)->kind != PrincipalKind::managed_identity) named->reset();
    return named;
  }
  for (const std::string_view name : {"object_id", "principal_id"}) {
    const auto object_id = request.query_value(name);
    if (!object_id || object_id->empty()) continue;
    auto named = principals_.find(*object_id);
    if (named && *named && (*named)->kind != PrincipalKind::managed_identity) named->reset();
    return named;
  }
  return principals_.machine();
}

HttpResponse ManagedIdentityEndpoint::virtual_machine(const HttpRequest& request) {
  // What a browser or a forwarding server cannot be made to send (and what it does send) keeps
  // tokens from leaving the machine.
  if (request.headers.get_or("Metadata", "") != "true") {
    return refused(400, "invalid_request", "Required metadata header not specified");
  }
  if (request.headers.contains("X-Forwarded-For")) {
    return refused(400, "invalid_request", "The request was forwarded.");
  }
  if (!request.query_value("api-version")) {
    return refused(400, "invalid_request", "Required query variable 'api-version' is missing");
  }
  const std::string resource = request.query_value("resource").value_or("");
  if (resource.empty()) {
    return refused(400, "invalid_resource", "Required query variable 'resource' is missing");
  }
  auto identity = identity_of(request);
  if (!identity) return internal_error(identity.error());
  if (!*identity) return refused(400, "invalid_request", "Identity not found");
  const std::int64_t now = unix_seconds(clock_.now());
  return json_response(
      200, json::object{{"access_token", issuer_.application_token(**identity, resource, "2")},
                        {"client_id", (*identity)->client_id},
                        {"expires_in", std::to_string(Issuer::kLifetime.count() - 1)},
                        {"expires_on", std::to_string(now + Issuer::kLifetime.count())},
                        {"ext_expires_in", std::to_string(Issuer::kLifetime.count() - 1)},
                        {"not_before", std::to_string(now - 300)},
                        {"refresh_token", ""},
                        {"resource", resource},
                        {"token_type", "Bearer"}});
}

HttpResponse ManagedIdentityEndpoint::app_service(const HttpRequest& request) {
  const std::string version = request.query_value("api-version").value_or("");
  const bool first_version = version == "2017-09-01";
  if (!first_version && version != "2019-08-01") {
    return app_service_refused(400, "The api-version is 2019-08-01 or 2017-09-01.");
  }
  const std::string key =
      request.headers.get_or(first_version ? "secret" : "X-IDENTITY-HEADER", "");
  if (!constant_time_equal(key, app_service_key_.reveal())) {
    return app_service_refused(401, "The identity header is missing or wrong.");
  }
  const std::string resource = request.query_value("resource").value_or("");
  if (resource.empty()) return app_service_refused(400, "The parameter 'resource' is missing.");
  auto identity = identity_of(request);
  if (!identity) return internal_error(identity.error());
  if (!*identity)
    return app_service_refused(400,
                               "No User Assigned or Delegated Managed Identity "
                               "found for specified ClientId/PrincipalId.");
  const std::int64_t expires = unix_seconds(clock_.now()) + Issuer::kLifetime.count();
  return json_response(
      200, json::object{{"access_token", issuer_.application_token(**identity, resource, "2")},
                        {"client_id", (*identity)->client_id},
                        {"expires_on", std::to_string(expires)},
                        {"resource", resource},
                        {"token_type", "Bearer"}});
}

}  // namespace drydock::entra
