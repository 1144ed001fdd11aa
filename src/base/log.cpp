// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <unistd.h>

#include <atomic>
#include <string>

#include "base/clock.hpp"

namespace ferry::log {
namespace {

std::atomic<Level> minimum_level = Level::info;

constexpr std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info ";
    case Level::warning:
      return "warn ";
    case Level::error:
      return "error";
  }
  return "";
}

}  // namespace

void set_minimum_level(Level level) {
  minimum_level = level;
}

void write(Level level, std::string_view component, std::string_view message) {
  if (level < minimum_level.load()) return;
  std::string line =
      fmt::format("{} {} {}: ", format_rfc3339(SystemClock().now()), name_of(level), component);
  // A line break in a message from outside must not forge a second log line.
  for (char c : message) line += (c == '\n' || c == '\r') ? ' ' : c;
  line += '\n';
  // One write, so that lines of several processes on one file do not mix.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace ferry::log
