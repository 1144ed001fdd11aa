// SPDX-License-Identifier: Apache-2.0
// How a rollout goes: which nodes come when, what counts as good, and what happens when it is not.
// Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace ferry::fleet {

// An amount of nodes: so many, or so many percent of all.
struct Share {
  std::int64_t amount = 0;
  bool percent = false;
  // Of `all` nodes; percents upwards (a share above 0 is one node at least) or downwards.
  std::int64_t rounded_up(std::int64_t all) const;
  std::int64_t rounded_down(std::int64_t all) const;
  friend bool operator==(const Share&, const Share&) = default;
};
Result<Share> parse_share(std::string_view text);  // "3", "25%"
std::string to_string(const Share& share);

// The nodes that a wave adds to those before it.
struct WaveRule {
  enum class Kind { nodes, label, share };
  Kind kind = Kind::share;
  std::vector<std::string> nodes;  // by name
  std::string label;               // every node that has this label with this value
  std::string value;
  Share share;  // together with all waves before
  friend bool operator==(const WaveRule&, const WaveRule&) = default;
};
Result<WaveRule> parse_wave(std::string_view text);  // "5%", "10", "site=lab"
std::string to_string(const WaveRule& wave);         // for nodes: "pump-7, pump-9"

enum class OnFailure { give_back, pause };  // "return", "pause"
// Whose failures send whom back: every group of the rollout, or each group for itself.
enum class ReturnScope { fleet, group };

struct RolloutPolicy {
  std::vector<WaveRule> waves;   // what is left over comes in a last wave
  std::chrono::seconds soak{0};  // that a wave must stay good before the next one comes
  // Of the nodes of a wave that can be reached and have not failed, so many must be done.
  std::int64_t success_percent = 100;
  Share max_failures;  // of the nodes that the rollout has reached
  OnFailure on_failure = OnFailure::give_back;
  ReturnScope scope = ReturnScope::fleet;
  // A node that is unhealthy for this long has failed; a crash loop fails at once.
  std::chrono::seconds patience{60};
  // A node that can be reached and is not done after this long has failed; 0: it may take its time.
  std::chrono::seconds deadline{0};
  friend bool operator==(const RolloutPolicy&, const RolloutPolicy&) = default;
};

// "90s", "10m", "2h", "1d"; "0" as well.
Result<std::chrono::seconds> parse_duration(std::string_view text);
std::string to_string(std::chrono::seconds duration);  // the shortest that says it exactly

// As docs/api.md has it. Members that it does not know are refused, so that nobody relies on what
// is not there.
Result<RolloutPolicy> policy_from_json(const json::object& object);
json::object to_json(const RolloutPolicy& policy);

}  // namespace ferry::fleet
