// SPDX-License-Identifier: Apache-2.0
#include "drydock/entra/token_endpoint.hpp"

#include <array>

#include "base/crypto.hpp"
#include "drydock/entra/client_authentication.hpp"
#include "drydock/entra/device_login.hpp"

namespace drydock::entra {

using namespace ferry;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr std::string_view kDefault = "/.default";
constexpr auto kRefreshLifetime = std::chrono::hours(24 * 90);
// The public client that the Azure CLI is, and that Microsoft's libraries are unless told
// otherwise.
constexpr std::string_view kAzureCli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

std::vector<std::string> words_of(std::string_view scope) {
  std::vector<std::string> words;
  for (std::string& word : split(scope, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

bool asks_for(std::string_view scope, std::string_view word) {
  const auto words = words_of(scope);
  return std::ranges::find(words, word) != words.end();
}

// The v1 endpoint names a resource, v2 the scope "<resource>/.default"; in
// "https://management.core.windows.net//.default" the resource ends with a slash of its own.
std::optional<std::string> application_audience(const FormFields& form) {
  std::string scope = field(form, "scope");
  if (scope.empty()) {
    std::string resource = field(form, "resource");
    if (resource.empty()) return std::nullopt;
    return resource;
  }
  if (!scope.ends_with(kDefault) || scope.find(' ') != std::string::npos) return std::nullopt;
  scope.resize(scope.size() - kDefault.size());
  if (scope.empty()) return std::nullopt;
  return scope;
}

// Of a user's scopes, the one of a resource; the others are OpenID Connect's own.
std::optional<std::string> user_audience(std::string_view scope) {
  static constexpr std::array<std::string_view, 4> kOpenId = {"openid", "profile", "offline_access",
                                                              "email"};
  std::optional<std::string> audience;
  for (std::string& word : words_of(scope)) {
    if (std::ranges::find(kOpenId, word) != kOpenId.end()) continue;
    const auto slash = word.rfind('/');
    // A resource as v1 names it has no permission behind its last slash.
    const bool permission = word.ends_with(kDefault) || word.ends_with("/user_impersonation");
    std::string resource = permission ? word.substr(0, slash) : word;
    if (audience && *audience != resource) return std::nullopt;
    audience = std::move(resource);
  }
  return audience;
}

tl::unexpected<Refusal> bad_scope(std::string_view scope) {
  return refuse(400, "invalid_scope", 70011,
                fmt::format("The provided value for the input parameter 'scope' is not valid. It "
                            "is one resource followed by '/.default'. The scope '{}' is not.",
                            scope));
}

HttpResponse application_answer(const FormFields& form, const std::string& audience,
                                std::string token, Timestamp now) {
  const std::int64_t lifetime = Issuer::kLifetime.count() - 1;
  if (!field(form, "scope").empty()) {
    return json_response(200, json::object{{"token_type", "Bearer"},
                                           {"expires_in", lifetime},
                                           {"ext_expires_in", lifetime},
                                           {"access_token", std::move(token)}});
  }
  // v1 writes its numbers as texts.
  const std::int64_t seconds = unix_seconds(now);
  return json_response(200, json::object{{"token_type", "Bearer"},
                                         {"expires_in", std::to_string(lifetime)},
                                         {"ext_expires_in", std::to_string(lifetime)},
                                         {"expires_on", std::to_string(seconds + lifetime)},
                                         {"not_before", std::to_string(seconds - 300)},
                                         {"resource", audience},
                                         {"access_token", std::move(token)}});
}

}  // namespace

TokenEndpoint::TokenEndpoint(Principals& principals, const Issuer& issuer,
                             const Endpoints& endpoints, const Clock& clock)
    : principals_(principals), issuer_(issuer), endpoints_(endpoints), clock_(clock) {}

Outcome<HttpResponse> TokenEndpoint::token(const HttpRequest& request) {
  const FormFields form = parse_form(request.body);
  const std::string grant = field(form, "grant_type");
  if (grant == "client_credentials") return client_credentials(request, form);
  // MSAL for Python names the grant in full, @azure/identity by its last words.
  if (grant == "urn:ietf:params:oauth:grant-type:device_code" || grant == "device_code") {
    return device_login(request, form);
  }
  if (grant == "refresh_token") return refresh(request, form);
  if (grant.empty()) {
    return refuse(400, "invalid_request", 900144,
                  "The request body must contain the following parameter: 'grant_type'.");
  }
  return refuse(400, "unsupported_grant_type", 70003,
                fmt::format("The app requested an unsupported grant type '{}'.", grant));
}

Outcome<HttpResponse> TokenEndpoint::client_credentials(const HttpRequest& request,
                                                        const FormFields& form) {
  const Timestamp now = clock_.now();
  auto client = authenticate_client(principals_, request, form, endpoints_, now);
  if (!client) return tl::unexpected(std::move(client).error());
  const auto audience = application_audience(form);
  if (!audience) return bad_scope(field(form, "scope"));
  return application_answer(
      form, *audience, issuer_.application_token(client->principal, *audience, client->proof), now);
}

Outcome<void> TokenEndpoint::require_public_client(std::string_view client_id) {
  if (client_id.empty()) {
    return refuse(400, "invalid_request", 900144,
                  "The request body must contain the following parameter: 'client_id'.");
  }
  if (equals_ignore_case(client_id, kAzureCli)) return {};
  auto known = principals_.find_client(client_id);
  if (!known) return refuse(known.error());
  if (*known) return {};
  return unknown_application(client_id, principals_.tenant_id());
}

Outcome<HttpResponse> TokenEndpoint::device_code(const HttpRequest& request) {
  const FormFields form = parse_form(request.body);
  const std::string client_id = field(form, "client_id");
  auto known = require_public_client(client_id);
  if (!known) return tl::unexpected(std::move(known).error());
  const std::string resource = field(form, "resource");
  const bool first_version = field(form, "scope").empty() && !resource.empty();
  const std::string scope =
      first_version ? resource + " openid offline_access" : field(form, "scope");
  if (!user_audience(scope)) return bad_scope(scope);
  auto login = begin_device_login(principals_, client_id, scope, clock_.now());
  if (!login) return tl::unexpected(std::move(login).error());

  const std::string page = endpoints_.login_url() + "/devicelogin";
  json::object body{
      {"user_code", login->user_code},
      {"device_code", login->device_code},
      {"message", fmt::format("To sign in, use a web browser to open the page {} and enter the "
                              "code {} to authenticate.",
                              page, login->user_code)}};
  if (first_version) {
    body["verification_url"] = page;
    body["expires_in"] = std::to_string(login->lifetime.count());
    body["interval"] = std::to_string(login->interval.count());
  } else {
    body["verification_uri"] = page;
    body["expires_in"] = login->lifetime.count();
    body["interval"] = login->interval.count();
  }
  return json_response(200, body);
}

Outcome<HttpResponse> TokenEndpoint::device_login(const HttpRequest& request,
                                                  const FormFields& form) {
  std::string device_code = field(form, "device_code");
  if (device_code.empty()) device_code = field(form, "code");
  const std::string client_id = client_id_of(request, form);
  auto scope = redeem_device_login(principals_, client_id, device_code, clock_.now());
  if (!scope) return tl::unexpected(std::move(scope).error());
  return tokens_of_user(principals_.user(), client_id, *scope);
}

Outcome<std::string> TokenEndpoint::new_refresh_token(const Principal& user,
                                                      std::string_view client_id) {
  sqlite::Database& database = principals_.database();
  const std::int64_t now = unix_seconds(clock_.now());
  auto forgotten = database.execute("DELETE FROM refresh_tokens WHERE expires_at < ?", {now});
  if (!forgotten) return refuse(forgotten.error());
  std::string token = base64url_encode(random_bytes(48));
  auto added = database.execute(
      "INSERT INTO refresh_tokens(token_hash, object_id, client_id, expires_at) VALUES(?, ?, ?, ?)",
      {hex_encode(sha256(token)), user.object_id, client_id,
       now + std::int64_t{std::chrono::seconds(kRefreshLifetime).count()}});
  if (!added) return refuse(added.error());
  return token;
}

// The old token stays good, as Entra's do: several programs may hold copies of one.
Outcome<HttpResponse> TokenEndpoint::refresh(const HttpRequest& request, const FormFields& form) {
  const std::string client_id = client_id_of(request, form);
  auto row = principals_.database().query_one(
      "SELECT object_id, client_id, expires_at FROM refresh_tokens WHERE token_hash = ?",
      {hex_encode(sha256(field(form, "refresh_token")))});
  if (!row) return refuse(row.error());
  const bool valid = *row && equals_ignore_case((*row)->text(1), client_id) &&
                     (*row)->number(2) > unix_seconds(clock_.now());
  if (!valid) {
    return refuse(400, "invalid_grant", 70000,
                  "Provided grant is invalid or malformed: the refresh token is unknown, expired, "
                  "or belongs to another application.");
  }
  auto user = principals_.find((*row)->text(0));
  if (!user) return refuse(user.error());
  if (!*user) return refuse(400, "invalid_grant", 50034, "The user account does not exist.");
  std::string scope = field(form, "scope");
  if (scope.empty()) scope = field(form, "resource") + " openid offline_access";
  return tokens_of_user(**user, client_id, scope);
}

Outcome<HttpResponse> TokenEndpoint::tokens_of_user(const Principal& user,
                                                    const std::string& client_id,
                                                    std::string_view scope) {
  const auto audience = user_audience(scope);
  if (!audience) return bad_scope(scope);
  const std::int64_t lifetime = Issuer::kLifetime.count() - 1;
  const json::object client_info{{"uid", user.object_id}, {"utid", principals_.tenant_id()}};
  json::object body{
      {"token_type", "Bearer"},
      {"scope", fmt::format("{}/user_impersonation {}{}", *audience, *audience, kDefault)},
      {"expires_in", lifetime},
      {"ext_expires_in", lifetime},
      {"access_token", issuer_.user_token(user, client_id, *audience)},
      {"client_info", base64url_encode(json::serialize(client_info))}};
  if (asks_for(scope, "offline_access")) {
    auto token = new_refresh_token(user, client_id);
    if (!token) return tl::unexpected(std::move(token).error());
    body["refresh_token"] = *std::move(token);
  }
  if (asks_for(scope, "openid")) body["id_token"] = issuer_.id_token(user, client_id);
  return json_response(200, body);
}

}  // namespace drydock::entra
