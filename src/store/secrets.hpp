// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/secret.hpp"
#include "base/sqlite.hpp"
#include "store/envelope.hpp"

namespace ferry::store {

// Secrets at rest: sealed with the data key, bound to owner and name so that a sealed value cannot
// be moved to another row.
class Secrets {
 public:
  Secrets(sqlite::Database& database, DataKey key) : database_(database), key_(std::move(key)) {}
  Result<void> put(const std::string& owner, const std::string& name, const Secret& value);
  Result<std::optional<Secret>> get(const std::string& owner, const std::string& name) const;
  Result<void> remove(const std::string& owner, const std::string& name);
  Result<void> remove_all(const std::string& owner);

 private:
  sqlite::Database& database_;
  DataKey key_;
};

}  // namespace ferry::store
