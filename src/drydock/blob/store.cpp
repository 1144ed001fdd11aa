// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/store.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/json.hpp"

namespace drydock::blob {
namespace {

using ferry::Code;
using ferry::fail;
using ferry::sqlite::Row;
using ferry::sqlite::Transaction;
template <class T>
using Result = ferry::Result<T>;

constexpr std::string_view kMigrations[] = {R"sql(
CREATE TABLE containers(
  id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, name TEXT NOT NULL,
  etag TEXT NOT NULL, modified INTEGER NOT NULL, metadata TEXT NOT NULL,
  UNIQUE(account, name));
CREATE TABLE blobs(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  container INTEGER NOT NULL REFERENCES containers(id) ON DELETE CASCADE,
  name TEXT NOT NULL, created INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL,
  size INTEGER NOT NULL, content_type TEXT NOT NULL, content_encoding TEXT NOT NULL,
  content_language TEXT NOT NULL, content_disposition TEXT NOT NULL, cache_control TEXT NOT NULL,
  content_md5 TEXT NOT NULL, access_tier TEXT NOT NULL, metadata TEXT NOT NULL,
  UNIQUE(container, name));
CREATE TABLE pieces(
  blob INTEGER NOT NULL REFERENCES blobs(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  block_id TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY(blob, position)) WITHOUT ROWID;
CREATE INDEX pieces_file ON pieces(file);
CREATE TABLE uncommitted(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  container INTEGER NOT NULL REFERENCES containers(id) ON DELETE CASCADE,
  blob TEXT NOT NULL, block_id TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL,
  uploaded INTEGER NOT NULL, UNIQUE(container, blob, block_id));
CREATE INDEX uncommitted_file ON uncommitted(file);
)sql",
                                            R"sql(
ALTER TABLE containers ADD COLUMN policies TEXT NOT NULL DEFAULT '[]';
ALTER TABLE blobs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE blobs ADD COLUMN copy_id TEXT NOT NULL DEFAULT '';
ALTER TABLE blobs ADD COLUMN copy_source TEXT NOT NULL DEFAULT '';
ALTER TABLE blobs ADD COLUMN copy_completed TEXT NOT NULL DEFAULT '';
-- Of a name, so that a blob that takes another's place is under the same lease; '' is the container.
CREATE TABLE leases(
  container INTEGER NOT NULL REFERENCES containers(id) ON DELETE CASCADE, blob TEXT NOT NULL,
  id TEXT NOT NULL, seconds INTEGER NOT NULL, until INTEGER NOT NULL, broken_at INTEGER,
  PRIMARY KEY(container, blob)) WITHOUT ROWID;
CREATE TABLE delegation(seed BLOB NOT NULL);
)sql"};

constexpr std::string_view kSelectBlobs =
    "SELECT b.id, name, created, etag, modified, size, content_type, content_encoding, "
    "content_language, content_disposition, cache_control, content_md5, access_tier, metadata, "
    "tags, copy_id, copy_source, copy_completed, l.id, l.seconds, l.until, l.broken_at "
    "FROM blobs b LEFT JOIN leases l ON l.container = b.container AND l.blob = b.name";
constexpr std::string_view kSelectContainers =
    "SELECT c.id, name, etag, modified, metadata, policies, l.id, l.seconds, l.until, l.broken_at "
    "FROM containers c LEFT JOIN leases l ON l.container = c.id AND l.blob = ''";

ferry::Timestamp time_of(std::int64_t milliseconds) {
  return ferry::Timestamp(std::chrono::milliseconds(milliseconds));
}

std::int64_t milliseconds_of(ferry::Timestamp time) {
  return time.time_since_epoch().count();
}

std::string metadata_text(const Metadata& metadata) {
  ferry::json::array pairs;
  for (const auto& [name, value] : metadata) pairs.push_back(ferry::json::array{name, value});
  return ferry::json::serialize(pairs);
}

Metadata parse_metadata(std::string_view text) {
  Metadata metadata;
  const auto value = ferry::parse_json(text);
  if (!value || !value->is_array()) return metadata;
  for (const auto& pair : value->as_array()) {
    metadata.emplace_back(std::string(pair.as_array()[0].as_string()),
                          std::string(pair.as_array()[1].as_string()));
  }
  return metadata;
}

// Four columns from `first` on.
std::optional<Lease> lease_of(const Row& row, int first) {
  if (row.is_null(first)) return std::nullopt;
  Lease lease{row.text(first), row.number(first + 1), time_of(row.number(first + 2)), {}};
  if (!row.is_null(first + 3)) lease.broken_at = time_of(row.number(first + 3));
  return lease;
}

std::string policies_text(const std::vector<AccessPolicy>& policies) {
  ferry::json::array list;
  for (const auto& policy : policies) {
    list.push_back(ferry::json::array{policy.id, policy.start, policy.expiry, policy.permission});
  }
  return ferry::json::serialize(list);
}

std::vector<AccessPolicy> parse_policies(std::string_view text) {
  std::vector<AccessPolicy> policies;
  const auto value = ferry::parse_json(text);
  if (!value || !value->is_array()) return policies;
  for (const auto& item : value->as_array()) {
    const auto field = [&](std::size_t i) { return std::string(item.as_array()[i].as_string()); };
    policies.push_back({field(0), field(1), field(2), field(3)});
  }
  return policies;
}

ContainerRecord container_of(const Row& row) {
  return {row.number(0),
          row.text(1),
          {row.text(2), time_of(row.number(3))},
          parse_metadata(row.text(4)),
          parse_policies(row.text(5)),
          lease_of(row, 6)};
}

BlobRecord blob_of(const Row& row) {
  BlobRecord blob;
  blob.id = row.number(0);
  blob.name = row.text(1);
  blob.created = time_of(row.number(2));
  blob.version = {row.text(3), time_of(row.number(4))};
  blob.size = static_cast<std::uint64_t>(row.number(5));
  blob.content_type = row.text(6);
  blob.content_encoding = row.text(7);
  blob.content_language = row.text(8);
  blob.content_disposition = row.text(9);
  blob.cache_control = row.text(10);
  blob.content_md5 = row.text(11);
  blob.access_tier = row.text(12);
  blob.metadata = parse_metadata(row.text(13));
  blob.tags = parse_metadata(row.text(14));
  blob.copy = {row.text(15), row.text(16), row.text(17)};
  blob.lease = lease_of(row, 18);
  return blob;
}

std::vector<Piece> pieces_in(const std::vector<Row>& rows) {
  std::vector<Piece> pieces;
  for (const Row& row : rows) {
    pieces.push_back({row.text(0), row.text(1), static_cast<std::uint64_t>(row.number(2))});
  }
  return pieces;
}

}  // namespace

Result<BlobStore> BlobStore::open(const std::filesystem::path& path) {
  auto database = ferry::sqlite::Database::open(path, kMigrations);
  if (!database) return fail(std::move(database).error());
  // An acknowledged write must outlive a loss of power, not only of the process.
  if (auto set = database->execute("PRAGMA synchronous = FULL"); !set) {
    return fail(std::move(set).error());
  }
  return BlobStore(*std::move(database));
}

Result<std::optional<ContainerRecord>> BlobStore::find_container(std::string_view account,
                                                                 std::string_view name) {
  auto row = database_.query_one(
      fmt::format("{} WHERE account = ? AND name = ?", kSelectContainers), {account, name});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::nullopt;
  return container_of(**row);
}

Result<void> BlobStore::create_container(std::string_view account,
                                         const ContainerRecord& container) {
  auto added = database_.execute(
      "INSERT INTO containers(account, name, etag, modified, metadata) VALUES(?, ?, ?, ?, ?) "
      "ON CONFLICT DO NOTHING",
      {account, container.name, container.version.etag, milliseconds_of(container.version.modified),
       metadata_text(container.metadata)});
  if (added && database_.changes() == 0) {
    return fail(Code::conflict, "container '{}' exists", container.name);
  }
  return added;
}

Result<void> BlobStore::update_container(const ContainerRecord& container) {
  return database_.execute(
      "UPDATE containers SET etag = ?, modified = ?, metadata = ?, policies = ? WHERE id = ?",
      {container.version.etag, milliseconds_of(container.version.modified),
       metadata_text(container.metadata), policies_text(container.policies), container.id});
}

Result<BlobStore::Files> BlobStore::delete_container(std::int64_t id) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto candidates = files_of(
      "SELECT file FROM pieces JOIN blobs ON blobs.id = pieces.blob WHERE container = ?1 "
      "UNION SELECT file FROM uncommitted WHERE container = ?1",
      {id});
  if (!candidates) return candidates;
  if (auto done = database_.execute("DELETE FROM containers WHERE id = ?", {id}); !done) {
    return fail(std::move(done).error());
  }
  auto files = unreferenced(*std::move(candidates));
  if (!files) return files;
  if (auto committed = transaction->commit(); !committed) return fail(std::move(committed).error());
  return files;
}

