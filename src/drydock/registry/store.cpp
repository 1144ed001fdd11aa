// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/store.hpp"

#include "base/crypto.hpp"

namespace drydock::registry {
namespace {

using ferry::fail;
using ferry::sqlite::Row;
using ferry::sqlite::Transaction;
using ferry::sqlite::Value;
template <class T>
using Result = ferry::Result<T>;

constexpr std::string_view kMigrations[] = {R"sql(
CREATE TABLE keys(name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE blobs(
  registry TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY(registry, digest)) WITHOUT ROWID;
CREATE TABLE links(
  registry TEXT NOT NULL, repository TEXT NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY(registry, repository, digest)) WITHOUT ROWID;
CREATE INDEX links_digest ON links(registry, digest);
CREATE TABLE manifests(
  registry TEXT NOT NULL, repository TEXT NOT NULL, digest TEXT NOT NULL,
  media_type TEXT NOT NULL, subject TEXT NOT NULL, artifact_type TEXT NOT NULL,
  content BLOB NOT NULL, PRIMARY KEY(registry, repository, digest));
CREATE INDEX manifests_subject ON manifests(registry, repository, subject);
CREATE TABLE tags(
  registry TEXT NOT NULL, repository TEXT NOT NULL, tag TEXT NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY(registry, repository, tag)) WITHOUT ROWID;
CREATE TABLE uploads(
  id TEXT PRIMARY KEY, registry TEXT NOT NULL, repository TEXT NOT NULL, size INTEGER NOT NULL,
  started INTEGER NOT NULL) WITHOUT ROWID;
)sql"};

Manifest manifest_of(const Row& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4)};
}

}  // namespace

Result<RegistryStore> RegistryStore::open(const std::filesystem::path& path) {
  auto database = ferry::sqlite::Database::open(path, kMigrations);
  if (!database) return fail(std::move(database).error());
  // An acknowledged push must outlive a loss of power, not only of the process.
  if (auto set = database->execute("PRAGMA synchronous = FULL"); !set) {
    return fail(std::move(set).error());
  }
  return RegistryStore(*std::move(database));
}

Result<ferry::Secret> RegistryStore::signing_key() {
  const std::string fresh = ferry::random_bytes(32);
  auto added = database_.execute(
      "INSERT INTO keys(name, value) VALUES('token-signing', ?) ON CONFLICT DO NOTHING",
      {Value::blob(fresh)});
  if (!added) return fail(std::move(added).error());
  auto row = database_.query_one("SELECT value FROM keys WHERE name = 'token-signing'");
  if (!row) return fail(std::move(row).error());
  FERRY_CHECK(row->has_value());
  return ferry::Secret((*row)->text(0));
}

Result<std::optional<std::uint64_t>> RegistryStore::find_blob(std::string_view registry,
                                                              std::string_view repository,
                                                              std::string_view digest) {
  auto row = database_.query_one(
      "SELECT size FROM links JOIN blobs USING(registry, digest) "
      "WHERE registry = ? AND repository = ? AND digest = ?",
      {registry, repository, digest});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::nullopt;
  return static_cast<std::uint64_t>((*row)->number(0));
}

Result<void> RegistryStore::add_blob(std::string_view registry, std::string_view repository,
                                     std::string_view digest, std::uint64_t size,
                                     std::string_view upload) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto done = database_.execute(
      "INSERT INTO blobs(registry, digest, size) VALUES(?, ?, ?) ON CONFLICT DO NOTHING",
      {registry, digest, static_cast<std::int64_t>(size)});
  if (done) {
    done = database_.execute(
        "INSERT INTO links(registry, repository, digest) VALUES(?, ?, ?) ON CONFLICT DO NOTHING",
        {registry, repository, digest});
  }
  if (done && !upload.empty()) done = end_upload(upload);
  if (!done) return done;
  return transaction->commit();
}

Result<bool> RegistryStore::remove_blob(std::string_view registry, std::string_view repository,
                                        std::string_view digest) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto done =
      database_.execute("DELETE FROM links WHERE registry = ? AND repository = ? AND digest = ?",
                        {registry, repository, digest});
  if (!done) return fail(std::move(done).error());
  done = database_.execute(
      "DELETE FROM blobs WHERE registry = ?1 AND digest = ?2 AND NOT EXISTS "
      "(SELECT 1 FROM links WHERE registry = ?1 AND digest = ?2)",
      {registry, digest});
  if (!done) return fail(std::move(done).error());
  const bool last = database_.changes() > 0;
  if (auto committed = transaction->commit(); !committed) return fail(std::move(committed).error());
  return last;
}

Result<std::vector<std::pair<std::string, std::string>>> RegistryStore::all_blobs() {
  auto rows = database_.query("SELECT registry, digest FROM blobs");
  if (!rows) return fail(std::move(rows).error());
  std::vector<std::pair<std::string, std::string>> blobs;
  for (const Row& row : *rows) blobs.emplace_back(row.text(0), row.text(1));
  return blobs;
}

Result<void> RegistryStore::begin_upload(std::string_view registry, const Upload& upload,
                                         ferry::Timestamp now) {
  return database_.execute(
      "INSERT INTO uploads(id, registry, repository, size, started) VALUES(?, ?, ?, 0, ?)",
      {upload.id, registry, upload.repository, ferry::unix_seconds(now)});
}

