// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// rollouts: change, policy, out_groups and wave_names are JSON. rollout_groups.reached: what is
// known to stand in the cloud, -1 nothing, 0 ... the waves up to it, 1000000 everybody.
// rollout_nodes: who was there when the rollout began; a node that goes takes its row along.
inline constexpr std::string_view k0009Rollouts = R"sql(
CREATE TABLE rollouts(
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
  workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  plan TEXT NOT NULL, change TEXT NOT NULL, policy TEXT NOT NULL, actor TEXT NOT NULL,
  state TEXT NOT NULL, wave INTEGER NOT NULL, since INTEGER NOT NULL, goes_on_as TEXT NOT NULL,
  ordered_back INTEGER NOT NULL, out_groups TEXT NOT NULL, reason TEXT NOT NULL,
  wave_names TEXT NOT NULL, recorded INTEGER NOT NULL, trouble TEXT NOT NULL,
  started_at INTEGER NOT NULL, finished_at INTEGER) STRICT;
CREATE INDEX rollouts_by_workspace ON rollouts(workspace, finished_at);

CREATE TABLE rollout_groups(
  rollout TEXT NOT NULL REFERENCES rollouts(id) ON DELETE CASCADE,
  node_group TEXT NOT NULL REFERENCES node_groups(id) ON DELETE CASCADE,
  composition INTEGER NOT NULL, previous INTEGER NOT NULL, reached INTEGER NOT NULL,
  PRIMARY KEY(rollout, node_group)) STRICT, WITHOUT ROWID;
CREATE INDEX rollout_groups_by_group ON rollout_groups(node_group);

CREATE TABLE rollout_nodes(
  rollout TEXT NOT NULL REFERENCES rollouts(id) ON DELETE CASCADE,
  node TEXT NOT NULL REFERENCES nodes(id) ON DELETE CASCADE,
  node_group TEXT NOT NULL, device TEXT NOT NULL, ring INTEGER NOT NULL, wave INTEGER NOT NULL,
  bad_before TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL,
  forgiven INTEGER NOT NULL, PRIMARY KEY(rollout, node)) STRICT, WITHOUT ROWID;
CREATE INDEX rollout_nodes_by_node ON rollout_nodes(node);

CREATE TABLE rollout_events(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  rollout TEXT NOT NULL REFERENCES rollouts(id) ON DELETE CASCADE,
  at INTEGER NOT NULL, what TEXT NOT NULL) STRICT;
CREATE INDEX rollout_events_by_rollout ON rollout_events(rollout, number);
)sql";

}  // namespace ferry::store
