// SPDX-License-Identifier: Apache-2.0
// The trail of what happened to nodes and to what they register by: who did it, and when.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct NodeEvent {
  std::int64_t number = 0;  // counts up; given on insertion
  fleet::WorkspaceId workspace;
  std::string subject;  // id of a node, group, workspace or enrollment
  std::string name;     // its name then
  std::string action;   // "node.registered", "node.renewed", "group.revoked", ...
  std::string actor;    // a user's name, or "device" with its address
  std::string detail;
  Timestamp at;
};

class NodeEvents {
 public:
  explicit NodeEvents(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const NodeEvent& event);
  // Newest first. `subject` nullopt: of the whole workspace. `before`: the number that the last
  // page ended with; 0 begins.
  Result<std::vector<NodeEvent>> list(const fleet::WorkspaceId& workspace,
                                      const std::optional<std::string>& subject,
                                      std::int64_t before, int limit) const;

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
