// SPDX-License-Identifier: Apache-2.0
// How components are configured, in layers: what a layer says hides what the layers before it say,
// setting by setting. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace ferry::fleet {

// In their order. A deployment says more than its workspace, which knows nothing of targets, and
// less than a group, which knows the site.
enum class Layer { component, workspace, deployment, group, node };
std::string_view to_string(Layer layer);
Result<Layer> parse_layer(std::string_view text);

using Values = std::map<std::string, json::value>;  // setting -> value, never null
using Settings = std::map<std::string, Values>;     // component -> what is set of it

// What one layer says of one component.
struct LayerValues {
  Layer layer = Layer::component;
  std::string_view owner;  // group, node or deployment; empty for component and workspace
  const Values* values = nullptr;
};

struct EffectiveSetting {
  json::value value;
  Layer layer = Layer::component;  // that decided
  std::string owner;
};
// By setting. `layers` in their order; of two alike the later one counts.
std::map<std::string, EffectiveSetting> effective_settings(const std::vector<LayerValues>& layers);

const Values* find_values(const Settings& settings, const std::string& component);

json::object to_json(const Values& values);
json::object to_json(const Settings& settings);
// {"sampler": {"rate": 5}}; the error names the member.
Result<Settings> settings_from_json(const json::object& object);

// Letter or '_' first, then letters, digits, '_' and '-', up to 64: what JSON, variables and twin
// keys can all carry.
Result<void> check_setting_name(std::string_view name);

}  // namespace ferry::fleet
