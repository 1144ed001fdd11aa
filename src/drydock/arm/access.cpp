// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/access.hpp"

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "drydock/arm/builtin_roles.hpp"
#include "drydock/arm/extension_scope.hpp"
#include "drydock/arm/role_assignments.hpp"

namespace drydock::arm {

using namespace ferry;

Result<void> Access::seed_owner(std::string_view principal) {
  const std::string setting = fmt::format("owner:{}", principal);
  auto seeded = context_.store.setting(setting);
  if (!seeded) return fail(std::move(seeded).error());
  if (*seeded) return {};
  RoleAssignment assignment;
  assignment.name = random_uuid();
  assignment.scope = "/subscriptions/" + context_.account.subscription_id;
  assignment.principal_id = std::string(principal);
  assignment.principal_type = "ServicePrincipal";
  assignment.role_definition_id = role_definition_id(context_, kOwnerRole);
  auto saved = context_.store.save(to_resource(context_, assignment));
  if (!saved) return saved;
  return context_.store.set_setting(setting, "seeded");
}

Outcome<std::optional<std::vector<Permission>>> Access::role(std::string_view definition_id) {
  const std::string_view guid = definition_id.substr(definition_id.rfind('/') + 1);
  if (const BuiltInRole* role = find_built_in_role(guid)) {
    return std::optional(std::vector<Permission>{role->permission});
  }
  auto custom = context_.store.find(role_definition_id(context_, guid));
  if (!custom) return fail(std::move(custom).error());
  if (!*custom) return std::optional<std::vector<Permission>>();
  std::vector<Permission> permissions;
  const json::array* entries =
      find_array(object_of((*custom)->document, "properties"), "permissions");
  for (const json::value& entry : entries == nullptr ? json::array() : *entries) {
    if (entry.is_object()) permissions.push_back(permission_from_json(entry.get_object()));
  }
  return std::optional(std::move(permissions));
}

Result<void> Access::refresh() {
  if (version_ == context_.store.version()) return {};
  assignments_.clear();
  locks_.clear();
  auto assignments = context_.store.list_all(kRoleAssignmentType);
  if (!assignments) return fail(std::move(assignments).error());
  for (const Resource& resource : *assignments) {
    const json::object& properties = object_of(resource.document, "properties");
    auto permissions = role(string_or(properties, "roleDefinitionId", ""));
    if (!permissions || !*permissions) continue;
    assignments_.push_back(
        {resource.parent, string_or(properties, "principalId", ""), **std::move(permissions)});
  }
  auto locks = context_.store.list_all(kLockType);
  if (!locks) return fail(std::move(locks).error());
  for (const Resource& resource : *locks) {
    const std::string level = string_or(object_of(resource.document, "properties"), "level", "");
    locks_.push_back({resource.parent, level == "ReadOnly"});
  }
  version_ = context_.store.version();
  return {};
}

Outcome<std::vector<Permission>> Access::permissions(std::string_view principal,
                                                     std::string_view scope) {
  auto refreshed = refresh();
  if (!refreshed) return fail(std::move(refreshed).error());
  std::vector<Permission> result;
  for (const Assignment& assignment : assignments_) {
    if (!equals_ignore_case(assignment.principal, principal)) continue;
    if (!is_within(scope, assignment.scope)) continue;
    result.insert(result.end(), assignment.permissions.begin(), assignment.permissions.end());
  }
  return result;
}

Outcome<bool> Access::has_role(std::string_view principal) {
  auto refreshed = refresh();
  if (!refreshed) return fail(std::move(refreshed).error());
  return std::ranges::any_of(assignments_, [&](const Assignment& assignment) {
    return equals_ignore_case(assignment.principal, principal);
  });
}

Outcome<void> Access::require(const Caller& caller, const Demand& demand) {
  auto granted = permissions(caller.object_id, demand.scope);
  if (!granted) return fail(std::move(granted).error());
  if (grants(*granted, demand.action)) return {};
  HttpResponse refused = arm_error(
      403, "AuthorizationFailed",
      fmt::format("The client '{}' with object id '{}' does not have authorization to perform "
                  "action '{}' over scope '{}' or the scope is invalid. If access was recently "
                  "granted, please refresh your credentials.",
                  caller.application_id, caller.object_id, demand.action, demand.scope));
  refused.headers.set("x-ms-failure-cause", "gateway");
  return refuse(std::move(refused));
}

Outcome<void> Access::refuse_when_locked(std::string_view method, const Demand& demand) {
  const bool removes = method == "DELETE";
  if (method == "GET" || method == "HEAD") return {};
  // Who may change locks can take a lock away.
  if (to_lower(demand.action).starts_with("microsoft.authorization/locks/")) return {};
  auto refreshed = refresh();
  if (!refreshed) return fail(std::move(refreshed).error());
  for (const Lock& lock : locks_) {
    // A deletion also meets the locks of what goes with it.
    const bool applies =
        removes ? is_within(demand.scope, lock.scope) || is_within(lock.scope, demand.scope)
                : lock.read_only && is_within(demand.scope, lock.scope);
    if (!applies) continue;
    HttpResponse refused = arm_error(
        409, "ScopeLocked",
        fmt::format("The scope '{}' cannot perform {} operation because following scope(s) are "
                    "locked: '{}'. Please remove the lock and try again.",
                    demand.scope, removes ? "delete" : "write", lock.scope));
    refused.headers.set("x-ms-failure-cause", "gateway");
    return refuse(std::move(refused));
  }
  return {};
}

}  // namespace drydock::arm
