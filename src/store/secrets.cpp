// SPDX-License-Identifier: Apache-2.0
#include "store/secrets.hpp"

#include "base/crypto.hpp"

namespace ferry::store {

Result<void> Secrets::put(const std::string& owner, const std::string& name, const Secret& value) {
  const std::string sealed = seal(key_.key.reveal(), value.reveal(), place_of_secret(owner, name));
  return database_.execute(
      "INSERT INTO secrets(owner, name, value, data_key) VALUES(?, ?, ?, ?) "
      "ON CONFLICT(owner, name) DO UPDATE SET value = excluded.value, data_key = excluded.data_key",
      {owner, name, sqlite::Value::blob(sealed), key_.id});
}

Result<std::optional<Secret>> Secrets::get(const std::string& owner,
                                           const std::string& name) const {
  auto row =
      database_.query_one("SELECT value FROM secrets WHERE owner = ? AND name = ?", {owner, name});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::optional<Secret>();
  auto opened = unseal(key_.key.reveal(), (*row)->text(0), place_of_secret(owner, name));
  if (!opened) return fail(std::move(opened).error().with("open secret {} of {}", name, owner));
  return std::optional<Secret>(Secret(*std::move(opened)));
}

Result<void> Secrets::remove(const std::string& owner, const std::string& name) {
  return database_.execute("DELETE FROM secrets WHERE owner = ? AND name = ?", {owner, name});
}

Result<void> Secrets::remove_all(const std::string& owner) {
  return database_.execute("DELETE FROM secrets WHERE owner = ?", {owner});
}

}  // namespace ferry::store
