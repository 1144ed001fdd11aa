// SPDX-License-Identifier: Apache-2.0
// The registry's own JSON Web Tokens (RFC 7519), signed with HMAC-SHA256 by a key that never leaves
// Drydock. Claims as Azure Container Registry writes them: refresh tokens name a subject, access
// tokens carry `access` (distribution, "Token authentication implementation").
#pragma once

#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "drydock/registry/access.hpp"

namespace drydock::registry {

class TokenSigner {
 public:
  static constexpr auto kAccessLifetime = std::chrono::seconds(4500);
  static constexpr auto kRefreshLifetime = std::chrono::hours(3);

  TokenSigner(ferry::Secret key, const ferry::Clock& clock) : key_(std::move(key)), clock_(clock) {}

  std::string access_token(std::string_view audience, std::string_view subject,
                           const std::vector<Scope>& access) const;
  std::string refresh_token(std::string_view audience, std::string_view subject) const;

  // The scopes of a valid access token for `audience`; nothing for every other text.
  std::optional<std::vector<Scope>> verify_access(std::string_view token,
                                                  std::string_view audience) const;
  // The subject of a valid refresh token for `audience`.
  std::optional<std::string> verify_refresh(std::string_view token,
                                            std::string_view audience) const;

 private:
  ferry::Secret key_;
  const ferry::Clock& clock_;
};

}  // namespace drydock::registry
