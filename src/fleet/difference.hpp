// SPDX-License-Identifier: Apache-2.0
// What changes between two things that a node may run. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "fleet/composition.hpp"
#include "fleet/types.hpp"

namespace ferry::fleet {

struct SettingChange {
  std::string setting;
  json::value from;  // null: it was not set
  json::value to;    // null: it is set no more
  friend bool operator==(const SettingChange&, const SettingChange&) = default;
};

struct PlannedUpdate {
  std::string component;
  std::string from;
  std::string to;
  std::vector<SettingChange> settings = {};
  friend bool operator==(const PlannedUpdate&, const PlannedUpdate&) = default;
};

// The same version with other settings.
struct Reconfigured {
  std::string component;
  std::string version;
  std::vector<SettingChange> settings;
  friend bool operator==(const Reconfigured&, const Reconfigured&) = default;
};

// By component name.
struct Difference {
  std::vector<ComponentRef> added;
  std::vector<PlannedUpdate> updated;
  std::vector<ComponentRef> removed;
  std::vector<ComponentRef> unchanged;
  std::vector<Reconfigured> restarted = {};     // a variable of the container changes
  std::vector<Reconfigured> reconfigured = {};  // only its twin does; it runs on
  bool changes() const {
    return !added.empty() || !updated.empty() || !removed.empty() || !restarted.empty() ||
           !reconfigured.empty();
  }
  friend bool operator==(const Difference&, const Difference&) = default;
};

// A module as it stood once.
struct RunningModule {
  std::string name;
  std::string version;
  json::object settings = {};
};

// One component as one side of a comparison has it. Borrows everything.
struct ModuleState {
  std::string_view name;
  std::string_view version;
  const json::object* settings = nullptr;
  const Manifest* manifest = nullptr;  // null where it is not known
};
ModuleState state_of(const Module& module);
std::vector<ModuleState> states_of(const Composition& composition);
std::vector<ModuleState> states_of(const std::vector<RunningModule>& modules);

// Both sorted by name, each name once.
Difference compare(const std::vector<ModuleState>& before, const std::vector<ModuleState>& after);
// Of versions alone.
Difference compare(const std::map<std::string, std::string>& before,
                   const std::map<std::string, std::string>& after);

// "added", "updated", "restarted", "reconfigured", "removed" and "unchanged".
void write_difference(const Difference& difference, json::object& into);

}  // namespace ferry::fleet
