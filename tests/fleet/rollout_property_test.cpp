// SPDX-License-Identifier: Apache-2.0
// The laws of a rollout's course, over random fleets, reports and orders.
#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fleet/rollout.hpp"

namespace ferry::fleet {
namespace {

using std::chrono::seconds;

int some(int n) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n));
}

RolloutPolicy some_policy() {
  RolloutPolicy policy;
  policy.soak = seconds(some(3) * 20);
  policy.success_percent = some(2) == 0 ? 100 : 60 + some(41);
  policy.max_failures = {some(2) == 0 ? 0 : some(4), some(2) == 0};
  if (policy.max_failures.percent) policy.max_failures.amount *= 10;
  policy.on_failure = some(3) == 0 ? OnFailure::pause : OnFailure::give_back;
  policy.scope = some(2) == 0 ? ReturnScope::group : ReturnScope::fleet;
  policy.patience = seconds(some(3) * 10);
  policy.deadline = seconds(some(3) == 0 ? 40 : 0);
  return policy;
}

constexpr std::size_t kWaves = 3;

std::vector<RolloutNode> some_nodes(Timestamp now) {
  std::vector<RolloutNode> nodes;
  for (std::size_t wave = 0; wave < kWaves; ++wave) {
    const int count = 1 + some(4);
    for (int i = 0; i < count; ++i) {
      nodes.push_back({fmt::format("n{}", nodes.size()), fmt::format("g{}", some(2)), wave,
                       NodeVerdict::pending, now, false});
    }
  }
  return nodes;
}

// Mostly good news, so that the later states are reached.
void report(std::vector<RolloutNode>& nodes, const RolloutStatus& status, Timestamp now) {
  for (auto& node : nodes) {
    if (node.wave > status.wave || some(3) == 0) continue;
    const int choice = some(12);
    const auto verdict = choice < 8 ? NodeVerdict::done : static_cast<NodeVerdict>(some(7));
    if (verdict != node.verdict) node.since = now;
    node.verdict = verdict;
  }
}

std::size_t progress(const RolloutStatus& status) {
  const auto state = status.state == RolloutState::paused ? status.goes_on_as : status.state;
  if (state == RolloutState::preparing) return 0;
  if (state == RolloutState::promoting || state == RolloutState::done) return kWaves + 1;
  return status.wave + 1;
}

// By the words of the policy, not by the code under test.
bool gate_holds(const RolloutPolicy& policy, const RolloutStatus& status,
                const std::vector<RolloutNode>& nodes, Timestamp now) {
  std::map<std::string, std::pair<int, int>> failures;  // failed, reached
  int done = 0;
  int waiting = 0;
  int in_wave = 0;
  const bool by_group =
      policy.scope == ReturnScope::group && policy.on_failure == OnFailure::give_back;
  for (const auto& node : nodes) {
    if (node.wave > status.wave || status.out.contains(node.group)) continue;
    auto& [failed, reached] = failures[by_group ? node.group : "all"];
    const bool bad =
        !node.forgiven &&
        (node.verdict == NodeVerdict::crash_looping || node.verdict == NodeVerdict::returned ||
         (node.verdict == NodeVerdict::unhealthy && now - node.since >= policy.patience));
    ++reached;
    if (bad) ++failed;
    if (node.wave != status.wave) continue;
    ++in_wave;
    if (node.verdict == NodeVerdict::done) ++done;
    if (node.verdict != NodeVerdict::done && node.verdict != NodeVerdict::offline && !bad) {
      ++waiting;
    }
  }
  for (const auto& [group, count] : failures) {
    const auto most = policy.max_failures.percent ? count.second * policy.max_failures.amount / 100
                                                  : policy.max_failures.amount;
    if (count.first > most) return false;
  }
  // With a deadline what waits may have failed instead, which asks for less.
  if (policy.deadline.count() > 0) return true;
  return in_wave == 0 || (done > 0 && done * 100 >= policy.success_percent * (done + waiting));
}

RC_GTEST_PROP(RolloutLaws, NothingButAnOrderGoesPastAGateThatDoesNotHold, ()) {
  const auto policy = some_policy();
  Timestamp now{std::chrono::hours(1)};
  auto nodes = some_nodes(now);
  auto status = advance({.since = now}, kWaves, now);
  for (int step = 0; step < 40; ++step) {
    now += seconds(some(25));
    report(nodes, status, now);
    const bool settled = some(4) != 0;
    const auto before = status;
    status = decide(policy, status, kWaves, nodes, settled, now);
    if (progress(status) > progress(before)) {
      RC_ASSERT(settled);
      RC_ASSERT(progress(status) == progress(before) + 1 || status.wave + 1 == kWaves);
      RC_ASSERT(gate_holds(policy, status.out == before.out ? before : [&] {
        auto with_out = before;
        with_out.out = status.out;
        return with_out;
      }(), nodes, now));
      if (policy.soak.count() > 0) {
        RC_ASSERT(before.state == RolloutState::soaking);
        RC_ASSERT(now - before.since >= policy.soak);
      }
    }
    RC_ASSERT(
        std::includes(status.out.begin(), status.out.end(), before.out.begin(), before.out.end()));
    if (status.state == RolloutState::promoting || status.state == RolloutState::returning ||
        is_over(status.state)) {
      status = advance(status, kWaves, now);
    }
  }
}

