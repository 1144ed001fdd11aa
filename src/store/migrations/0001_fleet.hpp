// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// Times are milliseconds since 1970, UTC. `secrets` holds sealed bytes: associated data binds each
// to its owner and name.
inline constexpr std::string_view k0001Fleet = R"sql(
CREATE TABLE organizations(
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL) STRICT;

CREATE TABLE users(
  id TEXT PRIMARY KEY, organization TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  name TEXT NOT NULL, role TEXT NOT NULL, created_at INTEGER NOT NULL,
  UNIQUE(organization, name)) STRICT;

CREATE TABLE api_tokens(
  hash TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL) STRICT;

CREATE TABLE secrets(
  owner TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(owner, name)) STRICT;

CREATE TABLE cloud_accounts(
  id TEXT PRIMARY KEY, organization TEXT NOT NULL REFERENCES organizations(id),
  name TEXT NOT NULL, environment TEXT NOT NULL, ca_pem TEXT NOT NULL, tenant TEXT NOT NULL,
  subscription TEXT NOT NULL, client TEXT NOT NULL, created_at INTEGER NOT NULL,
  UNIQUE(organization, name)) STRICT;

CREATE TABLE workspaces(
  id TEXT PRIMARY KEY, organization TEXT NOT NULL REFERENCES organizations(id),
  cloud_account TEXT NOT NULL REFERENCES cloud_accounts(id),
  name TEXT NOT NULL, location TEXT NOT NULL, state TEXT NOT NULL,
  id_scope TEXT NOT NULL, provisioning_host TEXT NOT NULL, provisioning_service TEXT NOT NULL,
  hub_host TEXT NOT NULL, blob_endpoint TEXT NOT NULL, login_server TEXT NOT NULL,
  created_at INTEGER NOT NULL, UNIQUE(organization, name)) STRICT;

CREATE TABLE resources(
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  position INTEGER NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, azure_id TEXT NOT NULL,
  region TEXT NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL,
  UNIQUE(workspace, type)) STRICT;

CREATE TABLE node_groups(
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  name TEXT NOT NULL, state TEXT NOT NULL, enrollment_group TEXT NOT NULL, pull_token TEXT NOT NULL,
  configuration TEXT NOT NULL, composition_version INTEGER NOT NULL, created_at INTEGER NOT NULL,
  UNIQUE(workspace, name)) STRICT;

-- in_hub: a configuration of this version may stand in the IoT Hub.
CREATE TABLE compositions(
  node_group TEXT NOT NULL REFERENCES node_groups(id) ON DELETE CASCADE,
  version INTEGER NOT NULL, modules TEXT NOT NULL, configuration TEXT NOT NULL,
  stood INTEGER NOT NULL, in_hub INTEGER NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY(node_group, version)) STRICT;

CREATE TABLE nodes(
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  node_group TEXT NOT NULL REFERENCES node_groups(id) ON DELETE CASCADE,
  name TEXT NOT NULL, registration TEXT NOT NULL UNIQUE, registered_at INTEGER,
  deleting INTEGER NOT NULL, created_at INTEGER NOT NULL, UNIQUE(workspace, name)) STRICT;
CREATE INDEX nodes_by_group ON nodes(node_group);

CREATE TABLE node_tokens(
  node TEXT PRIMARY KEY REFERENCES nodes(id) ON DELETE CASCADE,
  hash TEXT NOT NULL UNIQUE, expires_at INTEGER NOT NULL, used_at INTEGER) STRICT;

CREATE TABLE node_sessions(
  hash TEXT PRIMARY KEY, node TEXT NOT NULL REFERENCES nodes(id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;
CREATE INDEX node_sessions_by_node ON node_sessions(node);

CREATE TABLE certificates(
  id TEXT PRIMARY KEY, organization TEXT NOT NULL REFERENCES organizations(id),
  workspace TEXT REFERENCES workspaces(id) ON DELETE CASCADE,
  owner TEXT NOT NULL, use TEXT NOT NULL, subject TEXT NOT NULL, issuer TEXT NOT NULL,
  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, thumbprint TEXT NOT NULL UNIQUE,
  pem TEXT NOT NULL) STRICT;
CREATE INDEX certificates_by_owner ON certificates(owner, use);
CREATE INDEX certificates_by_workspace ON certificates(workspace);

CREATE TABLE component_versions(
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  component TEXT NOT NULL, version TEXT NOT NULL, state TEXT NOT NULL, manifest TEXT NOT NULL,
  image TEXT NOT NULL, digest TEXT NOT NULL, error TEXT NOT NULL, created_at INTEGER NOT NULL,
  published_at INTEGER, UNIQUE(workspace, component, version)) STRICT;

CREATE TABLE version_files(
  version TEXT NOT NULL REFERENCES component_versions(id) ON DELETE CASCADE,
  path TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, mode INTEGER NOT NULL,
  PRIMARY KEY(version, path)) STRICT;

-- `revision` 0 and empty content never occur: a deployment that goes away loses its row, not its
-- revisions.
CREATE TABLE deployments(
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  name TEXT NOT NULL, revision INTEGER NOT NULL, components TEXT NOT NULL, groups TEXT NOT NULL,
  created_at INTEGER NOT NULL, UNIQUE(workspace, name)) STRICT;

CREATE TABLE deployment_revisions(
  workspace TEXT NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  deployment TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL,
  components TEXT NOT NULL, groups TEXT NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY(deployment, revision)) STRICT;

CREATE TABLE operations(
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, organization TEXT NOT NULL,
  kind TEXT NOT NULL, target TEXT NOT NULL, subject TEXT NOT NULL, lane TEXT NOT NULL,
  input TEXT NOT NULL, status TEXT NOT NULL, error TEXT, created_at INTEGER NOT NULL,
  finished_at INTEGER) STRICT;
CREATE INDEX operations_by_subject ON operations(subject, kind);
CREATE INDEX operations_by_status ON operations(status);

CREATE TABLE steps(
  operation TEXT NOT NULL REFERENCES operations(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  name TEXT NOT NULL, status TEXT NOT NULL, detail TEXT NOT NULL, started_at INTEGER,
  finished_at INTEGER, PRIMARY KEY(operation, position)) STRICT;
)sql";

}  // namespace ferry::store
