// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// Secrets are sealed with a data key, which is kept wrapped by the master key; `master` is that
// key's fingerprint. A secret without data key was sealed with the master key itself, before there
// were data keys. `credential` describes an account's credential without its secrets.
inline constexpr std::string_view k0002Secrets = R"sql(
CREATE TABLE data_keys(
  id INTEGER PRIMARY KEY, wrapped BLOB NOT NULL, master TEXT NOT NULL) STRICT;

ALTER TABLE secrets ADD COLUMN data_key INTEGER REFERENCES data_keys(id);

ALTER TABLE cloud_accounts ADD COLUMN credential TEXT NOT NULL DEFAULT '{"kind":"client-secret"}';
)sql";

}  // namespace ferry::store
