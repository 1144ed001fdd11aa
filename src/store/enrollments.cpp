// SPDX-License-Identifier: Apache-2.0
#include "store/enrollments.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<Enrollment> read_enrollment(const sqlite::Row& row) {
  return Enrollment{row.text(0),
                    fleet::WorkspaceId(row.text(1)),
                    fleet::NodeGroupId(row.text(2)),
                    row.text(3),
                    row.text(4),
                    row.text(5),
                    row.text(6),
                    row.number(7) != 0,
                    row.number(8),
                    row.number(9),
                    to_time(row, 10),
                    to_optional_time(row, 11),
                    to_time(row, 12)};
}

Result<RegistrationRequest> read_request(const sqlite::Row& row) {
  auto state = parse_request_state(row.text(9));
  if (!state) return fail(std::move(state).error());
  return RegistrationRequest{row.text(0),          fleet::WorkspaceId(row.text(1)),
                             row.text(2),          row.optional_text(3),
                             row.optional_text(4), row.text(5),
                             row.text(6),          row.text(7),
                             row.text(8),          *state,
                             row.text(10),         row.text(11),
                             to_time(row, 12),     to_optional_time(row, 13)};
}

}  // namespace

std::string_view to_string(RequestState state) {
  switch (state) {
    case RequestState::pending:
      return "pending";
    case RequestState::approved:
      return "approved";
    case RequestState::rejected:
      return "rejected";
  }
  return "pending";
}

Result<RequestState> parse_request_state(std::string_view text) {
  for (auto state : {RequestState::pending, RequestState::approved, RequestState::rejected}) {
    if (to_string(state) == text) return state;
  }
  return fail(Code::invalid_argument, "'{}' is not one of pending, approved, rejected", text);
}

Result<void> Enrollments::insert(const Enrollment& enrollment) {
  return database_.execute(
      "INSERT INTO enrollments(id, workspace, node_group, name, hash, prefix, pattern, automatic, "
      "quota, used, expires_at, revoked_at, created_at) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {enrollment.id, enrollment.workspace.str(), enrollment.group.str(), enrollment.name,
       enrollment.hash, enrollment.prefix, enrollment.pattern, enrollment.automatic,
       enrollment.quota, enrollment.used, to_column(enrollment.expires_at),
       to_column(enrollment.revoked_at), to_column(enrollment.created_at)});
}

Result<std::optional<Enrollment>> Enrollments::find(const std::string& id) const {
  return read_one<Enrollment>(
      database_.query_one("SELECT id, workspace, node_group, name, hash, prefix, pattern, "
                          "automatic, quota, used, expires_at, revoked_at, created_at "
                          "FROM enrollments WHERE id = ?",
                          {id}),
      read_enrollment);
}

Result<std::optional<Enrollment>> Enrollments::find_by_hash(const std::string& hash) const {
  return read_one<Enrollment>(
      database_.query_one("SELECT id, workspace, node_group, name, hash, prefix, pattern, "
                          "automatic, quota, used, expires_at, revoked_at, created_at "
                          "FROM enrollments WHERE hash = ?",
                          {hash}),
      read_enrollment);
}

Result<std::optional<Enrollment>> Enrollments::find_named(const fleet::WorkspaceId& workspace,
                                                          const std::string& name) const {
  return read_one<Enrollment>(
      database_.query_one("SELECT id, workspace, node_group, name, hash, prefix, pattern, "
                          "automatic, quota, used, expires_at, revoked_at, created_at "
                          "FROM enrollments WHERE workspace = ?1 AND (name = ?2 OR id = ?2) "
                          "ORDER BY name = ?2 DESC",
                          {workspace.str(), name}),
      read_enrollment);
}

Result<std::vector<Enrollment>> Enrollments::list(const fleet::WorkspaceId& workspace,
                                                  const std::string& after, int limit) const {
  return read_all<Enrollment>(
      database_.query("SELECT id, workspace, node_group, name, hash, prefix, pattern, automatic, "
                      "quota, used, expires_at, revoked_at, created_at "
                      "FROM enrollments WHERE workspace = ? AND name > ? ORDER BY name LIMIT ?",
                      {workspace.str(), after, limit}),
      read_enrollment);
}

Result<void> Enrollments::revoke(const std::string& id, Timestamp at) {
  return database_.execute(
      "UPDATE enrollments SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
      {to_column(at), id});
}

