// SPDX-License-Identifier: Apache-2.0
// Brings what a node group must run to the IoT Hub: a new configuration of higher priority first,
// and only when it stands the old one goes. A configuration's content cannot change, so every
// composition is a configuration of its own.
#pragma once

#include "control/context.hpp"
#include "fleet/composition.hpp"

namespace ferry::control {

// Leaves a group alone that is being rolled out (rollout_loop.hpp); else
// computes the group's composition from all live deployments, and does nothing when it stands
// already (the first, empty one is sent all the same). May run again at any point.
net::Task<Result<void>> deliver_composition(Context& context, fleet::NodeGroupId group,
                                            StepContext& step);
// Deletes every configuration of the group from the hub.
net::Task<Result<void>> withdraw_compositions(Context& context, fleet::NodeGroupId group);

// Code::conflict while the group has none yet.
Result<fleet::PullCredential> load_pull_credential(const Context& context,
                                                   const fleet::Workspace& workspace,
                                                   const fleet::NodeGroup& group);

// The parts of a delivery.

// For the whole group; the caller may narrow the target condition.
Result<azure::Configuration> make_configuration(const Context& context,
                                                const fleet::Workspace& workspace,
                                                const fleet::NodeGroup& group,
                                                const store::CompositionRecord& record,
                                                const fleet::Composition& composition);
// That it exists already is fine when an interrupted run has made it.
net::Task<Result<void>> create_configuration(azure::IotHubClient& hub,
                                             azure::Configuration configuration);
// All configurations of the group but that of composition `keep`.
net::Task<Result<void>> delete_other_configurations(Context& context, azure::IotHubClient& hub,
                                                    fleet::NodeGroupId group, std::int64_t keep);

}  // namespace ferry::control
