// SPDX-License-Identifier: Apache-2.0
// Node groups and every composition that they ever had.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct CompositionModule {
  std::string name;
  std::string version;
  std::string image;
  std::string settings = {};  // what they came to, as JSON; empty: none
  friend bool operator==(const CompositionModule&, const CompositionModule&) = default;
};

struct CompositionRecord {
  fleet::NodeGroupId group;
  std::int64_t version = 0;
  std::vector<CompositionModule> modules;  // by name
  std::string configuration;               // id in the IoT Hub
  bool stood = false;   // it has been the standing one; false while it is only being made
  bool in_hub = false;  // its configuration may be in the IoT Hub
  Timestamp created_at;
};

class Groups {
 public:
  explicit Groups(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const fleet::NodeGroup& group);
  // State, names in Azure and the standing composition; the rest never changes.
  Result<void> update(const fleet::NodeGroup& group);
  Result<void> remove(const fleet::NodeGroupId& id);
  Result<std::optional<fleet::NodeGroup>> find(const fleet::NodeGroupId& id) const;
  // By name, else by id.
  Result<std::optional<fleet::NodeGroup>> find_named(const fleet::WorkspaceId& workspace,
                                                     const std::string& name) const;
  Result<std::vector<fleet::NodeGroup>> list(const fleet::WorkspaceId& workspace) const;
  // Its nodes, by name: as little of each as planning needs.
  struct Member {
    std::string name;
    std::string registration_id;
    bool registered = false;
  };
  Result<std::vector<Member>> members(const fleet::NodeGroupId& group) const;
  // Group id to number of nodes; groups without nodes are absent.
  Result<std::map<std::string, std::int64_t>> node_counts(
      const fleet::WorkspaceId& workspace) const;

 private:
  sqlite::Database& database_;
};

class Compositions {
 public:
  explicit Compositions(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const CompositionRecord& composition);
  Result<void> update_flags(const CompositionRecord& composition);
  // Newest first.
  Result<std::vector<CompositionRecord>> list(const fleet::NodeGroupId& group) const;
  Result<std::optional<CompositionRecord>> find(const fleet::NodeGroupId& group,
                                                std::int64_t version) const;
  // Of one workspace.
  Result<std::int64_t> count_in_hub(const fleet::WorkspaceId& workspace) const;

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
