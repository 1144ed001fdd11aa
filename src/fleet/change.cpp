// SPDX-License-Identifier: Apache-2.0
#include "fleet/change.hpp"

#include <algorithm>
#include <map>

namespace ferry::fleet {
namespace {

template <class T>
void sort_and_deduplicate(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

const Deployment* find_deployment(const std::vector<Deployment>& deployments,
                                  const std::string& name) {
  const auto found = std::find_if(deployments.begin(), deployments.end(),
                                  [&](const Deployment& d) { return d.name == name; });
  return found == deployments.end() ? nullptr : &*found;
}

const Edit* find_edit(const Change& change, const std::string& deployment) {
  const auto found = std::find_if(change.rbegin(), change.rend(),
                                  [&](const Edit& edit) { return edit.deployment == deployment; });
  return found == change.rend() ? nullptr : &*found;
}

Change normal_form(Change change) {
  std::map<std::string, Edit> edits;
  for (auto& edit : change) {
    sort_and_deduplicate(edit.components);
    sort_and_deduplicate(edit.groups);
    edits[edit.deployment] = std::move(edit);
  }
  change.clear();
  for (auto& [deployment, edit] : edits) change.push_back(std::move(edit));
  return change;
}

Edit edit_of(const Deployment& deployment) {
  return {deployment.name, deployment.components, deployment.groups};
}

std::vector<Deployment> apply_change(std::vector<Deployment> deployments, const Change& change) {
  std::map<std::string, const Edit*> pending;
  for (const auto& edit : change) pending[edit.deployment] = &edit;
  const auto write = [](Deployment& target, const Edit& edit) {
    target.name = edit.deployment;
    target.revision += 1;
    target.components = edit.components;
    target.groups = edit.groups;
  };
  std::erase_if(deployments, [&](Deployment& deployment) {
    const auto edit = pending.find(deployment.name);
    if (edit == pending.end()) return false;
    const bool goes = edit->second->removes();
    if (!goes) write(deployment, *edit->second);
    pending.erase(edit);
    return goes;
  });
  for (const auto& [name, edit] : pending) {
    if (!edit->removes()) write(deployments.emplace_back(), *edit);
  }
  return deployments;
}

std::set<std::string> touched_groups(const std::vector<Deployment>& deployments,
                                     const Change& change) {
  std::set<std::string> touched;
  for (const auto& edit : change) {
    touched.insert(edit.groups.begin(), edit.groups.end());
    if (const auto* live = find_deployment(deployments, edit.deployment)) {
      touched.insert(live->groups.begin(), live->groups.end());
    }
  }
  return touched;
}

}  // namespace ferry::fleet
