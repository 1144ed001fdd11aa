// SPDX-License-Identifier: Apache-2.0
#include "fleet/name_pattern.hpp"

#include "base/encoding.hpp"
#include "fleet/names.hpp"

namespace ferry::fleet {
namespace {

constexpr std::string_view kHardware = "{hardware}";
constexpr std::string_view kNumber = "{number}";
constexpr std::size_t kLongestFilled = 63;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string replaced(std::string text, std::string_view part, std::string_view by) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size())) {
    text.replace(at, part.size(), by);
  }
  return text;
}

std::string as_name(std::string_view hardware_id) {
  std::string name;
  for (char c : to_lower(hardware_id)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name;
}

}  // namespace

Result<void> check_name_pattern(std::string_view pattern) {
  const bool star = has(pattern, "*");
  if (star && names_by_itself(pattern)) {
    return fail(Code::invalid_argument,
                "the pattern '{}' has both a star and {{hardware}} or {{number}}", pattern);
  }
  if (!star && !names_by_itself(pattern)) {
    return fail(Error{Code::invalid_argument,
                      fmt::format("the pattern '{}' would give all nodes one name", pattern),
                      "put a * where devices choose, or {number} or {hardware}"});
  }
  std::string sample = fill_pattern(replaced(std::string(pattern), "*", "a"), "a1", 1);
  auto good = check_node_name(sample);
  if (!good) return fail(std::move(good).error().with("read the name pattern '{}'", pattern));
  return {};
}

bool names_by_itself(std::string_view pattern) {
  return needs_hardware_id(pattern) || counts(pattern);
}
bool needs_hardware_id(std::string_view pattern) {
  return has(pattern, kHardware);
}
bool counts(std::string_view pattern) {
  return has(pattern, kNumber);
}

bool matches_pattern(std::string_view pattern, std::string_view name) {
  // Greedy with one point to return to: linear in practice, never exponential.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string fill_pattern(std::string_view pattern, std::string_view hardware_id,
                         std::int64_t number) {
  std::string name = replaced(std::string(pattern), kNumber, std::to_string(number));
  std::string hardware = as_name(hardware_id);
  const std::size_t fixed = replaced(name, kHardware, "").size();
  // The end of a serial number tells devices apart better than its beginning.
  const std::size_t room = fixed < kLongestFilled ? kLongestFilled - fixed : 0;
  if (hardware.size() > room) hardware = hardware.substr(hardware.size() - room);
  while (hardware.starts_with('-')) hardware.erase(0, 1);
  return replaced(name, kHardware, hardware);
}

}  // namespace ferry::fleet
