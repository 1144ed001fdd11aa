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
                     to_time(row, 7)};
}

}  // namespace

Result<void> Nodes::insert(const fleet::Node& node) {
  return database_.execute(
      "INSERT INTO nodes(id, workspace, node_group, name, registration, registered_at, deleting, "
      "created_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
      {node.id.str(), node.workspace.str(), node.group.str(), node.name, node.registration_id,
       to_column(node.registered_at), node.deleting, to_column(node.created_at)});
}

Result<void> Nodes::update(const fleet::Node& node) {
  return database_.execute("UPDATE nodes SET registered_at = ?, deleting = ? WHERE id = ?",
                           {to_column(node.registered_at), node.deleting, node.id.str()});
}

Result<void> Nodes::remove(const fleet::NodeId& id) {
  return database_.execute("DELETE FROM nodes WHERE id = ?", {id.str()});
}

Result<std::optional<fleet::Node>> Nodes::find(const fleet::NodeId& id) const {
  return read_one<fleet::Node>(
      database_.query_one("SELECT id, workspace, node_group, name, registration, registered_at, "
                          "deleting, created_at FROM nodes WHERE id = ?",
                          {id.str()}),
      read_node);
}

Result<std::optional<fleet::Node>> Nodes::find_named(const fleet::WorkspaceId& workspace,
                                                     const std::string& name) const {
  return read_one<fleet::Node>(
      database_.query_one("SELECT id, workspace, node_group, name, registration, registered_at, "
                          "deleting, created_at FROM nodes "
                          "WHERE workspace = ?1 AND (name = ?2 OR id = ?2) ORDER BY name = ?2 DESC",
                          {workspace.str(), name}),
      read_node);
}

Result<std::vector<fleet::Node>> Nodes::list(const fleet::WorkspaceId& workspace) const {
  return read_all<fleet::Node>(
      database_.query("SELECT id, workspace, node_group, name, registration, registered_at, "
                      "deleting, created_at FROM nodes WHERE workspace = ? ORDER BY name",
                      {workspace.str()}),
      read_node);
}

Result<std::int64_t> Nodes::count_in_group(const fleet::NodeGroupId& group) const {
  auto row = database_.query_one("SELECT count(*) FROM nodes WHERE node_group = ?", {group.str()});
  if (!row) return fail(std::move(row).error());
  return (*row)->number(0);
}

Result<void> Nodes::put_token(const NodeToken& token) {
  auto ended = remove_sessions(token.node);
  if (!ended) return ended;
  return database_.execute(
      "INSERT INTO node_tokens(node, hash, expires_at, used_at) VALUES(?, ?, ?, ?) "
      "ON CONFLICT(node) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at, "
      "used_at = excluded.used_at",
      {token.node.str(), token.hash, to_column(token.expires_at), to_column(token.used_at)});
}

Result<std::optional<NodeToken>> Nodes::find_token(const std::string& hash) const {
  return read_one<NodeToken>(
      database_.query_one("SELECT node, hash, expires_at, used_at FROM node_tokens WHERE hash = ?",
                          {hash}),
      [](const sqlite::Row& row) -> Result<NodeToken> {
        return NodeToken{fleet::NodeId(row.text(0)), row.text(1), to_time(row, 2),
                         to_optional_time(row, 3)};
      });
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

Result<void> Nodes::remove_other_sessions(const NodeSessionRecord& kept) {
  return database_.execute("DELETE FROM node_sessions WHERE node = ? AND hash <> ?",
                           {kept.node.str(), kept.hash});
}

}  // namespace ferry::store
