// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/entra.hpp"

#include <array>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"

namespace drydock {

using namespace ferry;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr std::array<std::string_view, 1> kMigrations = {
    "CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT"};

constexpr auto kTokenLifetime = std::chrono::seconds(3600);
constexpr std::string_view kFederated = "adfs";

template <class Make>
Result<std::string> setting(sqlite::Database& database, std::string_view name, Make make) {
  auto row = database.query_one("SELECT value FROM settings WHERE name = ?", {name});
  if (!row) return fail(std::move(row).error());
  if (*row) return (*row)->text(0);
  std::string value = make();
  auto saved = database.execute("INSERT INTO settings(name, value) VALUES(?, ?)", {name, value});
  if (!saved) return fail(std::move(saved).error());
  return value;
}

HttpResponse json_response(int status, const json::value& body) {
  HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json; charset=utf-8");
  response.headers.set("Cache-Control", "no-store, no-cache");
  response.headers.set("Pragma", "no-cache");
  response.body = json::serialize(body);
  return response;
}

std::string field(const FormFields& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return value;
  }
  return {};
}

// "https://management.core.windows.net//.default" asks for "https://management.core.windows.net/".
std::optional<std::string> audience_of(const FormFields& form) {
  constexpr std::string_view kDefault = "/.default";
  std::string scope = field(form, "scope");
  if (scope.empty()) {
    std::string resource = field(form, "resource");  // the v1 endpoint's way
    if (resource.empty()) return std::nullopt;
    return resource;
  }
  if (!scope.ends_with(kDefault) || scope.find(' ') != std::string::npos) return std::nullopt;
  scope.resize(scope.size() - kDefault.size());
  if (scope.empty()) return std::nullopt;
  return scope;
}

std::string without_trailing_slash(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return to_lower(text);
}

// Client authentication of RFC 6749 s.2.3.1: in the form, or with the Basic scheme.
struct ClientCredentials {
  std::string id;
  Secret secret;
};
ClientCredentials credentials_of(const HttpRequest& request, const FormFields& form) {
  constexpr std::string_view kBasic = "Basic ";
  const std::string header = request.headers.get_or("Authorization", "");
  if (header.starts_with(kBasic)) {
    const std::string text =
        base64_decode(std::string_view(header).substr(kBasic.size())).value_or("");
    const auto colon = text.find(':');
    if (colon != std::string::npos) {
      return {percent_decode(text.substr(0, colon)),
              Secret(percent_decode(text.substr(colon + 1)))};
    }
  }
  return {field(form, "client_id"), Secret(field(form, "client_secret"))};
}

}  // namespace

