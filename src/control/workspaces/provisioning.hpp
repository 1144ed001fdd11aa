// SPDX-License-Identifier: Apache-2.0
// The steps that make a workspace's cloud resources, for the workflows that are made of them.
#pragma once

#include <vector>

#include "control/context.hpp"
#include "fleet/desired_resources.hpp"

namespace ferry::control {

// Makes `resource` once those that it comes after stand; meets it when it is there, and keeps its
// keys and endpoints. Keeps the resource's shown state true.
Step provisioning_step(Context& context, const fleet::WorkspaceId& id,
                       const fleet::DesiredResource& resource,
                       const std::vector<fleet::DesiredResource>& all);

// The intention: a row for every resource of the table that has none, with the id that it will
// have. In the caller's transaction.
Result<void> plan_resources(Context& context, const fleet::Workspace& workspace);

}  // namespace ferry::control
