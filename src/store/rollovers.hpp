// SPDX-License-Identifier: Apache-2.0
// One authority following another.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

// preparing: the new authority is being made known; following: it issues, and what the old one
// issued is being replaced; leaving: nothing needs the old one, it is being taken out.
enum class RolloverState { preparing, following, leaving, finished };
std::string_view to_string(RolloverState state);

struct RolloverRecord {
  std::string id;
  fleet::OrganizationId organization;
  std::optional<std::string> workspace;  // id
  std::string owner;                     // whose authority it is
  std::string use;                       // "organization-root", "workspace-ca", "group-ca"
  std::string leaving;                   // certificate id
  std::string arriving;                  // certificate id; empty before it is made
  RolloverState state = RolloverState::preparing;
  bool forced = false;     // waits for nobody
  bool cancelled = false;  // the one that arrives is the one that was there before
  std::int64_t nodes_per_minute = 0;
  std::int64_t nodes = 0;  // that were under the leaving one when the arriving one began to issue
  std::optional<Timestamp> switched_at;
  fleet::OperationId operation;
  Timestamp started_at;
  std::optional<Timestamp> finished_at;
};

class Rollovers {
 public:
  explicit Rollovers(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const RolloverRecord& rollover);
  // Everything that changes: both authorities, state, flags, counts, times.
  Result<void> update(const RolloverRecord& rollover);
  Result<std::optional<RolloverRecord>> find(const std::string& id) const;
  // The unfinished one of that owner.
  Result<std::optional<RolloverRecord>> find_running(const std::string& owner) const;
  // The unfinished one in which that authority goes.
  Result<std::optional<RolloverRecord>> find_leaving(const std::string& certificate) const;
  // Unfinished ones first, then the newest. `workspace` nullopt: of the whole organization.
  Result<std::vector<RolloverRecord>> list(const fleet::OrganizationId& organization,
                                           const std::optional<std::string>& workspace,
                                           int limit) const;
  Result<void> remove(const std::string& owner);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
