// SPDX-License-Identifier: Apache-2.0
#include "store/rotation.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/log.hpp"
#include "store/migrations.hpp"

namespace ferry::store {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

// The key that is to take the place of a key file; there only while a rotation is under way.
fs::path next_of(const fs::path& path) {
  return path.string() + ".next";
}

Result<void> put_in_place(const fs::path& next, const fs::path& path) {
  auto key = read_file(next);
  if (!key) return fail(std::move(key).error());
  auto written = write_file_atomically(path, *key, 0600);
  if (!written) return fail(std::move(written).error().with("replace the master key"));
  ::unlink(next.c_str());
  return {};
}

// After a crash: the database says which of the two keys counts.
Result<void> finish_rotation(sqlite::Database& database, const fs::path& path) {
  const fs::path next = next_of(path);
  if (!is_there(next)) return {};
  auto key = load_master_key({MasterKeySource::Kind::file, next.string()});
  auto current = load_master_key({MasterKeySource::Kind::file, path.string()});
  auto current_opens = current ? opens(database, *current) : Result<bool>(false);
  if (!current_opens) return fail(std::move(current_opens).error());
  if (*current_opens) {
    ::unlink(next.c_str());
    return {};
  }
  if (!key) return fail(std::move(key).error());
  auto next_opens = opens(database, *key);
  if (!next_opens) return fail(std::move(next_opens).error());
  if (!*next_opens) return {};
  log::info("store", "completing a change of the master key that was interrupted");
  return put_in_place(next, path);
}

Result<Secret> load_or_create(const MasterKeySource& source) {
  const bool absent = source.kind == MasterKeySource::Kind::file && !is_there(source.where);
  return absent ? create_master_key(source.where) : load_master_key(source);
}

bool same_file(const MasterKeySource& a, const MasterKeySource& b) {
  return a.kind == MasterKeySource::Kind::file && b.kind == a.kind &&
         fs::weakly_canonical(a.where) == fs::weakly_canonical(b.where);
}

}  // namespace

MasterKeySource default_master_key(const fs::path& directory) {
  return {MasterKeySource::Kind::file, (directory / "master.key").string()};
}

Result<Secret> master_key_for(sqlite::Database& database, const MasterKeySource& source) {
  if (source.kind == MasterKeySource::Kind::file) {
    if (auto finished = finish_rotation(database, source.where); !finished) {
      return fail(std::move(finished).error());
    }
    auto sealed = is_sealed(database);
    if (!sealed) return fail(std::move(sealed).error());
    if (!*sealed) return load_or_create(source);
  }
  auto key = load_master_key(source);
  if (!key && key.error().code == Code::not_found) {
    key.error().hint = "restore it from a backup: without it no secret can be read";
  }
  return key;
}

Result<std::string> rotate_master_key(const fs::path& directory,
                                      std::optional<MasterKeySource> current,
                                      std::optional<MasterKeySource> replacement) {
  const MasterKeySource from = current.value_or(default_master_key(directory));
  const MasterKeySource to = replacement.value_or(from);
  const bool in_place = same_file(from, to);
  if (!in_place && !replacement) {
    return fail(Error{Code::invalid_argument,
                      fmt::format("the new key cannot come from the same {}", from.describe()),
                      "say where it is with --new-master-key"});
  }
  if (!is_there(directory / "ferry.db")) {
    return fail(Code::not_found, "there is no Ferry data in {}", directory.string());
  }
  auto database = sqlite::Database::open(directory / "ferry.db", migrations());
  if (!database) return fail(std::move(database).error());
  auto old_key = master_key_for(*database, from);
  if (!old_key) return fail(std::move(old_key).error());
  const fs::path next = next_of(to.where);
  auto new_key = in_place ? create_master_key(next) : load_or_create(to);
  if (!new_key) return fail(std::move(new_key).error());
  if (*new_key == *old_key) {
    return fail(Code::invalid_argument, "the new master key is the one that is in use");
  }
  auto sealed = seal_under(*database, *old_key, *new_key);
  if (!sealed) return fail(std::move(sealed).error().with("seal the secrets anew"));
  if (in_place) {
    if (auto replaced = put_in_place(next, to.where); !replaced) {
      return fail(std::move(replaced).error());
    }
  }
  return fingerprint_of(*new_key);
}

}  // namespace ferry::store
