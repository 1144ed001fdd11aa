// SPDX-License-Identifier: Apache-2.0
// Microsoft.Authorization/roleDefinitions, api-version 2022-04-01: the built-in ones and custom
// ones of the subscription.
#include "base/encoding.hpp"
#include "drydock/arm/access.hpp"
#include "drydock/arm/builtin_roles.hpp"
#include "drydock/arm/extension_scope.hpp"
#include "drydock/arm/providers.hpp"
#include "drydock/arm/role_assignments.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

json::object document_of(const Context& context, const BuiltInRole& role) {
  return {{"id", role_definition_id(context, role.id)},
          {"name", role.id},
          {"type", kRoleDefinitionType},
          {"properties", json::object{{"roleName", role.name},
                                      {"type", "BuiltInRole"},
                                      {"description", role.description},
                                      {"assignableScopes", json::array{"/"}},
                                      {"permissions", json::array{to_json(role.permission)}}}}};
}

Outcome<std::optional<json::object>> find_definition(Context& context, std::string_view guid) {
  if (const BuiltInRole* role = find_built_in_role(guid)) {
    return std::optional(document_of(context, *role));
  }
  auto custom = context.store.find(role_definition_id(context, guid));
  if (!custom) return fail(std::move(custom).error());
  if (!*custom) return std::optional<json::object>();
  return std::optional((*custom)->document);
}

Answer get(Context& context, const Call& call) {
  const std::string& guid = call.path.at("name");
  auto found = find_definition(context, guid);
  if (!found) return fail(std::move(found).error());
  if (*found) return json_response(200, **found);
  return refuse(
      arm_error(404, "RoleDefinitionDoesNotExist",
                fmt::format("The specified role definition with ID '{}' does not exist.", guid)));
}

Outcome<json::array> all_definitions(Context& context) {
  json::array values;
  for (const BuiltInRole& role : built_in_roles()) values.push_back(document_of(context, role));
  auto custom = context.store.list_all(kRoleDefinitionType);
  if (!custom) return fail(std::move(custom).error());
  for (const Resource& resource : *custom) values.push_back(resource.document);
  return values;
}

// $filter: "roleName eq 'x'", "type eq 'CustomRole'", "atScopeAndBelow()".
Answer list(Context& context, const Call& call) {
  const std::string filter = call.request.query_value("$filter").value_or("");
  const std::vector<std::string> quoted = split(filter, '\'');
  std::string name;
  std::string type;
  for (std::size_t i = 1; i < quoted.size(); i += 2) {
    const std::string head = to_lower(quoted[i - 1]);
    if (head.find("rolename") != std::string::npos) name = quoted[i];
    if (head.find("type") != std::string::npos) type = quoted[i];
  }
  auto all = all_definitions(context);
  if (!all) return fail(std::move(all).error());
  json::array values;
  for (const json::value& item : *all) {
    const json::object& properties = object_of(item.get_object(), "properties");
    if (!name.empty() && !equals_ignore_case(string_or(properties, "roleName", ""), name)) continue;
    if (!type.empty() && !equals_ignore_case(string_or(properties, "type", ""), type)) continue;
    values.push_back(item);
  }
  return json_response(200, json::object{{"value", std::move(values)}});
}

tl::unexpected<Refusal> refuse_definition(std::string_view message) {
  return refuse(arm_error(400, "RoleDefinitionInvalid", message));
}

