// SPDX-License-Identifier: Apache-2.0
#include "store/secrets.hpp"

#include <sys/stat.h>

#include "base/crypto.hpp"
#include "base/file.hpp"

namespace ferry::store {
namespace {

constexpr std::size_t kKeySize = 32;

std::string place_of(const std::string& owner, const std::string& name) {
  return fmt::format("secrets/value/{}/{}", owner, name);
}

}  // namespace

Result<Secret> load_or_create_master_key(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    Secret key(random_bytes(kKeySize));
    auto written = write_file_atomically(path, key.reveal(), 0600);
    if (!written) return fail(std::move(written).error().with("make the master key"));
    return key;
  }
  if ((status.st_mode & 077) != 0) {
    return fail(Error{Code::permission_denied,
                      fmt::format("others may read the master key {}", path.string()),
                      fmt::format("chmod 0600 {}", path.string())});
  }
  auto key = read_file(path);
  if (!key) return fail(std::move(key).error().with("read the master key"));
  if (key->size() != kKeySize) {
    return fail(Error{Code::internal, fmt::format("the master key {} is damaged", path.string()),
                      "restore it from a backup: without it no secret can be read"});
  }
  return Secret(*std::move(key));
}

Result<void> Secrets::put(const std::string& owner, const std::string& name, const Secret& value) {
  const std::string sealed = seal(master_key_.reveal(), value.reveal(), place_of(owner, name));
  return database_.execute(
      "INSERT INTO secrets(owner, name, value) VALUES(?, ?, ?) "
      "ON CONFLICT(owner, name) DO UPDATE SET value = excluded.value",
      {owner, name, sqlite::Value::blob(sealed)});
}

Result<std::optional<Secret>> Secrets::get(const std::string& owner,
                                           const std::string& name) const {
  auto row =
      database_.query_one("SELECT value FROM secrets WHERE owner = ? AND name = ?", {owner, name});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::optional<Secret>();
  auto opened = unseal(master_key_.reveal(), (*row)->text(0), place_of(owner, name));
  if (!opened) return fail(std::move(opened).error().with("open secret {} of {}", name, owner));
  return std::optional<Secret>(Secret(*std::move(opened)));
}

Result<void> Secrets::remove_all(const std::string& owner) {
  return database_.execute("DELETE FROM secrets WHERE owner = ?", {owner});
}

}  // namespace ferry::store
