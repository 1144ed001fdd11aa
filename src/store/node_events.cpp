// SPDX-License-Identifier: Apache-2.0
#include "store/node_events.hpp"

#include <limits>

#include "store/rows.hpp"

namespace ferry::store {

Result<void> NodeEvents::insert(const NodeEvent& event) {
  return database_.execute(
      "INSERT INTO node_events(workspace, subject, name, action, actor, detail, at) "
      "VALUES(?, ?, ?, ?, ?, ?, ?)",
      {event.workspace.str(), event.subject, event.name, event.action, event.actor, event.detail,
       to_column(event.at)});
}

Result<std::vector<NodeEvent>> NodeEvents::list(const fleet::WorkspaceId& workspace,
                                                const std::optional<std::string>& subject,
                                                std::int64_t before, int limit) const {
  if (before <= 0) before = std::numeric_limits<std::int64_t>::max();
  return read_all<NodeEvent>(
      subject
          ? database_.query("SELECT number, workspace, subject, name, action, actor, detail, at "
                            "FROM node_events WHERE subject = ? AND workspace = ? "
                            "AND number < ? ORDER BY number DESC LIMIT ?",
                            {*subject, workspace.str(), before, limit})
          : database_.query("SELECT number, workspace, subject, name, action, actor, detail, at "
                            "FROM node_events WHERE workspace = ? AND number < ? "
                            "ORDER BY number DESC LIMIT ?",
                            {workspace.str(), before, limit}),
      [](const sqlite::Row& row) -> Result<NodeEvent> {
        return NodeEvent{row.number(0), fleet::WorkspaceId(row.text(1)),
                         row.text(2),   row.text(3),
                         row.text(4),   row.text(5),
                         row.text(6),   to_time(row, 7)};
      });
}

}  // namespace ferry::store
