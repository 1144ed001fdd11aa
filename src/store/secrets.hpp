// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "base/sqlite.hpp"

namespace ferry::store {

// Reads the 32-byte key that seals all secrets, or makes it (mode 0600) when the file is absent.
// Code::permission_denied when others may read the file; Code::internal when it is damaged.
Result<Secret> load_or_create_master_key(const std::filesystem::path& path);

// Secrets at rest: sealed with the master key, bound to owner and name so that a sealed value
// cannot be moved to another row.
class Secrets {
 public:
  Secrets(sqlite::Database& database, Secret master_key)
      : database_(database), master_key_(std::move(master_key)) {}
  Result<void> put(const std::string& owner, const std::string& name, const Secret& value);
  Result<std::optional<Secret>> get(const std::string& owner, const std::string& name) const;
  Result<void> remove_all(const std::string& owner);

 private:
  sqlite::Database& database_;
  Secret master_key_;
};

}  // namespace ferry::store
