// SPDX-License-Identifier: Apache-2.0
#include "fleet/layered_group.hpp"

#include <algorithm>

namespace ferry::fleet {

void apply_setting(Settings& settings, const SettingEdit& edit) {
  if (edit.value) {
    settings[edit.component][edit.setting] = *edit.value;
    return;
  }
  const auto values = settings.find(edit.component);
  if (values == settings.end()) return;
  values->second.erase(edit.setting);
  if (values->second.empty()) settings.erase(values);
}

bool LayeredGroup::mentions_after(ComponentContributions component) const {
  const auto& name = component.front().component->name;
  const auto layers = after();
  return (layers.workspace && layers.workspace->contains(name)) ||
         (layers.own && layers.own->contains(name)) ||
         std::any_of(component.begin(), component.end(), [&](const Contribution& contribution) {
           return contribution.deployment->settings.contains(name);
         });
}

std::map<std::string, LayeredGroup::NodeValues> LayeredGroup::nodes(const GroupFacts& facts) const {
  std::map<std::string, NodeValues> nodes;
  for (const auto& [node, settings] : facts.node_settings) nodes[node] = {&settings, &settings};
  for (const auto& [node, settings] : nodes_after_) nodes[node].after = &settings;
  return nodes;
}

LayeredChange::LayeredChange(const Fleet& fleet, const Change& change) : fleet_(fleet) {
  if (!change.labels.empty()) labelled_ = apply_labels(fleet.directory, change.labels);
  const auto home_of = [&](const std::string& node) {
    const auto home = fleet.directory.homes.find(node);
    return home == fleet.directory.homes.end() ? std::string() : home->second;
  };
  for (const auto& edit : change.settings) {
    if (edit.layer == Layer::group) by_group_[edit.owner].push_back(&edit);
    if (edit.layer == Layer::node) by_home_[home_of(edit.owner)].push_back(&edit);
    if (edit.layer != Layer::workspace) continue;
    if (!workspace_after_) workspace_after_ = fleet.settings;
    apply_setting(*workspace_after_, edit);
  }
  for (const auto& edit : change.capabilities) {
    capabilities_[edit.node.empty() ? edit.group : home_of(edit.node)].push_back(&edit);
  }
}

LayeredGroup LayeredChange::of(const std::string& group, const GroupFacts& facts) const {
  LayeredGroup layers;
  layers.group_ = group;
  layers.workspace_before_ = &fleet_.settings;
  layers.workspace_after_ = workspace_after_ ? &*workspace_after_ : &fleet_.settings;
  layers.own_before_ = &facts.settings;
  if (const auto edits = by_group_.find(group); edits != by_group_.end()) {
    layers.own_after_ = facts.settings;
    for (const auto* edit : edits->second) apply_setting(*layers.own_after_, *edit);
  }
  if (const auto edits = by_home_.find(group); edits != by_home_.end()) {
    for (const auto* edit : edits->second) {
      const auto [node, is_new] = layers.nodes_after_.try_emplace(edit->owner);
      if (const auto had = facts.node_settings.find(edit->owner);
          is_new && had != facts.node_settings.end()) {
        node->second = had->second;
      }
      apply_setting(node->second, *edit);
    }
  }
  return layers;
}

Capabilities LayeredChange::capabilities_after(const std::string& group,
                                               const GroupFacts& facts) const {
  Capabilities capabilities{facts.capabilities, facts.node_capabilities};
  const auto edits = capabilities_.find(group);
  if (edits == capabilities_.end()) return capabilities;
  for (const auto* edit : edits->second) {
    auto& set = edit->node.empty() ? capabilities.group : capabilities.nodes[edit->node];
    if (edit->present) {
      set.insert(edit->capability);
    } else {
      set.erase(edit->capability);
    }
  }
  return capabilities;
}

Composition with_node(const Contributions& contributions, const Composition& group,
                      const GroupLayers& layers, const std::string& node, const Settings* values) {
  Composition composition = group;
  if (!values || values->empty()) return composition;
  for_each_component(contributions, [&](ComponentContributions component) {
    const auto& name = component.front().component->name;
    const auto* own = find_values(*values, name);
    const auto module = std::lower_bound(
        composition.modules.begin(), composition.modules.end(), name,
        [](const Module& other, const std::string& key) { return other.name < key; });
    if (!own || module == composition.modules.end() || module->name != name) return;
    module->settings =
        known_values(settings_of(component, *module->published, layers, {Layer::node, node, own}),
                     *module->published);
  });
  return composition;
}

}  // namespace ferry::fleet
