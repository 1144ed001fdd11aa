// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/authorization.hpp"

#include <algorithm>

#include "azure/arm/shapes.hpp"
#include "base/crypto.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kVersion = "2022-04-01";
constexpr const char* kLocksVersion = "2020-05-01";
constexpr const char* kProvider = "/providers/Microsoft.Authorization/";

std::vector<std::string> strings_of(const json::object& object, std::string_view name) {
  std::vector<std::string> strings;
  if (const auto* values = find_array(object, name)) {
    for (const auto& value : *values) {
      if (value.is_string()) strings.emplace_back(value.get_string());
    }
  }
  return strings;
}

Permission read_permission(const json::object& object) {
  return {strings_of(object, "actions"), strings_of(object, "notActions"),
          strings_of(object, "dataActions"), strings_of(object, "notDataActions")};
}

std::vector<Permission> read_permissions(const json::array& items) {
  std::vector<Permission> permissions;
  for (const auto& item : items) {
    if (const auto* object = item.if_object()) permissions.push_back(read_permission(*object));
  }
  return permissions;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view action) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const auto& pattern) { return matches_action(pattern, action); });
}

RoleDefinition read_definition(const json::object& object) {
  const auto& properties = properties_of(object);
  RoleDefinition role{string_or(object, "id", ""),
                      string_or(object, "name", ""),
                      string_or(properties, "roleName", ""),
                      string_or(properties, "type", ""),
                      {},
                      strings_of(properties, "assignableScopes")};
  if (const auto* items = find_array(properties, "permissions")) {
    role.permissions = read_permissions(*items);
  }
  return role;
}

RoleAssignment read_assignment(const json::object& object) {
  const auto& properties = properties_of(object);
  return {string_or(object, "id", ""), string_or(object, "name", ""),
          string_or(properties, "scope", ""), string_or(properties, "principalId", ""),
          string_or(properties, "roleDefinitionId", "")};
}

std::string assignment_id(const RoleAssignmentSpec& spec) {
  return fmt::format("{}{}roleAssignments/{}", spec.scope, kProvider, role_assignment_name(spec));
}

