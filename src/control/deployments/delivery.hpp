// SPDX-License-Identifier: Apache-2.0
// Brings what a node group must run to the IoT Hub: a new configuration of higher priority first,
// and only when it stands the old one goes. A configuration's content cannot change, so every
// composition is a configuration of its own.
#pragma once

#include "control/context.hpp"
#include "fleet/composition.hpp"

namespace ferry::control {

// Computes the group's composition from all live deployments, and does nothing when it stands
// already (the first, empty one is sent all the same). May run again at any point.
net::Task<Result<void>> deliver_composition(Context& context, fleet::NodeGroupId group,
                                            StepContext& step);
// Deletes every configuration of the group from the hub.
net::Task<Result<void>> withdraw_compositions(Context& context, fleet::NodeGroupId group);

// Code::conflict while the group has none yet.
Result<fleet::PullCredential> load_pull_credential(const Context& context,
                                                   const fleet::Workspace& workspace,
                                                   const fleet::NodeGroup& group);

}  // namespace ferry::control
