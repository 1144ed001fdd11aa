// SPDX-License-Identifier: Apache-2.0
// The exact difference that a change would make, shown before anything is sent.
// Everything here is a pure function of its input: the order of deployments, groups and components
// in the input changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "fleet/change.hpp"
#include "fleet/composition.hpp"
#include "fleet/conflict.hpp"
#include "fleet/difference.hpp"
#include "fleet/twin_size.hpp"

namespace ferry::fleet {

inline constexpr std::int64_t kManifestLimit = kTwinSectionLimit;  // of $edgeAgent
inline constexpr std::size_t kModuleLimit = 50;          // modules in one IoT Edge deployment
inline constexpr std::size_t kConfigurationLimit = 100;  // IoT Edge deployments of one paid hub
inline constexpr std::int64_t kConfigurationRate = 20;   // changes of them in a minute
inline constexpr std::size_t kNamedNodes = 20;           // that a list of node names holds

struct GroupPlan {
  std::string group;
  std::int64_t nodes = 0;
  std::int64_t manifest_bytes = 0;  // of the new $edgeAgent desired properties, as the hub counts
  Difference difference;            // for nodes that run what stands now

  // Nodes that run an earlier composition: what changes on them.
  struct Behind {
    std::int64_t composition = 0;
    std::int64_t nodes = 0;
    Difference difference;
    friend bool operator==(const Behind&, const Behind&) = default;
  };
  std::vector<Behind> behind;

  // What a node of `platform` that runs what stands now would fetch: layers that it lacks.
  struct Pull {
    std::string platform;
    std::int64_t nodes = 0;
    std::int64_t bytes = 0;
    friend bool operator==(const Pull&, const Pull&) = default;
  };
  std::vector<Pull> pulls;

  // These get the change when they come: named, up to kNamedNodes of each.
  struct Absent {
    std::int64_t count = 0;
    std::vector<std::string> names;
    friend bool operator==(const Absent&, const Absent&) = default;
  };
  Absent offline;
  Absent unregistered;

  // Room for what is fetched; nodes that say nothing of their disks are only counted.
  struct Disk {
    Absent lacking;
    std::int64_t unknown = 0;
    friend bool operator==(const Disk&, const Disk&) = default;
  };
  Disk disk;

  // Nodes with settings of their own for which something else changes than for the group.
  struct Apart {
    std::string node;
    Difference difference;
    friend bool operator==(const Apart&, const Apart&) = default;
  };
  std::vector<Apart> apart;

  // Of what the group is sent; nodes with settings of their own are changed one by one.
  bool changes() const { return difference.changes(); }
  friend bool operator==(const GroupPlan&, const GroupPlan&) = default;
};

struct Plan {
  std::vector<GroupPlan> groups;  // those that the change touches, by name
  std::vector<Conflict> conflicts;
  std::vector<std::string> problems;  // limits exceeded, unknown things, in words
  std::vector<std::string> warnings;  // worth knowing, in nobody's way
  // How long the hub takes to be told, at the rate that it allows; what nodes take is not in it.
  std::int64_t configuration_changes = 0;
  std::int64_t least_seconds() const;
  bool applicable() const { return conflicts.empty() && problems.empty(); }
  bool has_removals() const;
  bool has_changes() const;
  // "y 1.0.0 on 3 nodes of line-1; ..." for the sentence that asks for consent. Empty without
  // removals.
  std::string describe_removals() const;
  friend bool operator==(const Plan&, const Plan&) = default;
};

struct NodeFacts {
  std::string name;
  std::string platform;          // "linux/arm64"; empty until the node has reported it
  std::int64_t composition = 0;  // that it has taken; 0 until it has reported one
  bool registered = false;
  bool connected = false;
  std::int64_t free_bytes = -1;  // on the disk with the images; -1 until the node has reported it
};

// What planning needs to know of a group.
struct GroupFacts {
  std::vector<NodeFacts> nodes;
  bool ready = true;                         // it has its standing deployment
  std::optional<PullCredential> credential;  // counted in the manifest's size
  std::int64_t standing = 0;                 // composition; 0 before the first
  // Earlier compositions that nodes still run, as far as they are known.
  std::map<std::int64_t, std::vector<RunningModule>> earlier;
  Settings settings;                                               // what the group says
  std::map<std::string, Settings> node_settings;                   // of nodes that say something
  std::set<std::string> capabilities;                              // of all its nodes
  std::map<std::string, std::set<std::string>> node_capabilities;  // what nodes have beside
};

// The world that a change meets. Only what concerns groups that the change touches need be there:
// every deployment that targets one of them, and every published version that those deployments or
// the change name.
struct Fleet {
  std::map<std::string, GroupFacts> groups;  // by name
  std::vector<Deployment> deployments;
  Catalog catalog;
  std::size_t configurations = 0;  // that stand in the hub now
  Settings settings;               // what the workspace says
  Directory directory;
};

// A change that names an unknown node, group or version is a plan with problems, not an Error. Time
// is linear in nodes and in (components x groups) of what the change touches.
Plan make_plan(const Fleet& fleet, const Change& change);

// The plan as docs/api.md shows it.
json::object to_json(const Plan& plan);
json::object to_json(const Change& change);
Result<Change> change_from_json(const json::object& object);

// What a plan promises: everything in it but what comes and goes by itself (who is online, who lags
// behind, what must be fetched). Two plans with equal promises may stand for one another.
json::object promise_of(const Plan& plan);
// How the world has moved between two promises, in words; empty when they are equal.
std::vector<std::string> what_moved(const json::object& planned, const json::object& now);

}  // namespace ferry::fleet
