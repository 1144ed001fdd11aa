// SPDX-License-Identifier: Apache-2.0
// Microsoft.Authorization/roleAssignments and permissions, api-version 2022-04-01. Conditions are
// kept and shown, not evaluated.
#include "drydock/arm/role_assignments.hpp"

#include "base/encoding.hpp"
#include "drydock/arm/access.hpp"
#include "drydock/arm/extension_scope.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) {
      return false;
    }
  }
  return true;
}

Resource to_resource(const Context& context, const RoleAssignment& assignment) {
  Resource resource =
      extension_resource(context, assignment.scope, kRoleAssignmentType, assignment.name);
  const std::string now = format_rfc3339(context.clock.now());
  const std::string by = context.caller().object_id;
  json::object properties{{"roleDefinitionId", assignment.role_definition_id},
                          {"principalId", assignment.principal_id},
                          {"principalType", assignment.principal_type},
                          {"scope", assignment.scope},
                          {"createdOn", now},
                          {"updatedOn", now},
                          {"createdBy", by},
                          {"updatedBy", by}};
  if (!assignment.description.empty()) properties["description"] = assignment.description;
  if (!assignment.condition.empty()) {
    properties["condition"] = assignment.condition;
    properties["conditionVersion"] = assignment.condition_version;
  }
  resource.document["properties"] = std::move(properties);
  return resource;
}

RoleAssignment read_role_assignment(const Resource& resource) {
  const json::object& properties = object_of(resource.document, "properties");
  return {resource.name,
          resource.parent,
          string_or(properties, "principalId", ""),
          string_or(properties, "principalType", ""),
          string_or(properties, "roleDefinitionId", ""),
          string_or(properties, "description", ""),
          string_or(properties, "condition", ""),
          string_or(properties, "conditionVersion", "")};
}

