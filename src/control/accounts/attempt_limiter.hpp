// SPDX-License-Identifier: Apache-2.0
// Slows the guessing of secrets: who failed too often waits. Kept in memory; a restart forgets it.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>

#include "base/clock.hpp"

namespace ferry::control {

struct AttemptLimits {
  std::size_t failures = 10;  // within `window`, per origin
  std::chrono::seconds window{60};
  std::size_t origins = 10'000;  // remembered at once; the oldest is forgotten for a new one
};

class AttemptLimiter {
 public:
  explicit AttemptLimiter(const Clock& clock, AttemptLimits limits = {})
      : clock_(clock), limits_(limits) {}

  // Code::resource_exhausted when `origin` has failed too often; the hint says how long to wait.
  Result<void> admit(const std::string& origin);
  void failed(const std::string& origin);
  void succeeded(const std::string& origin) { failures_.erase(origin); }

 private:
  std::deque<Timestamp>* recent_failures(const std::string& origin);
  const Clock& clock_;
  AttemptLimits limits_;
  std::map<std::string, std::deque<Timestamp>> failures_;
};

}  // namespace ferry::control
