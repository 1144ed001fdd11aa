// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/range.hpp"

#include <algorithm>
#include <charconv>

namespace drydock::blob {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Outcome<std::optional<ByteRange>> parse_range(const net::Headers& headers, std::uint64_t size) {
  const std::string_view name = headers.contains("x-ms-range") ? "x-ms-range" : "Range";
  const auto value = headers.get(name);
  if (!value) return std::nullopt;
  std::string_view text = *value;
  const std::size_t dash = text.find('-');
  if (!text.starts_with("bytes=") || dash == std::string_view::npos) {
    return refuse_header(name, *value);
  }
  const auto start = parse_number(text.substr(6, dash - 6));
  const std::string_view end_text = text.substr(dash + 1);
  const auto end =
      end_text.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : parse_number(end_text);
  if (!start || !end || *end < *start) return refuse_header(name, *value);
  if (*start >= size) {
    Refusal refusal{416, "InvalidRange",
                    "The range specified is invalid for the current size of the resource."};
    refusal.headers.set("Content-Range", fmt::format("bytes */{}", size));
    return refuse(std::move(refusal));
  }
  return ByteRange{*start, std::min(*end, size - 1) - *start + 1};
}

std::vector<Extent> extents_of(const std::vector<Piece>& pieces, ByteRange range) {
  std::vector<Extent> extents;
  const std::uint64_t end = range.start + range.length;
  std::uint64_t position = 0;
  for (const Piece& piece : pieces) {
    const std::uint64_t from = std::max(position, range.start);
    const std::uint64_t to = std::min(position + piece.size, end);
    if (from < to) extents.push_back({piece.file, from - position, to - from});
    position += piece.size;
  }
  return extents;
}

}  // namespace drydock::blob
