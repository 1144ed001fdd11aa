// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// A browser's session goes with the API token that it was begun with.
inline constexpr std::string_view k0004Sessions = R"sql(
CREATE TABLE sessions(
  hash TEXT PRIMARY KEY, token TEXT NOT NULL REFERENCES api_tokens(hash) ON DELETE CASCADE,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_by_expiry ON sessions(expires_at);
CREATE INDEX sessions_by_token ON sessions(token);
)sql";

}  // namespace ferry::store
