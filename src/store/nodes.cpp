// SPDX-License-Identifier: Apache-2.0
#include "store/nodes.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<fleet::Node> read_node(const sqlite::Row& row) {
  return fleet::Node{fleet::NodeId(row.text(0)),
                     fleet::WorkspaceId(row.text(1)),
                     fleet::NodeGroupId(row.text(2)),
                     row.text(3),
                     row.text(4),
                     to_optional_time(row, 5),
                     row.number(6) != 0,
                     to_time(row, 7),
                     to_optional_time(row, 8),
                     to_optional_time(row, 9),
                     to_optional_time(row, 10),
                     row.text(11)};
}

Result<NodeToken> read_token(const sqlite::Row& row) {
  return NodeToken{fleet::NodeId(row.text(0)), row.text(1), to_time(row, 2),
                   to_optional_time(row, 3),   row.text(4), to_time(row, 5),
                   row.number(6) != 0};
}

}  // namespace

Result<void> Nodes::insert(const fleet::Node& node) {
  return database_.execute(
      "INSERT INTO nodes(id, workspace, node_group, name, registration, registered_at, deleting, "
      "created_at, renew_after, pinned_until, seen_at, hardware) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {node.id.str(), node.workspace.str(), node.group.str(), node.name, node.registration_id,
       to_column(node.registered_at), node.deleting, to_column(node.created_at),
       to_column(node.renew_after), to_column(node.pinned_until), to_column(node.seen_at),
       node.hardware});
}

Result<void> Nodes::update(const fleet::Node& node) {
  return database_.execute(
      "UPDATE nodes SET node_group = ?, registered_at = ?, deleting = ?, renew_after = ?, "
      "pinned_until = ?, seen_at = ?, hardware = ? WHERE id = ?",
      {node.group.str(), to_column(node.registered_at), node.deleting, to_column(node.renew_after),
       to_column(node.pinned_until), to_column(node.seen_at), node.hardware, node.id.str()});
}

Result<void> Nodes::remove(const fleet::NodeId& id) {
  return database_.execute("DELETE FROM nodes WHERE id = ?", {id.str()});
}

Result<std::optional<fleet::Node>> Nodes::find(const fleet::NodeId& id) const {
  return read_one<fleet::Node>(
      database_.query_one("SELECT id, workspace, node_group, name, registration, registered_at, "
                          "deleting, created_at, renew_after, pinned_until, seen_at, hardware FROM "
                          "nodes WHERE id = ?",
                          {id.str()}),
      read_node);
}

Result<std::optional<fleet::Node>> Nodes::find_named(const fleet::WorkspaceId& workspace,
                                                     const std::string& name) const {
  return read_one<fleet::Node>(
      database_.query_one(
          "SELECT id, workspace, node_group, name, registration, registered_at, "
          "deleting, created_at, renew_after, pinned_until, seen_at, hardware FROM nodes "
          "WHERE workspace = ?1 AND (name = ?2 OR id = ?2) ORDER BY name = ?2 DESC",
          {workspace.str(), name}),
      read_node);
}

Result<std::vector<fleet::Node>> Nodes::list(const fleet::WorkspaceId& workspace) const {
  return read_all<fleet::Node>(
      database_.query("SELECT id, workspace, node_group, name, registration, registered_at, "
                      "deleting, created_at, renew_after, pinned_until, seen_at, hardware FROM "
                      "nodes WHERE workspace = ? ORDER BY name",
                      {workspace.str()}),
      read_node);
}

namespace {

std::optional<std::string> id_of(const std::optional<fleet::NodeGroupId>& group) {
  return group ? std::optional(group->str()) : std::nullopt;
}

}  // namespace

Result<std::vector<fleet::Node>> Nodes::page_by_name(const NodeFilter& filter,
                                                     const std::string& after, int limit) const {
  const auto group = id_of(filter.group);
  return read_all<fleet::Node>(
      database_.query("SELECT id, workspace, node_group, name, registration, registered_at, "
                      "deleting, created_at, renew_after, pinned_until, seen_at, hardware FROM "
                      "nodes WHERE workspace = ?1 AND name > ?2 AND instr(lower(name), lower(?3)) "
                      "AND node_group = coalesce(?4, node_group) ORDER BY name LIMIT ?5",
                      {filter.workspace.str(), after, filter.search, group, limit}),
      read_node);
}

Result<std::vector<NodeKey>> Nodes::keys_by_name(const NodeFilter& filter, const std::string& after,
                                                 std::size_t limit) const {
  const auto group = id_of(filter.group);
  return read_all<NodeKey>(
      database_.query(
          "SELECT name, registration, registered_at IS NOT NULL FROM nodes WHERE "
          "workspace = ?1 AND name > ?2 AND instr(lower(name), lower(?3)) AND "
          "node_group = coalesce(?4, node_group) ORDER BY name LIMIT ?5",
          {filter.workspace.str(), after, filter.search, group, static_cast<std::int64_t>(limit)}),
      [](const sqlite::Row& row) -> Result<NodeKey> {
        return NodeKey{row.text(0), row.text(1), row.number(2) != 0};
      });
}

Result<std::int64_t> Nodes::count_in_group(const fleet::NodeGroupId& group) const {
  auto row = database_.query_one("SELECT count(*) FROM nodes WHERE node_group = ?", {group.str()});
  if (!row) return fail(std::move(row).error());
  return (*row)->number(0);
}

