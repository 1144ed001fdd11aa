// SPDX-License-Identifier: Apache-2.0
// Changes become what the database holds: revisions of deployments, layers, labels, capabilities.
#pragma once

#include "control/context.hpp"
#include "fleet/change.hpp"

namespace ferry::control {

// In the transaction of what makes them true. `live`: deployments as they stand. Returns every
// edited deployment as it stands afterwards; one that went away has no components.
Result<std::vector<fleet::Deployment>> record_change(Context& context,
                                                     const fleet::WorkspaceId& workspace,
                                                     const std::vector<fleet::Deployment>& live,
                                                     const fleet::Change& change);

}  // namespace ferry::control
