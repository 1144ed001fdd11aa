// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/attempt_limiter.hpp"

#include <algorithm>

namespace ferry::control {

std::deque<Timestamp>* AttemptLimiter::recent_failures(const std::string& origin) {
  const auto found = failures_.find(origin);
  if (found == failures_.end()) return nullptr;
  auto& times = found->second;
  while (!times.empty() && times.front() + limits_.window <= clock_.now()) times.pop_front();
  if (!times.empty()) return &times;
  failures_.erase(found);
  return nullptr;
}

Result<void> AttemptLimiter::admit(const std::string& origin) {
  const auto* times = recent_failures(origin);
  if (!times || times->size() < limits_.failures) return {};
  const auto wait =
      std::chrono::ceil<std::chrono::seconds>(times->front() + limits_.window - clock_.now());
  return fail(Error{Code::resource_exhausted, "too many failed attempts from this address",
                    fmt::format("try again in {} s", wait.count())});
}

void AttemptLimiter::failed(const std::string& origin) {
  if (auto* times = recent_failures(origin)) {
    if (times->size() < limits_.failures) times->push_back(clock_.now());
    return;
  }
  if (failures_.size() >= limits_.origins) {
    failures_.erase(std::min_element(
        failures_.begin(), failures_.end(),
        [](const auto& a, const auto& b) { return a.second.back() < b.second.back(); }));
  }
  failures_[origin].push_back(clock_.now());
}

}  // namespace ferry::control
