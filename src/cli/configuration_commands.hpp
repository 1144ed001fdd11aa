// SPDX-License-Identifier: Apache-2.0
// Configuring components, labelling groups, saying what groups and nodes are capable of: all of it
// is planned and applied as deployments are.
#pragma once

#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/edit.hpp"

namespace ferry::cli {

// Which layer; nothing given is the workspace.
struct LayerChoice {
  std::string group;
  std::string node;
  std::string deployment;
};

struct ConfigSet {
  LayerChoice layer;
  std::string component;
  std::vector<std::string> settings;  // "rate=5" to set, "rate" to unset
  bool unset = false;
  PlanIntent intent;
};
Done config_change(Context& context, ConfigSet arguments);
struct ConfigList {
  LayerChoice layer;
  std::string component;  // empty: all
};
Done config_list(Context& context, ConfigList arguments);
struct ConfigShow {
  std::string group;
  std::string node;
  std::string component;
  bool effective = true;
};
Done config_show(Context& context, ConfigShow arguments);

struct LabelSet {
  std::string group;
  std::vector<std::string> labels;  // "site=lyon" to set, "site" to unset
  bool unset = false;
  PlanIntent intent;
};
Done label_change(Context& context, LabelSet arguments);
Done label_list(Context& context, std::string group);

struct CapabilitySet {
  std::vector<std::string> capabilities;
  std::string group;
  std::string node;
  bool remove = false;
  PlanIntent intent;
};
Done capability_change(Context& context, CapabilitySet arguments);
struct CapabilityList {
  std::string group;
  std::string node;
};
Done capability_list(Context& context, CapabilityList arguments);

// "rate=5" -> {"rate", 5}: JSON where it is some, else a text.
Result<std::pair<std::string, json::value>> parse_assignment(const std::string& text);

}  // namespace ferry::cli
