// SPDX-License-Identifier: Apache-2.0
#include "fleet/difference.hpp"

#include <algorithm>
#include <set>

namespace ferry::fleet {
namespace {

const json::object& settings_or_none(const ModuleState& state) {
  static const json::object kNone;
  return state.settings ? *state.settings : kNone;
}

std::vector<SettingChange> compare_settings(const json::object& before, const json::object& after) {
  std::vector<SettingChange> changes;
  if (before == after) return changes;
  std::set<std::string_view> names;
  for (const auto& [name, value] : before) names.insert(name);
  for (const auto& [name, value] : after) names.insert(name);
  for (const auto& name : names) {
    const auto* from = before.if_contains(name);
    const auto* to = after.if_contains(name);
    if (from && to && *from == *to) continue;
    changes.push_back({std::string(name), from ? *from : json::value(), to ? *to : json::value()});
  }
  return changes;
}

bool restarts(const std::vector<SettingChange>& changes, const Manifest* manifest) {
  return std::any_of(changes.begin(), changes.end(), [&](const SettingChange& change) {
    const auto* info = manifest && manifest->configuration
                           ? manifest->configuration->find(change.setting)
                           : nullptr;
    return !info || info->delivery == Delivery::env;
  });
}

void compare_module(const ModuleState& old, const ModuleState& now, Difference& difference) {
  auto changes = compare_settings(settings_or_none(old), settings_or_none(now));
  if (old.version != now.version) {
    difference.updated.push_back({std::string(now.name), std::string(old.version),
                                  std::string(now.version), std::move(changes)});
  } else if (changes.empty()) {
    difference.unchanged.push_back({std::string(now.name), std::string(now.version)});
  } else {
    auto& into = restarts(changes, now.manifest) ? difference.restarted : difference.reconfigured;
    into.push_back({std::string(now.name), std::string(now.version), std::move(changes)});
  }
}

json::array refs_to_json(const std::vector<ComponentRef>& refs) {
  json::array result;
  for (const auto& ref : refs) {
    result.push_back(json::object{{"component", ref.name}, {"version", ref.version}});
  }
  return result;
}

json::array changes_to_json(const std::vector<SettingChange>& changes) {
  json::array result;
  for (const auto& change : changes) {
    result.push_back(
        json::object{{"setting", change.setting}, {"from", change.from}, {"to", change.to}});
  }
  return result;
}

json::array reconfigured_to_json(const std::vector<Reconfigured>& list) {
  json::array result;
  for (const auto& item : list) {
    result.push_back(json::object{{"component", item.component},
                                  {"version", item.version},
                                  {"settings", changes_to_json(item.settings)}});
  }
  return result;
}

}  // namespace

ModuleState state_of(const Module& module) {
  return {module.name, module.version, &module.settings, &module.manifest()};
}

std::vector<ModuleState> states_of(const Composition& composition) {
  std::vector<ModuleState> states;
  states.reserve(composition.modules.size());
  for (const auto& module : composition.modules) states.push_back(state_of(module));
  return states;
}

std::vector<ModuleState> states_of(const std::vector<RunningModule>& modules) {
  std::vector<ModuleState> states;
  states.reserve(modules.size());
  for (const auto& module : modules) {
    states.push_back({module.name, module.version, &module.settings, nullptr});
  }
  std::sort(states.begin(), states.end(),
            [](const ModuleState& a, const ModuleState& b) { return a.name < b.name; });
  return states;
}

Difference compare(const std::vector<ModuleState>& before, const std::vector<ModuleState>& after) {
  Difference difference;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    const int order = old == before.end()  ? 1
                      : now == after.end() ? -1
                                           : old->name.compare(now->name);
    if (order > 0) {
      difference.added.push_back({std::string(now->name), std::string(now->version)});
      ++now;
    } else if (order < 0) {
      difference.removed.push_back({std::string(old->name), std::string(old->version)});
      ++old;
    } else {
      compare_module(*old++, *now++, difference);
    }
  }
  return difference;
}

Difference compare(const std::map<std::string, std::string>& before,
                   const std::map<std::string, std::string>& after) {
  const auto states = [](const std::map<std::string, std::string>& versions) {
    std::vector<ModuleState> result;
    for (const auto& [name, version] : versions) result.push_back({name, version});
    return result;
  };
  return compare(states(before), states(after));
}

void write_difference(const Difference& difference, json::object& into) {
  json::array updated;
  for (const auto& update : difference.updated) {
    updated.push_back(json::object{{"component", update.component},
                                   {"from", update.from},
                                   {"to", update.to},
                                   {"settings", changes_to_json(update.settings)}});
  }
  into["added"] = refs_to_json(difference.added);
  into["updated"] = std::move(updated);
  into["restarted"] = reconfigured_to_json(difference.restarted);
  into["reconfigured"] = reconfigured_to_json(difference.reconfigured);
  into["removed"] = refs_to_json(difference.removed);
  into["unchanged"] = refs_to_json(difference.unchanged);
}

}  // namespace ferry::fleet
