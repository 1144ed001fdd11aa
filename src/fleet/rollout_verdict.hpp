// SPDX-License-Identifier: Apache-2.0
// How one node fares with a new composition, judged by what it has last said. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ferry::fleet {

enum class NodeVerdict {
  pending,        // reachable; has not taken it yet, or is just starting it
  downloading,    // reachable; fetches images
  done,           // has taken it, and everything runs
  crash_looping,  // has taken it, and a module starts again and again or was given up
  unhealthy,      // has taken it, and says that something is wrong
  returned,       // went back to its composition before by itself
  offline,        // cannot be reached
};
std::string_view to_string(NodeVerdict verdict);  // "pending", "crash-looping", ...
Result<NodeVerdict> parse_node_verdict(std::string_view text);

struct ModuleObservation {
  std::string name;
  std::string runtime_status;  // "running", "backoff", "stopped", "failed", ...
  std::string description;
  std::int64_t exit_code = 0;
  std::int64_t restarts = 0;
};

struct NodeObservation {
  bool reported = false;  // ever
  bool connected = false;
  std::int64_t composition = 0;    // that it has taken; 0 when that is not known
  std::int64_t returned_from = 0;  // the one that it has gone back from; 0 when it has not
  std::string returned_because;
  std::int64_t code = 0;  // lastDesiredStatus; 0 before the first report
  std::string description;
  std::vector<ModuleObservation> modules;
};

struct RolloutTarget {
  std::int64_t composition = 0;
  std::set<std::string> changed;  // components that it adds or updates
};

struct NodeFinding {
  NodeVerdict verdict = NodeVerdict::pending;
  std::string reason;  // for people; empty when the verdict says it all
  friend bool operator==(const NodeFinding&, const NodeFinding&) = default;
};

// So many starts anew tell a crash loop from a slip.
inline constexpr std::int64_t kCrashLoop = 3;

// Modules that do not work, whatever the composition; asked before a rollout begins.
std::set<std::string> bad_modules(const NodeObservation& node);

// `bad_before`: modules that did not work before the rollout. They count only when it changes them:
// a rollout answers for what it does, and may be what mends the rest.
NodeFinding judge_node(const RolloutTarget& target, const NodeObservation& node,
                       const std::set<std::string>& bad_before);

}  // namespace ferry::fleet
