// SPDX-License-Identifier: Apache-2.0
// What somebody wants to change: one deployment, or several at once, so that two edits that only
// make sense together are planned and applied together. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "fleet/types.hpp"

namespace ferry::fleet {

// The deployment `deployment` gets this content. Without components and groups it goes away.
struct Edit {
  std::string deployment;
  std::vector<ComponentRef> components;
  std::vector<std::string> groups;
  bool removes() const { return components.empty() && groups.empty(); }
  friend bool operator==(const Edit&, const Edit&) = default;
};

// At most one edit a deployment; with several the last one counts.
using Change = std::vector<Edit>;

const Deployment* find_deployment(const std::vector<Deployment>& deployments,
                                  const std::string& name);
const Edit* find_edit(const Change& change, const std::string& deployment);

// The same change in one order: edits by deployment, their components and groups sorted, each once.
Change normal_form(Change change);

// The edit that leaves a deployment as it is.
Edit edit_of(const Deployment& deployment);

// The deployments after the change; names stay unique. A new deployment has no id yet.
std::vector<Deployment> apply_change(std::vector<Deployment> deployments, const Change& change);

// Groups that the change targets, or that a deployment it names targets now.
std::set<std::string> touched_groups(const std::vector<Deployment>& deployments,
                                     const Change& change);

}  // namespace ferry::fleet