namespace {

bool same_grant(const RoleAssignment& a, const RoleAssignment& b) {
  return equals_ignore_case(a.scope, b.scope) &&
         equals_ignore_case(a.principal_id, b.principal_id) &&
         equals_ignore_case(a.role_definition_id, b.role_definition_id);
}

// Principals of resources, and those that Entra knows.
Outcome<bool> knows_principal(Context& context, std::string_view principal) {
  if (context.knows_principal(principal)) return true;
  auto all = context.store.list("", "");
  if (!all) return fail(std::move(all).error());
  return std::ranges::any_of(*all, [&](const Resource& resource) {
    const json::object& identity = object_of(resource.document, "identity");
    return equals_ignore_case(string_or(identity, "principalId", ""), principal);
  });
}

Outcome<RoleAssignment> read_body(Context& context, Access& access, const Call& call) {
  RoleAssignment wanted;
  wanted.name = call.path.at("name");
  if (!is_guid(wanted.name)) {
    return refuse(arm_error(400, "InvalidRoleAssignmentId",
                            fmt::format("The role assignment ID '{}' is not valid. The role "
                                        "assignment ID must be a GUID.",
                                        wanted.name)));
  }
  auto scope = require_scope(context, call);
  if (!scope) return fail(std::move(scope).error());
  wanted.scope = *std::move(scope);
  const json::object& properties = object_of(call.body, "properties");
  wanted.principal_id = string_or(properties, "principalId", "");
  wanted.principal_type = string_or(properties, "principalType", "");
  wanted.description = string_or(properties, "description", "");
  wanted.condition = string_or(properties, "condition", "");
  wanted.condition_version = string_or(properties, "conditionVersion", "2.0");
  if (!is_guid(wanted.principal_id)) {
    return refuse(arm_error(400, "InvalidPrincipalId",
                            "A valid principal ID must be provided for role assignment."));
  }
  const std::string definition = string_or(properties, "roleDefinitionId", "");
  auto role = access.role(definition);
  if (!role) return fail(std::move(role).error());
  if (!*role) {
    return refuse(arm_error(
        404, "RoleDefinitionDoesNotExist",
        fmt::format("The specified role definition with ID '{}' does not exist.", definition)));
  }
  wanted.role_definition_id =
      role_definition_id(context, std::string_view(definition).substr(definition.rfind('/') + 1));
  if (!wanted.principal_type.empty()) return wanted;
  // Without a type the service looks for the principal in the directory.
  auto known = knows_principal(context, wanted.principal_id);
  if (!known) return fail(std::move(known).error());
  if (!*known) {
    std::string digits = wanted.principal_id;
    std::erase(digits, '-');
    return refuse(arm_error(
        400, "PrincipalNotFound",
        fmt::format("Principal {} does not exist in the directory {}. Check that you have the "
                    "correct principal ID. If you are creating this principal and then "
                    "immediately assigning a role, this error might be related to a replication "
                    "delay. In this case, set the role assignment principalType property to a "
                    "value, such as ServicePrincipal, User, or Group.",
                    digits, context.account.tenant_id)));
  }
  wanted.principal_type = "ServicePrincipal";
  return wanted;
}

Answer put(Context& context, Access& access, const Call& call) {
  auto wanted = read_body(context, access, call);
  if (!wanted) return fail(std::move(wanted).error());
  auto all = context.store.list_all(kRoleAssignmentType);
  if (!all) return fail(std::move(all).error());
  for (const Resource& resource : *all) {
    const RoleAssignment other = read_role_assignment(resource);
    const bool same_name = equals_ignore_case(other.name, wanted->name);
    if (same_grant(other, *wanted)) {
      if (same_name) return json_response(200, resource.document);
      std::string digits = other.name;
      std::erase(digits, '-');
      return refuse(arm_error(409, "RoleAssignmentExists",
                              fmt::format("The role assignment already exists. The ID of the "
                                          "conflicting role assignment is {}.",
                                          digits)));
    }
    if (same_name) {
      return refuse(arm_error(400, "RoleAssignmentUpdateNotPermitted",
                              "Tenant ID, application ID, principal ID, and scope are not allowed "
                              "to be updated."));
    }
  }
  const Resource resource = to_resource(context, *wanted);
  auto saved = context.store.save(resource);
  if (!saved) return fail(std::move(saved).error());
  return json_response(201, resource.document);
}

Outcome<std::optional<Resource>> find_assignment(Context& context, const Call& call) {
  auto scope = require_scope(context, call);
  if (!scope) return fail(std::move(scope).error());
  const std::string id =
      fmt::format("{}/providers/{}/{}", *scope, kRoleAssignmentType, call.path.at("name"));
  auto found = context.store.find(id);
  if (!found) return fail(std::move(found).error());
  return *std::move(found);
}

Answer get(Context& context, const Call& call) {
  auto found = find_assignment(context, call);
  if (!found) return fail(std::move(found).error());
  if (*found) return json_response(200, (*found)->document);
  return refuse(
      arm_error(404, "RoleAssignmentNotFound",
                fmt::format("The role assignment '{}' is not found.", call.path.at("name"))));
}

Answer remove(Context& context, const Call& call) {
  auto found = find_assignment(context, call);
  if (!found) return fail(std::move(found).error());
  if (!*found) return empty_response(204);
  auto removed = context.store.remove((*found)->id);
  if (!removed) return fail(std::move(removed).error());
  return json_response(200, (*found)->document);
}

// $filter: "atScope()", "principalId eq 'x'", "assignedTo('x')", joined by "and".
Answer list(Context& context, const Call& call) {
  auto scope = require_scope(context, call);
  if (!scope) return fail(std::move(scope).error());
  const std::string filter = call.request.query_value("$filter").value_or("");
  const std::string lower = to_lower(filter);
  const bool assigned_to = lower.find("assignedto(") != std::string::npos;
  const bool not_below = assigned_to || lower.find("atscope()") != std::string::npos;
  const std::vector<std::string> quoted = split(filter, '\'');
  const std::string principal = quoted.size() > 1 ? quoted[1] : "";
  auto all = context.store.list_all(kRoleAssignmentType);
  if (!all) return fail(std::move(all).error());
  json::array values;
  for (const Resource& resource : *all) {
    const RoleAssignment assignment = read_role_assignment(resource);
    const bool above = is_within(*scope, assignment.scope);
    const bool below = !not_below && is_within(assignment.scope, *scope);
    if (!above && !below) continue;
    if (!principal.empty() && !equals_ignore_case(assignment.principal_id, principal)) continue;
    values.push_back(resource.document);
  }
  return json_response(200, json::object{{"value", std::move(values)}});
}

Answer list_permissions(Context& context, Access& access, const Call& call) {
  auto scope = require_scope(context, call);
  if (!scope) return fail(std::move(scope).error());
  auto permissions = access.permissions(context.caller().object_id, *scope);
  if (!permissions) return fail(std::move(permissions).error());
  json::array values;
  for (const Permission& permission : *permissions) values.push_back(to_json(permission));
  return json_response(200, json::object{{"value", std::move(values)}});
}

}  // namespace

void add_role_assignment_routes(Context& context, Access& access, Routes& extensions) {
  const std::string all = fmt::format("/providers/{}", kRoleAssignmentType);
  const std::string one = all + "/{name}";
  extensions.add("GET", all, [&context](const Call& call) { return list(context, call); });
  extensions.add("GET", one, [&context](const Call& call) { return get(context, call); });
  extensions.add("DELETE", one, [&context](const Call& call) { return remove(context, call); });
  extensions.add("PUT", one,
                 [&context, &access](const Call& call) { return put(context, access, call); });
  extensions.add(
      "GET", "/providers/Microsoft.Authorization/permissions",
      [&context, &access](const Call& call) { return list_permissions(context, access, call); });
}

}  // namespace drydock::arm
