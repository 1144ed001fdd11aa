// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include "base/encoding.hpp"

namespace ferry {
namespace {

constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array kWeekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
  unsigned weekday;
};

Civil civil_of(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss(time - day),
          std::chrono::weekday(day).c_encoding()};
}

Result<Timestamp> timestamp_of(int year, int month, int day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60) {
    return fail(Code::invalid_argument, "no such date or time of day");
  }
  return Timestamp(std::chrono::sys_days(date) + std::chrono::hours(hour) +
                   std::chrono::minutes(minute) + std::chrono::seconds(second));
}

}  // namespace

Timestamp SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string format_rfc3339(Timestamp time) {
  const Civil civil = civil_of(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(civil.date.year()),
                     unsigned(civil.date.month()), unsigned(civil.date.day()),
                     civil.time.hours().count(), civil.time.minutes().count(),
                     civil.time.seconds().count(), civil.time.subseconds().count());
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                  &second, &used) != 6) {
    return fail(Code::invalid_argument, "'{}' is not an RFC 3339 time", text);
  }
  auto time = timestamp_of(year, month, day, hour, minute, second);
  if (!time) return time;
  std::string_view rest = text.substr(static_cast<std::size_t>(used));
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    int scale = 100;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      *time += std::chrono::milliseconds((rest.front() - '0') * scale);
      scale /= 10;
      rest.remove_prefix(1);
    }
  }
  if (rest == "Z" || rest == "z") return time;
  int hours = 0, minutes = 0;
  const std::string offset(rest);
  if (offset.size() != 6 || std::sscanf(offset.c_str() + 1, "%2d:%2d", &hours, &minutes) != 2 ||
      (offset[0] != '+' && offset[0] != '-')) {
    return fail(Code::invalid_argument, "'{}' has no usable time zone", text);
  }
  const auto shift = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return offset[0] == '+' ? *time - shift : *time + shift;
}

std::string format_rfc1123(Timestamp time) {
  const Civil civil = civil_of(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kWeekdays[civil.weekday],
                     unsigned(civil.date.day()), kMonths[unsigned(civil.date.month()) - 1],
                     int(civil.date.year()), civil.time.hours().count(),
                     civil.time.minutes().count(), civil.time.seconds().count());
}

Result<Timestamp> parse_rfc1123(std::string_view text) {
  char month_name[4] = {};
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, month_name, &year, &hour,
                  &minute, &second) == 6) {
    for (int month = 0; month < 12; ++month) {
      if (equals_ignore_case(month_name, kMonths[static_cast<std::size_t>(month)])) {
        return timestamp_of(year, month + 1, day, hour, minute, second);
      }
    }
  }
  return fail(Code::invalid_argument, "'{}' is not an HTTP date", text);
}

std::int64_t unix_seconds(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

Timestamp from_unix_seconds(std::int64_t seconds) {
  return Timestamp(std::chrono::seconds(seconds));
}

}  // namespace ferry
