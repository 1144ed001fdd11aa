// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include <sys/stat.h>

#include "base/file.hpp"
#include "store/migrations.hpp"
#include "store/rotation.hpp"

namespace ferry::store {

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& directory,
                                           std::optional<MasterKeySource> master_key) {
  auto made = make_directories(directory, 0700);
  if (!made) return fail(std::move(made).error());
  // SQLite makes its files with the umask's mode, and gives -wal and -shm the mode of the database.
  const mode_t old_mask = ::umask(077);
  auto database = sqlite::Database::open(directory / "ferry.db", migrations());
  ::umask(old_mask);
  if (!database) return fail(std::move(database).error());
  auto key = master_key_for(*database, master_key.value_or(default_master_key(directory)));
  if (!key) return fail(std::move(key).error());
  auto data_key = open_envelope(*database, *key);
  if (!data_key) return fail(std::move(data_key).error());
  return std::unique_ptr<Store>(new Store(*std::move(database), *std::move(data_key)));
}

Store::Store(sqlite::Database database, DataKey data_key)
    : database_(std::move(database)),
      secrets(database_, std::move(data_key)),
      organizations(database_),
      sessions(database_),
      accounts(database_),
      workspaces(database_),
      resources(database_),
      certificates(database_),
      certificate_policies(database_),
      certificate_requests(database_),
      rollovers(database_),
      groups(database_),
      compositions(database_),
      layers(database_),
      nodes(database_),
      node_events(database_),
      enrollments(database_),
      revocations(database_),
      registration_policies(database_),
      components(database_),
      deployments(database_),
      plans(database_),
      rollouts(database_),
      operations(database_) {}

}  // namespace ferry::store
