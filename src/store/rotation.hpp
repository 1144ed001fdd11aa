// SPDX-License-Identifier: Apache-2.0
// Changing the master key of a data directory.
#pragma once

#include <filesystem>
#include <optional>

#include "store/envelope.hpp"

namespace ferry::store {

// DIR/master.key, where nothing else was said.
MasterKeySource default_master_key(const std::filesystem::path& directory);

// Reads the key of `source` for this database. A key file that is absent is made when nothing is
// sealed yet; else that is an Error, since a new key would open nothing. Completes a rotation that
// was interrupted.
Result<Secret> master_key_for(sqlite::Database& database, const MasterKeySource& source);

// Seals everything under the key of `replacement`, without which nothing can be read from then on.
// When both are the same file (also when `replacement` is not given), a new key is made for it; a
// file of `replacement` that is absent is made. Nobody else may use the directory meanwhile. May be
// interrupted at any point and run again: either key opens the data, never none. Returns the new
// key's fingerprint.
Result<std::string> rotate_master_key(const std::filesystem::path& directory,
                                      std::optional<MasterKeySource> current,
                                      std::optional<MasterKeySource> replacement);

}  // namespace ferry::store
