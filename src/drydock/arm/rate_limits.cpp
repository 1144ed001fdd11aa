// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/rate_limits.hpp"

#include <algorithm>

namespace drydock::arm {

namespace {

struct Budget {
  std::string_view kind;
  double size;
  double per_second;
};
constexpr std::array<Budget, 3> kBudgets = {
    {{"reads", 250, 25}, {"writes", 200, 10}, {"deletes", 200, 10}}};
constexpr double kWholeSubscription = 15;

std::size_t budget_of(std::string_view method) {
  if (method == "GET" || method == "HEAD") return 0;
  return method == "DELETE" ? 2 : 1;
}

}  // namespace

std::int64_t RateLimits::take_from(std::optional<Bucket>& bucket, double size, double per_second) {
  const ferry::Timestamp now = clock_.now();
  if (!bucket) bucket = Bucket{size, now};
  const double seconds = std::chrono::duration<double>(now - bucket->filled).count();
  bucket->tokens = std::clamp(bucket->tokens + seconds * per_second, 0.0, size);
  bucket->filled = now;
  if (bucket->tokens < 1) return -1;
  bucket->tokens -= 1;
  return static_cast<std::int64_t>(bucket->tokens);
}

RateLimits::Remaining RateLimits::take(const std::string& principal, std::string_view method) {
  const std::size_t which = budget_of(method);
  const Budget& budget = kBudgets[which];
  const std::int64_t own = take_from(principals_[principal][which], budget.size, budget.per_second);
  const std::int64_t all = take_from(subscription_[which], budget.size * kWholeSubscription,
                                     budget.per_second * kWholeSubscription);
  return {budget.kind, std::max<std::int64_t>(own, 0), std::max<std::int64_t>(all, 0),
          own < 0 || all < 0};
}

}  // namespace drydock::arm
