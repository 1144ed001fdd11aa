// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/byte_range.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace drydock::registry {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

RangeResult parse_byte_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  const std::size_t dash = header.find('-');
  if (!header.starts_with(kUnit) || dash == std::string_view::npos) return {};
  const std::string_view first = header.substr(kUnit.size(), dash - kUnit.size());
  const std::string_view last = header.substr(dash + 1);
  if (first.empty()) {
    const auto count = parse_number(last);
    if (!count) return {};
    if (*count == 0 || size == 0) return {RangeKind::unsatisfiable, {}};
    const std::uint64_t length = std::min(*count, size);
    return {RangeKind::partial, {size - length, length}};
  }
  const auto start = parse_number(first);
  const auto end = last.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : parse_number(last);
  if (!start || !end || *end < *start) return {};
  if (*start >= size) return {RangeKind::unsatisfiable, {}};
  return {RangeKind::partial, {*start, std::min(*end, size - 1) - *start + 1}};
}

std::optional<ByteRange> parse_upload_range(std::string_view header) {
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto start = parse_number(header.substr(0, dash));
  const auto end = parse_number(header.substr(dash + 1));
  if (!start || !end || *end < *start) return std::nullopt;
  return ByteRange{*start, *end - *start + 1};
}

}  // namespace drydock::registry
