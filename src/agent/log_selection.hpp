// SPDX-License-Identifier: Apache-2.0
// What a GetModuleLogs call asks for, and which lines answer it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace ferry::agent {

// A reply longer than this is refused, not cut: the caller must narrow the question.
inline constexpr std::size_t kLogReplyLimit = 127'000;

struct LogItem {
  std::string id;  // a regular expression over whole module names
  std::optional<int> tail;
  std::optional<std::int64_t> since;  // Unix seconds
  std::optional<std::int64_t> until;
  std::optional<int> log_level;      // lines look like "<6> 2026-11-22 10:00:00.000 +00:00 text"
  std::optional<std::string> regex;  // over lines
};

// Items may be one object instead of an array. Only encoding "none" and content type "text" or
// "json".
struct LogQuestion {
  std::vector<LogItem> items;
  bool json = false;
};
Result<LogQuestion> parse_log_question(const json::value& payload, Timestamp now);

// "10m", "1h 30m", "2 days", RFC 3339 or Unix seconds.
Result<std::int64_t> parse_moment(std::string_view text, Timestamp now);

// `names` that match the whole of `id`; an error when `id` is no regular expression.
Result<std::vector<std::string>> select_modules(std::string_view id,
                                                const std::vector<std::string>& names);
// The lines that pass level and regex, in order, each with its line feed.
Result<std::string> filter_lines(const LogItem& item, std::string_view text);

}  // namespace ferry::agent
