// SPDX-License-Identifier: Apache-2.0
// Who may do what: principals of a registry and the scopes that its tokens carry.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "drydock/directory.hpp"

namespace drydock::registry {

// "repository:line-1/sampler:pull,push" or "registry:catalog:*".
struct Scope {
  std::string type;
  std::string name;
  std::vector<std::string> actions;
};

std::optional<Scope> parse_scope(std::string_view text);
std::string format_scope(const Scope& scope);

// What somebody who has shown who he is may do.
class Principal {
 public:
  // Everything in the registry: its admin user, and identities of the tenant.
  static Principal unrestricted(std::string subject);
  // The rights of a scope map: "repositories/<repository>/content/read", where a repository that
  // ends in '*' stands for all that begin so.
  static Principal repository_token(const RegistryToken& token);

  const std::string& subject() const { return subject_; }
  bool may(std::string_view type, std::string_view name, std::string_view action) const;
  // The part of `wanted` that this principal may do; "*" becomes all that it may.
  Scope allowed(const Scope& wanted) const;

 private:
  struct Grant {
    std::string pattern;
    std::string action;
  };
  std::string subject_;
  bool unrestricted_ = false;
  std::vector<Grant> grants_;
};

// The admin user (named as the registry) or a repository-scoped token, by name and password.
std::optional<Principal> authenticate(const RegistryInfo& registry, std::string_view user,
                                      const ferry::Secret& password, ferry::Timestamp now);
// The principal of that subject as it stands now; nothing when it has been disabled or deleted.
std::optional<Principal> find_principal(const RegistryInfo& registry, std::string_view subject);

}  // namespace drydock::registry
