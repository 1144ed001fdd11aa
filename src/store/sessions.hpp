// SPDX-License-Identifier: Apache-2.0
// Browser sessions, by the hash of the secret in their cookie.
#pragma once

#include <optional>
#include <string>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct Session {
  std::string hash;   // hex SHA-256 of the cookie's secret
  std::string token;  // hash of the API token that it stands on
  Timestamp created_at;
  Timestamp expires_at;
};

class Sessions {
 public:
  explicit Sessions(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const Session& session);
  Result<std::optional<Session>> find(const std::string& hash) const;  // also an expired one
  Result<void> remove(const std::string& hash);
  Result<void> remove_expired(Timestamp now);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
