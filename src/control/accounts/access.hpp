// SPDX-License-Identifier: Apache-2.0
// Who may talk to Ferry: organizations, users and API tokens. Tokens are kept as SHA-256 hashes
// only.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "fleet/types.hpp"

namespace ferry::control {

struct Context;

struct Identity {
  std::string user;
  fleet::Role role = fleet::Role::viewer;
  fleet::Organization organization;
};

class Access {
 public:
  explicit Access(Context& context) : context_(context) {}

  // Makes organization `organization` with an Owner `user` when there is none yet (its root CA with
  // it), and gives that user this API token (at least 32 characters) besides those it has.
  // Idempotent: ferryd calls it at every start.
  Result<void> ensure_owner(const std::string& organization, const std::string& user,
                            const Secret& api_token);
  // Code::unauthenticated for a token that is unknown. Constant time in the token.
  Result<Identity> authenticate(const Secret& api_token) const;
  // By the hash under which a token is kept.
  Result<Identity> authenticate_hash(const std::string& token_hash) const;
  Result<std::vector<fleet::Organization>> organizations(const Identity& caller) const;

 private:
  Context& context_;
};

}  // namespace ferry::control
