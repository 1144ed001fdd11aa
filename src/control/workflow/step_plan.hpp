// SPDX-License-Identifier: Apache-2.0
// The rules of the workflow engine, without I/O, clock or chance: which steps may begin, what an
// attempt's outcome means, when an operation is over. The engine (workflow.hpp) records and does
// what they say.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "fleet/types.hpp"

namespace ferry::control {

// How often and when a step that failed is tried again. Only Code::unavailable, deadline_exceeded
// and resource_exhausted may pass by themselves; everything else fails at once.
struct RetryPolicy {
  int attempts = 4;                              // in all
  std::chrono::milliseconds first_delay{1'000};  // doubles, with jitter of +-25 %
  std::chrono::milliseconds longest_delay{60'000};
  // Being told to wait (429, Retry-After) is no failure of the step: it has a budget of its own.
  int throttled_attempts = 20;
  std::chrono::milliseconds longest_retry_after{900'000};  // a longer one ends the step
};

struct PlannedStep {
  fleet::RunState status = fleet::RunState::pending;
  std::vector<std::size_t> after;     // positions of the steps that must have succeeded before
  std::optional<Timestamp> retry_at;  // not before
};

struct NamedStep {
  std::string name;
  std::vector<std::string> after;
};
// Positions for names. Code::internal when a name is there twice, is not known, or when steps wait
// for one another in a circle.
Result<std::vector<PlannedStep>> plan_steps(const std::vector<NamedStep>& steps);

struct Decision {
  std::vector<std::size_t> begin;      // may begin now
  std::optional<Timestamp> wake;       // when to look again if nothing ends before
  std::optional<fleet::RunState> end;  // the operation is over: succeeded, failed or cancelled
};
// Nothing new begins once a step has failed or cancellation was asked for; what runs is waited for.
Decision decide(const std::vector<PlannedStep>& steps, bool cancel_requested, Timestamp now);

struct Verdict {
  fleet::RunState status;             // succeeded, failed; pending: to be tried again
  std::optional<Timestamp> retry_at;  // with pending
};
// Of the attempt with number `attempt` (the first is 1); `jitter` is in [0, 1).
Verdict judge(const RetryPolicy& policy, int attempt, const Result<void>& outcome, Timestamp now,
              double jitter);

bool is_worth_another_try(Code code);

}  // namespace ferry::control