Result<std::vector<fleet::Node>> Nodes::page(const NodeScope& scope, const std::string& after,
                                             int limit) const {
  return read_all<fleet::Node>(
      scope.group
          ? database_.query("SELECT id, workspace, node_group, name, registration, registered_at, "
                            "deleting, created_at, renew_after, pinned_until, seen_at, hardware "
                            "FROM nodes WHERE node_group = ? AND id > ? ORDER BY id LIMIT ?",
                            {scope.group->str(), after, limit})
          : database_.query("SELECT id, workspace, node_group, name, registration, registered_at, "
                            "deleting, created_at, renew_after, pinned_until, seen_at, hardware "
                            "FROM nodes WHERE workspace = ? AND id > ? ORDER BY id LIMIT ?",
                            {scope.workspace.str(), after, limit}),
      read_node);
}

Result<std::vector<fleet::Node>> Nodes::pinned(const NodeScope& scope, const std::string& after,
                                               int limit) const {
  return read_all<fleet::Node>(
      database_.query(
          "SELECT id, workspace, node_group, name, registration, registered_at, "
          "deleting, created_at, renew_after, pinned_until, seen_at, hardware "
          "FROM nodes WHERE workspace = ?1 AND (?2 IS NULL OR node_group = ?2) "
          "AND pinned_until IS NOT NULL AND id > ?3 ORDER BY id LIMIT ?4",
          {scope.workspace.str(),
           scope.group ? sqlite::Value(scope.group->str()) : sqlite::Value(nullptr), after, limit}),
      read_node);
}

Result<void> Nodes::put_token(const NodeToken& token) {
  auto ended = remove_sessions(token.node);
  if (!ended) return ended;
  return database_.execute(
      "INSERT INTO node_tokens(node, hash, expires_at, used_at, prefix, created_at, replaces) "
      "VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(node) DO UPDATE SET hash = excluded.hash, "
      "expires_at = excluded.expires_at, used_at = excluded.used_at, prefix = excluded.prefix, "
      "created_at = excluded.created_at, replaces = excluded.replaces",
      {token.node.str(), token.hash, to_column(token.expires_at), to_column(token.used_at),
       token.prefix, to_column(token.created_at), token.replaces});
}

Result<std::optional<NodeToken>> Nodes::find_token(const std::string& hash) const {
  return read_one<NodeToken>(
      database_.query_one("SELECT node, hash, expires_at, used_at, prefix, created_at, replaces "
                          "FROM node_tokens WHERE hash = ?",
                          {hash}),
      read_token);
}

Result<std::optional<NodeToken>> Nodes::find_token_of(const fleet::NodeId& node) const {
  return read_one<NodeToken>(
      database_.query_one("SELECT node, hash, expires_at, used_at, prefix, created_at, replaces "
                          "FROM node_tokens WHERE node = ?",
                          {node.str()}),
      read_token);
}

Result<std::vector<OpenToken>> Nodes::open_tokens(const fleet::WorkspaceId& workspace,
                                                  const std::string& after, int limit) const {
  return read_all<OpenToken>(
      database_.query(
          "SELECT node, hash, expires_at, used_at, prefix, node_tokens.created_at, "
          "replaces, nodes.name, node_groups.name FROM node_tokens "
          "JOIN nodes ON nodes.id = node JOIN node_groups ON node_groups.id = node_group "
          "WHERE nodes.workspace = ? AND used_at IS NULL AND prefix <> 'enrollment' "
          "AND nodes.name > ? "
          "ORDER BY nodes.name LIMIT ?",
          {workspace.str(), after, limit}),
      [](const sqlite::Row& row) -> Result<OpenToken> {
        auto token = read_token(row);
        if (!token) return fail(std::move(token).error());
        return OpenToken{*std::move(token), row.text(7), row.text(8)};
      });
}

Result<bool> Nodes::remove_token(const fleet::NodeId& node) {
  auto ended = remove_sessions(node);
  if (!ended) return fail(std::move(ended).error());
  auto removed =
      database_.execute("DELETE FROM node_tokens WHERE node = ? AND used_at IS NULL", {node.str()});
  if (!removed) return fail(std::move(removed).error());
  return database_.changes() == 1;
}

Result<bool> Nodes::use_token(const fleet::NodeId& node, const std::string& hash, Timestamp now) {
  auto used = database_.execute(
      "UPDATE node_tokens SET used_at = ? WHERE node = ? AND hash = ? AND used_at IS NULL",
      {to_column(now), node.str(), hash});
  if (!used) return fail(std::move(used).error());
  return database_.changes() == 1;
}

Result<void> Nodes::insert_session(const NodeSessionRecord& session) {
  return database_.execute(
      "INSERT INTO node_sessions(hash, node, token_hash, expires_at) VALUES(?, ?, ?, ?)",
      {session.hash, session.node.str(), session.token_hash, to_column(session.expires_at)});
}

Result<std::optional<NodeSessionRecord>> Nodes::find_session(const std::string& hash) const {
  return read_one<NodeSessionRecord>(
      database_.query_one(
          "SELECT hash, node, token_hash, expires_at FROM node_sessions WHERE hash = ?", {hash}),
      [](const sqlite::Row& row) -> Result<NodeSessionRecord> {
        return NodeSessionRecord{row.text(0), fleet::NodeId(row.text(1)), row.text(2),
                                 to_time(row, 3)};
      });
}

Result<void> Nodes::remove_sessions(const fleet::NodeId& node) {
  return database_.execute("DELETE FROM node_sessions WHERE node = ?", {node.str()});
}

Result<void> Nodes::remove_ended_sessions(const fleet::NodeId& node, Timestamp now) {
  return database_.execute("DELETE FROM node_sessions WHERE node = ? AND expires_at <= ?",
                           {node.str(), to_column(now)});
}

Result<void> Nodes::remove_other_sessions(const NodeSessionRecord& kept) {
  return database_.execute("DELETE FROM node_sessions WHERE node = ? AND hash <> ?",
                           {kept.node.str(), kept.hash});
}

}  // namespace ferry::store
