// SPDX-License-Identifier: Apache-2.0
#include "store/revocations.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<Revocation> read_revocation(const sqlite::Row& row) {
  return Revocation{row.text(0), fleet::WorkspaceId(row.text(1)), row.text(2), row.text(3),
                    to_time(row, 4)};
}

Result<ShutOut> read_shut_out(const sqlite::Row& row) {
  return ShutOut{row.text(0), fleet::WorkspaceId(row.text(1)), to_time(row, 2)};
}

}  // namespace

Result<void> Revocations::put(const Revocation& revocation) {
  return database_.execute(
      "INSERT INTO revocations(subject, workspace, reason, revoked_by, revoked_at) "
      "VALUES(?, ?, ?, ?, ?) ON CONFLICT(subject) DO NOTHING",
      {revocation.subject, revocation.workspace.str(), revocation.reason, revocation.revoked_by,
       to_column(revocation.revoked_at)});
}

Result<void> Revocations::remove(const std::string& subject) {
  return database_.execute("DELETE FROM revocations WHERE subject = ?", {subject});
}

Result<std::optional<Revocation>> Revocations::find(const std::string& subject) const {
  return read_one<Revocation>(
      database_.query_one("SELECT subject, workspace, reason, revoked_by, revoked_at "
                          "FROM revocations WHERE subject = ?",
                          {subject}),
      read_revocation);
}

Result<std::optional<Revocation>> Revocations::covering(const fleet::Node& node) const {
  return read_one<Revocation>(
      database_.query_one(
          "SELECT subject, workspace, reason, revoked_by, revoked_at FROM revocations "
          "WHERE subject IN (?1, ?2, ?3) "
          "ORDER BY CASE subject WHEN ?1 THEN 0 WHEN ?2 THEN 1 ELSE 2 END LIMIT 1",
          {node.workspace.str(), node.group.str(), node.id.str()}),
      read_revocation);
}

Result<std::vector<Revocation>> Revocations::list(const fleet::WorkspaceId& workspace, Timestamp at,
                                                  const std::string& subject, int limit) const {
  return read_all<Revocation>(
      database_.query("SELECT subject, workspace, reason, revoked_by, revoked_at "
                      "FROM revocations WHERE workspace = ? AND (revoked_at, subject) > (?, ?) "
                      "ORDER BY revoked_at, subject LIMIT ?",
                      {workspace.str(), to_column(at), subject, limit}),
      read_revocation);
}

Result<void> Revocations::put_shut_out(const ShutOut& shut_out) {
  return database_.execute(
      "INSERT INTO shut_outs(registration, workspace, until) VALUES(?, ?, ?) "
      "ON CONFLICT(registration) DO UPDATE SET until = excluded.until",
      {shut_out.registration_id, shut_out.workspace.str(), to_column(shut_out.until)});
}

Result<void> Revocations::remove_shut_out(const std::string& registration_id) {
  return database_.execute("DELETE FROM shut_outs WHERE registration = ?", {registration_id});
}

Result<std::vector<ShutOut>> Revocations::ended_shut_outs(Timestamp now, int limit) const {
  return read_all<ShutOut>(
      database_.query("SELECT registration, workspace, until FROM shut_outs WHERE until <= ? "
                      "ORDER BY until LIMIT ?",
                      {to_column(now), limit}),
      read_shut_out);
}

Result<std::vector<ShutOut>> Revocations::shut_outs(const fleet::WorkspaceId& workspace) const {
  return read_all<ShutOut>(
      database_.query("SELECT registration, workspace, until FROM shut_outs WHERE workspace = ?",
                      {workspace.str()}),
      read_shut_out);
}

}  // namespace ferry::store
