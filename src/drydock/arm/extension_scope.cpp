// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/extension_scope.hpp"

#include "base/encoding.hpp"
#include "drydock/arm/access.hpp"

namespace drydock::arm {

using namespace ferry;

std::optional<ExtensionPath> split_extension_path(std::string_view path) {
  const std::string lower = to_lower(path);
  std::size_t at = std::string::npos;
  for (const std::string_view marker :
       {"/providers/microsoft.authorization/", "/providers/microsoft.resources/tags/"}) {
    const auto found = lower.rfind(marker);
    if (found != std::string::npos && (at == std::string::npos || found > at)) at = found;
  }
  if (at == std::string::npos) return std::nullopt;
  return ExtensionPath{path.substr(0, at), path.substr(at)};
}

Outcome<std::string> require_scope(Context& context, const Call& call) {
  std::string_view given = call.path.at("scope");
  while (given.ends_with('/')) given.remove_suffix(1);
  const std::string subscription = "/subscriptions/" + context.account.subscription_id;
  if (given.empty() || equals_ignore_case(given, subscription)) return subscription;
  const std::string groups = subscription + "/resourceGroups/";
  const bool in_group =
      given.size() > groups.size() && equals_ignore_case(given.substr(0, groups.size()), groups);
  const std::string name(in_group ? given.substr(groups.size()) : "");
  if (in_group && name.find('/') == std::string::npos) {
    auto group = context.store.find_group(name);
    if (!group) return fail(std::move(group).error());
    if (*group) return groups + (*group)->name;
    return refuse(arm_error(404, "ResourceGroupNotFound",
                            fmt::format("Resource group '{}' could not be found.", name)));
  }
  auto resource = context.store.find(given);
  if (!resource) return fail(std::move(resource).error());
  if (*resource) return (*resource)->id;
  return refuse(
      arm_error(404, "ResourceNotFound", fmt::format("The Resource '{}' was not found.", given)));
}

Resource extension_resource(const Context& context, std::string_view scope, std::string_view type,
                            std::string_view name) {
  Resource resource;
  resource.id = fmt::format("{}/providers/{}/{}", scope, type, name);
  resource.type = std::string(type);
  resource.name = std::string(name);
  resource.parent = std::string(scope);
  const std::string marker =
      fmt::format("/subscriptions/{}/resourceGroups/", context.account.subscription_id);
  if (scope.starts_with(marker)) {
    const std::string_view rest = scope.substr(marker.size());
    resource.group = std::string(rest.substr(0, rest.find('/')));
  }
  resource.document = {{"id", resource.id}, {"name", name}, {"type", type}};
  return resource;
}

std::string role_definition_id(const Context& context, std::string_view guid) {
  return fmt::format("/subscriptions/{}/providers/{}/{}", context.account.subscription_id,
                     kRoleDefinitionType, guid);
}

}  // namespace drydock::arm
