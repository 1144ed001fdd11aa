// SPDX-License-Identifier: Apache-2.0
// How devices may register and come back, where a workspace or group says so.
#pragma once

#include <optional>
#include <string>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

// Absent members are as the level above has them.
struct RegistrationPolicyRecord {
  std::string owner;  // id of the workspace or group
  fleet::WorkspaceId workspace;
  std::optional<bool> server_keys;
  std::optional<std::int64_t> grace_days;
  std::optional<std::string> late;  // "approve" or "refuse"
  std::optional<std::int64_t> token_hours;
  std::optional<bool> edge_authorities;
};

class RegistrationPolicies {
 public:
  explicit RegistrationPolicies(sqlite::Database& database) : database_(database) {}
  Result<void> put(const RegistrationPolicyRecord& policy);
  Result<std::optional<RegistrationPolicyRecord>> find(const std::string& owner) const;
  Result<void> remove(const std::string& owner);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
