// SPDX-License-Identifier: Apache-2.0
#include "control/workspaces/resource_types.hpp"

namespace ferry::control {

std::string resource_id(const CloudConnection& cloud, const fleet::Workspace& workspace,
                        const std::string& key) {
  const auto desired = fleet::desired_resources(workspace);
  const auto* resource = fleet::find_resource(desired, key);
  FERRY_CHECK(resource != nullptr);
  return fmt::format("/subscriptions/{}{}", cloud.arm.subscription(), resource->path);
}

std::string portal_url(const fleet::CloudAccount& account, const fleet::Resource& resource) {
  std::string portal = account.environment.portal;
  while (!portal.empty() && portal.back() == '/') portal.pop_back();
  if (portal.empty()) return {};
  return fmt::format("{}/#@{}/resource{}", portal, account.tenant_id, resource.azure_id);
}

}  // namespace ferry::control
