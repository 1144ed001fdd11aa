// SPDX-License-Identifier: Apache-2.0
// Where a workspace's resources are: their full ids, and their addresses in the portal. What a
// workspace consists of is in fleet/desired_resources.hpp.
#pragma once

#include <string>

#include "control/cloud.hpp"
#include "fleet/desired_resources.hpp"

namespace ferry::control {

// Full Azure id of the resource with this key (fleet::keys).
std::string resource_id(const CloudConnection& cloud, const fleet::Workspace& workspace,
                        const std::string& key);

// Where the resource is in the cloud's portal; empty for a cloud without one.
std::string portal_url(const fleet::CloudAccount& account, const fleet::Resource& resource);

}  // namespace ferry::control