RC_GTEST_PROP(RolloutLaws, GroupsThatReturnHaveNothingOfItInTheCloud, ()) {
  const auto policy = some_policy();
  Timestamp now{std::chrono::hours(1)};
  auto nodes = some_nodes(now);
  auto status = advance({.since = now}, kWaves, now);
  bool ordered = false;
  for (int step = 0; step < 40; ++step) {
    now += seconds(some(25));
    report(nodes, status, now);
    if (some(8) == 0) {
      const auto order = static_cast<RolloutOrder>(some(4));
      const auto before = status;
      auto obeyed = obey(status, order, kWaves, "somebody", now);
      if (obeyed) status = *obeyed;
      if (!obeyed) RC_ASSERT(obeyed.error().code == Code::conflict);
      ordered = ordered || (obeyed && order == RolloutOrder::abort);
      // Aborting is possible until everybody gets it.
      if (order == RolloutOrder::abort) {
        RC_ASSERT(obeyed.has_value() ==
                  (!is_over(before.state) && before.state != RolloutState::promoting &&
                   before.state != RolloutState::returning));
      }
    }
    status = decide(policy, status, kWaves, nodes, true, now);
    for (const auto* group : {"g0", "g1"}) {
      const auto target = wanted_in_cloud(status, group);
      const bool back = status.out.contains(group) || status.state == RolloutState::returning ||
                        status.state == RolloutState::returned ||
                        status.state == RolloutState::aborted;
      if (back) RC_ASSERT(target == CloudTarget());
      if (status.state == RolloutState::running || status.state == RolloutState::soaking) {
        RC_ASSERT(back || target == (CloudTarget{CloudTarget::Kind::waves, status.wave}));
      }
    }
    if (status.state == RolloutState::promoting || status.state == RolloutState::returning) {
      status = advance(status, kWaves, now);
    }
  }
  if (status.state == RolloutState::aborted) RC_ASSERT(ordered);
  if (status.state == RolloutState::returned) RC_ASSERT(!ordered);
}

RC_GTEST_PROP(RolloutLaws, GoodNewsEndsInPromotion, ()) {
  auto policy = some_policy();
  Timestamp now{std::chrono::hours(1)};
  auto nodes = some_nodes(now);
  auto status = advance({.since = now}, kWaves, now);
  for (int step = 0; step < 100 && status.state != RolloutState::promoting; ++step) {
    now += seconds(10);
    for (auto& node : nodes) {
      if (node.wave <= status.wave) node.verdict = NodeVerdict::done;
    }
    status = decide(policy, status, kWaves, nodes, true, now);
  }
  RC_ASSERT(status.state == RolloutState::promoting);
  RC_ASSERT(status.out.empty());
}

TEST(Rollout, OfflineNodesHoldNobodyUpButProveNothing) {
  const RolloutPolicy policy;
  const Timestamp now{std::chrono::hours(1)};
  std::vector<RolloutNode> nodes{{"a", "g", 0, NodeVerdict::offline, now, false},
                                 {"b", "g", 0, NodeVerdict::offline, now, false},
                                 {"c", "g", 1, NodeVerdict::pending, now, false}};
  auto status = advance({.since = now}, 2, now);
  EXPECT_EQ(decide(policy, status, 2, nodes, true, now).wave, 0U) << "nobody has shown anything";
  nodes[0].verdict = NodeVerdict::done;
  EXPECT_EQ(decide(policy, status, 2, nodes, true, now).wave, 1U);
}

TEST(Rollout, AnOrderTakesItPastAFailedGateOnce) {
  RolloutPolicy policy;
  policy.on_failure = OnFailure::pause;
  const Timestamp now{std::chrono::hours(1)};
  std::vector<RolloutNode> nodes{{"a", "g", 0, NodeVerdict::crash_looping, now, false},
                                 {"b", "g", 1, NodeVerdict::pending, now, false}};
  auto status = decide(policy, advance({.since = now}, 2, now), 2, nodes, true, now);
  ASSERT_EQ(status.state, RolloutState::paused);
  EXPECT_EQ(status.reason, "wave 1: 1 of 1 nodes have failed, at most 0 may: a is crash-looping");
  EXPECT_EQ(wanted_in_cloud(status, "g"), (CloudTarget{CloudTarget::Kind::waves, 0}));
  const auto resumed = *obey(status, RolloutOrder::resume, 2, "ann", now);
  EXPECT_EQ(decide(policy, resumed, 2, nodes, true, now).state, RolloutState::paused);
  const auto promoted = *obey(status, RolloutOrder::promote, 2, "ann", now);
  EXPECT_EQ(promoted.wave, 1U);
  nodes[0].forgiven = true;
  EXPECT_EQ(decide(policy, promoted, 2, nodes, true, now).state, RolloutState::running);
  nodes[1].verdict = NodeVerdict::done;
  EXPECT_EQ(decide(policy, promoted, 2, nodes, true, now).state, RolloutState::promoting);
}

TEST(Rollout, ADeadlineTurnsSlowIntoFailed) {
  RolloutPolicy policy;
  policy.deadline = seconds(60);
  const Timestamp now{std::chrono::hours(1)};
  const std::vector<RolloutNode> nodes{{"a", "g", 0, NodeVerdict::downloading, now, false}};
  const auto status = advance({.since = now}, 1, now);
  EXPECT_EQ(decide(policy, status, 1, nodes, true, now + seconds(59)).state, RolloutState::running);
  EXPECT_EQ(decide(policy, status, 1, nodes, true, now + seconds(60)).state,
            RolloutState::returning);
}

}  // namespace
}  // namespace ferry::fleet
