// SPDX-License-Identifier: Apache-2.0
// What Blob Storage knows of its containers, blobs and blocks, in SQLite. Calls that end the use of
// content files return their names; the caller removes them once the call has succeeded.
#pragma once

#include <filesystem>
#include <unordered_set>

#include "base/sqlite.hpp"
#include "drydock/blob/access_policy.hpp"
#include "drydock/blob/conditions.hpp"
#include "drydock/blob/content.hpp"
#include "drydock/blob/lease.hpp"
#include "drydock/blob/request.hpp"
#include "drydock/blob/tags.hpp"

namespace drydock::blob {

struct ContainerRecord {
  std::int64_t id = 0;
  std::string name;
  Version version;
  Metadata metadata;
  std::vector<AccessPolicy> policies = {};
  std::optional<Lease> lease = {};
};

// How a blob came to be a copy.
struct CopyRecord {
  std::string id;  // empty: it is none
  std::string source;
  std::string completed;  // RFC 1123
};

struct BlobRecord {
  std::int64_t id = 0;
  std::string name;
  ferry::Timestamp created;
  Version version;
  std::uint64_t size = 0;
  std::string content_type;
  std::string content_encoding;
  std::string content_language;
  std::string content_disposition;
  std::string cache_control;
  std::string content_md5;  // base64
  std::string access_tier;  // empty: inferred
  Metadata metadata;
  Tags tags = {};
  CopyRecord copy = {};
  std::optional<Lease> lease = {};  // of the name, whatever blob has it
};

// A stretch of a blob: what one block, or one whole upload, has put there.
struct Piece {
  std::string block_id;  // base64; empty for a whole upload
  std::string file;
  std::uint64_t size = 0;
};

class BlobStore {
 public:
  using Files = std::vector<std::string>;
  template <class T>
  using Result = ferry::Result<T>;

  static Result<BlobStore> open(const std::filesystem::path& path);

  Result<std::optional<ContainerRecord>> find_container(std::string_view account,
                                                        std::string_view name);
  // Code::conflict when it exists.
  Result<void> create_container(std::string_view account, const ContainerRecord& container);
  Result<void> update_container(const ContainerRecord& container);
  Result<Files> delete_container(std::int64_t id);
  // In order of name, from `start` on, at most `limit`.
  Result<std::vector<ContainerRecord>> list_containers(std::string_view account,
                                                       std::string_view start, int limit);
  Result<Files> delete_account(std::string_view account);

  Result<std::optional<BlobRecord>> find_blob(std::int64_t container, std::string_view name);
  // Takes the place of the blob of that name, whose identity and uncommitted blocks end.
  Result<Files> put_blob(std::int64_t container, const BlobRecord& blob,
                         const std::vector<Piece>& pieces);
  Result<void> update_blob(const BlobRecord& blob);
  Result<Files> delete_blob(std::int64_t container, const BlobRecord& blob);
  Result<std::vector<Piece>> pieces_of(std::int64_t blob);
  Result<std::vector<BlobRecord>> list_blobs(std::int64_t container, std::string_view start,
                                             int limit);

  // In order of upload.
  Result<std::vector<Piece>> uncommitted_blocks(std::int64_t container, std::string_view blob);
  Result<Files> put_block(std::int64_t container, std::string_view blob, const Piece& block,
                          ferry::Timestamp now);

  // `blob` empty: of the container. nullopt ends it.
  Result<void> put_lease(std::int64_t container, std::string_view blob,
                         const std::optional<Lease>& lease);

  // What user delegation keys are made from; random, and the same for ever.
  Result<std::string> delegation_seed();

  Result<std::unordered_set<std::string>> referenced_files();
  // Blocks that no list has taken up since `before`.
  Result<Files> expire_blocks(ferry::Timestamp before);

 private:
  explicit BlobStore(ferry::sqlite::Database database) : database_(std::move(database)) {}
  Result<Files> unreferenced(Files candidates);
  Result<Files> files_of(std::string_view sql, std::initializer_list<ferry::sqlite::Value> values);

  ferry::sqlite::Database database_;
};

}  // namespace drydock::blob
