// SPDX-License-Identifier: Apache-2.0
#include "fleet/version_range.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "fleet/names.hpp"

namespace ferry::fleet {
namespace {

using Core = std::array<std::uint64_t, 3>;

// "1.2.3" of "1.2.3-rc.1+5".
std::string_view core_text(std::string_view version) {
  return version.substr(0, version.find_first_of("-+"));
}

bool is_prerelease(std::string_view version) {
  return version.substr(0, version.find('+')).find('-') != std::string_view::npos;
}

Core core_of(std::string_view version) {
  Core core{};
  const std::string_view text = core_text(version);
  const char* at = text.data();
  const char* end = text.data() + text.size();
  for (auto& number : core) {
    at = std::from_chars(at, end, number).ptr;
    if (at != end) ++at;
  }
  return core;
}

std::string to_text(const Core& core) {
  return fmt::format("{}.{}.{}", core[0], core[1], core[2]);
}

// The first version that "^" does not take: the leftmost number that is not 0 may not change.
Core caret_end(Core core) {
  const std::size_t place = core[0] != 0 ? 0 : core[1] != 0 ? 1 : 2;
  ++core[place];
  for (std::size_t i = place + 1; i < core.size(); ++i) core[i] = 0;
  return core;
}

Core tilde_end(Core core) {
  ++core[1];
  core[2] = 0;
  return core;
}

}  // namespace

Result<std::vector<VersionRange::Comparator>> VersionRange::parse_word(std::string_view word) {
  struct Prefix {
    std::string_view text;
    Operator operation;
  };
  constexpr std::array kPrefixes{Prefix{">=", Operator::at_least}, Prefix{"<=", Operator::at_most},
                                 Prefix{">", Operator::above},     Prefix{"<", Operator::below},
                                 Prefix{"=", Operator::equal},     Prefix{"^", Operator::at_least},
                                 Prefix{"~", Operator::at_least}};
  Operator operation = Operator::equal;
  char shorthand = 0;
  for (const auto& prefix : kPrefixes) {
    if (!word.starts_with(prefix.text)) continue;
    operation = prefix.operation;
    if (word[0] == '^' || word[0] == '~') shorthand = word[0];
    word.remove_prefix(prefix.text.size());
    break;
  }
  auto valid = check_version(word);
  if (!valid) return fail(std::move(valid).error());
  std::vector<Comparator> comparators{{operation, std::string(word)}};
  if (shorthand != 0) {
    const Core core = core_of(word);
    const Core end = shorthand == '^' ? caret_end(core) : tilde_end(core);
    comparators.push_back({Operator::below, to_text(end), false});
  }
  return comparators;
}

Result<VersionRange> VersionRange::parse(std::string_view text) {
  VersionRange range;
  range.text_ = text;
  std::size_t words = 0;
  while (!text.empty()) {
    const auto blank = text.find(' ');
    const auto word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    if (word.empty()) continue;
    ++words;
    if (word == "*") continue;
    auto comparators = parse_word(word);
    if (!comparators) {
      return fail(Error{Code::invalid_argument,
                        fmt::format("'{}' is not a version range", range.text_),
                        R"(such as "*", "1.2.3", ">=1.2.0 <2.0.0", "^1.2.3" or "~1.2.3")"});
    }
    range.comparators_.insert(range.comparators_.end(), comparators->begin(), comparators->end());
  }
  if (words == 0) {
    return fail(Error{Code::invalid_argument, "a version range is empty", "\"*\" takes any"});
  }
  return range;
}

bool VersionRange::contains(std::string_view version) const {
  const auto holds = [&](const Comparator& comparator) {
    const int order = compare_versions(version, comparator.version);
    switch (comparator.operation) {
      case Operator::at_least:
        return order >= 0;
      case Operator::above:
        return order > 0;
      case Operator::at_most:
        return order <= 0;
      case Operator::below:
        return order < 0;
      case Operator::equal:
        return order == 0;
    }
    return false;
  };
  if (!std::all_of(comparators_.begin(), comparators_.end(), holds)) return false;
  if (!is_prerelease(version)) return true;
  return std::any_of(comparators_.begin(), comparators_.end(), [&](const Comparator& comparator) {
    return comparator.written && is_prerelease(comparator.version) &&
           core_text(comparator.version) == core_text(version);
  });
}

}  // namespace ferry::fleet
