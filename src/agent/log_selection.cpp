// SPDX-License-Identifier: Apache-2.0
#include "agent/log_selection.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

// Boost's engine keeps its state on the heap: libstdc++'s recurses once per character and would
// overflow the stack on long lines.
#include <boost/regex.hpp>

#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

constexpr std::size_t kLongestPattern = 1000;

Result<boost::regex> compile(std::string_view pattern) {
  if (pattern.size() > kLongestPattern) {
    return fail(Code::invalid_argument, "a regular expression of {} characters", pattern.size());
  }
  boost::regex compiled;
  compiled.assign(pattern.begin(), pattern.end(), boost::regex::perl | boost::regex::no_except);
  if (compiled.status() != 0) {
    return fail(Code::invalid_argument, "'{}' is not a regular expression", pattern);
  }
  return compiled;
}

// Matching throws when a pattern explodes (nested repetition).
Result<bool> found_in(const boost::regex& regex, std::string_view text, bool whole) {
  try {
    if (whole) return boost::regex_match(text.begin(), text.end(), regex);
    return boost::regex_search(text.begin(), text.end(), regex);
  } catch (const std::exception&) {
    return fail(Code::invalid_argument, "the regular expression takes too long");
  }
}

std::optional<std::int64_t> unit_seconds(std::string_view unit) {
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"s", 1},          {"sec", 1},        {"second", 1},   {"seconds", 1},   {"m", 60},
      {"min", 60},       {"minute", 60},    {"minutes", 60}, {"h", 3600},      {"hour", 3600},
      {"hours", 3600},   {"d", 86'400},     {"day", 86'400}, {"days", 86'400}, {"w", 604'800},
      {"week", 604'800}, {"weeks", 604'800}};
  for (const auto& [name, seconds] : kUnits) {
    if (name == unit) return seconds;
  }
  return std::nullopt;
}

// "1h 30m" -> 5400
std::optional<std::int64_t> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  bool any = false;
  while (!(text = trim(text)).empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > 1'000'000'000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    text = trim(text);
    const auto length = static_cast<std::size_t>(
        std::find_if(text.begin(), text.end(), [](char c) { return c < 'a' || c > 'z'; }) -
        text.begin());
    const auto seconds = unit_seconds(text.substr(0, length));
    if (!seconds) return std::nullopt;
    total += number * *seconds;
    text.remove_prefix(length);
    any = true;
  }
  if (!any) return std::nullopt;
  return total;
}

Result<std::optional<std::int64_t>> moment_member(const json::object& filter, std::string_view name,
                                                  Timestamp now) {
  const json::value* value = filter.if_contains({name.data(), name.size()});
  if (!value || value->is_null()) return std::nullopt;
  if (const auto number = optional_int(filter, name)) return *number;
  if (!value->is_string()) return fail(Code::invalid_argument, "filter.{} is not a text", name);
  auto moment = parse_moment(value->as_string(), now);
  if (!moment) return fail(std::move(moment).error().with("read filter.{}", name));
  return *moment;
}

Result<LogItem> parse_item(const json::value& value, Timestamp now) {
  if (!value.is_object()) return fail(Code::invalid_argument, "an item is not an object");
  auto id = require_string(value.as_object(), "id");
  if (!id) return fail(std::move(id).error());
  LogItem item;
  item.id = *std::move(id);
  const json::object* filter = find_object(value.as_object(), "filter");
  if (!filter) return item;
  const auto tail = optional_int(*filter, "tail");
  if (tail && (*tail < 0 || *tail > std::numeric_limits<int>::max())) {
    return fail(Code::invalid_argument, "filter.tail is {}", *tail);
  }
  if (tail) item.tail = static_cast<int>(*tail);
  auto since = moment_member(*filter, "since", now);
  if (!since) return fail(std::move(since).error());
  auto until = moment_member(*filter, "until", now);
  if (!until) return fail(std::move(until).error());
  item.since = *since;
  item.until = *until;
  if (const auto level = optional_int(*filter, "loglevel")) {
    item.log_level = static_cast<int>(std::clamp<std::int64_t>(*level, 0, 7));
  }
  item.regex = optional_string(*filter, "regex");
  return item;
}

}  // namespace

Result<std::int64_t> parse_moment(std::string_view text, Timestamp now) {
  text = trim(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return number;
  if (const auto duration = parse_duration(text)) return unix_seconds(now) - *duration;
  if (const auto time = parse_rfc3339(text)) return unix_seconds(*time);
  return fail(Code::invalid_argument, "'{}' is no duration, RFC 3339 time or Unix time", text);
}

Result<LogQuestion> parse_log_question(const json::value& payload, Timestamp now) {
  if (!payload.is_object()) return fail(Code::invalid_argument, "the payload is not an object");
  const json::object& object = payload.as_object();
  LogQuestion question;
  const std::string schema = string_or(object, "schemaVersion", "1.0");
  if (!schema.starts_with("1.")) {
    return fail(Code::invalid_argument, "schemaVersion {} is not 1.x", schema);
  }
  const std::string encoding = string_or(object, "encoding", "none");
  if (!equals_ignore_case(encoding, "none")) {
    return fail(Code::invalid_argument, "encoding '{}' is not supported, only 'none'", encoding);
  }
  const std::string type = string_or(object, "contentType", "text");
  question.json = equals_ignore_case(type, "json");
  if (!question.json && !equals_ignore_case(type, "text")) {
    return fail(Code::invalid_argument, "contentType '{}' is neither 'text' nor 'json'", type);
  }
  const json::value* items = object.if_contains("items");
  if (!items) return fail(Code::invalid_argument, "items is missing");
  json::array list;
  if (items->is_array()) {
    list = items->as_array();
  } else {
    list.push_back(*items);
  }
  for (const auto& entry : list) {
    auto item = parse_item(entry, now);
    if (!item) return fail(std::move(item).error());
    question.items.push_back(*std::move(item));
  }
  return question;
}

Result<std::vector<std::string>> select_modules(std::string_view id,
                                                const std::vector<std::string>& names) {
  auto regex = compile(id);
  if (!regex) return fail(std::move(regex).error());
  std::vector<std::string> selected;
  for (const auto& name : names) {
    const auto matches = found_in(*regex, name, true);
    if (!matches) return fail(Error(matches.error()));
    if (*matches) selected.push_back(name);
  }
  return selected;
}

Result<std::string> filter_lines(const LogItem& item, std::string_view text) {
  if (!item.regex && !item.log_level) return std::string(text);
  boost::regex regex;
  if (item.regex) {
    auto compiled = compile(*item.regex);
    if (!compiled) return fail(std::move(compiled).error());
    regex = *std::move(compiled);
  }
  std::string kept;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (item.log_level) {
      const bool levelled = line.size() > 2 && line[0] == '<' && line[2] == '>';
      if (!levelled || line[1] - '0' != *item.log_level) continue;
    }
    if (item.regex) {
      const auto found = found_in(regex, line, false);
      if (!found) return fail(Error(found.error()));
      if (!*found) continue;
    }
    kept += line;
  }
  return kept;
}

}  // namespace ferry::agent
