// SPDX-License-Identifier: Apache-2.0
// Microsoft.Authorization: what the caller may do, role definitions and role assignments
// (api-version 2022-04-01), locks (2020-05-01).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "azure/arm/client.hpp"

namespace ferry::azure::arm {

// Built-in roles that Ferry assigns.
namespace roles {
inline constexpr std::string_view kEventHubsDataSender = "2b629674-e913-4c01-ae53-ef4638d8f975";
inline constexpr std::string_view kEventHubsDataReceiver = "a638d3c7-ab3a-418d-83e6-5f17a39d4fde";
inline constexpr std::string_view kStorageBlobDataContributor =
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
inline constexpr std::string_view kIotHubDataContributor = "4fc6c259-987e-4a07-842e-c321cc9d413f";
inline constexpr std::string_view kDpsDataContributor = "dfce44e4-17b7-4bd1-a6d1-04996ec95633";
inline constexpr std::string_view kAcrPull = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
inline constexpr std::string_view kAcrPush = "8311e382-0749-4cb8-b61a-304f252e45ec";
}  // namespace roles

// One entry of what a role or an assignment grants. "*" stands for any text, also across '/'.
struct Permission {
  std::vector<std::string> actions;
  std::vector<std::string> not_actions;
  std::vector<std::string> data_actions;
  std::vector<std::string> not_data_actions;
};

// Without regard to case; '*' in `pattern` matches any run of characters.
bool matches_action(std::string_view pattern, std::string_view action);
// Whether one of the entries grants it: in its actions and not in its notActions.
bool allows_action(const std::vector<Permission>& permissions, std::string_view action);
bool allows_data_action(const std::vector<Permission>& permissions, std::string_view action);

// Of the caller at `scope` ("/subscriptions/{s}", a resource group or a resource).
net::Task<Result<std::vector<Permission>>> list_permissions(ArmClient& arm, std::string scope);

struct RoleDefinition {
  std::string id;
  std::string name;  // GUID
  std::string role_name;
  std::string type;  // "BuiltInRole", "CustomRole"
  std::vector<Permission> permissions;
  std::vector<std::string> assignable_scopes;
};
// Full id of a role known by its GUID, in this subscription.
std::string role_definition_id(const ArmClient& arm, std::string_view guid);
net::Task<Result<RoleDefinition>> get_role_definition(ArmClient& arm, std::string scope,
                                                      std::string guid);
// Those whose name is `role_name`, which is unique in a tenant.
net::Task<Result<std::vector<RoleDefinition>>> find_role_definitions(ArmClient& arm,
                                                                     std::string scope,
                                                                     std::string role_name);

struct RoleAssignment {
  std::string id;
  std::string name;  // GUID
  std::string scope;
  std::string principal_id;
  std::string role_definition_id;
};

struct RoleAssignmentSpec {
  std::string scope;
  std::string principal_id;
  std::string role;  // GUID of the role definition
  std::string principal_type = "ServicePrincipal";
};

// The name that Ferry gives the assignment: a UUID (RFC 9562 version 5) of scope, principal and
// role, so that a repeated step meets its own assignment.
std::string role_assignment_name(const RoleAssignmentSpec& spec);

// That the same principal has the same role at this scope under another name is success.
// Code::unavailable while the directory does not know a new principal yet: try again after some
// seconds.
net::Task<Result<RoleAssignment>> ensure_role_assignment(ArmClient& arm, RoleAssignmentSpec spec);
net::Task<Result<RoleAssignment>> get_role_assignment(ArmClient& arm, RoleAssignmentSpec spec);
// At `scope`, of this principal (empty: of everybody).
net::Task<Result<std::vector<RoleAssignment>>> list_role_assignments(ArmClient& arm,
                                                                     std::string scope,
                                                                     std::string principal_id = {});
// Takes only the assignment away that ensure_role_assignment() made.
net::Task<Result<void>> remove_role_assignment(ArmClient& arm, RoleAssignmentSpec spec);

struct Lock {
  std::string id;
  std::string name;
  std::string level;  // "CanNotDelete", "ReadOnly"
  std::string notes;
};
// At `scope`, inherited ones with it.
net::Task<Result<std::vector<Lock>>> list_locks(ArmClient& arm, std::string scope);

}  // namespace ferry::azure::arm
