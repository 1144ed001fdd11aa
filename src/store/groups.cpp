// SPDX-License-Identifier: Apache-2.0
#include "store/groups.hpp"

#include "base/json.hpp"
#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<fleet::NodeGroup> read_group(const sqlite::Row& row) {
  auto state = fleet::parse_life_state(row.text(3));
  if (!state) return fail(std::move(state).error());
  return fleet::NodeGroup{fleet::NodeGroupId(row.text(0)),
                          fleet::WorkspaceId(row.text(1)),
                          row.text(2),
                          *state,
                          row.text(4),
                          row.text(5),
                          row.text(6),
                          row.number(7),
                          to_time(row, 8),
                          row.text(9)};
}

std::string write_modules(const std::vector<CompositionModule>& modules) {
  json::array array;
  for (const auto& module : modules) {
    json::object object{
        {"name", module.name}, {"version", module.version}, {"image", module.image}};
    if (!module.settings.empty()) object["settings"] = module.settings;
    array.push_back(std::move(object));
  }
  return json::serialize(array);
}

Result<CompositionRecord> read_composition(const sqlite::Row& row) {
  CompositionRecord record;
  record.group = fleet::NodeGroupId(row.text(0));
  record.version = row.number(1);
  auto modules = parse_json(row.text(2));
  if (!modules) return fail(std::move(modules).error().with("read a stored composition"));
  if (!modules->is_array()) return fail(Code::internal, "a stored composition is damaged");
  for (const auto& module : modules->as_array()) {
    if (!module.is_object()) return fail(Code::internal, "a stored composition is damaged");
    const auto& object = module.as_object();
    record.modules.push_back({string_or(object, "name", ""), string_or(object, "version", ""),
                              string_or(object, "image", ""), string_or(object, "settings", "")});
  }
  record.configuration = row.text(3);
  record.stood = row.number(4) != 0;
  record.in_hub = row.number(5) != 0;
  record.created_at = to_time(row, 6);
  return record;
}

}  // namespace

Result<void> Groups::insert(const fleet::NodeGroup& group) {
  return database_.execute(
      "INSERT INTO node_groups(id, workspace, name, state, enrollment_group, pull_token, "
      "configuration, composition_version, created_at, hub) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {group.id.str(), group.workspace.str(), group.name, to_string(group.state),
       group.enrollment_group, group.pull_token, group.configuration, group.composition_version,
       to_column(group.created_at), group.hub});
}

Result<void> Groups::update(const fleet::NodeGroup& group) {
  return database_.execute(
      "UPDATE node_groups SET state = ?, enrollment_group = ?, pull_token = ?, configuration = ?, "
      "composition_version = ? WHERE id = ?",
      {to_string(group.state), group.enrollment_group, group.pull_token, group.configuration,
       group.composition_version, group.id.str()});
}

Result<void> Groups::remove(const fleet::NodeGroupId& id) {
  return database_.execute("DELETE FROM node_groups WHERE id = ?", {id.str()});
}

Result<std::optional<fleet::NodeGroup>> Groups::find(const fleet::NodeGroupId& id) const {
  return read_one<fleet::NodeGroup>(
      database_.query_one(
          "SELECT id, workspace, name, state, enrollment_group, pull_token, configuration, "
          "composition_version, created_at, hub FROM node_groups WHERE id = ?",
          {id.str()}),
      read_group);
}

Result<std::optional<fleet::NodeGroup>> Groups::find_named(const fleet::WorkspaceId& workspace,
                                                           const std::string& name) const {
  return read_one<fleet::NodeGroup>(
      database_.query_one(
          "SELECT id, workspace, name, state, enrollment_group, pull_token, configuration, "
          "composition_version, created_at, hub FROM node_groups "
          "WHERE workspace = ?1 AND (name = ?2 OR id = ?2) ORDER BY name = ?2 DESC",
          {workspace.str(), name}),
      read_group);
}

Result<std::vector<fleet::NodeGroup>> Groups::list(const fleet::WorkspaceId& workspace) const {
  return read_all<fleet::NodeGroup>(
      database_.query(
          "SELECT id, workspace, name, state, enrollment_group, pull_token, configuration, "
          "composition_version, created_at, hub FROM node_groups WHERE workspace = ? ORDER BY name",
          {workspace.str()}),
      read_group);
}

Result<std::vector<Groups::Member>> Groups::members(const fleet::NodeGroupId& group) const {
  auto rows = database_.query(
      "SELECT name, registration, registered_at IS NOT NULL FROM nodes WHERE node_group = ? "
      "ORDER BY name",
      {group.str()});
  if (!rows) return fail(std::move(rows).error());
  std::vector<Member> members;
  members.reserve(rows->size());
  for (const auto& row : *rows) {
    members.push_back({row.text(0), row.text(1), row.number(2) != 0});
  }
  return members;
}

Result<std::map<std::string, std::int64_t>> Groups::node_counts(
    const fleet::WorkspaceId& workspace) const {
  auto rows = database_.query(
      "SELECT node_group, count(*) FROM nodes WHERE workspace = ? GROUP BY node_group",
      {workspace.str()});
  if (!rows) return fail(std::move(rows).error());
  std::map<std::string, std::int64_t> counts;
  for (const auto& row : *rows) counts[row.text(0)] = row.number(1);
  return counts;
}

Result<void> Compositions::insert(const CompositionRecord& composition) {
  return database_.execute(
      "INSERT INTO compositions(node_group, version, modules, configuration, stood, in_hub, "
      "created_at) VALUES(?, ?, ?, ?, ?, ?, ?)",
      {composition.group.str(), composition.version, write_modules(composition.modules),
       composition.configuration, composition.stood, composition.in_hub,
       to_column(composition.created_at)});
}

Result<void> Compositions::update_flags(const CompositionRecord& composition) {
  return database_.execute(
      "UPDATE compositions SET stood = ?, in_hub = ? WHERE node_group = ? AND version = ?",
      {composition.stood, composition.in_hub, composition.group.str(), composition.version});
}

Result<std::vector<CompositionRecord>> Compositions::list(const fleet::NodeGroupId& group) const {
  return read_all<CompositionRecord>(
      database_.query("SELECT node_group, version, modules, configuration, stood, in_hub, "
                      "created_at FROM compositions WHERE node_group = ? ORDER BY version DESC",
                      {group.str()}),
      read_composition);
}

Result<std::optional<CompositionRecord>> Compositions::find(const fleet::NodeGroupId& group,
                                                            std::int64_t version) const {
  return read_one<CompositionRecord>(
      database_.query_one("SELECT node_group, version, modules, configuration, stood, in_hub, "
                          "created_at FROM compositions WHERE node_group = ? AND version = ?",
                          {group.str(), version}),
      read_composition);
}

Result<std::int64_t> Compositions::count_in_hub(const fleet::WorkspaceId& workspace) const {
  auto row = database_.query_one(
      "SELECT count(*) FROM compositions JOIN node_groups ON node_groups.id = node_group "
      "WHERE workspace = ? AND in_hub = 1",
      {workspace.str()});
  if (!row) return fail(std::move(row).error());
  return (*row)->number(0);
}

}  // namespace ferry::store
