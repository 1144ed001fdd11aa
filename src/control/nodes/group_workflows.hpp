// SPDX-License-Identifier: Apache-2.0
// What a node group has in the cloud, one by one, for workflows about its whole workspace.
#pragma once

#include "control/context.hpp"

namespace ferry::control {

// A new one in a registry that was made anew. What stands names the old one, so that the
// composition is to be delivered again.
net::Task<Result<void>> make_pull_credential_again(Context& context, fleet::NodeGroupId group);
net::Task<Result<void>> remove_pull_credential(Context& context, fleet::NodeGroupId group);

// The configuration is not in the hub any more: the next delivery sends the composition again.
Result<void> forget_delivery(Context& context, const fleet::NodeGroupId& group);

}  // namespace ferry::control
