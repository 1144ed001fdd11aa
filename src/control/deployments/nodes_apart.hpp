// SPDX-License-Identifier: Apache-2.0
// Nodes with settings of their own. A group has one configuration in the hub, and what it says is
// the group's; what a node says beside is written into the desired properties of that node's module
// twins: variables into $edgeAgent's, the rest into the module's own. The hub writes a module twin
// anew whenever it applies a configuration, so the node's own is put back each time it is seen to
// be missing; until then the node runs with the group's settings.
#pragma once

#include "control/context.hpp"

namespace ferry::control {

enum class ApartState {
  settled,  // the twins say what they should
  waiting,  // the hub has not applied the group's configuration to it yet
};

// May run again at any point.
net::Task<Result<ApartState>> settle_node(Context& context, fleet::NodeId node);

// After its group's configuration has changed, or its own settings have.
net::Task<Result<void>> settle_nodes_of(Context& context, fleet::NodeGroupId group,
                                        StepContext& step);

// Looks after all of them for as long as the loop runs.
net::Task<void> follow_nodes_apart(Context& context);

}  // namespace ferry::control
