// SPDX-License-Identifier: Apache-2.0
// The token endpoints: /oauth2/token of the Docker token protocol, and /oauth2/exchange with which
// Azure Container Registry turns an Entra token into one of its own (AAD-OAuth).
#include "drydock/registry/credentials.hpp"
#include "drydock/registry/service.hpp"

namespace drydock {

using registry::Outcome;
using registry::Principal;
using registry::refuse;
using registry::Scope;
namespace json = ferry::json;
namespace net = ferry::net;

namespace {

// Stands for "the password is a refresh token", where only a user name and a password can be typed.
constexpr std::string_view kNobody = "00000000-0000-0000-0000-000000000000";

std::string field(const ferry::FormFields& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return value;
  }
  return "";
}

tl::unexpected<registry::Refusal> unauthorized() {
  registry::Refusal refusal{401, "UNAUTHORIZED",
                            "authentication required, visit https://aka.ms/acr/authorization for "
                            "more information."};
  return refuse(std::move(refusal));
}

tl::unexpected<registry::Refusal> bad_request(std::string message) {
  return refuse(400, "BAD_REQUEST", std::move(message));
}

// `scope` may be repeated, and hold several scopes with blanks between.
Outcome<std::vector<Scope>> requested_scopes(const ferry::FormFields& form) {
  std::vector<Scope> scopes;
  for (const auto& [name, value] : form) {
    if (name != "scope") continue;
    for (const std::string& text : ferry::split(value, ' ')) {
      if (text.empty()) continue;
      auto scope = registry::parse_scope(text);
      if (!scope) return bad_request("the scope is not type:name:actions");
      scopes.push_back(*std::move(scope));
    }
  }
  return scopes;
}

}  // namespace

RegistryService::Response RegistryService::token(const RegistryInfo& info,
                                                 const HttpRequest& http) {
  const bool posted = http.method == "POST";
  if (!posted && http.method != "GET") return refuse(405, "UNSUPPORTED", "use GET or POST");
  const ferry::FormFields form = posted ? ferry::parse_form(http.body) : http.query_fields();
  const std::string service = field(form, "service");
  if (!service.empty() && !ferry::equals_ignore_case(service, info.login_server)) {
    return bad_request("the service is not this registry");
  }
  auto scopes = requested_scopes(form);
  if (!scopes) return refuse(std::move(scopes).error());

  const auto by_refresh_token = [&](std::string_view refresh) -> std::optional<Principal> {
    const auto subject = signer_.verify_refresh(refresh, info.login_server);
    if (!subject) return std::nullopt;
    return registry::find_principal(info, *subject);
  };
  std::optional<Principal> principal;
  if (posted) {
    const std::string grant = field(form, "grant_type");
    if (grant == "refresh_token") {
      principal = by_refresh_token(field(form, "refresh_token"));
    } else if (grant == "password") {
      const ferry::Secret password(field(form, "password"));
      principal = registry::authenticate(info, field(form, "username"), password, clock_.now());
    } else {
      return bad_request("grant_type must be refresh_token or password");
    }
  } else if (auto basic = registry::basic_credentials(http.headers.get_or("Authorization", ""))) {
    principal = basic->user == kNobody
                    ? by_refresh_token(basic->password.reveal())
                    : registry::authenticate(info, basic->user, basic->password, clock_.now());
  }
  if (!principal) return unauthorized();

  // A smaller grant than asked for is no error here: the registry refuses what is missing.
  std::vector<Scope> access;
  for (const Scope& wanted : *scopes) access.push_back(principal->allowed(wanted));
  const std::string token = signer_.access_token(info.login_server, principal->subject(), access);
  // Nothing of its lifetime, as Microsoft describes it (AcrAccessToken).
  return registry::json_response(200, json::serialize(json::object{{"access_token", token}}));
}

RegistryService::Response RegistryService::exchange(const RegistryInfo& info,
                                                    const HttpRequest& http) {
  if (http.method != "POST") return refuse(405, "UNSUPPORTED", "use POST");
  const ferry::FormFields form = ferry::parse_form(http.body);
  if (field(form, "grant_type") != "access_token") {
    return bad_request("grant_type must be access_token");
  }
  if (!ferry::equals_ignore_case(field(form, "service"), info.login_server)) {
    return bad_request("the service is not this registry");
  }
  const std::vector<std::string> audiences = {
      "https://management.azure.com", "https://management.core.windows.net",
      "https://containerregistry.azure.net", endpoints_.management_url()};
  const auto identity = verifier_.verify(field(form, "access_token"), audiences);
  if (!identity) return unauthorized();
  const std::string refresh =
      signer_.refresh_token(info.login_server, "entra:" + identity->object_id);
  return registry::json_response(200, json::serialize(json::object{{"refresh_token", refresh}}));
}

}  // namespace drydock
