// SPDX-License-Identifier: Apache-2.0
// JSON Web Tokens (RFC 7519) signed with RS256 (RFC 7515, RFC 7518 s.3.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "x509/keys.hpp"

namespace drydock {

class TokenSigner {
 public:
  explicit TokenSigner(ferry::x509::PrivateKey key);

  std::string sign(const ferry::json::object& claims) const;
  // The claims of a token that this key signed and whose nbf and exp contain `now`.
  std::optional<ferry::json::object> verify(std::string_view token, ferry::Timestamp now) const;
  // {"keys": [...]} (RFC 7517), with this one key.
  ferry::json::object key_set() const;

 private:
  ferry::x509::PrivateKey key_;
  std::string key_id_;
};

}  // namespace drydock
