// SPDX-License-Identifier: Apache-2.0
#include "drydock/messaging/access.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "drydock/iot_hub/sas.hpp"

namespace drydock::messaging {

using ferry::Code;
using ferry::fail;

namespace {

bool signed_by(const iot_hub::SasToken& token, const ScopedPolicy& scoped) {
  for (const ferry::Secret* key : {&scoped.policy.primary_key, &scoped.policy.secondary_key}) {
    if (iot_hub::signed_with_text(token, *key)) return true;
    if (scoped.decoded_key_too && iot_hub::signed_with(token, *key)) return true;
  }
  return false;
}

bool is_below(std::string_view path, std::string_view above) {
  return above.empty() || path == above || (path.starts_with(above) && path[above.size()] == '/');
}

// The claim `exp` of a token whose signature was checked.
std::optional<ferry::Timestamp> expiry_of(std::string_view jwt) {
  const std::vector<std::string> parts = ferry::split(jwt, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto text = ferry::base64url_decode(parts[1]);
  const auto payload = text ? ferry::parse_json_object(*text) : fail(text.error());
  if (!payload) return std::nullopt;
  const auto seconds = ferry::optional_int(*payload, "exp");
  if (!seconds) return std::nullopt;
  return ferry::from_unix_seconds(*seconds);
}

}  // namespace

unsigned rights_of(std::string_view text) {
  unsigned rights = 0;
  for (const std::string& word : ferry::split(text, ',')) {
    const std::string_view name = ferry::trim(word);
    if (ferry::equals_ignore_case(name, "Listen")) rights |= kListen;
    if (ferry::equals_ignore_case(name, "Send")) rights |= kSend;
    if (ferry::equals_ignore_case(name, "Manage")) rights |= kManage | kListen | kSend;
  }
  return rights;
}

std::string resource_path(std::string_view resource) {
  std::string path = ferry::to_lower(ferry::percent_decode(resource));
  const std::size_t scheme = path.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t slash = path.find('/', host);
  path = slash == std::string::npos ? "" : path.substr(slash);
  while (path.starts_with('/')) path.erase(0, 1);
  while (path.ends_with('/')) path.pop_back();
  return path;
}

bool EventHubsClaim::covers(std::string_view lower_path) const {
  return is_below(lower_path, path);
}

ClaimResult check_signature(const std::vector<ScopedPolicy>& policies, std::string_view text,
                            ferry::Timestamp now) {
  const auto token = iot_hub::parse_sas(text);
  if (!token) return fail(token.error());
  const std::string path = resource_path(token->raw_resource);
  bool named = false;
  for (const ScopedPolicy& scoped : policies) {
    if (!ferry::equals_ignore_case(scoped.policy.name, token->policy)) continue;
    if (!is_below(path, scoped.path)) continue;
    named = true;
    if (!signed_by(*token, scoped)) continue;
    if (iot_hub::is_expired(*token, now)) {
      return fail(Code::unauthenticated, "ExpiredToken: the token has expired");
    }
    auto claim = std::make_shared<EventHubsClaim>();
    claim->path = path;
    claim->rights = scoped.rights;
    claim->expiry = ferry::from_unix_seconds(token->expiry);
    return claim;
  }
  if (!named) {
    return fail(Code::unauthenticated, "InvalidSignature: there is no rule '{}' for '{}'",
                token->policy, path);
  }
  return fail(Code::unauthenticated, "InvalidSignature: the token's signature is wrong");
}

ClaimResult check_key(const std::vector<ScopedPolicy>& policies, std::string_view name,
                      const ferry::Secret& key) {
  for (const ScopedPolicy& scoped : policies) {
    if (!ferry::equals_ignore_case(scoped.policy.name, name)) continue;
    for (const ferry::Secret* known : {&scoped.policy.primary_key, &scoped.policy.secondary_key}) {
      if (known->empty() || !ferry::constant_time_equal(known->reveal(), key.reveal())) continue;
      auto claim = std::make_shared<EventHubsClaim>();
      claim->path = scoped.path;
      claim->rights = scoped.rights;
      return claim;
    }
  }
  return fail(Code::unauthenticated, "the rule '{}' or its key is not known here", name);
}

ClaimResult check_entra_token(const TokenVerifier& verifier, std::string_view token) {
  const auto identity =
      verifier.verify(token, {"https://eventhubs.azure.net", "https://servicebus.azure.net"});
  const auto expiry = identity ? expiry_of(token) : std::nullopt;
  if (!identity || !expiry) {
    return fail(
        Code::unauthenticated,
        "InvalidToken: the token is not one of this tenant for https://eventhubs.azure.net");
  }
  auto claim = std::make_shared<EventHubsClaim>();
  claim->principal = identity->object_id;
  claim->expiry = *expiry;
  return claim;
}

}  // namespace drydock::messaging
