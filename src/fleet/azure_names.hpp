// SPDX-License-Identifier: Apache-2.0
// What Ferry calls things in Azure, derived from its own ids: the same input always gives the same
// name, so a step that is repeated meets what it made before. Rules: Azure's "naming rules and
// restrictions for Azure resources".
#pragma once

#include <string>
#include <string_view>

#include "fleet/types.hpp"

namespace ferry::fleet {

// What a new workspace begins with; afterwards Workspace::names counts.
AzureNames azure_names(const WorkspaceId& id, std::string_view workspace_name);

// Somebody else has the present name of the resource with this key (fleet/desired_resources.hpp):
// puts the next one, "-2" to "-9", into workspace.names. Code::conflict when there is none left.
Result<void> take_next_name(Workspace& workspace, const std::string& key);

// The random part of the workspace's id: tells apart what several have in one resource.
std::string workspace_suffix(const Workspace& workspace);
// Of Ferry's own in the built-in endpoint of the hub with this key, and of its credential for
// publishing. Plain in what Ferry makes; in what was adopted others may have theirs as well.
std::string consumer_group_name(const Workspace& workspace, std::string_view hub_key);
std::string push_token_name(const Workspace& workspace);
// Of a hub beside the first: "plant-a-abcdefgh-hub2".
std::string further_hub_name(const Workspace& workspace, int number);

// The DPS enrollment group id, the registry's scope map and token: all are the group id, which has
// only lower-case letters, digits and a hyphen, 20 characters.
std::string enrollment_group_name(const NodeGroupId& group);
std::string scope_map_name(const NodeGroupId& group);
std::string token_name(const NodeGroupId& group);

// Configuration ids: lower-case letters, digits and hyphens among others, up to 128.
std::string configuration_name(const NodeGroupId& group, std::int64_t composition_version);
// "tags.ferry.nodeGroup='<group id>'"
std::string target_condition(const NodeGroupId& group);

// Lower case, unique, at most 64 characters (a common name), safe as a device id.
std::string registration_id(std::string_view node_name, const NodeId& node);

// {workspace_identifier}/components/{component_name}/{component_version}/src/{file_path} without
// the first part, which is the container.
std::string component_prefix(std::string_view component, std::string_view version);
std::string component_blob(std::string_view component, std::string_view version,
                           std::string_view file_path);

// Repository and tag of a component's image. '+' is not allowed in tags and becomes '_'.
std::string image_repository(std::string_view component);
std::string image_tag(std::string_view version);

}  // namespace ferry::fleet