Outcome<json::object> read_properties(const Context& context, const json::object& wanted) {
  const std::string name = string_or(wanted, "roleName", "");
  if (name.empty()) return refuse_definition("A role definition needs a roleName.");
  const json::array* given = find_array(wanted, "permissions");
  if (given == nullptr || given->empty() || !given->front().is_object()) {
    return refuse_definition("A role definition needs permissions.");
  }
  json::array permissions;
  for (const json::value& entry : *given) {
    if (!entry.is_object()) return refuse_definition("A permission is not an object.");
    permissions.push_back(to_json(permission_from_json(entry.get_object())));
  }
  const json::array* scopes = find_array(wanted, "assignableScopes");
  if (scopes == nullptr || scopes->empty()) {
    return refuse_definition("A role definition needs assignableScopes.");
  }
  const std::string subscription = "/subscriptions/" + context.account.subscription_id;
  for (const json::value& scope : *scopes) {
    if (scope.is_string() && is_within(scope.get_string(), subscription)) continue;
    return refuse(arm_error(400, "LinkedInvalidPropertyId",
                            fmt::format("The assignable scope {} is not in the subscription.",
                                        json::serialize(scope))));
  }
  return json::object{{"roleName", name},
                      {"type", "CustomRole"},
                      {"description", string_or(wanted, "description", "")},
                      {"assignableScopes", *scopes},
                      {"permissions", std::move(permissions)}};
}

Answer put(Context& context, const Call& call) {
  const std::string& guid = call.path.at("name");
  if (!is_guid(guid)) return refuse_definition("The role definition ID must be a GUID.");
  if (find_built_in_role(guid) != nullptr) {
    return refuse(arm_error(400, "RoleDefinitionIsBuiltIn", "Built-in roles cannot be changed."));
  }
  auto properties = read_properties(context, object_of(call.body, "properties"));
  if (!properties) return fail(std::move(properties).error());
  auto all = all_definitions(context);
  if (!all) return fail(std::move(all).error());
  const std::string name = string_or(*properties, "roleName", "");
  for (const json::value& item : *all) {
    const json::object& other = item.get_object();
    if (equals_ignore_case(string_or(other, "name", ""), guid)) continue;
    if (equals_ignore_case(string_or(object_of(other, "properties"), "roleName", ""), name)) {
      return refuse(arm_error(409, "RoleDefinitionWithSameNameExists",
                              fmt::format("A custom role with the name '{}' already exists in this "
                                          "directory.",
                                          name)));
    }
  }
  const std::string subscription = "/subscriptions/" + context.account.subscription_id;
  Resource role = extension_resource(context, subscription, kRoleDefinitionType, guid);
  role.document["properties"] = *std::move(properties);
  auto saved = context.store.save(role);
  if (!saved) return fail(std::move(saved).error());
  return json_response(201, role.document);
}

Answer remove(Context& context, const Call& call) {
  const std::string& guid = call.path.at("name");
  if (find_built_in_role(guid) != nullptr) {
    return refuse(arm_error(400, "RoleDefinitionIsBuiltIn", "Built-in roles cannot be deleted."));
  }
  const std::string id = role_definition_id(context, guid);
  auto role = context.store.find(id);
  if (!role) return fail(std::move(role).error());
  if (!*role) return empty_response(204);
  auto assignments = context.store.list_all(kRoleAssignmentType);
  if (!assignments) return fail(std::move(assignments).error());
  for (const Resource& assignment : *assignments) {
    if (equals_ignore_case(read_role_assignment(assignment).role_definition_id, id)) {
      return refuse(arm_error(400, "RoleDefinitionHasAssignments",
                              "There are existing role assignments referencing role."));
    }
  }
  auto removed = context.store.remove(id);
  if (!removed) return fail(std::move(removed).error());
  return json_response(200, (*role)->document);
}

}  // namespace

void add_role_definition_routes(Context& context, Routes& extensions) {
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) -> Answer {
      auto scope = require_scope(context, call);
      if (!scope) return fail(std::move(scope).error());
      return run(context, call);
    };
  };
  const std::string all = fmt::format("/providers/{}", kRoleDefinitionType);
  const std::string one = all + "/{name}";
  extensions.add("GET", all, bind(list));
  extensions.add("GET", one, bind(get));
  extensions.add("PUT", one, bind(put));
  extensions.add("DELETE", one, bind(remove));
}

}  // namespace drydock::arm
