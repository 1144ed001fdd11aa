// SPDX-License-Identifier: Apache-2.0
// Injectable time, and the text forms of time that the wire formats use.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry {

using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;  // UTC

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
};

// Stands still until told otherwise; for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_(start) {}
  Timestamp now() const override { return now_; }
  void advance(std::chrono::milliseconds by) { now_ += by; }

 private:
  Timestamp now_;
};

std::string format_rfc3339(Timestamp time);  // 2026-11-22T10:00:00.120Z
Result<Timestamp> parse_rfc3339(std::string_view text);
std::string format_rfc1123(Timestamp time);  // Sun, 22 Nov 2026 10:00:00 GMT (HTTP-date)
Result<Timestamp> parse_rfc1123(std::string_view text);
std::int64_t unix_seconds(Timestamp time);
Timestamp from_unix_seconds(std::int64_t seconds);

}  // namespace ferry
