// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace ferry::fleet {
namespace {

constexpr std::array<std::string_view, 9> kStates{"preparing", "running",   "soaking",
                                                  "paused",    "promoting", "returning",
                                                  "done",      "aborted",   "returned"};
constexpr std::array<std::string_view, 4> kOrders{"pause", "resume", "promote", "abort"};

RolloutStatus move_to(RolloutStatus status, RolloutState state, Timestamp now) {
  status.state = state;
  status.since = now;
  return status;
}

RolloutStatus pause(RolloutStatus status, std::string reason, Timestamp now) {
  status.goes_on_as = status.state;
  status.reason = std::move(reason);
  return move_to(std::move(status), RolloutState::paused, now);
}

RolloutStatus give_back(RolloutStatus status, std::string reason, Timestamp now) {
  status.reason = std::move(reason);
  return move_to(std::move(status), RolloutState::returning, now);
}

RolloutStatus next_wave(RolloutStatus status, std::size_t waves, Timestamp now) {
  if (status.wave + 1 >= waves) return move_to(std::move(status), RolloutState::promoting, now);
  ++status.wave;
  return move_to(std::move(status), RolloutState::running, now);
}

struct Failures {
  std::int64_t reached = 0;
  std::int64_t failed = 0;
  std::string example;
};

// By group, of those that the rollout has reached.
std::map<std::string, Failures> count_failures(const RolloutPolicy& policy,
                                               const RolloutStatus& status,
                                               const std::vector<RolloutNode>& nodes,
                                               Timestamp now) {
  std::map<std::string, Failures> groups;
  for (const auto& node : nodes) {
    if (node.wave > status.wave || status.out.contains(node.group)) continue;
    auto& group = groups[node.group];
    ++group.reached;
    if (!has_failed(policy, status, node, now)) continue;
    ++group.failed;
    if (group.example.empty()) {
      group.example = fmt::format("{} is {}", node.node, to_string(node.verdict));
    }
  }
  return groups;
}

bool too_many(const RolloutPolicy& policy, const Failures& failures) {
  return failures.failed > policy.max_failures.rounded_down(failures.reached);
}

std::string words(const RolloutPolicy& policy, const RolloutStatus& status,
                  const Failures& failures, const std::string& where) {
  return fmt::format("wave {}: {} of {} nodes{} have failed, at most {} may: {}", status.wave + 1,
                     failures.failed, failures.reached, where, to_string(policy.max_failures),
                     failures.example);
}

// Groups that fail for themselves go out; nullopt when the rollout may go on.
std::optional<std::string> failed_gate(const RolloutPolicy& policy, RolloutStatus& status,
                                       const std::vector<RolloutNode>& nodes, Timestamp now) {
  const auto groups = count_failures(policy, status, nodes, now);
  if (policy.scope == ReturnScope::fleet || policy.on_failure == OnFailure::pause) {
    Failures all;
    for (const auto& [group, failures] : groups) {
      all.reached += failures.reached;
      all.failed += failures.failed;
      if (all.example.empty()) all.example = failures.example;
    }
    if (!too_many(policy, all)) return std::nullopt;
    return words(policy, status, all, "");
  }
  std::string last;
  for (const auto& [group, failures] : groups) {
    if (!too_many(policy, failures)) continue;
    status.out.insert(group);
    last = words(policy, status, failures, fmt::format(" of group '{}'", group));
  }
  if (last.empty()) return std::nullopt;
  status.reason = last;
  const bool left = std::any_of(nodes.begin(), nodes.end(), [&](const RolloutNode& node) {
    return !status.out.contains(node.group);
  });
  if (left) return std::nullopt;
  return last;
}

// Enough of the wave is done, and at least one: silence proves nothing.
bool is_good(const RolloutPolicy& policy, const RolloutTally& tally) {
  if (tally.total == 0) return true;
  const auto needed = (policy.success_percent * (tally.done + tally.waiting) + 99) / 100;
  return tally.done > 0 && tally.done >= needed;
}

}  // namespace

std::string_view to_string(RolloutState state) {
  return kStates[static_cast<std::size_t>(state)];
}

Result<RolloutState> parse_rollout_state(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<RolloutState>(i);
  }
  return fail(Code::internal, "'{}' is no state of a rollout", text);
}

std::string_view to_string(RolloutOrder order) {
  return kOrders[static_cast<std::size_t>(order)];
}

bool is_over(RolloutState state) {
  return state == RolloutState::done || state == RolloutState::aborted ||
         state == RolloutState::returned;
}

