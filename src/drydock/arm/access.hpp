// SPDX-License-Identifier: Apache-2.0
// Who may do what: role assignments and locks as they stand in the store.
#pragma once

#include "drydock/arm/context.hpp"
#include "drydock/arm/permissions.hpp"

namespace drydock::arm {

inline constexpr std::string_view kRoleAssignmentType = "Microsoft.Authorization/roleAssignments";
inline constexpr std::string_view kRoleDefinitionType = "Microsoft.Authorization/roleDefinitions";
inline constexpr std::string_view kLockType = "Microsoft.Authorization/locks";

class Access {
 public:
  explicit Access(Context& context) : context_(context) {}

  // Gives Owner of the subscription to `principal`, once: who takes it away has it his way.
  Result<void> seed_owner(std::string_view principal);

  // All that the roles of `principal` at and above `scope` permit.
  Outcome<std::vector<Permission>> permissions(std::string_view principal, std::string_view scope);
  // Whether there is any role assignment for the principal.
  Outcome<bool> has_role(std::string_view principal);
  // 403 AuthorizationFailed.
  Outcome<void> require(const Caller& caller, const Demand& demand);
  // 409 ScopeLocked when a lock forbids what `method` would do.
  Outcome<void> refuse_when_locked(std::string_view method, const Demand& demand);

  // The permissions of a role definition's id; nothing when there is no such role.
  Outcome<std::optional<std::vector<Permission>>> role(std::string_view definition_id);

 private:
  struct Assignment {
    std::string scope;
    std::string principal;
    std::vector<Permission> permissions;
  };
  struct Lock {
    std::string scope;
    bool read_only = false;
  };
  Result<void> refresh();

  Context& context_;
  std::uint64_t version_ = 0;  // of the store when these were read
  std::vector<Assignment> assignments_;
  std::vector<Lock> locks_;
};

}  // namespace drydock::arm
