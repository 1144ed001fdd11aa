// SPDX-License-Identifier: Apache-2.0
// Workspaces and their cloud resources.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

class Workspaces {
 public:
  explicit Workspaces(sqlite::Database& database) : database_(database) {}
  // Code::conflict when the name is taken.
  Result<void> insert(const fleet::Workspace& workspace);
  // State, options, names, hubs and endpoints; the rest never changes.
  Result<void> update(const fleet::Workspace& workspace);
  Result<void> remove(const fleet::WorkspaceId& id);
  Result<std::optional<fleet::Workspace>> find(const fleet::WorkspaceId& id) const;
  // By name, else by id.
  Result<std::optional<fleet::Workspace>> find_named(const fleet::OrganizationId& organization,
                                                     const std::string& name) const;
  Result<std::vector<fleet::Workspace>> list(const fleet::OrganizationId& organization) const;

 private:
  sqlite::Database& database_;
};

class Resources {
 public:
  explicit Resources(sqlite::Database& database) : database_(database) {}
  // In the order in which they are made.
  Result<void> insert(const fleet::Resource& resource, int position);
  Result<void> set_state(const fleet::WorkspaceId& workspace, const std::string& key,
                         fleet::ResourceState state);
  Result<void> rename(const fleet::WorkspaceId& workspace, const std::string& key,
                      const std::string& name, const std::string& azure_id);
  // What is only known once it has been looked at.
  Result<void> describe(const fleet::WorkspaceId& workspace, const std::string& key,
                        fleet::ResourceOrigin origin, const std::string& region,
                        const std::string& sku);
  Result<void> set_endpoints(const fleet::WorkspaceId& workspace, const std::string& key,
                             const std::vector<std::string>& endpoints);
  // `drift`: a JSON array of fleet::Drift.
  Result<void> set_verified(const fleet::WorkspaceId& workspace, const std::string& key,
                            const std::string& drift, Timestamp now);
  Result<void> remove(const fleet::WorkspaceId& workspace, const std::string& key);
  Result<std::optional<fleet::Resource>> find(const fleet::WorkspaceId& workspace,
                                              const std::string& key) const;
  Result<std::vector<fleet::Resource>> list(const fleet::WorkspaceId& workspace) const;

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
