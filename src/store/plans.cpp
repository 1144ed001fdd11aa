// SPDX-License-Identifier: Apache-2.0
#include "store/plans.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<PlanRecord> read_plan(const sqlite::Row& row) {
  PlanRecord plan;
  plan.id = row.text(0);
  plan.workspace = fleet::WorkspaceId(row.text(1));
  plan.change = row.text(2);
  plan.promise = row.text(3);
  plan.shown = row.text(4);
  plan.created_at = to_time(row, 5);
  plan.expires_at = to_time(row, 6);
  if (!row.is_null(7)) plan.operation = row.text(7);
  return plan;
}

}  // namespace

Result<void> Plans::insert(const PlanRecord& plan, std::int64_t keep) {
  auto room = database_.execute(
      "DELETE FROM plans WHERE workspace = ?1 AND id NOT IN (SELECT id FROM plans WHERE workspace "
      "= ?1 ORDER BY created_at DESC, id LIMIT ?2)",
      {plan.workspace.str(), keep - 1});
  if (!room) return room;
  return database_.execute(
      "INSERT INTO plans(id, workspace, change, promise, shown, created_at, expires_at) "
      "VALUES(?, ?, ?, ?, ?, ?, ?)",
      {plan.id, plan.workspace.str(), plan.change, plan.promise, plan.shown,
       to_column(plan.created_at), to_column(plan.expires_at)});
}

Result<std::optional<PlanRecord>> Plans::find(const fleet::WorkspaceId& workspace,
                                              const std::string& id) const {
  return read_one<PlanRecord>(
      database_.query_one("SELECT id, workspace, change, promise, shown, created_at, expires_at, "
                          "operation FROM plans WHERE workspace = ? AND id = ?",
                          {workspace.str(), id}),
      read_plan);
}

Result<std::vector<PlanRecord>> Plans::list(const fleet::WorkspaceId& workspace) const {
  return read_all<PlanRecord>(
      database_.query("SELECT id, workspace, change, promise, shown, created_at, expires_at, "
                      "operation FROM plans WHERE workspace = ? ORDER BY created_at DESC, id",
                      {workspace.str()}),
      read_plan);
}

Result<bool> Plans::mark_applied(const std::string& id, const std::string& operation) {
  auto marked = database_.execute(
      "UPDATE plans SET operation = ? WHERE id = ? AND operation IS NULL", {operation, id});
  if (!marked) return fail(std::move(marked).error());
  return database_.changes() == 1;
}

}  // namespace ferry::store
