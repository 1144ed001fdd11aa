// SPDX-License-Identifier: Apache-2.0
#include "fleet/composition.hpp"

#include <algorithm>

namespace ferry::fleet {

namespace {

// A deployment that names a component or a group twice still contributes once.
void contribute(const Deployment& deployment, Contributions& contributions) {
  for (const auto& component : deployment.components) {
    auto& names = contributions[component.name][component.version];
    const auto place = std::lower_bound(names.begin(), names.end(), deployment.name);
    if (place == names.end() || *place != deployment.name) names.insert(place, deployment.name);
  }
}

}  // namespace

std::map<std::string, Contributions> contributions_by_group(
    const std::vector<Deployment>& deployments) {
  std::map<std::string, Contributions> result;
  for (const auto& deployment : deployments) {
    for (const auto& group : deployment.groups) contribute(deployment, result[group]);
  }
  return result;
}

std::map<std::string, Contributions> contributions_by_group(
    const std::vector<Deployment>& deployments, const std::set<std::string>& groups) {
  std::map<std::string, Contributions> result;
  for (const auto& deployment : deployments) {
    for (const auto& group : deployment.groups) {
      if (groups.contains(group)) contribute(deployment, result[group]);
    }
  }
  return result;
}

Result<Composition> compose(const Contributions& contributions, const Catalog& catalog) {
  Composition composition;
  composition.modules.reserve(contributions.size());
  for (const auto& [component, versions] : contributions) {
    if (versions.size() != 1) {
      return fail(Code::conflict, "component '{}' is asked for in {} versions", component,
                  versions.size());
    }
    const std::string& version = versions.begin()->first;
    const auto published = catalog.find(ComponentRef{component, version});
    if (published == catalog.end()) {
      return fail(Code::not_found, "component '{}' has no published version {}", component,
                  version);
    }
    composition.modules.push_back(Module{component, version, published->second});
  }
  return composition;
}

}  // namespace ferry::fleet
