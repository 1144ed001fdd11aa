// SPDX-License-Identifier: Apache-2.0
#include "store/envelope.hpp"

#include "base/crypto.hpp"

namespace ferry::store {
namespace {

constexpr std::size_t kKeySize = 32;

std::string place_of_key(std::int64_t id) {
  return fmt::format("data_keys/wrapped/{}", id);
}

struct Wrapped {
  std::int64_t id = 0;
  std::string bytes;
  std::string master;
};

Result<std::optional<Wrapped>> find_wrapped(sqlite::Database& database) {
  auto row =
      database.query_one("SELECT id, wrapped, master FROM data_keys ORDER BY id DESC LIMIT 1");
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::optional<Wrapped>();
  return std::optional<Wrapped>(Wrapped{(*row)->number(0), (*row)->text(1), (*row)->text(2)});
}

Error wrong_key(std::string_view offered, std::string_view wanted) {
  return Error{Code::permission_denied,
               fmt::format("this master key (fingerprint {}) does not open the data, which is "
                           "sealed under {}",
                           offered, wanted.empty() ? "another one" : wanted),
               "give the master key that belongs to this data with --master-key"};
}

Result<DataKey> unwrap(const Wrapped& wrapped, const Secret& master_key) {
  auto key = unseal(master_key.reveal(), wrapped.bytes, place_of_key(wrapped.id));
  if (!key || key->size() != kKeySize) {
    return fail(wrong_key(fingerprint_of(master_key), wrapped.master));
  }
  return DataKey{wrapped.id, Secret(*std::move(key))};
}

Result<DataKey> add_data_key(sqlite::Database& database, std::int64_t id,
                             const Secret& master_key) {
  DataKey made{id, Secret(random_bytes(kKeySize))};
  const std::string wrapped = seal(master_key.reveal(), made.key.reveal(), place_of_key(id));
  auto inserted = database.execute("INSERT INTO data_keys(id, wrapped, master) VALUES(?, ?, ?)",
                                   {id, sqlite::Value::blob(wrapped), fingerprint_of(master_key)});
  if (!inserted) return fail(std::move(inserted).error());
  return made;
}

// Opens every secret with `old_key` and seals it with `fresh`.
Result<void> seal_again(sqlite::Database& database, const Secret& old_key, const DataKey& fresh) {
  auto rows = database.query("SELECT owner, name, value FROM secrets");
  if (!rows) return fail(std::move(rows).error());
  for (const auto& row : *rows) {
    const std::string place = place_of_secret(row.text(0), row.text(1));
    auto value = unseal(old_key.reveal(), row.text(2), place);
    if (!value) return fail(wrong_key(fingerprint_of(old_key), ""));
    const std::string sealed = seal(fresh.key.reveal(), *value, place);
    auto updated =
        database.execute("UPDATE secrets SET value = ?, data_key = ? WHERE owner = ? AND name = ?",
                         {sqlite::Value::blob(sealed), fresh.id, row.text(0), row.text(1)});
    if (!updated) return updated;
  }
  return {};
}

// A new data key in place of the one with `old_key`, whose secrets it takes over.
Result<DataKey> replace_data_key(sqlite::Database& database, std::int64_t id, const Secret& old_key,
                                 const Secret& master_key) {
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return fail(std::move(transaction).error());
  auto fresh = add_data_key(database, id, master_key);
  if (!fresh) return fresh;
  auto sealed = seal_again(database, old_key, *fresh);
  if (!sealed) return fail(std::move(sealed).error());
  auto dropped = database.execute("DELETE FROM data_keys WHERE id < ?", {id});
  if (!dropped) return fail(std::move(dropped).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return fresh;
}

}  // namespace

std::string place_of_secret(const std::string& owner, const std::string& name) {
  return fmt::format("secrets/value/{}/{}", owner, name);
}

Result<bool> is_sealed(sqlite::Database& database) {
  auto row = database.query_one(
      "SELECT (SELECT count(*) FROM secrets) + (SELECT count(*) FROM data_keys)");
  if (!row) return fail(std::move(row).error());
  return (*row)->number(0) > 0;
}

Result<bool> opens(sqlite::Database& database, const Secret& master_key) {
  auto wrapped = find_wrapped(database);
  if (!wrapped) return fail(std::move(wrapped).error());
  return !*wrapped || unwrap(**wrapped, master_key).has_value();
}

Result<DataKey> open_envelope(sqlite::Database& database, const Secret& master_key) {
  auto wrapped = find_wrapped(database);
  if (!wrapped) return fail(std::move(wrapped).error());
  if (*wrapped) return unwrap(**wrapped, master_key);
  return replace_data_key(database, 1, master_key, master_key);
}

Result<DataKey> seal_under(sqlite::Database& database, const Secret& old_key,
                           const Secret& new_key) {
  auto current = open_envelope(database, old_key);
  if (!current) return current;
  // What is overwritten must not stay readable in free pages or in the log.
  auto wiping = database.execute("PRAGMA secure_delete = ON");
  if (!wiping) return fail(std::move(wiping).error());
  auto fresh = replace_data_key(database, current->id + 1, current->key, new_key);
  if (!fresh) return fresh;
  auto emptied = database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!emptied) return fail(std::move(emptied).error().with("empty the database's log"));
  return fresh;
}

}  // namespace ferry::store