Result<std::vector<ContainerRecord>> BlobStore::list_containers(std::string_view account,
                                                                std::string_view start, int limit) {
  auto rows = database_.query(
      fmt::format("{} WHERE account = ? AND name >= ? ORDER BY name LIMIT ?", kSelectContainers),
      {account, start, limit});
  if (!rows) return fail(std::move(rows).error());
  std::vector<ContainerRecord> containers;
  for (const Row& row : *rows) containers.push_back(container_of(row));
  return containers;
}

Result<BlobStore::Files> BlobStore::delete_account(std::string_view account) {
  auto containers = list_containers(account, "", -1);
  if (!containers) return fail(std::move(containers).error());
  Files all;
  for (const ContainerRecord& container : *containers) {
    auto files = delete_container(container.id);
    if (!files) return files;
    all.insert(all.end(), files->begin(), files->end());
  }
  return all;
}

Result<std::optional<BlobRecord>> BlobStore::find_blob(std::int64_t container,
                                                       std::string_view name) {
  auto row = database_.query_one(fmt::format("{} WHERE b.container = ? AND name = ?", kSelectBlobs),
                                 {container, name});
  if (!row) return fail(std::move(row).error());
  if (!*row) return std::nullopt;
  return blob_of(**row);
}

Result<BlobStore::Files> BlobStore::put_blob(std::int64_t container, const BlobRecord& blob,
                                             const std::vector<Piece>& pieces) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto candidates = files_of(
      "SELECT file FROM pieces JOIN blobs ON blobs.id = pieces.blob "
      "WHERE container = ?1 AND name = ?2 "
      "UNION SELECT file FROM uncommitted WHERE container = ?1 AND blob = ?2",
      {container, blob.name});
  if (!candidates) return candidates;
  Result<void> done = database_.execute("DELETE FROM blobs WHERE container = ? AND name = ?",
                                        {container, blob.name});
  if (done) {
    done = database_.execute("DELETE FROM uncommitted WHERE container = ? AND blob = ?",
                             {container, blob.name});
  }
  if (!done) return fail(std::move(done).error());
  auto id = database_.query_one(
      "INSERT INTO blobs(container, name, created, etag, modified, size, content_type, "
      "content_encoding, content_language, content_disposition, cache_control, content_md5, "
      "access_tier, metadata, tags, copy_id, copy_source, copy_completed) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
      {container, blob.name, milliseconds_of(blob.created), blob.version.etag,
       milliseconds_of(blob.version.modified), static_cast<std::int64_t>(blob.size),
       blob.content_type, blob.content_encoding, blob.content_language, blob.content_disposition,
       blob.cache_control, blob.content_md5, blob.access_tier, metadata_text(blob.metadata),
       metadata_text(blob.tags), blob.copy.id, blob.copy.source, blob.copy.completed});
  if (!id) return fail(std::move(id).error());
  FERRY_CHECK(id->has_value());
  std::int64_t position = 0;
  for (const Piece& piece : pieces) {
    done = database_.execute(
        "INSERT INTO pieces(blob, position, block_id, file, size) VALUES(?, ?, ?, ?, ?)",
        {(*id)->number(0), position++, piece.block_id, piece.file,
         static_cast<std::int64_t>(piece.size)});
    if (!done) return fail(std::move(done).error());
  }
  auto files = unreferenced(*std::move(candidates));
  if (!files) return files;
  if (auto committed = transaction->commit(); !committed) return fail(std::move(committed).error());
  return files;
}

