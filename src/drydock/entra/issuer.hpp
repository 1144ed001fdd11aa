// SPDX-License-Identifier: Apache-2.0
// The tokens that the tenant issues, and the check of them when they come back.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "drydock/directory.hpp"
#include "drydock/endpoints.hpp"
#include "drydock/entra/principals.hpp"
#include "drydock/entra/tokens.hpp"

namespace drydock::entra {

class Issuer {
 public:
  static constexpr auto kLifetime = std::chrono::seconds(3600);

  // What is referred to must outlive it.
  Issuer(std::string tenant_id, TokenSigner signer, const Endpoints& endpoints,
         const ferry::Clock& clock);

  std::string name() const;  // the claim `iss`
  // Of a program: `oid` is the principal, `appid` its client id. `proof` is how it signed in: "1" a
  // secret, "2" a certificate, an assertion or the platform (the claim `appidacr`).
  std::string application_token(const Principal& principal, const std::string& audience,
                                std::string_view proof) const;
  // Of a user, whom the program `client_id` acts for.
  std::string user_token(const Principal& user, const std::string& client_id,
                         const std::string& audience) const;
  // For the program itself: who has signed in (OpenID Connect Core s.2).
  std::string id_token(const Principal& user, const std::string& client_id) const;

  std::optional<TokenIdentity> verify(std::string_view jwt,
                                      const std::vector<std::string>& audiences) const;
  ferry::json::object key_set() const { return signer_.key_set(); }

 private:
  ferry::json::object claims(const std::string& audience) const;

  std::string tenant_id_;
  TokenSigner signer_;
  const Endpoints& endpoints_;
  const ferry::Clock& clock_;
};

}  // namespace drydock::entra
