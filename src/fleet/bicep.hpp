// SPDX-License-Identifier: Apache-2.0
// A workspace's cloud resources as a Bicep template: what Ferry would make, for people who want to
// read it, keep it or deploy it themselves. Written from the same table that provisioning follows.
// Pure.
//
// Secrets are never in it: where Ferry fills one in, the template asks the resource for it at
// deployment (listKeys) or takes a parameter. Language: Bicep, learn.microsoft.com/azure/
// azure-resource-manager/bicep (syntax of resource, parent, dependsOn and string interpolation).
#pragma once

#include <string>
#include <vector>

#include "fleet/desired_resources.hpp"

namespace ferry::fleet {

// `target` scope is the resource group; the group itself is a comment with the command that makes
// it.
std::string to_bicep(const Workspace& workspace, const std::vector<DesiredResource>& resources);

}  // namespace ferry::fleet
