// SPDX-License-Identifier: Apache-2.0
// What a node group must run, computed from all live deployments that target it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fleet/manifest.hpp"
#include "fleet/types.hpp"

namespace ferry::fleet {

// A published version as far as devices are concerned.
struct PublishedVersion {
  std::string image;  // by digest
  Manifest manifest;
};
using Catalog = std::map<ComponentRef, PublishedVersion>;

// One module of a composition.
struct Module {
  std::string name;
  std::string version;
  std::string image;
  Manifest manifest;
};

// Modules by name, each name once.
struct Composition {
  std::vector<Module> modules;
};

// Component name -> version -> names of the deployments that ask for it.
using Contributions = std::map<std::string, std::map<std::string, std::vector<std::string>>>;

// What every group is asked to run, by group name; groups that nothing targets are absent. Time and
// space are linear in the sum of (components x groups) over the deployments.
std::map<std::string, Contributions> contributions_by_group(
    const std::vector<Deployment>& deployments);

// Fails with Code::conflict when a component has two versions, with Code::not_found when the
// catalog lacks one.
Result<Composition> compose(const Contributions& contributions, const Catalog& catalog);

}  // namespace ferry::fleet