// RFC 9562 s.5.5 with the namespace for URLs (s.6.6).
std::string uuid_of_name(std::string_view name) {
  constexpr unsigned char kUrlNamespace[] = {0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
                                             0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
  std::string input(reinterpret_cast<const char*>(kUrlNamespace), sizeof kUrlNamespace);
  input += name;
  std::string bytes = sha1(input).substr(0, 16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x50);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = hex_encode(bytes);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

}  // namespace

bool matches_action(std::string_view pattern, std::string_view action) {
  const std::string wanted = to_lower(pattern);
  const std::string text = to_lower(action);
  std::size_t i = 0;  // in wanted
  std::size_t star = std::string::npos;
  std::size_t resume = 0;  // in text: where the part that the last star takes ends
  for (std::size_t at = 0; at < text.size();) {
    if (i < wanted.size() && wanted[i] == '*') {
      star = i++;
      resume = at;
    } else if (i < wanted.size() && wanted[i] == text[at]) {
      ++i;
      ++at;
    } else if (star != std::string::npos) {
      i = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return wanted.find_first_not_of('*', i) == std::string::npos;
}

bool allows_action(const std::vector<Permission>& permissions, std::string_view action) {
  return std::any_of(permissions.begin(), permissions.end(), [&](const Permission& entry) {
    return any_matches(entry.actions, action) && !any_matches(entry.not_actions, action);
  });
}

bool allows_data_action(const std::vector<Permission>& permissions, std::string_view action) {
  return std::any_of(permissions.begin(), permissions.end(), [&](const Permission& entry) {
    return any_matches(entry.data_actions, action) && !any_matches(entry.not_data_actions, action);
  });
}

net::Task<Result<std::vector<Permission>>> list_permissions(ArmClient& arm, std::string scope) {
  auto items = co_await arm.list(scope + kProvider + "permissions", kVersion);
  if (!items) co_return fail(std::move(items).error().with("read the permissions at {}", scope));
  co_return read_permissions(*items);
}

std::string role_definition_id(const ArmClient& arm, std::string_view guid) {
  return fmt::format("/subscriptions/{}{}roleDefinitions/{}", arm.subscription(), kProvider, guid);
}

net::Task<Result<RoleDefinition>> get_role_definition(ArmClient& arm, std::string scope,
                                                      std::string guid) {
  auto found =
      co_await arm.get(fmt::format("{}{}roleDefinitions/{}", scope, kProvider, guid), kVersion);
  if (!found) co_return fail(std::move(found).error().with("read role {}", guid));
  co_return read_definition(*found);
}

net::Task<Result<std::vector<RoleDefinition>>> find_role_definitions(ArmClient& arm,
                                                                     std::string scope,
                                                                     std::string role_name) {
  std::string filter = "$filter=" + percent_encode(fmt::format("roleName eq '{}'", role_name));
  auto items = co_await arm.list(scope + kProvider + "roleDefinitions", kVersion, filter);
  if (!items) co_return fail(std::move(items).error().with("look for role '{}'", role_name));
  std::vector<RoleDefinition> found;
  for (const auto& item : *items) {
    if (const auto* object = item.if_object()) found.push_back(read_definition(*object));
  }
  co_return found;
}

std::string role_assignment_name(const RoleAssignmentSpec& spec) {
  return uuid_of_name(to_lower(fmt::format("{}|{}|{}", spec.scope, spec.principal_id, spec.role)));
}

net::Task<Result<RoleAssignment>> ensure_role_assignment(ArmClient& arm, RoleAssignmentSpec spec) {
  const std::string role_id = role_definition_id(arm, spec.role);
  json::object body{{"properties",
                     {{"roleDefinitionId", role_id},
                      {"principalId", spec.principal_id},
                      {"principalType", spec.principal_type}}}};
  auto made = co_await arm.put(assignment_id(spec), kVersion, std::move(body));
  if (made) co_return read_assignment(*made);
  Error error = std::move(made).error();
  if (error.code == Code::conflict) {
    auto present = co_await list_role_assignments(arm, spec.scope, spec.principal_id);
    if (!present) co_return fail(std::move(present).error());
    for (const auto& assignment : *present) {
      const auto& id = assignment.role_definition_id;
      const bool same = equals_ignore_case(id.substr(id.rfind('/') + 1), spec.role) &&
                        equals_ignore_case(assignment.scope, spec.scope);
      if (same) co_return assignment;
    }
  }
  if (error.message.find("PrincipalNotFound") != std::string::npos) {
    error.code = Code::unavailable;
    error.hint = "a new identity takes up to some minutes to be known everywhere: try again";
  }
  co_return fail(std::move(error).with("assign role {} at {}", spec.role, spec.scope));
}

net::Task<Result<RoleAssignment>> get_role_assignment(ArmClient& arm, RoleAssignmentSpec spec) {
  auto found = co_await arm.get(assignment_id(spec), kVersion);
  if (!found) {
    co_return fail(std::move(found).error().with("read the assignment of role {} at {}", spec.role,
                                                 spec.scope));
  }
  co_return read_assignment(*found);
}

net::Task<Result<std::vector<RoleAssignment>>> list_role_assignments(ArmClient& arm,
                                                                     std::string scope,
                                                                     std::string principal_id) {
  const std::string wanted =
      principal_id.empty() ? "atScope()" : fmt::format("principalId eq '{}'", principal_id);
  std::string filter = "$filter=" + percent_encode(wanted);
  auto items = co_await arm.list(scope + kProvider + "roleAssignments", kVersion, filter);
  if (!items) co_return fail(std::move(items).error().with("list role assignments at {}", scope));
  std::vector<RoleAssignment> found;
  for (const auto& item : *items) {
    if (const auto* object = item.if_object()) found.push_back(read_assignment(*object));
  }
  co_return found;
}

net::Task<Result<void>> remove_role_assignment(ArmClient& arm, RoleAssignmentSpec spec) {
  auto removed = co_await arm.remove(assignment_id(spec), kVersion);
  if (!removed) {
    co_return fail(
        std::move(removed).error().with("take role {} at {} away", spec.role, spec.scope));
  }
  co_return removed;
}

net::Task<Result<std::vector<Lock>>> list_locks(ArmClient& arm, std::string scope) {
  auto items = co_await arm.list(scope + kProvider + "locks", kLocksVersion);
  if (!items) co_return fail(std::move(items).error().with("list the locks at {}", scope));
  std::vector<Lock> locks;
  for (const auto& item : *items) {
    const auto* object = item.if_object();
    if (!object) continue;
    const auto& properties = properties_of(*object);
    locks.push_back({string_or(*object, "id", ""), string_or(*object, "name", ""),
                     string_or(properties, "level", ""), string_or(properties, "notes", "")});
  }
  co_return locks;
}

}  // namespace ferry::azure::arm
