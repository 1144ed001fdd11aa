// SPDX-License-Identifier: Apache-2.0
#include "fleet/azure_names.hpp"

#include <algorithm>

#include "fleet/desired_resources.hpp"

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

// The name of a key; null for what has no name for the whole world.
std::string* global_name(Workspace& workspace, std::string_view key) {
  auto& names = workspace.names;
  for (auto& further : workspace.further_hubs) {
    if (key == further.key) return &further.name;
  }
  if (key == keys::kIotHub) return &names.iot_hub;
  if (key == keys::kProvisioningService) return &names.provisioning_service;
  if (key == keys::kStorageAccount) return &names.storage_account;
  if (key == keys::kRegistry) return &names.registry;
  if (key == keys::kEventHubsNamespace) return &names.event_hubs_namespace;
  return nullptr;
}

// "plant-a-abcdefgh-2"; where hyphens are not allowed "plantaabcdefgh2", which for a storage
// account may have no more than 24 characters, so the readable part gives way.
std::string numbered(const std::string& first, std::string_view key, int number) {
  if (key == keys::kStorageAccount || key == keys::kRegistry) {
    constexpr std::size_t kLongest = 24;
    constexpr std::size_t kSuffix = 8;
    std::string name = first;
    if (key == keys::kStorageAccount && name.size() == kLongest) {
      name.erase(name.size() - kSuffix - 1, 1);
    }
    return name + std::to_string(number);
  }
  return fmt::format("{}-{}", first, number);
}

}  // namespace

Result<void> take_next_name(Workspace& workspace, const std::string& key) {
  constexpr int kLast = 9;
  Workspace first = workspace;
  first.names = azure_names(workspace.id, workspace.name);
  for (std::size_t i = 0; i < first.further_hubs.size(); ++i) {
    first.further_hubs[i].name = further_hub_name(workspace, static_cast<int>(i) + 2);
  }
  const std::string* original = global_name(first, key);
  std::string* name = global_name(workspace, key);
  if (!original || !name) return fail(Code::internal, "the {} needs no other name", key);
  int next = 2;
  while (next <= kLast && *name != *original && numbered(*original, key, next - 1) != *name) ++next;
  if (*name == *original) next = 2;
  if (next > kLast) {
    return fail(Error{Code::conflict,
                      fmt::format("the names {} to {} are all taken", *original, *name),
                      "choose another name for the workspace"});
  }
  *name = numbered(*original, key, next);
  return {};
}

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
                    .event_hubs_namespace = fmt::format("ferry-{}", readable),
                    .ca_certificate = fmt::format("ferry-{}", id)};
}

std::string workspace_suffix(const Workspace& workspace) {
  return std::string(random_part(workspace.id.str()).substr(0, 8));
}

std::string consumer_group_name(const Workspace& workspace, std::string_view hub_key) {
  const bool adopted = hub_key == keys::kIotHub && !workspace.options.adopted.iot_hub.empty();
  return adopted ? fmt::format("ferry-{}", workspace_suffix(workspace)) : "ferry";
}

std::string push_token_name(const Workspace& workspace) {
  const bool adopted = !workspace.options.adopted.registry.empty();
  return adopted ? fmt::format("ferry-push-{}", workspace_suffix(workspace)) : "ferry-push";
}

std::string further_hub_name(const Workspace& workspace, int number) {
  return fmt::format("{}-hub{}", azure_names(workspace.id, workspace.name).iot_hub, number);
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
