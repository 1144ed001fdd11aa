// SPDX-License-Identifier: Apache-2.0
// What workspaces, groups and nodes say beside deployments: settings of components, labels,
// capabilities.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/labels.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

// Whose settings: the workspace's, or one group's or node's in it.
struct SettingOwner {
  fleet::WorkspaceId workspace;
  std::optional<fleet::NodeGroupId> group;
  std::optional<fleet::NodeId> node;
};

class Layers {
 public:
  explicit Layers(sqlite::Database& database) : database_(database) {}

  // Without a value the owner says nothing of it any more.
  Result<void> put_setting(const SettingOwner& owner, const std::string& component,
                           const std::string& setting, const std::optional<json::value>& value);
  Result<fleet::Settings> settings(const SettingOwner& owner) const;
  // By node name, of a group's nodes that say something.
  Result<std::map<std::string, fleet::Settings>> node_settings(
      const fleet::NodeGroupId& group) const;

  // Without a value the group loses the label.
  Result<void> put_label(const fleet::NodeGroupId& group, const std::string& label,
                         const std::optional<std::string>& value);
  Result<fleet::Labels> labels(const fleet::NodeGroupId& group) const;
  // By group name, all groups of the workspace.
  Result<std::map<std::string, fleet::Labels>> labels(const fleet::WorkspaceId& workspace) const;

  Result<void> put_capability(const fleet::NodeGroupId& group, const std::string& capability,
                              bool present);
  Result<void> put_capability(const fleet::NodeId& node, const std::string& capability,
                              bool present);
  Result<std::set<std::string>> capabilities(const fleet::NodeGroupId& group) const;
  Result<std::set<std::string>> capabilities(const fleet::NodeId& node) const;
  // By node name, of a group's nodes that have some of their own.
  Result<std::map<std::string, std::set<std::string>>> node_capabilities(
      const fleet::NodeGroupId& group) const;

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