Result<std::optional<Upload>> RegistryStore::find_upload(std::string_view registry,
                                                         std::string_view repository,
                                                         std::string_view id) {
  auto row = database_.query_one(
      "SELECT id, repository, size FROM uploads WHERE id = ? AND registry = ? AND repository = ?",
      {id, registry, repository});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::nullopt;
  return Upload{(*row)->text(0), (*row)->text(1), static_cast<std::uint64_t>((*row)->number(2))};
}

Result<void> RegistryStore::grow_upload(std::string_view id, std::uint64_t size) {
  return database_.execute("UPDATE uploads SET size = ? WHERE id = ?",
                           {static_cast<std::int64_t>(size), id});
}

Result<void> RegistryStore::end_upload(std::string_view id) {
  return database_.execute("DELETE FROM uploads WHERE id = ?", {id});
}

Result<void> RegistryStore::expire_uploads(ferry::Timestamp before) {
  return database_.execute("DELETE FROM uploads WHERE started < ?", {ferry::unix_seconds(before)});
}

Result<RegistryStore::Names> RegistryStore::all_uploads() {
  return names("SELECT id FROM uploads", {});
}

Result<void> RegistryStore::put_manifest(std::string_view registry, std::string_view repository,
                                         const Manifest& manifest, std::string_view tag) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto done = database_.execute(
      "INSERT INTO manifests(registry, repository, digest, media_type, subject, artifact_type, "
      "content) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
      "media_type = excluded.media_type",
      {registry, repository, manifest.digest, manifest.media_type, manifest.subject,
       manifest.artifact_type, Value::blob(manifest.content)});
  if (done && !tag.empty()) {
    done = database_.execute(
        "INSERT INTO tags(registry, repository, tag, digest) VALUES(?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET digest = excluded.digest",
        {registry, repository, tag, manifest.digest});
  }
  if (!done) return done;
  return transaction->commit();
}

Result<std::optional<Manifest>> RegistryStore::find_manifest(std::string_view registry,
                                                             std::string_view repository,
                                                             std::string_view tag_or_digest) {
  auto row = database_.query_one(
      "SELECT digest, media_type, content, subject, artifact_type FROM manifests "
      "WHERE registry = ?1 AND repository = ?2 AND digest = coalesce("
      "(SELECT digest FROM tags WHERE registry = ?1 AND repository = ?2 AND tag = ?3), ?3)",
      {registry, repository, tag_or_digest});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::nullopt;
  return manifest_of(**row);
}

Result<bool> RegistryStore::remove_manifest(std::string_view registry, std::string_view repository,
                                            std::string_view tag_or_digest) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto done = database_.execute(
      "DELETE FROM tags WHERE registry = ? AND repository = ? AND ? IN (tag, digest)",
      {registry, repository, tag_or_digest});
  if (!done) return fail(std::move(done).error());
  bool removed = database_.changes() > 0;
  done = database_.execute(
      "DELETE FROM manifests WHERE registry = ? AND repository = ? AND digest = ?",
      {registry, repository, tag_or_digest});
  if (!done) return fail(std::move(done).error());
  removed = removed || database_.changes() > 0;
  if (auto committed = transaction->commit(); !committed) return fail(std::move(committed).error());
  return removed;
}

Result<std::vector<Manifest>> RegistryStore::referrers(std::string_view registry,
                                                       std::string_view repository,
                                                       std::string_view subject) {
  auto rows = database_.query(
      "SELECT digest, media_type, content, subject, artifact_type FROM manifests "
      "WHERE registry = ? AND repository = ? AND subject = ? ORDER BY digest",
      {registry, repository, subject});
  if (!rows) return fail(std::move(rows).error());
  std::vector<Manifest> manifests;
  for (const Row& row : *rows) manifests.push_back(manifest_of(row));
  return manifests;
}

Result<bool> RegistryStore::has_repository(std::string_view registry, std::string_view repository) {
  auto row =
      database_.query_one("SELECT 1 FROM manifests WHERE registry = ? AND repository = ? LIMIT 1",
                          {registry, repository});
  if (!row) return fail(std::move(row).error());
  return row->has_value();
}

Result<RegistryStore::Names> RegistryStore::tags(std::string_view registry,
                                                 std::string_view repository, std::string_view last,
                                                 std::int64_t limit) {
  return names(
      "SELECT tag FROM tags WHERE registry = ? AND repository = ? AND tag > ? ORDER BY tag LIMIT ?",
      {registry, repository, last, limit});
}

Result<RegistryStore::Names> RegistryStore::repositories(std::string_view registry,
                                                         std::string_view last,
                                                         std::int64_t limit) {
  return names(
      "SELECT DISTINCT repository FROM manifests WHERE registry = ? AND repository > ? "
      "ORDER BY repository LIMIT ?",
      {registry, last, limit});
}

Result<RegistryStore::Names> RegistryStore::delete_registry(std::string_view registry) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto uploads = names("SELECT id FROM uploads WHERE registry = ?", {registry});
  if (!uploads) return uploads;
  for (const char* table : {"links", "blobs", "manifests", "tags", "uploads"}) {
    auto done =
        database_.execute(fmt::format("DELETE FROM {} WHERE registry = ?", table), {registry});
    if (!done) return fail(std::move(done).error());
  }
  if (auto committed = transaction->commit(); !committed) return fail(std::move(committed).error());
  return uploads;
}

Result<RegistryStore::Names> RegistryStore::names(std::string_view sql,
                                                  std::initializer_list<Value> values) {
  auto rows = database_.query(sql, values);
  if (!rows) return fail(std::move(rows).error());
  Names found;
  for (const Row& row : *rows) found.push_back(row.text(0));
  return found;
}

}  // namespace drydock::registry
