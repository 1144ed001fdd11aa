// SPDX-License-Identifier: Apache-2.0
// Conditional headers (Storage REST, "Specifying conditional headers"), which differ from RFC 9110
// in their answers.
#pragma once

#include <optional>

#include "drydock/blob/refusal.hpp"

namespace drydock::blob {

struct Version {
  std::string etag;  // with its quotes
  ferry::Timestamp modified;
};

// Reading: 304 when nothing is new, 412 when a precondition fails.
Outcome<void> check_read_conditions(const net::Headers& headers, const Version& current);
// Writing: 409 BlobAlreadyExists for "If-None-Match: *" on what exists, else 412. `current` is
// empty when the blob does not exist yet.
Outcome<void> check_write_conditions(const net::Headers& headers,
                                     const std::optional<Version>& current);

}  // namespace drydock::blob
