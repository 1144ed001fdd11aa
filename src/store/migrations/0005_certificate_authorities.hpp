// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// `issuer_id` names the issuing certificate where Ferry knows it; it is no foreign key, because a
// workspace's rows go in any order. An owner has several authorities while one follows another.
inline constexpr std::string_view k0005CertificateAuthorities = R"sql(
ALTER TABLE certificates ADD COLUMN issuer_id TEXT;
ALTER TABLE certificates ADD COLUMN serial TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN spki TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN key_type TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE certificates ADD COLUMN origin TEXT NOT NULL DEFAULT 'ferry';
ALTER TABLE certificates ADD COLUMN revoked_at INTEGER;
ALTER TABLE certificates ADD COLUMN revocation_reason TEXT NOT NULL DEFAULT '';
CREATE INDEX certificates_by_issuer ON certificates(issuer_id, use, not_after);
CREATE INDEX certificates_by_expiry ON certificates(organization, not_after);
CREATE INDEX certificates_by_spki ON certificates(spki);

-- A key that waits for its certificate from an authority outside Ferry.
CREATE TABLE certificate_requests(
  id TEXT PRIMARY KEY, organization TEXT NOT NULL REFERENCES organizations(id),
  workspace TEXT REFERENCES workspaces(id) ON DELETE CASCADE, owner TEXT NOT NULL UNIQUE,
  use TEXT NOT NULL, subject TEXT NOT NULL, csr TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;

-- NULL: as the level above has it.
CREATE TABLE certificate_policies(
  owner TEXT PRIMARY KEY, workspace TEXT REFERENCES workspaces(id) ON DELETE CASCADE,
  ca_key TEXT, node_keys TEXT, node_days INTEGER) STRICT;

CREATE TABLE rollovers(
  id TEXT PRIMARY KEY, organization TEXT NOT NULL REFERENCES organizations(id),
  workspace TEXT REFERENCES workspaces(id) ON DELETE CASCADE, owner TEXT NOT NULL,
  use TEXT NOT NULL, leaving TEXT NOT NULL, arriving TEXT NOT NULL, state TEXT NOT NULL,
  forced INTEGER NOT NULL, cancelled INTEGER NOT NULL, nodes_per_minute INTEGER NOT NULL,
  nodes INTEGER NOT NULL, operation TEXT NOT NULL, switched_at INTEGER,
  started_at INTEGER NOT NULL, finished_at INTEGER) STRICT;
CREATE INDEX rollovers_by_owner ON rollovers(owner, state);
CREATE INDEX rollovers_by_leaving ON rollovers(leaving, state);
)sql";

}  // namespace ferry::store