Result<void> BlobStore::update_blob(const BlobRecord& blob) {
  return database_.execute(
      "UPDATE blobs SET etag = ?, modified = ?, content_type = ?, content_encoding = ?, "
      "content_language = ?, content_disposition = ?, cache_control = ?, content_md5 = ?, "
      "metadata = ?, access_tier = ?, tags = ? WHERE id = ?",
      {blob.version.etag, milliseconds_of(blob.version.modified), blob.content_type,
       blob.content_encoding, blob.content_language, blob.content_disposition, blob.cache_control,
       blob.content_md5, metadata_text(blob.metadata), blob.access_tier, metadata_text(blob.tags),
       blob.id});
}

Result<BlobStore::Files> BlobStore::delete_blob(std::int64_t container, const BlobRecord& blob) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto candidates = files_of(
      "SELECT file FROM pieces WHERE blob = ?1 "
      "UNION SELECT file FROM uncommitted WHERE container = ?2 AND blob = ?3",
      {blob.id, container, blob.name});
  if (!candidates) return candidates;
  Result<void> done = database_.execute("DELETE FROM blobs WHERE id = ?", {blob.id});
  for (const auto* sql : {"DELETE FROM uncommitted WHERE container = ? AND blob = ?",
                          "DELETE FROM leases WHERE container = ? AND blob = ?"}) {
    if (done) done = database_.execute(sql, {container, blob.name});
  }
  if (!done) return fail(std::move(done).error());
  auto files = unreferenced(*std::move(candidates));
  if (!files) return files;
  if (auto committed = transaction->commit(); !committed) return fail(std::move(committed).error());
  return files;
}

