// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// Steps form a graph and remember their attempts; operations can be cancelled. A workspace keeps
// its options and the names that were chosen for its cloud objects; several of its resources may be
// of one type, so they are told apart by their key in the table of desired resources.
inline constexpr std::string_view k0003Provisioning = R"sql(
ALTER TABLE operations ADD COLUMN cancel_requested INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN depends_on TEXT NOT NULL DEFAULT '[]';
ALTER TABLE steps ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN retry_at INTEGER;

ALTER TABLE workspaces ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE workspaces ADD COLUMN names TEXT NOT NULL DEFAULT '{}';

CREATE TABLE desired_resources(
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  position INTEGER NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
  azure_id TEXT NOT NULL, region TEXT NOT NULL, state TEXT NOT NULL, origin TEXT NOT NULL,
  sku TEXT NOT NULL, endpoints TEXT NOT NULL, created_at INTEGER NOT NULL,
  last_verified_at INTEGER, UNIQUE(workspace, key)) STRICT;
INSERT INTO desired_resources
  SELECT id, workspace, position, type, type, name, azure_id, region, state, 'created', '', '[]',
         created_at, NULL FROM resources;
DROP TABLE resources;
ALTER TABLE desired_resources RENAME TO resources;
)sql";

}  // namespace ferry::store
