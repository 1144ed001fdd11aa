// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout_settlement.hpp"

#include <algorithm>
#include <iterator>
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
  struct Kept {
    std::set<ComponentRef> components;
    Settings settings;
  };
  std::map<std::string, Kept> kept;  // by group
  Change settled;
  settled.capabilities = change.capabilities;
  std::copy_if(change.labels.begin(), change.labels.end(), std::back_inserter(settled.labels),
               [&](const LabelEdit& edit) { return !out.contains(edit.group); });
  std::copy_if(change.settings.begin(), change.settings.end(), std::back_inserter(settled.settings),
               [&](const SettingEdit& edit) {
                 return edit.layer != Layer::group || !out.contains(edit.owner);
               });
  for (auto edit : change.edits) {
    const auto* before = find_deployment(live, edit.deployment);
    std::erase_if(edit.groups, [&](const std::string& group) { return out.contains(group); });
    std::set<std::string> staying;
    for (const auto& group : before ? before->groups : std::vector<std::string>()) {
      if (out.contains(group)) staying.insert(group);
    }
    const bool elsewhere =
        edit.targets() ||
        (before && std::any_of(before->groups.begin(), before->groups.end(),
                               [&](const std::string& group) { return !out.contains(group); }));
    // Nothing of it arrived anywhere: the deployment stays as it is.
    if (!elsewhere) continue;
    for (const auto& group : staying) {
      kept[group].components.insert(before->components.begin(), before->components.end());
      kept[group].settings.insert(before->settings.begin(), before->settings.end());
    }
    if (!edit.targets()) edit = {edit.deployment, {}, {}};
    settled.edits.push_back(std::move(edit));
  }
  for (auto& [group, what] : kept) {
    const auto name = keeper_of(group, live, change);
    if (const auto* keeper = find_deployment(live, name)) {
      what.components.insert(keeper->components.begin(), keeper->components.end());
      what.settings.insert(keeper->settings.begin(), keeper->settings.end());
    }
    settled.edits.push_back({name,
                             {what.components.begin(), what.components.end()},
                             {group},
                             {},
                             std::move(what.settings)});
  }
  return normal_form(std::move(settled));
}

}  // namespace ferry::fleet
