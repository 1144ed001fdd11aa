// SPDX-License-Identifier: Apache-2.0
// Azure's names for what steps refer to by type, and the portal's address of a resource. What a
// workspace consists of is in fleet/desired_resources.hpp.
#pragma once

#include <string>

#include "fleet/types.hpp"

namespace ferry::control {

inline const std::string kDpsType = "Microsoft.Devices/provisioningServices";
inline const std::string kRegistryType = "Microsoft.ContainerRegistry/registries";

// Where the resource is in the cloud's portal; empty for a cloud without one.
std::string portal_url(const fleet::CloudAccount& account, const fleet::Resource& resource);

}  // namespace ferry::control
