// SPDX-License-Identifier: Apache-2.0
// What is shut out: nodes, groups and whole workspaces. A row is the truth; what Azure says
// follows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct Revocation {
  std::string subject;  // id of a node, group or workspace
  fleet::WorkspaceId workspace;
  std::string reason;
  std::string revoked_by;
  Timestamp revoked_at;
};

// A disabled enrollment that keeps a registration id out until its certificates have ended.
struct ShutOut {
  std::string registration_id;
  fleet::WorkspaceId workspace;
  Timestamp until;
};

class Revocations {
 public:
  explicit Revocations(sqlite::Database& database) : database_(database) {}
  Result<void> put(const Revocation& revocation);
  Result<void> remove(const std::string& subject);
  Result<std::optional<Revocation>> find(const std::string& subject) const;
  // The widest one that shuts the node out: its workspace's, its group's or its own.
  Result<std::optional<Revocation>> covering(const fleet::Node& node) const;
  // Oldest first, from the one that comes after (`at`, `subject`), whether that is still there or
  // not.
  Result<std::vector<Revocation>> list(const fleet::WorkspaceId& workspace, Timestamp at,
                                       const std::string& subject, int limit) const;

  Result<void> put_shut_out(const ShutOut& shut_out);
  Result<void> remove_shut_out(const std::string& registration_id);
  Result<std::vector<ShutOut>> shut_outs(const fleet::WorkspaceId& workspace) const;
  Result<std::vector<ShutOut>> ended_shut_outs(Timestamp now, int limit) const;

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
