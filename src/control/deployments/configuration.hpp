// SPDX-License-Identifier: Apache-2.0
// How components are configured, read: what each layer says, and what it comes to. It is changed by
// plans (Deployments).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fleet/labels.hpp"
#include "fleet/setting_schema.hpp"
#include "fleet/types.hpp"

namespace ferry::control {

struct Context;

// What one layer says of one setting.
struct SettingView {
  fleet::Layer layer = fleet::Layer::workspace;
  std::string owner;  // group, node or deployment; empty for the workspace
  std::string component;
  std::string setting;
  json::value value;
};

// What it comes to where a component runs.
struct EffectiveView {
  std::string component;
  std::string version;
  std::string setting;
  json::value value;                             // null: nobody has set it, and there is no default
  fleet::Layer layer = fleet::Layer::component;  // that decided
  std::string owner;
  std::optional<fleet::SettingInfo> info;  // none: the version does not know the setting
};

// What a group or a node is said to be and to have.
struct TraitsView {
  fleet::Labels labels;  // of groups
  std::set<std::string> capabilities;
};

class Configuration {
 public:
  explicit Configuration(Context& context) : context_(context) {}

  // By layer, owner, component and setting.
  Result<std::vector<SettingView>> list(const fleet::OrganizationId& organization,
                                        const std::string& workspace) const;
  // What runs on the group, or on the node, is configured like this; by component and setting.
  // Exactly one of `group` and `node` is given.
  Result<std::vector<EffectiveView>> effective(const fleet::OrganizationId& organization,
                                               const std::string& workspace,
                                               const std::string& group,
                                               const std::string& node) const;
  Result<TraitsView> traits(const fleet::OrganizationId& organization, const std::string& workspace,
                            const std::string& group, const std::string& node) const;

 private:
  Context& context_;
};

}  // namespace ferry::control
