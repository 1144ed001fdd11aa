// SPDX-License-Identifier: Apache-2.0
// Where a workspace's hub sends messages, and whether they arrive. Azure's fallback route takes
// what no route takes; it does not rescue what was meant for an endpoint that cannot be reached, so
// that is said here.
#pragma once

#include "control/context.hpp"
#include "control/workspaces/workspaces.hpp"

namespace ferry::control {

net::Task<Result<RoutingView>> look_at_routing(Context& context, fleet::WorkspaceId id);

}  // namespace ferry::control
