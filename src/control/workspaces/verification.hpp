// SPDX-License-Identifier: Apache-2.0
// Whether the cloud is still as Ferry left it, and making it so again. Both are operations with a
// step for each resource. Verifying changes nothing in the cloud; what it finds is kept with the
// resource until the next time.
#pragma once

#include "control/context.hpp"

namespace ferry::control {

// "workspace.verify": looks at every resource, its keys and its links.
Result<Workflow> verify_workspace(Context& context, const fleet::WorkspaceId& id);

// "workspace.repair": sets right what was changed by hand, then lets every step of provisioning run
// again, which makes what is missing and fetches keys anew, then verifies. What others have added
// beside it stays. Code::conflict while there is something that cannot be set right.
Result<Workflow> repair_workspace(Context& context, const fleet::WorkspaceId& id);

}  // namespace ferry::control
