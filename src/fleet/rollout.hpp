// SPDX-License-Identifier: Apache-2.0
// The course of a rollout: when a wave is good, when it has failed, what comes next. Pure: verdicts
// and time come in, the next status comes out; whoever runs it records the status and makes the
// cloud as wanted_in_cloud() says.
//
//   preparing -> running -> soaking -> running (next wave) ... -> promoting -> done
//   running, soaking -> returning -> returned      a gate has failed
//   any before promoting -> returning -> aborted   somebody has said so
//   preparing, running, soaking <-> paused
//
// Nothing but a person's order takes a rollout past a gate that has failed. Until it promotes, what
// stood before stands untouched beside the new, so that going back is taking the new away.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "fleet/rollout_policy.hpp"
#include "fleet/rollout_verdict.hpp"

namespace ferry::fleet {

enum class RolloutState {
  preparing,
  running,
  soaking,
  paused,
  promoting,
  returning,
  done,
  aborted,
  returned
};
std::string_view to_string(RolloutState state);
Result<RolloutState> parse_rollout_state(std::string_view text);
bool is_over(RolloutState state);

struct RolloutStatus {
  RolloutState state = RolloutState::preparing;
  std::size_t wave = 0;                               // that is let in, with all before it
  Timestamp since;                                    // of state and wave
  RolloutState goes_on_as = RolloutState::preparing;  // of one that is paused
  bool ordered_back = false;                          // returns because somebody said so
  std::set<std::string> out;                          // groups that return by themselves
  std::string reason;                                 // why it is paused or returns
  friend bool operator==(const RolloutStatus&, const RolloutStatus&) = default;
};

struct RolloutNode {
  std::string node;
  std::string group;
  std::size_t wave = 0;
  NodeVerdict verdict = NodeVerdict::pending;
  Timestamp since;        // of the verdict
  bool forgiven = false;  // somebody promoted in spite of it
};

// The nodes of some waves, counted.
struct RolloutTally {
  std::int64_t total = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::int64_t offline = 0;
  std::int64_t waiting = 0;  // for anything else
  friend bool operator==(const RolloutTally&, const RolloutTally&) = default;
};
// A crash loop and a return of its own at once; unhealthy for longer than the policy's patience;
// not done when the deadline of its wave has passed. Never what was forgiven.
bool has_failed(const RolloutPolicy& policy, const RolloutStatus& status, const RolloutNode& node,
                Timestamp now);
// Of the wave with this number, without groups that are out.
RolloutTally tally_wave(const RolloutPolicy& policy, const RolloutStatus& status,
                        const std::vector<RolloutNode>& nodes, std::size_t wave, Timestamp now);

// The next status. Call it with what is known now, as often as liked; `settled`: the cloud is as
// wanted_in_cloud() says for this status, so that waiting for nodes makes sense. Nothing changes in
// preparing, promoting, returning (whose end the caller knows) and paused.
RolloutStatus decide(const RolloutPolicy& policy, RolloutStatus status, std::size_t waves,
                     const std::vector<RolloutNode>& nodes, bool settled, Timestamp now);

// Its preparation, promotion or return has ended.
RolloutStatus advance(RolloutStatus status, std::size_t waves, Timestamp now);

enum class RolloutOrder { pause, resume, promote, abort };
std::string_view to_string(RolloutOrder order);
// Code::conflict when the state does not allow it. To promote is to go on to the next wave, or to
// everybody after the last one, whatever the gate says; what has failed until then is forgiven by
// the caller. What was paused because a gate failed is judged anew when it is resumed.
Result<RolloutStatus> obey(RolloutStatus status, RolloutOrder order, std::size_t waves,
                           const std::string& who, Timestamp now);

// What must stand in the cloud for a group: nothing of the rollout, the first waves, or the new
// composition for everybody.
struct CloudTarget {
  enum class Kind { nothing, waves, everybody };
  Kind kind = Kind::nothing;
  std::size_t wave = 0;  // the last one that is in
  friend bool operator==(const CloudTarget&, const CloudTarget&) = default;
};
CloudTarget wanted_in_cloud(const RolloutStatus& status, const std::string& group);

}  // namespace ferry::fleet
