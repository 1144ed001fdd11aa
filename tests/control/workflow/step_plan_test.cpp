// SPDX-License-Identifier: Apache-2.0
// The engine's rules as laws over random graphs, outcomes and interleavings. A failure prints its
// seed.
#include "control/workflow/step_plan.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ferry::control {
namespace {

using fleet::RunState;
using namespace std::chrono_literals;

int pick(int n) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n));
}

// Every graph without circles is one whose steps come after earlier ones only.
std::vector<PlannedStep> some_graph() {
  std::vector<PlannedStep> steps(static_cast<std::size_t>(1 + pick(8)));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (std::size_t before = 0; before < i; ++before) {
      if (pick(3) == 0) steps[i].after.push_back(before);
    }
  }
  return steps;
}

bool is_free(const std::vector<PlannedStep>& steps, std::size_t position) {
  const auto& after = steps[position].after;
  return std::all_of(after.begin(), after.end(), [&](std::size_t before) {
    return steps[before].status == RunState::succeeded;
  });
}

bool any(const std::vector<PlannedStep>& steps, RunState state) {
  return std::any_of(steps.begin(), steps.end(),
                     [&](const PlannedStep& step) { return step.status == state; });
}

Result<void> outcome_of(int kind) {
  if (kind <= 4) return {};
  if (kind == 5) return fail(Code::conflict, "no");
  Error error{Code::unavailable, "not now"};
  if (kind == 7) {
    error.code = Code::resource_exhausted;
    error.retry_after = std::chrono::milliseconds(1 + pick(5000));
  }
  return fail(std::move(error));
}

// Runs the graph with random durations and outcomes; checks at every turn.
struct Simulation {
  std::vector<PlannedStep> steps = some_graph();
  std::vector<int> attempts = std::vector<int>(steps.size());
  RetryPolicy policy{.attempts = 3, .throttled_attempts = 6};
  Timestamp now{1'000'000ms};
  bool cancelled = false;

  std::optional<RunState> turn() {
    const bool stopped = cancelled || any(steps, RunState::failed);
    const auto decision = decide(steps, cancelled, now);
    if (stopped) RC_ASSERT(decision.begin.empty());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const bool begins =
          std::find(decision.begin.begin(), decision.begin.end(), i) != decision.begin.end();
      const bool due = !steps[i].retry_at || *steps[i].retry_at <= now;
      const bool may = !stopped && steps[i].status == RunState::pending && due && is_free(steps, i);
      RC_ASSERT(begins == may);
    }
    for (const auto position : decision.begin) {
      steps[position].status = RunState::running;
      steps[position].retry_at.reset();
      ++attempts[position];
    }
    const bool running = any(steps, RunState::running);
    // There is always something that goes on by itself, or an end.
    RC_ASSERT(running || decision.wake || decision.end);
    RC_ASSERT(!(running && decision.end));
    if (decision.end) return decision.end;
    if (running) {
      end_one();
    } else {
      RC_ASSERT(*decision.wake > now);
      now = *decision.wake;
    }
    return {};
  }

  void end_one() {
    std::vector<std::size_t> running;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].status == RunState::running) running.push_back(i);
    }
    const auto position = running[static_cast<std::size_t>(pick(static_cast<int>(running.size())))];
    now += std::chrono::milliseconds(pick(500));
    const auto outcome = outcome_of(pick(8));
    const auto verdict = judge(policy, attempts[position], outcome, now, 0.5);
    RC_ASSERT(attempts[position] <= policy.throttled_attempts);
    if (outcome) RC_ASSERT(verdict.status == RunState::succeeded);
    if (verdict.status == RunState::pending) {
      RC_ASSERT(verdict.retry_at.has_value());
      if (outcome.error().retry_after) {
        RC_ASSERT(*verdict.retry_at >= now + *outcome.error().retry_after);
      }
    }
    steps[position].status = verdict.status;
    steps[position].retry_at = verdict.retry_at;
  }
};

RC_GTEST_PROP(StepPlan, EveryGraphEndsAndNothingBeginsBeforeItsTime, ()) {
  Simulation simulation;
  std::optional<RunState> end;
  for (int turns = 0; !end; ++turns) {
    RC_ASSERT(turns < 2'000);
    if (pick(60) == 0) simulation.cancelled = true;
    end = simulation.turn();
  }
  const bool all = std::all_of(simulation.steps.begin(), simulation.steps.end(),
                               [](const auto& s) { return s.status == RunState::succeeded; });
  RC_ASSERT((*end == RunState::succeeded) == all);
  if (!all) RC_ASSERT((*end == RunState::failed) == any(simulation.steps, RunState::failed));
}

TEST(StepPlan, IndependentStepsBeginTogether) {
  auto plan =
      plan_steps({{"group", {}}, {"hub", {"group"}}, {"storage", {"group"}}, {"dps", {"hub"}}});
  ASSERT_TRUE(plan);
  EXPECT_EQ(decide(*plan, false, Timestamp()).begin, (std::vector<std::size_t>{0}));
  (*plan)[0].status = RunState::succeeded;
  EXPECT_EQ(decide(*plan, false, Timestamp()).begin, (std::vector<std::size_t>{1, 2}));
}

TEST(StepPlan, ABadGraphIsABug) {
  EXPECT_FALSE(plan_steps({{"a", {}}, {"a", {}}}));
  EXPECT_FALSE(plan_steps({{"a", {"b"}}}));
  EXPECT_FALSE(plan_steps({{"a", {"c"}}, {"b", {"a"}}, {"c", {"b"}}}));
}

TEST(StepPlan, DelaysGrowAndEnd) {
  const RetryPolicy policy{.attempts = 4, .first_delay = 100ms, .longest_delay = 300ms};
  const Result<void> down = fail(Code::unavailable, "down");
  const Timestamp now(5s);
  EXPECT_EQ(judge(policy, 1, down, now, 0.5).retry_at, now + 100ms);
  EXPECT_EQ(judge(policy, 2, down, now, 0.5).retry_at, now + 200ms);
  EXPECT_EQ(judge(policy, 3, down, now, 0.5).retry_at, now + 300ms);
  EXPECT_EQ(judge(policy, 4, down, now, 0.5).status, RunState::failed);
  Error patience{Code::resource_exhausted, "429"};
  patience.retry_after = 24h;
  EXPECT_EQ(judge(policy, 1, fail(patience), now, 0.5).status, RunState::failed);
}

}  // namespace
}  // namespace ferry::control
