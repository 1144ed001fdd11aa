// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// `renew_after`: when the node's newest certificate is to be renewed. `pinned_until`: until then an
// older certificate of the node is good for DPS and in foreign hands, so that the node has an
// enrollment of its own there. `subject` of a revocation: the id of a node, group or workspace.
inline constexpr std::string_view k0006Registration = R"sql(
ALTER TABLE nodes ADD COLUMN renew_after INTEGER;
ALTER TABLE nodes ADD COLUMN pinned_until INTEGER;
ALTER TABLE nodes ADD COLUMN seen_at INTEGER;
ALTER TABLE nodes ADD COLUMN hardware TEXT NOT NULL DEFAULT '';
CREATE INDEX nodes_pinned ON nodes(workspace, id) WHERE pinned_until IS NOT NULL;

ALTER TABLE node_tokens ADD COLUMN prefix TEXT NOT NULL DEFAULT '';
ALTER TABLE node_tokens ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE node_tokens ADD COLUMN replaces INTEGER NOT NULL DEFAULT 0;

CREATE TABLE revocations(
  subject TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  reason TEXT NOT NULL, revoked_by TEXT NOT NULL, revoked_at INTEGER NOT NULL) STRICT;

-- NULL: as the level above has it.
CREATE TABLE registration_policies(
  owner TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  server_keys INTEGER, grace_days INTEGER, late TEXT, token_hours INTEGER) STRICT;

CREATE TABLE enrollments(
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  node_group TEXT NOT NULL REFERENCES node_groups(id) ON DELETE CASCADE,
  name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, prefix TEXT NOT NULL, pattern TEXT NOT NULL,
  automatic INTEGER NOT NULL, quota INTEGER NOT NULL, used INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, revoked_at INTEGER, created_at INTEGER NOT NULL,
  UNIQUE(workspace, name)) STRICT;

-- What waits for a person. `device`: what tells the asking device from others: its hardware id or
-- name with an enrollment, the digest of its key with a recovery.
CREATE TABLE registration_requests(
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  kind TEXT NOT NULL, enrollment TEXT REFERENCES enrollments(id) ON DELETE CASCADE,
  node TEXT REFERENCES nodes(id) ON DELETE SET NULL,
  name TEXT NOT NULL, device TEXT NOT NULL, address TEXT NOT NULL, why TEXT NOT NULL,
  state TEXT NOT NULL, note TEXT NOT NULL, decided_by TEXT NOT NULL,
  created_at INTEGER NOT NULL, decided_at INTEGER) STRICT;
CREATE UNIQUE INDEX registration_requests_by_enrollment ON registration_requests(enrollment, device)
  WHERE enrollment IS NOT NULL;
CREATE UNIQUE INDEX registration_requests_by_node ON registration_requests(node, device)
  WHERE enrollment IS NULL;
CREATE INDEX registration_requests_by_name ON registration_requests(enrollment, state, name);
CREATE INDEX registration_requests_by_state ON registration_requests(workspace, state);

-- The trail of what happened to nodes; outlives them.
CREATE TABLE node_events(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  subject TEXT NOT NULL, name TEXT NOT NULL, action TEXT NOT NULL, actor TEXT NOT NULL,
  detail TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX node_events_by_subject ON node_events(subject, number);
CREATE INDEX node_events_by_workspace ON node_events(workspace, number);

-- Disabled enrollments in the provisioning service that keep a node that is gone from coming back
-- with a certificate that has not ended yet.
CREATE TABLE shut_outs(
  registration TEXT PRIMARY KEY,
  workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  until INTEGER NOT NULL) STRICT;
CREATE INDEX shut_outs_by_end ON shut_outs(until);
)sql";

}  // namespace ferry::store
