// SPDX-License-Identifier: Apache-2.0
// Storage's Shared Key authorization (x-ms-version 2015-02-21 and later).
#pragma once

#include <string>

#include "azure/pipeline.hpp"
#include "base/secret.hpp"

namespace ferry::azure {

struct StorageKey {
  std::string account;
  Secret key;  // base64
};

// Twelve header lines, then the canonicalized headers, then the canonicalized resource. The body's
// length stands in for Content-Length. `call.url` must be absolute.
Result<std::string> string_to_sign(const net::HttpCall& call, std::string_view account);

// Sets x-ms-date and Authorization on each attempt.
Authorize authorize_with_shared_key(StorageKey key, const Clock& clock);

}  // namespace ferry::azure
