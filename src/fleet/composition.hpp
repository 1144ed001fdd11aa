// SPDX-License-Identifier: Apache-2.0
// What a node group must run, computed from all live deployments that target it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fleet/manifest.hpp"
#include "fleet/types.hpp"

namespace ferry::fleet {

// What one image consists of, as far as it must be carried to a device.
struct ImageLayer {
  std::string digest;
  std::int64_t size = 0;  // bytes as pulled
  friend bool operator==(const ImageLayer&, const ImageLayer&) = default;
};

// A published version as far as devices are concerned.
struct PublishedVersion {
  std::string image;  // by digest
  Manifest manifest;
  std::map<std::string, std::vector<ImageLayer>> layers;  // by platform
};
using Catalog = std::map<ComponentRef, std::shared_ptr<const PublishedVersion>>;

// One module of a composition.
struct Module {
  std::string name;
  std::string version;
  std::shared_ptr<const PublishedVersion> published;
  const Manifest& manifest() const { return published->manifest; }
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
// Of these groups only; what the deployments do elsewhere costs next to nothing.
std::map<std::string, Contributions> contributions_by_group(
    const std::vector<Deployment>& deployments, const std::set<std::string>& groups);

// Fails with Code::conflict when a component has two versions, with Code::not_found when the
// catalog lacks one.
Result<Composition> compose(const Contributions& contributions, const Catalog& catalog);

}  // namespace ferry::fleet
