// SPDX-License-Identifier: Apache-2.0
#include "control/workflow/step_plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace ferry::control {
namespace {

using fleet::RunState;
using std::chrono::milliseconds;

// Every step becomes removable in turn when there is no circle.
bool has_circle(const std::vector<PlannedStep>& steps) {
  std::vector<bool> placed(steps.size());
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& after = steps[i].after;
      if (placed[i] || !std::all_of(after.begin(), after.end(),
                                    [&](std::size_t before) { return placed[before]; })) {
        continue;
      }
      placed[i] = moved = true;
    }
  }
  return std::find(placed.begin(), placed.end(), false) != placed.end();
}

milliseconds backoff(const RetryPolicy& policy, int attempt, double jitter) {
  const double factor = std::pow(2.0, std::min(attempt, 30) - 1) * (0.75 + 0.5 * jitter);
  const double delay = static_cast<double>(policy.first_delay.count()) * factor;
  return milliseconds(static_cast<std::int64_t>(
      std::min(delay, static_cast<double>(policy.longest_delay.count()))));
}

}  // namespace

bool is_worth_another_try(Code code) {
  return code == Code::unavailable || code == Code::deadline_exceeded ||
         code == Code::resource_exhausted;
}

Result<std::vector<PlannedStep>> plan_steps(const std::vector<NamedStep>& steps) {
  std::map<std::string, std::size_t> positions;
  for (const auto& step : steps) {
    if (!positions.emplace(step.name, positions.size()).second) {
      return fail(Code::internal, "two steps are called '{}'", step.name);
    }
  }
  std::vector<PlannedStep> plan;
  for (const auto& step : steps) {
    PlannedStep planned;
    for (const auto& name : step.after) {
      const auto found = positions.find(name);
      if (found == positions.end()) {
        return fail(Code::internal, "step '{}' waits for '{}', which does not exist", step.name,
                    name);
      }
      planned.after.push_back(found->second);
    }
    plan.push_back(std::move(planned));
  }
  if (has_circle(plan)) return fail(Code::internal, "steps wait for one another in a circle");
  return plan;
}

Decision decide(const std::vector<PlannedStep>& steps, bool cancel_requested, Timestamp now) {
  Decision decision;
  bool running = false;
  bool failed = false;
  bool all_done = true;
  for (const auto& step : steps) {
    running = running || step.status == RunState::running;
    failed = failed || step.status == RunState::failed;
    all_done = all_done && step.status == RunState::succeeded;
  }
  const bool stopping = failed || cancel_requested;
  for (std::size_t i = 0; i < steps.size() && !stopping; ++i) {
    const auto& step = steps[i];
    if (step.status != RunState::pending) continue;
    const bool free = std::all_of(step.after.begin(), step.after.end(), [&](std::size_t before) {
      return steps[before].status == RunState::succeeded;
    });
    if (!free) continue;
    if (!step.retry_at || *step.retry_at <= now) {
      decision.begin.push_back(i);
    } else {
      decision.wake = decision.wake ? std::min(*decision.wake, *step.retry_at) : *step.retry_at;
    }
  }
  if (running || !decision.begin.empty()) return decision;
  if (all_done) {
    decision.end = RunState::succeeded;
  } else if (failed) {
    decision.end = RunState::failed;
  } else if (cancel_requested) {
    decision.end = RunState::cancelled;
  }
  return decision;
}

Verdict judge(const RetryPolicy& policy, int attempt, const Result<void>& outcome, Timestamp now,
              double jitter) {
  if (outcome) return {RunState::succeeded, {}};
  const Error& error = outcome.error();
  if (!is_worth_another_try(error.code)) return {RunState::failed, {}};
  const bool throttled = error.code == Code::resource_exhausted && error.retry_after;
  if (attempt >= (throttled ? policy.throttled_attempts : policy.attempts)) {
    return {RunState::failed, {}};
  }
  if (!error.retry_after) return {RunState::pending, now + backoff(policy, attempt, jitter)};
  if (*error.retry_after > policy.longest_retry_after) return {RunState::failed, {}};
  // Never before the time that was asked for; a little after it, so that not all come back at once.
  const milliseconds spread(
      static_cast<std::int64_t>(static_cast<double>(policy.first_delay.count()) * 0.5 * jitter));
  return {RunState::pending, now + *error.retry_after + spread};
}

}  // namespace ferry::control
