// SPDX-License-Identifier: Apache-2.0
#include "fleet/simulation.hpp"

#include "fleet/layered_group.hpp"

namespace ferry::fleet {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void set_capability(std::set<std::string>& capabilities, const CapabilityEdit& edit) {
  if (edit.present) {
    capabilities.insert(edit.capability);
  } else {
    capabilities.erase(edit.capability);
  }
}

GroupFacts* group_of(Fleet& fleet, const std::string& group, const std::string& node) {
  auto name = group;
  if (!node.empty()) {
    const auto home = fleet.directory.homes.find(node);
    if (home == fleet.directory.homes.end()) return nullptr;
    name = home->second;
  }
  const auto found = fleet.groups.find(name);
  return found == fleet.groups.end() ? nullptr : &found->second;
}

}  // namespace

Fleet after_change(Fleet fleet, const Change& change) {
  fleet.deployments = apply_change(std::move(fleet.deployments), change);
  fleet.directory = apply_labels(std::move(fleet.directory), change.labels);
  for (const auto& edit : change.settings) {
    if (edit.layer == Layer::workspace) {
      apply_setting(fleet.settings, edit);
    } else if (edit.layer == Layer::group) {
      if (auto* group = group_of(fleet, edit.owner, "")) apply_setting(group->settings, edit);
    } else if (auto* group = group_of(fleet, "", edit.owner)) {
      apply_setting(group->node_settings[edit.owner], edit);
    }
  }
  for (const auto& edit : change.capabilities) {
    auto* group = group_of(fleet, edit.group, edit.node);
    if (!group) continue;
    set_capability(edit.node.empty() ? group->capabilities : group->node_capabilities[edit.node],
                   edit);
  }
  return fleet;
}

std::vector<Plan> simulate(Fleet fleet, const std::vector<Change>& changes) {
  std::vector<Plan> plans;
  for (const auto& change : changes) {
    plans.push_back(make_plan(fleet, change));
    if (!plans.back().applicable()) break;
    fleet = after_change(std::move(fleet), change);
  }
  return plans;
}

Change all_of(const std::vector<Change>& changes) {
  Change all;
  for (const auto& change : changes) {
    append(all.edits, change.edits);
    append(all.settings, change.settings);
    append(all.labels, change.labels);
    append(all.capabilities, change.capabilities);
  }
  return all;
}

}  // namespace ferry::fleet
