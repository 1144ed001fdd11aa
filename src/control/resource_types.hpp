// SPDX-License-Identifier: Apache-2.0
// The cloud resources of a workspace, by Azure's type names, in the order in which they are made.
#pragma once

#include <string>
#include <vector>

#include "fleet/types.hpp"

namespace ferry::control {

inline const std::string kResourceGroupType = "Microsoft.Resources/resourceGroups";
inline const std::string kIotHubType = "Microsoft.Devices/IotHubs";
inline const std::string kDpsType = "Microsoft.Devices/provisioningServices";
inline const std::string kDpsCertificateType =
    "Microsoft.Devices/provisioningServices/certificates";
inline const std::string kStorageType = "Microsoft.Storage/storageAccounts";
inline const std::string kContainerType =
    "Microsoft.Storage/storageAccounts/blobServices/containers";
inline const std::string kRegistryType = "Microsoft.ContainerRegistry/registries";

struct PlannedResource {
  std::string type;
  std::string name;
  std::string azure_id;
};
std::vector<PlannedResource> planned_resources(const fleet::Workspace& workspace,
                                               const fleet::CloudAccount& account);

// Where the resource is in the cloud's portal; empty for a cloud without one.
std::string portal_url(const fleet::CloudAccount& account, const fleet::Resource& resource);

}  // namespace ferry::control
