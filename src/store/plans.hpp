// SPDX-License-Identifier: Apache-2.0
// Plans that were shown to somebody and may still be applied.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct PlanRecord {
  std::string id;
  fleet::WorkspaceId workspace;
  std::string change;   // JSON, as fleet::to_json(Change)
  std::string promise;  // JSON, as fleet::promise_of
  std::string shown;    // JSON, as fleet::to_json(Plan)
  Timestamp created_at;
  Timestamp expires_at;
  std::optional<std::string> operation;  // that applies it; at most one ever does
};

class Plans {
 public:
  explicit Plans(sqlite::Database& database) : database_(database) {}
  // Makes room first: of one workspace the newest `keep` plans stay.
  Result<void> insert(const PlanRecord& plan, std::int64_t keep);
  Result<std::optional<PlanRecord>> find(const fleet::WorkspaceId& workspace,
                                         const std::string& id) const;
  // Newest first.
  Result<std::vector<PlanRecord>> list(const fleet::WorkspaceId& workspace) const;
  // True for exactly one caller.
  Result<bool> mark_applied(const std::string& id, const std::string& operation);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
