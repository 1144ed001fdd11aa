// SPDX-License-Identifier: Apache-2.0
// Device and module identities as the registry keeps them, and their JSON forms.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "drydock/iot_hub/refusal.hpp"

namespace drydock::iot_hub {

namespace json = ferry::json;

enum class Authentication { sas, self_signed, certificate_authority, none };
std::string_view to_string(Authentication type);  // "selfSigned"

// A device when `module` is empty.
struct EntityKey {
  std::string device;
  std::string module;
  friend auto operator<=>(const EntityKey&, const EntityKey&) = default;
};

struct Identity {
  EntityKey key;
  std::string generation_id;
  std::int64_t etag = 1;
  Authentication authentication = Authentication::sas;
  ferry::Secret primary_key;  // base64 text
  ferry::Secret secondary_key;
  std::string primary_thumbprint;  // as given
  std::string secondary_thumbprint;
  // Devices alone:
  bool enabled = true;
  std::string status_reason;
  std::optional<ferry::Timestamp> status_updated;
  bool iot_edge = false;
  std::string device_scope;
  // Modules alone:
  std::string managed_by;
};

// What a client asks for in PUT; absent members are not in the request.
struct IdentityRequest {
  std::optional<Authentication> authentication;
  std::optional<std::string> primary_key;
  std::optional<std::string> secondary_key;
  std::optional<std::string> primary_thumbprint;
  std::optional<std::string> secondary_thumbprint;
  std::optional<bool> enabled;
  std::optional<std::string> status_reason;
  std::optional<bool> iot_edge;
  std::optional<std::string> managed_by;
  std::optional<std::string> device_scope;
};
Outcome<IdentityRequest> parse_identity_request(const json::object& body);

// 400004 for an id with characters that the hub does not take.
Outcome<void> validate_id(std::string_view id, std::string_view what);

// A fresh identity, with keys made where SAS is wanted and none are given.
Outcome<Identity> create_identity(EntityKey key, const IdentityRequest& request,
                                  ferry::Timestamp now);
// Empty keys mean: keep what is there.
Outcome<Identity> update_identity(Identity identity, const IdentityRequest& request,
                                  ferry::Timestamp now);

// Whether a certificate with these hex digests authenticates the identity.
bool thumbprint_matches(const Identity& identity, std::string_view sha1, std::string_view sha256);

std::string registry_etag(std::int64_t counter);  // base64 of the decimal number
json::object authentication_json(const Identity& identity);
json::object to_storage(const Identity& identity);
Identity identity_from_storage(const json::object& stored);

}  // namespace drydock::iot_hub