bool has_failed(const RolloutPolicy& policy, const RolloutStatus& status, const RolloutNode& node,
                Timestamp now) {
  if (node.forgiven) return false;
  switch (node.verdict) {
    case NodeVerdict::crash_looping:
    case NodeVerdict::returned:
      return true;
    case NodeVerdict::unhealthy:
      if (now - node.since >= policy.patience) return true;
      break;
    case NodeVerdict::done:
    case NodeVerdict::offline:
      return false;
    case NodeVerdict::pending:
    case NodeVerdict::downloading:
      break;
  }
  // Waves before have been judged already; soaking has its own time.
  return policy.deadline.count() > 0 && status.state == RolloutState::running &&
         node.wave == status.wave && now - status.since >= policy.deadline;
}

RolloutTally tally_wave(const RolloutPolicy& policy, const RolloutStatus& status,
                        const std::vector<RolloutNode>& nodes, std::size_t wave, Timestamp now) {
  RolloutTally tally;
  for (const auto& node : nodes) {
    if (node.wave != wave || status.out.contains(node.group)) continue;
    ++tally.total;
    if (node.verdict == NodeVerdict::done) {
      ++tally.done;
    } else if (node.verdict == NodeVerdict::offline) {
      ++tally.offline;
    } else if (has_failed(policy, status, node, now)) {
      ++tally.failed;
    } else {
      ++tally.waiting;
    }
  }
  return tally;
}

RolloutStatus decide(const RolloutPolicy& policy, RolloutStatus status, std::size_t waves,
                     const std::vector<RolloutNode>& nodes, bool settled, Timestamp now) {
  if (status.state != RolloutState::running && status.state != RolloutState::soaking) return status;
  if (auto failure = failed_gate(policy, status, nodes, now)) {
    if (policy.on_failure == OnFailure::pause) return pause(std::move(status), *failure, now);
    return give_back(std::move(status), *std::move(failure), now);
  }
  if (!settled) return status;
  const bool good = is_good(policy, tally_wave(policy, status, nodes, status.wave, now));
  if (!good) {
    // It was good for a while only: the soak begins anew when it is good again.
    if (status.state == RolloutState::running) return status;
    return move_to(std::move(status), RolloutState::running, now);
  }
  if (status.state == RolloutState::running && policy.soak.count() > 0) {
    return move_to(std::move(status), RolloutState::soaking, now);
  }
  if (status.state == RolloutState::soaking && now - status.since < policy.soak) return status;
  return next_wave(std::move(status), waves, now);
}

RolloutStatus advance(RolloutStatus status, std::size_t waves, Timestamp now) {
  switch (status.state) {
    case RolloutState::preparing:
      return move_to(std::move(status),
                     waves == 0 ? RolloutState::promoting : RolloutState::running, now);
    case RolloutState::promoting:
      return move_to(std::move(status), RolloutState::done, now);
    case RolloutState::returning: {
      const auto end = status.ordered_back ? RolloutState::aborted : RolloutState::returned;
      return move_to(std::move(status), end, now);
    }
    default:
      return status;
  }
}

Result<RolloutStatus> obey(RolloutStatus status, RolloutOrder order, std::size_t waves,
                           const std::string& who, Timestamp now) {
  const auto state = status.state;
  const bool paused = state == RolloutState::paused;
  const auto at_heart = paused ? status.goes_on_as : state;
  const bool reaching = at_heart == RolloutState::running || at_heart == RolloutState::soaking;
  const bool early = reaching || at_heart == RolloutState::preparing;
  switch (order) {
    case RolloutOrder::pause:
      if (early && !paused) return pause(std::move(status), "paused by " + who, now);
      break;
    case RolloutOrder::resume:
      if (!paused) break;
      status.reason.clear();
      // A soak that was interrupted proves nothing.
      return move_to(std::move(status), reaching ? RolloutState::running : RolloutState::preparing,
                     now);
    case RolloutOrder::promote:
      if (!reaching) break;
      status.reason.clear();
      return next_wave(std::move(status), waves, now);
    case RolloutOrder::abort:
      if (!early) break;
      status.ordered_back = true;
      return give_back(std::move(status), "aborted by " + who, now);
  }
  Error error{Code::conflict, fmt::format("the rollout is {}: there is nothing to {}",
                                          to_string(state), to_string(order))};
  if (order == RolloutOrder::abort && state == RolloutState::promoting) {
    error.hint = "every wave was good and all nodes get it now; plan a rollback when it is over";
  }
  return fail(std::move(error));
}

CloudTarget wanted_in_cloud(const RolloutStatus& status, const std::string& group) {
  const auto state = status.state == RolloutState::paused ? status.goes_on_as : status.state;
  if (status.out.contains(group)) return {};
  switch (state) {
    case RolloutState::running:
    case RolloutState::soaking:
      return {CloudTarget::Kind::waves, status.wave};
    case RolloutState::promoting:
    case RolloutState::done:
      return {CloudTarget::Kind::everybody, 0};
    default:
      return {};
  }
}

}  // namespace ferry::fleet
