// SPDX-License-Identifier: Apache-2.0
// What node groups have in a workspace's IoT hubs, provisioning service and registry: standing
// deployments, enrollment groups, pull credentials. They go with their resource when somebody
// deletes that, and are made again by repair; and they are taken out one by one from what was
// adopted, when the workspace goes.
#pragma once

#include <optional>
#include <vector>

#include "control/context.hpp"
#include "control/workspaces/deprovisioning.hpp"
#include "control/workspaces/provisioning_site.hpp"
#include "fleet/drift.hpp"

namespace ferry::control {

// Of the groups that are ready; nothing for an entry that holds none of theirs. One finding each,
// under the entry's key, with the group's object as its property.
net::Task<Result<std::vector<fleet::Drift>>> missing_group_objects(Context& context, Site site,
                                                                   fleet::DesiredResource wanted);

// The steps that make them again, each after the resources that it needs.
std::vector<Step> group_repair_steps(Context& context, const fleet::WorkspaceId& id,
                                     const std::vector<fleet::DesiredResource>& desired);
// The name of the one that is about this entry; null when none is.
const std::string* group_repair_of(const fleet::DesiredResource& resource);

// What groups and nodes have in a resource that stays, as what will go.
Result<std::vector<DeletionItem>> group_objects_in(const Context& context, const Site& site,
                                                   const fleet::DesiredResource& whole);
// Takes it out. That the resource is gone is success.
net::Task<Result<void>> remove_group_objects(Context& context, fleet::WorkspaceId id,
                                             std::string whole, StepContext& step);

}  // namespace ferry::control
