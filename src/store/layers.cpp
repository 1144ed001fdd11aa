// SPDX-License-Identifier: Apache-2.0
#include "store/layers.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

sqlite::Value column_of(const std::optional<fleet::NodeGroupId>& id) {
  return id ? sqlite::Value(id->str()) : sqlite::Value(nullptr);
}
sqlite::Value column_of(const std::optional<fleet::NodeId>& id) {
  return id ? sqlite::Value(id->str()) : sqlite::Value(nullptr);
}

Result<std::set<std::string>> texts(Result<std::vector<sqlite::Row>> rows) {
  if (!rows) return fail(std::move(rows).error());
  std::set<std::string> result;
  for (const auto& row : *rows) result.insert(row.text(0));
  return result;
}

// Columns: component, setting, value from `first` on.
Result<void> add_setting(const sqlite::Row& row, int first, fleet::Settings& settings) {
  auto value = parse_json(row.text(first + 2));
  if (!value) return fail(std::move(value).error().with("read a stored setting"));
  settings[row.text(first)][row.text(first + 1)] = *std::move(value);
  return {};
}

}  // namespace

Result<void> Layers::put_setting(const SettingOwner& owner, const std::string& component,
                                 const std::string& setting,
                                 const std::optional<json::value>& value) {
  auto removed = database_.execute(
      "DELETE FROM settings WHERE workspace = ?1 AND node_group IS ?2 AND node IS ?3 AND "
      "component = ?4 AND setting = ?5",
      {owner.workspace.str(), column_of(owner.group), column_of(owner.node), component, setting});
  if (!removed || !value) return removed;
  return database_.execute(
      "INSERT INTO settings(workspace, node_group, node, component, setting, value) "
      "VALUES(?, ?, ?, ?, ?, ?)",
      {owner.workspace.str(), column_of(owner.group), column_of(owner.node), component, setting,
       json::serialize(*value)});
}

Result<fleet::Settings> Layers::settings(const SettingOwner& owner) const {
  auto rows = database_.query(
      "SELECT component, setting, value FROM settings WHERE workspace = ?1 AND node_group IS ?2 "
      "AND node IS ?3",
      {owner.workspace.str(), column_of(owner.group), column_of(owner.node)});
  if (!rows) return fail(std::move(rows).error());
  fleet::Settings settings;
  for (const auto& row : *rows) {
    auto added = add_setting(row, 0, settings);
    if (!added) return fail(std::move(added).error());
  }
  return settings;
}

Result<std::map<std::string, fleet::Settings>> Layers::node_settings(
    const fleet::NodeGroupId& group) const {
  auto rows = database_.query(
      "SELECT nodes.name, component, setting, value FROM nodes JOIN settings "
      "ON settings.node = nodes.id WHERE nodes.node_group = ?",
      {group.str()});
  if (!rows) return fail(std::move(rows).error());
  std::map<std::string, fleet::Settings> nodes;
  for (const auto& row : *rows) {
    auto added = add_setting(row, 1, nodes[row.text(0)]);
    if (!added) return fail(std::move(added).error());
  }
  return nodes;
}

Result<void> Layers::put_label(const fleet::NodeGroupId& group, const std::string& label,
                               const std::optional<std::string>& value) {
  if (!value) {
    return database_.execute("DELETE FROM group_labels WHERE node_group = ? AND label = ?",
                             {group.str(), label});
  }
  return database_.execute(
      "INSERT INTO group_labels(node_group, label, value) VALUES(?, ?, ?) "
      "ON CONFLICT DO UPDATE SET value = excluded.value",
      {group.str(), label, *value});
}

Result<fleet::Labels> Layers::labels(const fleet::NodeGroupId& group) const {
  auto rows =
      database_.query("SELECT label, value FROM group_labels WHERE node_group = ?", {group.str()});
  if (!rows) return fail(std::move(rows).error());
  fleet::Labels labels;
  for (const auto& row : *rows) labels[row.text(0)] = row.text(1);
  return labels;
}

Result<std::map<std::string, fleet::Labels>> Layers::labels(
    const fleet::WorkspaceId& workspace) const {
  auto rows = database_.query(
      "SELECT name, label, value FROM node_groups LEFT JOIN group_labels ON node_group = id "
      "WHERE workspace = ?",
      {workspace.str()});
  if (!rows) return fail(std::move(rows).error());
  std::map<std::string, fleet::Labels> groups;
  for (const auto& row : *rows) {
    auto& labels = groups[row.text(0)];
    if (!row.is_null(1)) labels[row.text(1)] = row.text(2);
  }
  return groups;
}

Result<void> Layers::put_capability(const fleet::NodeGroupId& group, const std::string& capability,
                                    bool present) {
  return database_.execute(
      present ? "INSERT OR IGNORE INTO group_capabilities(node_group, capability) VALUES(?, ?)"
              : "DELETE FROM group_capabilities WHERE node_group = ? AND capability = ?",
      {group.str(), capability});
}

Result<void> Layers::put_capability(const fleet::NodeId& node, const std::string& capability,
                                    bool present) {
  return database_.execute(
      present ? "INSERT OR IGNORE INTO node_capabilities(node, capability) VALUES(?, ?)"
              : "DELETE FROM node_capabilities WHERE node = ? AND capability = ?",
      {node.str(), capability});
}

Result<std::set<std::string>> Layers::capabilities(const fleet::NodeGroupId& group) const {
  return texts(database_.query("SELECT capability FROM group_capabilities WHERE node_group = ?",
                               {group.str()}));
}

Result<std::set<std::string>> Layers::capabilities(const fleet::NodeId& node) const {
  return texts(
      database_.query("SELECT capability FROM node_capabilities WHERE node = ?", {node.str()}));
}

Result<std::map<std::string, std::set<std::string>>> Layers::node_capabilities(
    const fleet::NodeGroupId& group) const {
  auto rows = database_.query(
      "SELECT nodes.name, capability FROM nodes JOIN node_capabilities ON node = nodes.id "
      "WHERE node_group = ?",
      {group.str()});
  if (!rows) return fail(std::move(rows).error());
  std::map<std::string, std::set<std::string>> nodes;
  for (const auto& row : *rows) nodes[row.text(0)].insert(row.text(1));
  return nodes;
}

}  // namespace ferry::store