Result<bool> Enrollments::take(const std::string& id) {
  auto taken = database_.execute(
      "UPDATE enrollments SET used = used + 1 WHERE id = ? AND used < quota", {id});
  if (!taken) return fail(std::move(taken).error());
  return database_.changes() == 1;
}

Result<void> Enrollments::insert_request(const RegistrationRequest& request) {
  return database_.execute(
      "INSERT INTO registration_requests(id, workspace, kind, enrollment, node, name, device, "
      "address, why, state, note, decided_by, created_at, decided_at) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {request.id, request.workspace.str(), request.kind, request.enrollment, request.node,
       request.name, request.device, request.address, request.why, to_string(request.state),
       request.note, request.decided_by, to_column(request.created_at),
       to_column(request.decided_at)});
}

Result<void> Enrollments::update_request(const RegistrationRequest& request) {
  return database_.execute(
      "UPDATE registration_requests SET node = ?, name = ?, state = ?, note = ?, decided_by = ?, "
      "decided_at = ? WHERE id = ?",
      {request.node, request.name, to_string(request.state), request.note, request.decided_by,
       to_column(request.decided_at), request.id});
}

Result<void> Enrollments::remove_request(const std::string& id) {
  return database_.execute("DELETE FROM registration_requests WHERE id = ?", {id});
}

Result<void> Enrollments::remove_recoveries(const fleet::NodeId& node) {
  return database_.execute(
      "DELETE FROM registration_requests WHERE node = ? AND enrollment IS NULL", {node.str()});
}

Result<std::optional<RegistrationRequest>> Enrollments::find_request(const std::string& id) const {
  return read_one<RegistrationRequest>(
      database_.query_one("SELECT id, workspace, kind, enrollment, node, name, device, address, "
                          "why, state, note, decided_by, created_at, decided_at "
                          "FROM registration_requests WHERE id = ?",
                          {id}),
      read_request);
}

Result<std::optional<RegistrationRequest>> Enrollments::find_enrolling(
    const std::string& enrollment, const std::string& device) const {
  return read_one<RegistrationRequest>(
      database_.query_one("SELECT id, workspace, kind, enrollment, node, name, device, address, "
                          "why, state, note, decided_by, created_at, decided_at "
                          "FROM registration_requests WHERE enrollment = ? AND device = ?",
                          {enrollment, device}),
      read_request);
}

Result<std::optional<RegistrationRequest>> Enrollments::find_asking(const std::string& enrollment,
                                                                    const std::string& name) const {
  return read_one<RegistrationRequest>(
      database_.query_one("SELECT id, workspace, kind, enrollment, node, name, device, address, "
                          "why, state, note, decided_by, created_at, decided_at "
                          "FROM registration_requests WHERE enrollment = ? AND state = 'pending' "
                          "AND name = ?",
                          {enrollment, name}),
      read_request);
}

Result<std::optional<RegistrationRequest>> Enrollments::find_recovering(
    const fleet::NodeId& node, const std::string& device) const {
  return read_one<RegistrationRequest>(
      database_.query_one("SELECT id, workspace, kind, enrollment, node, name, device, address, "
                          "why, state, note, decided_by, created_at, decided_at "
                          "FROM registration_requests WHERE node = ? AND device = ? "
                          "AND enrollment IS NULL",
                          {node.str(), device}),
      read_request);
}

Result<std::vector<RegistrationRequest>> Enrollments::list_requests(
    const fleet::WorkspaceId& workspace, RequestState state, const std::string& after,
    int limit) const {
  return read_all<RegistrationRequest>(
      database_.query(
          "SELECT id, workspace, kind, enrollment, node, name, device, address, why, state, note, "
          "decided_by, created_at, decided_at FROM registration_requests "
          "WHERE workspace = ?1 AND state = ?2 AND (?3 = '' OR rowid > "
          "(SELECT rowid FROM registration_requests WHERE id = ?3)) ORDER BY rowid LIMIT ?4",
          {workspace.str(), to_string(state), after, limit}),
      read_request);
}

Result<std::int64_t> Enrollments::count_pending(const std::string& enrollment) const {
  auto row = database_.query_one(
      "SELECT count(*) FROM registration_requests WHERE enrollment = ? AND state = 'pending'",
      {enrollment});
  if (!row) return fail(std::move(row).error());
  return (*row)->number(0);
}

}  // namespace ferry::store
