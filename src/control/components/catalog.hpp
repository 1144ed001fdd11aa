// SPDX-License-Identifier: Apache-2.0
// Published component versions as devices see them. They never change, so what was read once is
// kept.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "fleet/composition.hpp"
#include "store/store.hpp"

namespace ferry::control {

class PublishedVersions {
 public:
  explicit PublishedVersions(const store::Store& store) : store_(store) {}
  // Those of `wanted` that are published in the workspace.
  Result<fleet::Catalog> load(const fleet::WorkspaceId& workspace,
                              const std::set<fleet::ComponentRef>& wanted);

 private:
  using Version = std::shared_ptr<const fleet::PublishedVersion>;
  Result<Version> read(const fleet::WorkspaceId& workspace, const fleet::ComponentRef& ref) const;
  const store::Store& store_;
  std::map<std::string, std::map<fleet::ComponentRef, Version>> kept_;  // by workspace id
};

// {"linux/amd64": [{"digest", "size"}]}: how the layers of a version's images are kept.
std::string write_layers(const std::map<std::string, std::vector<fleet::ImageLayer>>& layers);

}  // namespace ferry::control
