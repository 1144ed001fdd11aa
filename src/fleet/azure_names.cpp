// SPDX-License-Identifier: Apache-2.0
#include "fleet/azure_names.hpp"

#include <algorithm>

namespace ferry::fleet {
namespace {

// The random part of "ws-abcdefghijklmnop".
std::string_view random_part(std::string_view id) {
  return id.substr(id.rfind('-') + 1);
}

std::string without_hyphens(std::string_view text) {
  std::string result(text);
  std::erase(result, '-');
  return result;
}

}  // namespace

AzureNames azure_names(const WorkspaceId& id, std::string_view workspace_name) {
  const std::string suffix(random_part(id.str()).substr(0, 8));
  const std::string readable = fmt::format("{}-{}", workspace_name, suffix);
  const std::string compact = without_hyphens(workspace_name);
  return AzureNames{.resource_group = fmt::format("ferry-{}", readable),
                    .iot_hub = readable,
                    .provisioning_service = fmt::format("{}-dps", readable),
                    .storage_account = compact.substr(0, 16) + suffix,
                    .container = id.str(),
                    .registry = compact + suffix,
                    .ca_certificate = fmt::format("ferry-{}", id)};
}

std::string enrollment_group_name(const NodeGroupId& group) {
  return group.str();
}
std::string scope_map_name(const NodeGroupId& group) {
  return group.str();
}
std::string token_name(const NodeGroupId& group) {
  return group.str();
}

std::string configuration_name(const NodeGroupId& group, std::int64_t composition_version) {
  return fmt::format("{}-{}", group, composition_version);
}

std::string target_condition(const NodeGroupId& group) {
  return fmt::format("tags.ferry.nodeGroup='{}'", group);
}

std::string registration_id(std::string_view node_name, const NodeId& node) {
  constexpr std::size_t kCommonNameLimit = 64;
  const std::string suffix(random_part(node.str()));
  std::string readable(node_name.substr(0, kCommonNameLimit - 1 - suffix.size()));
  while (!readable.empty() && readable.back() == '-') readable.pop_back();
  return fmt::format("{}-{}", readable, suffix);
}

std::string component_prefix(std::string_view component, std::string_view version) {
  return fmt::format("components/{}/{}/src/", component, version);
}

std::string component_blob(std::string_view component, std::string_view version,
                           std::string_view file_path) {
  return component_prefix(component, version) + std::string(file_path);
}

std::string image_repository(std::string_view component) {
  return fmt::format("components/{}", component);
}

std::string image_tag(std::string_view version) {
  std::string tag(version);
  std::replace(tag.begin(), tag.end(), '+', '_');
  return tag;
}

}  // namespace ferry::fleet
