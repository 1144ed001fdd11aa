// SPDX-License-Identifier: Apache-2.0
// Live deployments, and all their revisions also after they have gone.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

class Deployments {
 public:
  explicit Deployments(sqlite::Database& database) : database_(database) {}
  // Inserts, or replaces the content under the new revision, and records the revision. Call inside
  // a transaction.
  Result<void> put(const fleet::WorkspaceId& workspace, const fleet::Deployment& deployment,
                   Timestamp now);
  Result<void> remove(const fleet::DeploymentId& id);
  // By name, else by id.
  Result<std::optional<fleet::Deployment>> find_named(const fleet::WorkspaceId& workspace,
                                                      const std::string& name) const;
  Result<std::vector<fleet::Deployment>> list(const fleet::WorkspaceId& workspace) const;
  // Those that name one of these groups as a target, and those with a selector, which may match
  // any. Costs what it finds, not what the workspace holds.
  Result<std::vector<fleet::Deployment>> targeting(const fleet::WorkspaceId& workspace,
                                                   const std::set<std::string>& groups) const;
  // Every revision that a deployment of this name ever had, newest first; also of deployments that
  // have gone. `created_at` is the revision's.
  Result<std::vector<fleet::Deployment>> revisions(const fleet::WorkspaceId& workspace,
                                                   const std::string& name) const;

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
