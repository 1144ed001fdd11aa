// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "drydock/blob/store.hpp"

namespace drydock::blob {

struct ByteRange {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
};

// x-ms-range, else Range: "bytes=a-b" or "bytes=a-", cut at the blob's end. Nothing when the
// request names none; 416 InvalidRange when it starts behind the end; 400 for any other form.
Outcome<std::optional<ByteRange>> parse_range(const net::Headers& headers, std::uint64_t size);

// Where the bytes of `range` lie.
std::vector<Extent> extents_of(const std::vector<Piece>& pieces, ByteRange range);

}  // namespace drydock::blob
