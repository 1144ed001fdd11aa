// SPDX-License-Identifier: Apache-2.0
#include "store/rollovers.hpp"

#include <array>

#include "store/rows.hpp"

namespace ferry::store {
namespace {

constexpr std::array<std::string_view, 4> kStates{"preparing", "following", "leaving", "finished"};

Result<RolloverState> parse_state(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<RolloverState>(i);
  }
  return fail(Code::internal, "'{}' is no state of a rollover", text);
}

std::string select(std::string_view rest) {
  return fmt::format(
      "SELECT id, organization, workspace, owner, use, leaving, arriving, state, forced, "
      "cancelled, nodes_per_minute, nodes, switched_at, operation, started_at, finished_at "
      "FROM rollovers {}",
      rest);
}

Result<RolloverRecord> read_rollover(const sqlite::Row& row) {
  auto state = parse_state(row.text(7));
  if (!state) return fail(std::move(state).error());
  return RolloverRecord{.id = row.text(0),
                        .organization = fleet::OrganizationId(row.text(1)),
                        .workspace = row.optional_text(2),
                        .owner = row.text(3),
                        .use = row.text(4),
                        .leaving = row.text(5),
                        .arriving = row.text(6),
                        .state = *state,
                        .forced = row.number(8) != 0,
                        .cancelled = row.number(9) != 0,
                        .nodes_per_minute = row.number(10),
                        .nodes = row.number(11),
                        .switched_at = to_optional_time(row, 12),
                        .operation = fleet::OperationId(row.text(13)),
                        .started_at = to_time(row, 14),
                        .finished_at = to_optional_time(row, 15)};
}

}  // namespace

std::string_view to_string(RolloverState state) {
  return kStates[static_cast<std::size_t>(state)];
}

Result<void> Rollovers::insert(const RolloverRecord& rollover) {
  return database_.execute(
      "INSERT INTO rollovers(id, organization, workspace, owner, use, leaving, arriving, state, "
      "forced, cancelled, nodes_per_minute, nodes, switched_at, operation, started_at, "
      "finished_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {rollover.id, rollover.organization.str(), rollover.workspace, rollover.owner, rollover.use,
       rollover.leaving, rollover.arriving, to_string(rollover.state), rollover.forced,
       rollover.cancelled, rollover.nodes_per_minute, rollover.nodes,
       to_column(rollover.switched_at), rollover.operation.str(), to_column(rollover.started_at),
       to_column(rollover.finished_at)});
}

Result<void> Rollovers::update(const RolloverRecord& rollover) {
  return database_.execute(
      "UPDATE rollovers SET leaving = ?, arriving = ?, state = ?, forced = ?, cancelled = ?, "
      "nodes = ?, switched_at = ?, finished_at = ? WHERE id = ?",
      {rollover.leaving, rollover.arriving, to_string(rollover.state), rollover.forced,
       rollover.cancelled, rollover.nodes, to_column(rollover.switched_at),
       to_column(rollover.finished_at), rollover.id});
}

Result<std::optional<RolloverRecord>> Rollovers::find(const std::string& id) const {
  return read_one<RolloverRecord>(database_.query_one(select("WHERE id = ?"), {id}), read_rollover);
}

Result<std::optional<RolloverRecord>> Rollovers::find_running(const std::string& owner) const {
  return read_one<RolloverRecord>(
      database_.query_one(select("WHERE owner = ? AND state <> 'finished'"), {owner}),
      read_rollover);
}

Result<std::optional<RolloverRecord>> Rollovers::find_leaving(
    const std::string& certificate) const {
  return read_one<RolloverRecord>(
      database_.query_one(select("WHERE leaving = ? AND state <> 'finished'"), {certificate}),
      read_rollover);
}

Result<std::vector<RolloverRecord>> Rollovers::list(const fleet::OrganizationId& organization,
                                                    const std::optional<std::string>& workspace,
                                                    int limit) const {
  return read_all<RolloverRecord>(
      database_.query(select("WHERE organization = ?1 AND (?2 IS NULL OR workspace = ?2) "
                             "ORDER BY state = 'finished', rowid DESC LIMIT ?3"),
                      {organization.str(), workspace, limit}),
      read_rollover);
}

Result<void> Rollovers::remove(const std::string& owner) {
  return database_.execute("DELETE FROM rollovers WHERE owner = ?", {owner});
}

}  // namespace ferry::store
