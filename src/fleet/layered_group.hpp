// SPDX-License-Identifier: Apache-2.0
// What workspace, groups and nodes say before and after a change: settings, labels, capabilities.
// Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fleet/placement.hpp"
#include "fleet/plan.hpp"

namespace ferry::fleet {

// One group's layers on both sides of a change. Borrows from the fleet and the change's index.
class LayeredGroup {
 public:
  GroupLayers before() const { return {workspace_before_, group_, own_before_}; }
  GroupLayers after() const {
    return {workspace_after_, group_, own_after_ ? &*own_after_ : own_before_};
  }
  // Whether anything but the component itself says something of it.
  bool mentions_after(ComponentContributions component) const;

  struct NodeValues {
    const Settings* before = nullptr;
    const Settings* after = nullptr;
  };
  // Nodes that say something of their own before or after the change.
  std::map<std::string, NodeValues> nodes(const GroupFacts& facts) const;

 private:
  friend class LayeredChange;
  std::string_view group_;
  const Settings* workspace_before_ = nullptr;
  const Settings* workspace_after_ = nullptr;
  const Settings* own_before_ = nullptr;
  std::optional<Settings> own_after_;            // none: the same
  std::map<std::string, Settings> nodes_after_;  // of those that the change names
};

class LayeredChange {
 public:
  // Both must outlive this.
  LayeredChange(const Fleet& fleet, const Change& change);
  const Directory& directory_after() const { return labelled_ ? *labelled_ : fleet_.directory; }
  LayeredGroup of(const std::string& group, const GroupFacts& facts) const;
  Capabilities capabilities_after(const std::string& group, const GroupFacts& facts) const;

 private:
  const Fleet& fleet_;
  std::optional<Directory> labelled_;
  std::optional<Settings> workspace_after_;
  std::map<std::string, std::vector<const SettingEdit*>> by_group_;
  std::map<std::string, std::vector<const SettingEdit*>> by_home_;  // of nodes, by their group
  std::map<std::string, std::vector<const CapabilityEdit*>> capabilities_;  // by group
};

// `settings` with what the edits say.
void apply_setting(Settings& settings, const SettingEdit& edit);

// The group's composition as one node with settings of its own has it.
Composition with_node(const Contributions& contributions, const Composition& group,
                      const GroupLayers& layers, const std::string& node, const Settings* values);

}  // namespace ferry::fleet
