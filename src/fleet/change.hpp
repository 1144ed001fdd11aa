// SPDX-License-Identifier: Apache-2.0
// What somebody wants to change: deployments, what layers say of components, labels and
// capabilities of groups - several at once, so that edits that only make sense together are planned
// and applied together. Pure.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fleet/labels.hpp"
#include "fleet/types.hpp"

namespace ferry::fleet {

// The deployment `deployment` gets this content. Without components and targets it goes away.
struct Edit {
  std::string deployment;
  std::vector<ComponentRef> components;
  std::vector<std::string> groups;
  std::string selector = {};
  Settings settings = {};
  bool targets() const { return !groups.empty() || !selector.empty(); }
  bool removes() const { return components.empty() && !targets(); }
  friend bool operator==(const Edit&, const Edit&) = default;
};

// What the workspace, a group or a node says of a component's setting. Without a value it says
// nothing any more.
struct SettingEdit {
  Layer layer = Layer::workspace;
  std::string owner;  // name of the group or node; empty for the workspace
  std::string component;
  std::string setting;
  std::optional<json::value> value;
  friend bool operator==(const SettingEdit&, const SettingEdit&) = default;
};

struct LabelEdit {
  std::string group;
  std::string label;
  std::optional<std::string> value;  // none: the group loses the label
  friend bool operator==(const LabelEdit&, const LabelEdit&) = default;
};

// What components may require: of a whole group, or of one node beside what its group has.
struct CapabilityEdit {
  std::string group;  // exactly one of
  std::string node;   // these two
  std::string capability;
  bool present = true;
  friend bool operator==(const CapabilityEdit&, const CapabilityEdit&) = default;
};

struct Change {
  Change() = default;
  Change(std::initializer_list<Edit> deployments) : edits(deployments) {}
  explicit Change(std::vector<Edit> deployments) : edits(std::move(deployments)) {}

  std::vector<Edit> edits;  // at most one a deployment; with several the last one counts
  std::vector<SettingEdit> settings;
  std::vector<LabelEdit> labels;
  std::vector<CapabilityEdit> capabilities;
  bool empty() const {
    return edits.empty() && settings.empty() && labels.empty() && capabilities.empty();
  }
  friend bool operator==(const Change&, const Change&) = default;
};

// Where targets and layers lead.
struct Directory {
  std::map<std::string, Labels> groups;      // of the workspace, all of them, with their labels
  std::map<std::string, std::string> homes;  // of the nodes that a change names: their group
};

const Deployment* find_deployment(const std::vector<Deployment>& deployments,
                                  const std::string& name);
const Edit* find_edit(const Change& change, const std::string& deployment);

// The same change in one order: everything sorted, each thing once, of several about one thing the
// last.
Change normal_form(Change change);

// The edit that leaves a deployment as it is.
Edit edit_of(const Deployment& deployment);

// The deployments after the change; names stay unique. A new deployment has no id yet.
std::vector<Deployment> apply_change(std::vector<Deployment> deployments, const Change& change);
Directory apply_labels(Directory directory, const std::vector<LabelEdit>& labels);

// Names of the groups that it targets, sorted, each once. Those that it names count whether the
// directory has them or not.
std::vector<std::string> targets_of(const Deployment& deployment, const Directory& directory);
bool targets(const Deployment& deployment, const std::string& group, const Labels& labels);

// Groups that the change targets, that a deployment it names targets now, or that what it says of
// layers, labels and capabilities reaches. `deployments`: all that may target them.
std::set<std::string> touched_groups(const std::vector<Deployment>& deployments,
                                     const Change& change, const Directory& directory = {});

}  // namespace ferry::fleet
