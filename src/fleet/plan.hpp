// SPDX-License-Identifier: Apache-2.0
// The exact difference that an edit of one deployment would make, shown before anything is sent.
// Everything here is a pure function of its input: the order of deployments, groups and components
// in the input changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "fleet/composition.hpp"

namespace ferry::fleet {

inline constexpr std::int64_t kManifestLimit = 32 * 1024;  // desired properties of one twin
inline constexpr std::int64_t kTwinValueLimit = 4 * 1024;  // one string value in a twin
inline constexpr std::size_t kModuleLimit = 50;            // modules in one IoT Edge deployment
inline constexpr std::size_t kConfigurationLimit = 100;    // IoT Edge deployments of one paid hub

// One edit: the deployment `name` gets this content. Without components and groups it goes away.
struct Edit {
  std::string deployment;
  std::vector<ComponentRef> components;
  std::vector<std::string> groups;
};

struct PlannedUpdate {
  std::string component;
  std::string from;
  std::string to;
  friend bool operator==(const PlannedUpdate&, const PlannedUpdate&) = default;
};

struct GroupPlan {
  std::string group;
  std::int64_t nodes = 0;
  std::int64_t manifest_bytes = 0;  // of the new $edgeAgent desired properties, as the hub counts
  std::vector<ComponentRef> added;
  std::vector<PlannedUpdate> updated;
  std::vector<ComponentRef> removed;
  std::vector<ComponentRef> unchanged;
  bool changes() const { return !added.empty() || !updated.empty() || !removed.empty(); }
  friend bool operator==(const GroupPlan&, const GroupPlan&) = default;
};

// Two versions of one component on one group: nothing is sent until somebody has decided.
struct Conflict {
  struct Contribution {
    std::string version;
    std::vector<std::string> deployments;
    friend bool operator==(const Contribution&, const Contribution&) = default;
  };
  std::string group;
  std::string component;
  std::int64_t nodes = 0;
  std::vector<Contribution> versions;
  std::vector<std::string> resolutions;  // in words
  friend bool operator==(const Conflict&, const Conflict&) = default;
};

struct Plan {
  std::vector<GroupPlan> groups;  // those that the deployment targets or targeted, by name
  std::vector<Conflict> conflicts;
  std::vector<std::string> problems;  // limits exceeded, unknown things, in words
  bool applicable() const { return conflicts.empty() && problems.empty(); }
  bool has_removals() const;
  bool has_changes() const;
  // "y 1.0.0 on 3 nodes of line-1; ..." for the sentence that asks for consent. Empty without
  // removals.
  std::string describe_removals() const;
  friend bool operator==(const Plan&, const Plan&) = default;
};

// What planning needs to know of a group.
struct GroupFacts {
  std::int64_t nodes = 0;
  bool ready = true;                         // it has its standing deployment
  std::optional<PullCredential> credential;  // counted in the manifest's size
};

// The world that an edit meets. Borrowed; `catalog` holds every published version that a live
// deployment or the edit names.
struct Fleet {
  std::map<std::string, GroupFacts> groups;  // by name
  std::vector<Deployment> deployments;       // all live ones
  Catalog catalog;
  std::size_t configurations = 0;  // that stand in the hub now
};

// An edit that names an unknown group or version is a plan with problems, not an Error.
Plan make_plan(const Fleet& fleet, const Edit& edit);

// The deployments after the edit; names stay unique.
std::vector<Deployment> apply_edit(std::vector<Deployment> deployments, const Edit& edit);

// The plan as docs/api.md shows it.
json::object to_json(const Plan& plan);

}  // namespace ferry::fleet
