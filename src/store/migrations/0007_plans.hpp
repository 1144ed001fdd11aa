// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// deployment_targets: deployments.groups once more, so that one group's deployments are found
// without reading all. `layers`: by platform, what the version's images consist of.
inline constexpr std::string_view k0007Plans = R"sql(
CREATE TABLE deployment_targets(
  workspace TEXT NOT NULL, node_group TEXT NOT NULL,
  deployment TEXT NOT NULL REFERENCES deployments(id) ON DELETE CASCADE,
  PRIMARY KEY(workspace, node_group, deployment)) STRICT, WITHOUT ROWID;
CREATE INDEX deployment_targets_by_deployment ON deployment_targets(deployment);
INSERT INTO deployment_targets(workspace, node_group, deployment)
  SELECT DISTINCT deployments.workspace, target.value, deployments.id
  FROM deployments, json_each(deployments.groups) AS target;

ALTER TABLE component_versions ADD COLUMN layers TEXT NOT NULL DEFAULT '{}';

CREATE TABLE plans(
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  change TEXT NOT NULL, promise TEXT NOT NULL, shown TEXT NOT NULL, created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, operation TEXT) STRICT;
CREATE INDEX plans_by_workspace ON plans(workspace, created_at);
)sql";

}  // namespace ferry::store