Result<std::unique_ptr<Entra>> Entra::open(const std::filesystem::path& path,
                                           const Endpoints& endpoints, const Clock& clock) {
  auto database = sqlite::Database::open(path, kMigrations);
  if (!database) return fail(std::move(database).error().with("open {}", path.string()));
  auto transaction = sqlite::Transaction::begin(*database);
  if (!transaction) return fail(std::move(transaction).error());
  auto tenant = setting(*database, "tenant_id", random_uuid);
  if (!tenant) return fail(std::move(tenant).error());
  auto client = setting(*database, "client_id", random_uuid);
  if (!client) return fail(std::move(client).error());
  auto object = setting(*database, "object_id", random_uuid);
  if (!object) return fail(std::move(object).error());
  auto secret =
      setting(*database, "client_secret", [] { return base64url_encode(random_bytes(30)); });
  if (!secret) return fail(std::move(secret).error());
  auto key_pem = setting(*database, "signing_key", [] {
    return x509::PrivateKey::generate(x509::KeyType::rsa_2048).to_pem().reveal();
  });
  if (!key_pem) return fail(std::move(key_pem).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  auto key = x509::PrivateKey::from_pem(Secret(*std::move(key_pem)));
  if (!key) return fail(std::move(key).error().with("read the signing key of {}", path.string()));
  Application application{*std::move(tenant), *std::move(client), *std::move(object),
                          Secret(*std::move(secret))};
  return std::unique_ptr<Entra>(
      new Entra(std::move(application), TokenSigner(*std::move(key)), endpoints, clock));
}

Entra::Entra(Application application, TokenSigner signer, const Endpoints& endpoints,
             const Clock& clock)
    : application_(std::move(application)),
      signer_(std::move(signer)),
      endpoints_(endpoints),
      clock_(clock) {}

net::Task<HttpResponse> Entra::handle(HttpRequest request) {
  HttpResponse response = answer(request);
  response.headers.set("x-ms-request-id", random_uuid());
  response.headers.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  response.headers.set("X-Content-Type-Options", "nosniff");
  co_return response;
}

bool Entra::knows_tenant(std::string_view tenant) const {
  return equals_ignore_case(tenant, application_.tenant_id) || tenant == Endpoints::kDomain ||
         tenant == kFederated;
}

HttpResponse Entra::answer(const HttpRequest& request) const {
  const std::string path = to_lower(request.path());
  const auto slash = path.find('/', 1);
  if (slash == std::string::npos) return json_response(404, json::object{{"error", "not_found"}});
  const std::string tenant = percent_decode(path.substr(1, slash - 1));
  const std::string_view rest = std::string_view(path).substr(slash);
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (get && rest == "/discovery/instance") return instance_metadata();

  const bool is_token = rest == "/oauth2/v2.0/token" || rest == "/oauth2/token";
  const bool is_metadata = rest.ends_with("/.well-known/openid-configuration");
  const bool is_keys = rest == "/discovery/v2.0/keys" || rest == "/discovery/keys";
  if (!is_token && !is_metadata && !is_keys) {
    return json_response(404, json::object{{"error", "not_found"}});
  }
  if (!knows_tenant(tenant)) {
    return token_refusal(request, 400, "invalid_request", 90002,
                         fmt::format("Tenant '{}' not found. This local cloud has one tenant, "
                                     "'{}'.",
                                     tenant, application_.tenant_id));
  }
  if (is_token && request.method == "POST") return token(request);
  if (is_token || !get) {
    return token_refusal(request, 405, "invalid_request", 900561,
                         "The endpoint does not accept this HTTP method.");
  }
  if (is_keys) return json_response(200, signer_.key_set());
  return metadata(tenant, rest.starts_with("/v2.0/"));
}

std::string Entra::issuer() const {
  return fmt::format("{}/{}/v2.0", endpoints_.login_url(), application_.tenant_id);
}

HttpResponse Entra::metadata(std::string_view tenant, bool version_2) const {
  const bool federated = tenant == kFederated;
  // Clients take the tenant's id from the token endpoint's path.
  const std::string base =
      fmt::format("{}/{}", endpoints_.login_url(),
                  federated ? std::string(kFederated) : application_.tenant_id);
  const std::string oauth = base + (version_2 ? "/oauth2/v2.0" : "/oauth2");
  json::object document{
      {"issuer", issuer()},
      {"authorization_endpoint", oauth + "/authorize"},
      {"token_endpoint", oauth + "/token"},
      {"device_authorization_endpoint", oauth + "/devicecode"},
      {"jwks_uri", base + (version_2 ? "/discovery/v2.0/keys" : "/discovery/keys")},
      {"token_endpoint_auth_methods_supported",
       json::array{"client_secret_post", "client_secret_basic"}},
      {"response_types_supported", json::array{"token"}},
      {"grant_types_supported", json::array{"client_credentials"}},
      {"subject_types_supported", json::array{"pairwise"}},
      {"id_token_signing_alg_values_supported", json::array{"RS256"}},
      {"tenant_region_scope", nullptr},
      {"cloud_instance_name", std::string(Endpoints::kDomain)}};
  return json_response(200, document);
}

HttpResponse Entra::instance_metadata() const {
  const std::string host = endpoints_.authority(Endpoints::login_host());
  return json_response(
      200, json::object{{"tenant_discovery_endpoint",
                         fmt::format("{}/{}/v2.0/.well-known/openid-configuration",
                                     endpoints_.login_url(), application_.tenant_id)},
                        {"api-version", "1.1"},
                        {"metadata", json::array{json::object{{"preferred_network", host},
                                                              {"preferred_cache", host},
                                                              {"aliases", json::array{host}}}}}});
}

HttpResponse Entra::token(const HttpRequest& request) const {
  const FormFields form = parse_form(request.body);
  const ClientCredentials client = credentials_of(request, form);
  const std::string grant = field(form, "grant_type");
  if (grant.empty()) {
    return token_refusal(request, 400, "invalid_request", 900144,
                         "The request body must contain the following parameter: 'grant_type'.");
  }
  if (grant != "client_credentials") {
    return token_refusal(request, 400, "unsupported_grant_type", 70003,
                         fmt::format("The app requested an unsupported grant type '{}'.", grant));
  }
  if (client.id.empty()) {
    return token_refusal(request, 400, "invalid_request", 900144,
                         "The request body must contain the following parameter: 'client_id'.");
  }
  if (!equals_ignore_case(client.id, application_.client_id)) {
    return token_refusal(
        request, 400, "unauthorized_client", 700016,
        fmt::format("Application with identifier '{}' was not found in the directory '{}'.",
                    client.id, application_.tenant_id));
  }
  if (client.secret.empty()) {
    return token_refusal(request, 401, "invalid_client", 7000216,
                         "'client_assertion', 'client_secret' or 'request' is required for the "
                         "'client_credentials' grant type.");
  }
  if (!constant_time_equal(client.secret.reveal(), application_.client_secret.reveal())) {
    return token_refusal(
        request, 401, "invalid_client", 7000215,
        fmt::format("Invalid client secret provided. Ensure the secret being sent in the request "
                    "is the client secret value for app '{}'.",
                    application_.client_id));
  }
  const auto audience = audience_of(form);
  if (!audience) {
    return token_refusal(request, 400, "invalid_scope", 70011,
                         "The provided value for scope is not valid. It is one resource followed "
                         "by '/.default'.");
  }
  const auto lifetime = kTokenLifetime.count() - 1;
  return json_response(200, json::object{{"token_type", "Bearer"},
                                         {"expires_in", lifetime},
                                         {"ext_expires_in", lifetime},
                                         {"access_token", issue(*audience)}});
}

std::string Entra::issue(const std::string& audience) const {
  const std::int64_t now = unix_seconds(clock_.now());
  const json::object claims{{"aud", audience},
                            {"iss", issuer()},
                            {"iat", now},
                            {"nbf", now - 300},  // as Entra does, for clocks that are behind
                            {"exp", now + kTokenLifetime.count()},
                            {"appid", application_.client_id},
                            {"appidacr", "1"},
                            {"idp", issuer()},
                            {"idtyp", "app"},
                            {"oid", application_.object_id},
                            {"sub", application_.object_id},
                            {"tid", application_.tenant_id},
                            {"uti", base64url_encode(random_bytes(16))},
                            {"ver", "1.0"},
                            {"xms_tcdt", now}};
  return signer_.sign(claims);
}

HttpResponse Entra::token_refusal(const HttpRequest& request, int status, std::string_view error,
                                  int number, std::string_view text) const {
  const std::string trace = random_uuid();
  std::string correlation = request.headers.get_or("client-request-id", "");
  if (correlation.empty()) correlation = request.query_value("client-request-id").value_or("");
  if (correlation.empty()) correlation = random_uuid();
  // 2026-11-22T09:30:00.000Z becomes 2026-11-22 09:30:00Z.
  std::string time = format_rfc3339(clock_.now()).substr(0, 19) + "Z";
  time[10] = ' ';
  return json_response(
      status,
      json::object{
          {"error", error},
          {"error_description", fmt::format("AADSTS{}: {}\r\nTrace ID: {}\r\nCorrelation ID: {}\r\n"
                                            "Timestamp: {}",
                                            number, text, trace, correlation, time)},
          {"error_codes", json::array{number}},
          {"timestamp", time},
          {"trace_id", trace},
          {"correlation_id", correlation},
          {"error_uri", fmt::format("{}/error?code={}", endpoints_.login_url(), number)}});
}

std::optional<TokenIdentity> Entra::verify(std::string_view jwt,
                                           const std::vector<std::string>& audiences) const {
  auto claims = signer_.verify(jwt, clock_.now());
  if (!claims || string_or(*claims, "iss", "") != issuer()) return std::nullopt;
  TokenIdentity identity{string_or(*claims, "oid", ""), string_or(*claims, "appid", ""),
                         string_or(*claims, "aud", "")};
  const std::string audience = without_trailing_slash(identity.audience);
  for (const std::string& accepted : audiences) {
    if (without_trailing_slash(accepted) == audience) return identity;
  }
  return std::nullopt;
}

}  // namespace drydock
