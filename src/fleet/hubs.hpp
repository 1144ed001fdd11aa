// SPDX-License-Identifier: Apache-2.0
// The IoT hubs of a workspace, and which node group is in which. A hub has a fixed number of
// configurations; each group needs one that stands, and a change of many groups some more for a
// while. When the hubs have no more room, a further one is made and linked to the same provisioning
// service. A group stays where it was placed. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fleet/desired_resources.hpp"

namespace ferry::fleet {

// Keys of all hubs, the first hub's first.
std::vector<std::string> hub_keys(const Workspace& workspace);
// Host name of the hub with this key; empty while it does not stand.
std::string hub_host(const Workspace& workspace, std::string_view key);
std::string hub_name(const Workspace& workspace, std::string_view key);
void set_hub_host(Workspace& workspace, std::string_view key, std::string host);

// How many groups a hub takes: a fifth of its configurations, two at least, is left for changes.
int groups_per_hub(const WorkspaceOptions& options);

struct Placement {
  std::string hub;      // key
  bool is_new = false;  // it has been added to the workspace
};
// Where a new group goes, beside `groups`; adds a hub to the workspace when no other has room.
// Code::resource_exhausted when there can be no further one.
Result<Placement> place_group(Workspace& workspace, const std::vector<NodeGroup>& groups);

}  // namespace ferry::fleet
