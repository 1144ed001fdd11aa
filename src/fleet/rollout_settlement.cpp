// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout_settlement.hpp"

#include <algorithm>
#include <map>

namespace ferry::fleet {
namespace {

// The deployment that keeps what `group` had: the one that does so already, or a new one.
std::string keeper_of(const std::string& group, const std::vector<Deployment>& live,
                      const Change& change) {
  std::string base = "restored-" + group;
  base.resize(std::min<std::size_t>(base.size(), 60));  // a name has 63 at most
  std::string name = base;
  for (int i = 2;; ++i) {
    const auto* known = find_deployment(live, name);
    const bool fits = !known || known->groups == std::vector<std::string>{group};
    if (fits && !find_edit(change, name)) return name;
    name = fmt::format("{}-{}", base, i);
  }
}

}  // namespace

Change settle_change(const std::vector<Deployment>& live, const Change& change,
                     const std::set<std::string>& out) {
  if (out.empty()) return normal_form(change);
  std::map<std::string, std::set<ComponentRef>> kept;  // by group
  Change settled;
  for (auto edit : change) {
    const auto* before = find_deployment(live, edit.deployment);
    std::erase_if(edit.groups, [&](const std::string& group) { return out.contains(group); });
    std::set<std::string> staying;
    for (const auto& group : before ? before->groups : std::vector<std::string>()) {
      if (out.contains(group)) staying.insert(group);
    }
    const bool elsewhere =
        !edit.groups.empty() ||
        (before && std::any_of(before->groups.begin(), before->groups.end(),
                               [&](const std::string& group) { return !out.contains(group); }));
    // Nothing of it arrived anywhere: the deployment stays as it is.
    if (!elsewhere) continue;
    for (const auto& group : staying) {
      kept[group].insert(before->components.begin(), before->components.end());
    }
    if (edit.groups.empty()) edit.components.clear();
    settled.push_back(std::move(edit));
  }
  for (auto& [group, components] : kept) {
    const auto name = keeper_of(group, live, change);
    if (const auto* keeper = find_deployment(live, name)) {
      components.insert(keeper->components.begin(), keeper->components.end());
    }
    settled.push_back({name, {components.begin(), components.end()}, {group}});
  }
  return normal_form(std::move(settled));
}

}  // namespace ferry::fleet
