// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "azure/arm/client.hpp"

namespace ferry::azure::arm {

using Tags = std::map<std::string, std::string>;

struct ResourceGroup {
  std::string id;
  std::string name;
  std::string location;
  std::string state;  // provisioningState: "Succeeded", "Deleting"
};

// All calls are idempotent. ensure: creates, or takes over what is there (Code::conflict when it is
// in another location).
net::Task<Result<ResourceGroup>> ensure_resource_group(ArmClient& arm, std::string name,
                                                       std::string location, Tags tags = {});
net::Task<Result<ResourceGroup>> get_resource_group(ArmClient& arm, std::string name);
// Deletes everything in it and waits.
net::Task<Result<void>> remove_resource_group(ArmClient& arm, std::string name,
                                              Progress progress = {});

}  // namespace ferry::azure::arm
