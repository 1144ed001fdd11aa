// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/entra.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"
#include "drydock/entra/device_login.hpp"
#include "drydock/entra/refusal.hpp"

namespace drydock {

using namespace ferry;
using entra::json_response;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr std::string_view kFederated = "adfs";
// Where clients send users whose tenant they do not know; here they have one.
constexpr std::string_view kAnyTenant = "common";
constexpr std::string_view kAnyOrganization = "organizations";
constexpr std::string_view kDeviceLoginPath = "/devicelogin";

HttpResponse not_found() {
  return json_response(404, json::object{{"error", "not_found"}});
}

}  // namespace

Result<std::unique_ptr<Entra>> Entra::open(const std::filesystem::path& path,
                                           const Endpoints& endpoints, const Clock& clock) {
  auto principals = entra::Principals::open(path, clock);
  if (!principals) return fail(std::move(principals).error());
  auto key = x509::PrivateKey::from_pem(principals->signing_key());
  if (!key) return fail(std::move(key).error().with("read the signing key of {}", path.string()));
  return std::unique_ptr<Entra>(
      new Entra(*std::move(principals), TokenSigner(*std::move(key)), endpoints, clock));
}

Entra::Entra(entra::Principals principals, TokenSigner signer, const Endpoints& endpoints,
             const Clock& clock)
    : endpoints_(endpoints),
      clock_(clock),
      principals_(std::move(principals)),
      application_{principals_.tenant_id(), principals_.first_application().client_id,
                   principals_.first_application().object_id, principals_.first_secret()},
      identity_header_(base64url_encode(random_bytes(24))),
      issuer_(principals_.tenant_id(), std::move(signer), endpoints, clock),
      tokens_(principals_, issuer_, endpoints, clock),
      managed_identity_(principals_, issuer_, clock, identity_header_) {}

std::vector<std::string> Entra::owners() const {
  return {principals_.first_application().object_id, principals_.user().object_id};
}

net::Task<HttpResponse> Entra::handle(HttpRequest request) {
  HttpResponse response = answer(request);
  response.headers.set("x-ms-request-id", random_uuid());
  response.headers.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  response.headers.set("X-Content-Type-Options", "nosniff");
  co_return response;
}

net::Task<HttpResponse> Entra::handle_managed_identity(HttpRequest request) {
  HttpResponse response = managed_identity_.answer(request);
  co_return response;
}

bool Entra::knows_tenant(std::string_view tenant) const {
  return equals_ignore_case(tenant, application_.tenant_id) || tenant == Endpoints::kDomain ||
         tenant == kFederated || tenant == kAnyTenant || tenant == kAnyOrganization;
}

HttpResponse Entra::answer(const HttpRequest& request) {
  const std::string path = to_lower(request.path());
  const auto refused = [&](int status, std::string_view error, int number, std::string_view text) {
    return entra::refusal_response(request, {status, std::string(error), number, std::string(text)},
                                   endpoints_, clock_.now());
  };
  if (path == kDeviceLoginPath) {
    return entra::device_login_page(principals_, request, endpoints_, clock_.now());
  }
  const auto slash = path.find('/', 1);
  if (slash == std::string::npos) return not_found();
  const std::string tenant = percent_decode(path.substr(1, slash - 1));
  const std::string_view rest = std::string_view(path).substr(slash);
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (get && rest == "/discovery/instance") return instance_metadata(request);

  const bool is_token = rest == "/oauth2/v2.0/token" || rest == "/oauth2/token";
  const bool is_device_code = rest == "/oauth2/v2.0/devicecode" || rest == "/oauth2/devicecode";
  const bool is_metadata = rest.ends_with("/.well-known/openid-configuration");
  const bool is_keys = rest == "/discovery/v2.0/keys" || rest == "/discovery/keys";
  if (!is_token && !is_device_code && !is_metadata && !is_keys) return not_found();
  if (!knows_tenant(tenant)) {
    return refused(400, "invalid_request", 90002,
                   fmt::format("Tenant '{}' not found. This local cloud has one tenant, '{}'.",
                               tenant, application_.tenant_id));
  }
  const bool is_post = is_token || is_device_code;
  if (is_post != (request.method == "POST") || (!is_post && !get)) {
    return refused(405, "invalid_request", 900561,
                   "The endpoint does not accept this HTTP method.");
  }
  if (is_keys) return json_response(200, issuer_.key_set());
  if (is_metadata) return metadata(tenant, rest.starts_with("/v2.0/"));
  auto answered = is_token ? tokens_.token(request) : tokens_.device_code(request);
  if (answered) return *std::move(answered);
  return entra::refusal_response(request, answered.error(), endpoints_, clock_.now());
}

HttpResponse Entra::metadata(std::string_view tenant, bool version_2) const {
  const bool federated = tenant == kFederated;
  // Clients take the tenant's id from the token endpoint's path.
  const std::string base =
      fmt::format("{}/{}", endpoints_.login_url(),
                  federated ? std::string(kFederated) : application_.tenant_id);
  const std::string oauth = base + (version_2 ? "/oauth2/v2.0" : "/oauth2");
  json::object document{
      {"issuer", issuer_.name()},
      {"authorization_endpoint", oauth + "/authorize"},
      {"token_endpoint", oauth + "/token"},
      {"device_authorization_endpoint", oauth + "/devicecode"},
      {"jwks_uri", base + (version_2 ? "/discovery/v2.0/keys" : "/discovery/keys")},
      {"token_endpoint_auth_methods_supported",
       json::array{"client_secret_post", "client_secret_basic", "private_key_jwt"}},
      {"response_types_supported", json::array{"token"}},
      {"grant_types_supported", json::array{"client_credentials", "refresh_token",
                                            "urn:ietf:params:oauth:grant-type:device_code"}},
      {"scopes_supported", json::array{"openid", "profile", "offline_access"}},
      {"subject_types_supported", json::array{"pairwise"}},
      {"id_token_signing_alg_values_supported", json::array{"RS256"}},
      {"tenant_region_scope", nullptr},
      {"cloud_instance_name", std::string(Endpoints::kDomain)}};
  return json_response(200, document);
}

// Clients ask it about an authority that they do not know, by a URL of that authority.
HttpResponse Entra::instance_metadata(const HttpRequest& request) const {
  const std::string host = endpoints_.authority(Endpoints::login_host());
  const std::string asked = request.query_value("authorization_endpoint").value_or("");
  if (!asked.empty() && !asked.starts_with("https://" + Endpoints::login_host())) {
    return entra::refusal_response(
        request,
        {400, "invalid_instance", 50049, fmt::format("Unknown or invalid instance '{}'.", asked)},
        endpoints_, clock_.now());
  }
  return json_response(
      200, json::object{{"tenant_discovery_endpoint",
                         fmt::format("{}/{}/v2.0/.well-known/openid-configuration",
                                     endpoints_.login_url(), application_.tenant_id)},
                        {"api-version", request.query_value("api-version").value_or("1.1")},
                        {"metadata", json::array{json::object{{"preferred_network", host},
                                                              {"preferred_cache", host},
                                                              {"aliases", json::array{host}}}}}});
}

std::optional<TokenIdentity> Entra::verify(std::string_view jwt,
                                           const std::vector<std::string>& audiences) const {
  return issuer_.verify(jwt, audiences);
}

bool Entra::knows_principal(std::string_view object_id) {
  auto found = principals_.find(object_id);
  return found && found->has_value();
}

}  // namespace drydock
