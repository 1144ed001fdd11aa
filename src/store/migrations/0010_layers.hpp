// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// settings: of the workspace without group and node, of a group with its id, of a node with its id
// (and no group: it may move).
inline constexpr std::string_view k0010Layers = R"sql(
CREATE TABLE settings(
  workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  node_group TEXT REFERENCES node_groups(id) ON DELETE CASCADE,
  node TEXT REFERENCES nodes(id) ON DELETE CASCADE,
  component TEXT NOT NULL, setting TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX settings_by_owner
  ON settings(workspace, ifnull(node_group, ''), ifnull(node, ''), component, setting);
CREATE INDEX settings_by_group ON settings(node_group);
CREATE INDEX settings_by_node ON settings(node);

CREATE TABLE group_labels(
  node_group TEXT NOT NULL REFERENCES node_groups(id) ON DELETE CASCADE,
  label TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(node_group, label)) STRICT, WITHOUT ROWID;
CREATE TABLE group_capabilities(
  node_group TEXT NOT NULL REFERENCES node_groups(id) ON DELETE CASCADE,
  capability TEXT NOT NULL, PRIMARY KEY(node_group, capability)) STRICT, WITHOUT ROWID;
CREATE TABLE node_capabilities(
  node TEXT NOT NULL REFERENCES nodes(id) ON DELETE CASCADE,
  capability TEXT NOT NULL, PRIMARY KEY(node, capability)) STRICT, WITHOUT ROWID;

ALTER TABLE deployments ADD COLUMN selector TEXT NOT NULL DEFAULT '';
ALTER TABLE deployments ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
CREATE INDEX deployments_with_selector ON deployments(workspace) WHERE selector != '';
ALTER TABLE deployment_revisions ADD COLUMN selector TEXT NOT NULL DEFAULT '';
ALTER TABLE deployment_revisions ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
)sql";

}  // namespace ferry::store