Result<void> BlobStore::put_lease(std::int64_t container, std::string_view blob,
                                  const std::optional<Lease>& lease) {
  if (!lease) {
    return database_.execute("DELETE FROM leases WHERE container = ? AND blob = ?",
                             {container, blob});
  }
  return database_.execute(
      "INSERT INTO leases(container, blob, id, seconds, until, broken_at) "
      "VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(container, blob) DO UPDATE SET id = excluded.id, "
      "seconds = excluded.seconds, until = excluded.until, broken_at = excluded.broken_at",
      {container, blob, lease->id, lease->seconds, milliseconds_of(lease->until),
       lease->broken_at ? ferry::sqlite::Value(milliseconds_of(*lease->broken_at))
                        : ferry::sqlite::Value(nullptr)});
}

Result<std::string> BlobStore::delegation_seed() {
  auto row = database_.query_one("SELECT seed FROM delegation");
  if (!row) return fail(std::move(row).error());
  if (*row) return (*row)->text(0);
  const std::string seed = ferry::random_bytes(32);
  auto kept = database_.execute("INSERT INTO delegation(seed) VALUES(?)",
                                {ferry::sqlite::Value::blob(seed)});
  if (!kept) return fail(std::move(kept).error());
  return seed;
}

Result<std::vector<Piece>> BlobStore::pieces_of(std::int64_t blob) {
  auto rows = database_.query(
      "SELECT block_id, file, size FROM pieces WHERE blob = ? ORDER BY position", {blob});
  if (!rows) return fail(std::move(rows).error());
  return pieces_in(*rows);
}

Result<std::vector<BlobRecord>> BlobStore::list_blobs(std::int64_t container,
                                                      std::string_view start, int limit) {
  auto rows = database_.query(
      fmt::format("{} WHERE b.container = ? AND name >= ? ORDER BY name LIMIT ?", kSelectBlobs),
      {container, start, limit});
  if (!rows) return fail(std::move(rows).error());
  std::vector<BlobRecord> blobs;
  for (const Row& row : *rows) blobs.push_back(blob_of(row));
  return blobs;
}

Result<std::vector<Piece>> BlobStore::uncommitted_blocks(std::int64_t container,
                                                         std::string_view blob) {
  auto rows = database_.query(
      "SELECT block_id, file, size FROM uncommitted WHERE container = ? AND blob = ? ORDER BY id",
      {container, blob});
  if (!rows) return fail(std::move(rows).error());
  return pieces_in(*rows);
}

Result<BlobStore::Files> BlobStore::put_block(std::int64_t container, std::string_view blob,
                                              const Piece& block, ferry::Timestamp now) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction).error());
  auto replaced =
      files_of("SELECT file FROM uncommitted WHERE container = ? AND blob = ? AND block_id = ?",
               {container, blob, block.block_id});
  if (!replaced) return replaced;
  auto done = database_.execute(
      "INSERT INTO uncommitted(container, blob, block_id, file, size, uploaded) "
      "VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(container, blob, block_id) DO UPDATE SET "
      "file = excluded.file, size = excluded.size, uploaded = excluded.uploaded",
      {container, blob, block.block_id, block.file, static_cast<std::int64_t>(block.size),
       milliseconds_of(now)});
  if (done) done = transaction->commit();
  if (!done) return fail(std::move(done).error());
  return replaced;
}

Result<std::unordered_set<std::string>> BlobStore::referenced_files() {
  auto files = files_of("SELECT file FROM pieces UNION SELECT file FROM uncommitted", {});
  if (!files) return fail(std::move(files).error());
  return std::unordered_set<std::string>(files->begin(), files->end());
}

Result<BlobStore::Files> BlobStore::expire_blocks(ferry::Timestamp before) {
  auto files =
      files_of("SELECT file FROM uncommitted WHERE uploaded < ?", {milliseconds_of(before)});
  if (!files) return files;
  auto done =
      database_.execute("DELETE FROM uncommitted WHERE uploaded < ?", {milliseconds_of(before)});
  if (!done) return fail(std::move(done).error());
  return files;
}

// A block list may keep blocks of the blob that it replaces, and copies share their content.
Result<BlobStore::Files> BlobStore::unreferenced(Files candidates) {
  Files files;
  for (std::string& file : candidates) {
    auto used = database_.query_one("SELECT 1 FROM pieces WHERE file = ?", {file});
    if (!used) return fail(std::move(used).error());
    if (!*used) files.push_back(std::move(file));
  }
  return files;
}

Result<BlobStore::Files> BlobStore::files_of(std::string_view sql,
                                             std::initializer_list<ferry::sqlite::Value> values) {
  auto rows = database_.query(sql, values);
  if (!rows) return fail(std::move(rows).error());
  Files files;
  for (const Row& row : *rows) files.push_back(row.text(0));
  return files;
}

}  // namespace drydock::blob
