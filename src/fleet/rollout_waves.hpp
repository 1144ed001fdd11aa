// SPDX-License-Identifier: Apache-2.0
// Which node is in which wave, and how a deployment's target condition lets so many waves in. Pure.
//
// Every node has a ring: a number that never changes, derived from its id, and written once as a
// tag into its twin. Waves take the nodes of a group in the order of their rings, so that "the
// first three waves" is one comparison, tags.ferry.ring < N, however many nodes there are. A node
// without the tag has come after the rollout began; nothing lets it in before the rollout's end.
// Nodes that were named, or that have a label, are let in by their device ids.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fleet/rollout_policy.hpp"
#include "fleet/types.hpp"

namespace ferry::fleet {

inline constexpr std::int64_t kRings = std::int64_t(1) << 31;  // rings are 0 ... kRings - 1
// Target conditions are queries, which are short.
inline constexpr std::size_t kNamedDevices = 200;

std::int64_t ring_of(const NodeId& node);

struct RolloutMember {
  std::string node;    // name
  std::string device;  // id in the IoT Hub
  std::string group;   // name
  std::int64_t ring = 0;
  std::map<std::string, std::string> labels;
};

struct WavePlan {
  std::vector<std::string> waves;      // what each is called; none is without nodes
  std::vector<std::size_t> positions;  // of each member, in the order of the members
};

// Every member is in exactly one wave; the groups come in evenly. Code::invalid_argument when a
// named node is not among the members, or when a wave would have to name more than kNamedDevices
// of a group.
Result<WavePlan> assign_waves(const RolloutPolicy& policy,
                              const std::vector<RolloutMember>& members);

// What lets exactly some nodes of a group in.
struct Admission {
  std::int64_t below = 0;            // rings
  std::vector<std::string> devices;  // beside them; sorted
  friend bool operator==(const Admission&, const Admission&) = default;
};

struct PlacedNode {
  std::string device;
  std::int64_t ring = 0;
  std::size_t wave = 0;
};
// The nodes (all of one group) of the waves 0 ... `wave`, and no other one.
Admission admission_of(const std::vector<PlacedNode>& nodes, std::size_t wave);

// "tags.ferry.nodeGroup='grp-...' and (tags.ferry.ring < 12 or deviceId in ['pump-7-x'])"
std::string admission_condition(const NodeGroupId& group, const Admission& admission);

}  // namespace ferry::fleet
