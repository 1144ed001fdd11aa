// SPDX-License-Identifier: Apache-2.0
// Resource Manager's budgets as its headers show them: token buckets per principal, and one fifteen
// times as large for the whole subscription. Shown always, enforced only on demand.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "net/http.hpp"

namespace drydock::arm {

class RateLimits {
 public:
  explicit RateLimits(const ferry::Clock& clock) : clock_(clock) {}

  struct Remaining {
    std::string_view kind;  // "reads", "writes" or "deletes"
    std::int64_t principal = 0;
    std::int64_t subscription = 0;
    bool exhausted = false;
  };
  // Takes one token for the request.
  Remaining take(const std::string& principal, std::string_view method);

 private:
  struct Bucket {
    double tokens = 0;
    ferry::Timestamp filled;
  };
  std::int64_t take_from(std::optional<Bucket>& bucket, double size, double per_second);

  const ferry::Clock& clock_;
  std::map<std::string, std::array<std::optional<Bucket>, 3>> principals_;
  std::array<std::optional<Bucket>, 3> subscription_;
};

}  // namespace drydock::arm
