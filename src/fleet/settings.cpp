// SPDX-License-Identifier: Apache-2.0
#include "fleet/settings.hpp"

#include <array>

#include "base/encoding.hpp"

namespace ferry::fleet {
namespace {

constexpr std::array<std::string_view, 5> kLayers{"component", "workspace", "deployment", "group",
                                                  "node"};
constexpr std::size_t kLongestName = 64;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

std::string_view to_string(Layer layer) {
  return kLayers.at(static_cast<std::size_t>(layer));
}

Result<Layer> parse_layer(std::string_view text) {
  for (std::size_t i = 0; i < kLayers.size(); ++i) {
    if (kLayers[i] == text) return static_cast<Layer>(i);
  }
  return fail(Code::invalid_argument, "'{}' is not a layer of configuration", text);
}

std::map<std::string, EffectiveSetting> effective_settings(const std::vector<LayerValues>& layers) {
  std::map<std::string, EffectiveSetting> effective;
  for (const auto& layer : layers) {
    if (!layer.values) continue;
    for (const auto& [name, value] : *layer.values) {
      effective[name] = {value, layer.layer, std::string(layer.owner)};
    }
  }
  return effective;
}

const Values* find_values(const Settings& settings, const std::string& component) {
  const auto found = settings.find(component);
  return found == settings.end() ? nullptr : &found->second;
}

json::object to_json(const Values& values) {
  json::object object;
  for (const auto& [name, value] : values) object[name] = value;
  return object;
}

json::object to_json(const Settings& settings) {
  json::object object;
  for (const auto& [component, values] : settings) {
    if (!values.empty()) object[component] = to_json(values);
  }
  return object;
}

Result<Settings> settings_from_json(const json::object& object) {
  Settings settings;
  for (const auto& [component, values] : object) {
    if (!values.is_object()) {
      return fail(Code::invalid_argument, "the configuration of '{}' must be an object",
                  std::string_view(component));
    }
    for (const auto& [name, value] : values.as_object()) {
      auto good = check_setting_name(name);
      if (!good) return fail(std::move(good).error().with("{}", std::string_view(component)));
      if (value.is_null()) {
        return fail(Code::invalid_argument, "{}.{} must not be null: leave it out to unset it",
                    std::string_view(component), std::string_view(name));
      }
      settings[component][name] = value;
    }
  }
  return settings;
}

Result<void> check_setting_name(std::string_view name) {
  bool good = !name.empty() && name.size() <= kLongestName && is_letter(name.front());
  for (const char c : name) good = good && (is_letter(c) || (c >= '0' && c <= '9') || c == '-');
  if (good) return {};
  return fail(Code::invalid_argument,
              "'{}' is not the name of a setting: a letter first, then letters, digits, '_' and "
              "'-', at most {} in all",
              name, kLongestName);
}

}  // namespace ferry::fleet
