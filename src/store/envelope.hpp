// SPDX-License-Identifier: Apache-2.0
// Envelope encryption: the database's secrets are sealed with a data key, the data key is wrapped
// by the master key. Changing the master key makes a new data key as well and seals everything
// again, so that the old master key opens nothing of the new state.
#pragma once

#include "base/secret.hpp"
#include "base/sqlite.hpp"
#include "store/master_key.hpp"

namespace ferry::store {

struct DataKey {
  std::int64_t id = 0;
  Secret key;
};

// Whether the database holds anything that a master key has sealed.
Result<bool> is_sealed(sqlite::Database& database);

// Whether `master_key` is the one that wrapped the data key; also true when nothing is sealed yet.
Result<bool> opens(sqlite::Database& database, const Secret& master_key);

// The data key. Made when there is none: secrets that were sealed with the master key itself, by an
// older version, are sealed again with it, all at once. Code::permission_denied when another master
// key is needed; the error tells the two apart by their fingerprints.
Result<DataKey> open_envelope(sqlite::Database& database, const Secret& master_key);

// One transaction: afterwards only `new_key` opens the database.
Result<DataKey> seal_under(sqlite::Database& database, const Secret& old_key,
                           const Secret& new_key);

// Where a sealed value belongs; binds it there.
std::string place_of_secret(const std::string& owner, const std::string& name);

}  // namespace ferry::store
