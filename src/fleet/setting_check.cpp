// SPDX-License-Identifier: Apache-2.0
#include "fleet/setting_check.hpp"

#include <algorithm>

namespace ferry::fleet {
namespace {

std::string origin_of(const EffectiveSetting& setting) {
  switch (setting.layer) {
    case Layer::component:
      return "the component's default";
    case Layer::workspace:
      return "set for the workspace";
    default:
      return fmt::format("set for {} {}", to_string(setting.layer), setting.owner);
  }
}

}  // namespace

bool sets(const Change& change, const std::string& component, const std::string& setting,
          const EffectiveSetting& effective) {
  if (effective.layer == Layer::component) return false;
  if (effective.layer == Layer::deployment) {
    const auto* edit = find_edit(change, effective.owner);
    const auto* values = edit ? find_values(edit->settings, component) : nullptr;
    return values && values->contains(setting);
  }
  return std::any_of(change.settings.begin(), change.settings.end(), [&](const SettingEdit& edit) {
    return edit.value && edit.layer == effective.layer && edit.owner == effective.owner &&
           edit.component == component && edit.setting == setting;
  });
}

void check_settings(const Module& module, const std::map<std::string, EffectiveSetting>& settings,
                    const std::string& where, const Change& change, SettingFindings& findings) {
  const auto& schema = module.manifest().configuration;
  for (const auto& [name, setting] : settings) {
    if (schema && schema->find(name)) continue;
    auto words = fmt::format("{}: {} {} has no setting {} ({})", where, module.name, module.version,
                             name, origin_of(setting));
    if (sets(change, module.name, name, setting)) {
      findings.problems.push_back(std::move(words));
    } else {
      findings.warnings.push_back(std::move(words) + "; it has no effect there");
    }
  }
  if (!schema) return;
  for (const auto& words : schema->check(known_values(settings, *module.published))) {
    const auto name = words.substr(0, words.find_first_of(":.["));
    const auto found = settings.find(name);
    const auto origin =
        found == settings.end() ? std::string() : fmt::format(" ({})", origin_of(found->second));
    findings.problems.push_back(
        fmt::format("{}: {} {}: {}{}", where, module.name, module.version, words, origin));
  }
}

}  // namespace ferry::fleet
