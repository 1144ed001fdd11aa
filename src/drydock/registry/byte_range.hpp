// SPDX-License-Identifier: Apache-2.0
// Range requests for one range (RFC 9110 s.14).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace drydock::registry {

struct ByteRange {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
};

enum class RangeKind { whole, partial, unsatisfiable };
struct RangeResult {
  RangeKind kind = RangeKind::whole;
  ByteRange range;
};

// "bytes=a-b", "bytes=a-" or "bytes=-n". Other forms, several ranges among them, are ignored as the
// RFC allows: the whole is sent.
RangeResult parse_byte_range(std::string_view header, std::uint64_t size);

// "a-b" of an upload's Content-Range, both ends included.
std::optional<ByteRange> parse_upload_range(std::string_view header);

}  // namespace drydock::registry
