// SPDX-License-Identifier: Apache-2.0
#include "control/resource_types.hpp"

#include "fleet/azure_names.hpp"

namespace ferry::control {

std::vector<PlannedResource> planned_resources(const fleet::Workspace& workspace,
                                               const fleet::CloudAccount& account) {
  const auto names = fleet::azure_names(workspace.id, workspace.name);
  const std::string group = fmt::format("/subscriptions/{}/resourceGroups/{}",
                                        account.subscription_id, names.resource_group);
  const auto in_group = [&](const std::string& type, const std::string& name) {
    return PlannedResource{type, name, fmt::format("{}/providers/{}/{}", group, type, name)};
  };
  auto dps = in_group(kDpsType, names.provisioning_service);
  auto storage = in_group(kStorageType, names.storage_account);
  PlannedResource certificate{
      kDpsCertificateType, names.ca_certificate,
      fmt::format("{}/certificates/{}", dps.azure_id, names.ca_certificate)};
  PlannedResource container{
      kContainerType, names.container,
      fmt::format("{}/blobServices/default/containers/{}", storage.azure_id, names.container)};
  return {{kResourceGroupType, names.resource_group, group},
          in_group(kIotHubType, names.iot_hub),
          std::move(dps),
          std::move(storage),
          std::move(container),
          in_group(kRegistryType, names.registry),
          std::move(certificate)};
}

std::string portal_url(const fleet::CloudAccount& account, const fleet::Resource& resource) {
  std::string portal = account.environment.portal;
  while (!portal.empty() && portal.back() == '/') portal.pop_back();
  if (portal.empty()) return {};
  return fmt::format("{}/#@{}/resource{}", portal, account.tenant_id, resource.azure_id);
}

}  // namespace ferry::control
