// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/tokens.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"
#include "base/json.hpp"

namespace drydock::registry {
namespace {

namespace json = ferry::json;

constexpr std::string_view kIssuer = "Azure Container Registry";
constexpr std::string_view kAccessGrant = "access_token";
constexpr std::string_view kRefreshGrant = "refresh_token";

std::string sign(const json::object& claims, const ferry::Secret& key) {
  const std::string signed_part = ferry::base64url_encode(R"({"alg":"HS256","typ":"JWT"})") + "." +
                                  ferry::base64url_encode(json::serialize(claims));
  return signed_part + "." + ferry::base64url_encode(ferry::hmac_sha256(key.reveal(), signed_part));
}

json::object common_claims(std::string_view audience, std::string_view subject,
                           std::string_view grant, ferry::Timestamp now,
                           std::chrono::seconds lifetime) {
  const std::int64_t seconds = ferry::unix_seconds(now);
  return {{"jti", ferry::random_uuid()},
          {"sub", subject},
          {"iss", kIssuer},
          {"aud", audience},
          {"nbf", seconds},
          {"iat", seconds},
          {"exp", seconds + lifetime.count()},
          {"version", "1.0"},
          {"grant_type", grant}};
}

// The algorithm is fixed: whatever a token's header says, its signature must be ours.
std::optional<json::object> verified_claims(std::string_view token, const ferry::Secret& key,
                                            std::string_view audience, std::string_view grant,
                                            ferry::Timestamp now) {
  const std::size_t dot = token.rfind('.');
  const std::size_t first = token.find('.');
  if (dot == std::string_view::npos || first == dot) return std::nullopt;
  const std::string_view signed_part = token.substr(0, dot);
  const auto signature = ferry::base64url_decode(token.substr(dot + 1));
  if (!signature ||
      !ferry::constant_time_equal(*signature, ferry::hmac_sha256(key.reveal(), signed_part))) {
    return std::nullopt;
  }
  const auto payload = ferry::base64url_decode(signed_part.substr(first + 1));
  if (!payload) return std::nullopt;
  auto claims = ferry::parse_json_object(*payload);
  if (!claims) return std::nullopt;
  const std::int64_t seconds = ferry::unix_seconds(now);
  const bool valid = ferry::string_or(*claims, "iss", "") == kIssuer &&
                     ferry::string_or(*claims, "aud", "") == audience &&
                     ferry::string_or(*claims, "grant_type", "") == grant &&
                     ferry::int_or(*claims, "nbf", INT64_MAX) <= seconds &&
                     ferry::int_or(*claims, "exp", 0) > seconds;
  if (!valid) return std::nullopt;
  return *std::move(claims);
}

}  // namespace

std::string TokenSigner::access_token(std::string_view audience, std::string_view subject,
                                      const std::vector<Scope>& access) const {
  json::object claims =
      common_claims(audience, subject, kAccessGrant, clock_.now(), kAccessLifetime);
  json::array entries;
  for (const Scope& scope : access) {
    json::array actions;
    for (const std::string& action : scope.actions) actions.emplace_back(action);
    entries.push_back(
        json::object{{"type", scope.type}, {"name", scope.name}, {"actions", std::move(actions)}});
  }
  claims["access"] = std::move(entries);
  return sign(claims, key_);
}

std::string TokenSigner::refresh_token(std::string_view audience, std::string_view subject) const {
  return sign(common_claims(audience, subject, kRefreshGrant, clock_.now(), kRefreshLifetime),
              key_);
}

std::optional<std::vector<Scope>> TokenSigner::verify_access(std::string_view token,
                                                             std::string_view audience) const {
  const auto claims = verified_claims(token, key_, audience, kAccessGrant, clock_.now());
  if (!claims) return std::nullopt;
  std::vector<Scope> scopes;
  const json::array* entries = ferry::find_array(*claims, "access");
  if (!entries) return scopes;
  for (const json::value& entry : *entries) {
    if (!entry.is_object()) continue;
    const json::object& object = entry.as_object();
    Scope scope{ferry::string_or(object, "type", ""), ferry::string_or(object, "name", ""), {}};
    if (const json::array* actions = ferry::find_array(object, "actions")) {
      for (const json::value& action : *actions) {
        if (action.is_string()) scope.actions.emplace_back(action.as_string());
      }
    }
    scopes.push_back(std::move(scope));
  }
  return scopes;
}

std::optional<std::string> TokenSigner::verify_refresh(std::string_view token,
                                                       std::string_view audience) const {
  const auto claims = verified_claims(token, key_, audience, kRefreshGrant, clock_.now());
  if (!claims) return std::nullopt;
  return ferry::string_or(*claims, "sub", "");
}

}  // namespace drydock::registry
