// SPDX-License-Identifier: Apache-2.0
// What a registry knows, in SQLite: which repository has which blobs, manifests and tags, uploads
// under way, and the key that signs tokens. `registry` is the registry's name in lower case.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "base/sqlite.hpp"

namespace drydock::registry {

struct Manifest {
  std::string digest;
  std::string media_type;  // as pushed
  std::string content;     // byte for byte as pushed
  std::string subject;     // digest that it refers to; empty for most
  std::string artifact_type;
};

struct Upload {
  std::string id;
  std::string repository;
  std::uint64_t size = 0;  // bytes received
};

class RegistryStore {
 public:
  template <class T>
  using Result = ferry::Result<T>;
  using Names = std::vector<std::string>;

  static Result<RegistryStore> open(const std::filesystem::path& path);

  // 32 random bytes, made once.
  Result<ferry::Secret> signing_key();

  // The blob's size when the repository has it.
  Result<std::optional<std::uint64_t>> find_blob(std::string_view registry,
                                                 std::string_view repository,
                                                 std::string_view digest);
  // Also when it is there already. Ends the upload when `upload` is not empty.
  Result<void> add_blob(std::string_view registry, std::string_view repository,
                        std::string_view digest, std::uint64_t size, std::string_view upload);
  // True when no repository of the registry has the blob any more: its file may go.
  Result<bool> remove_blob(std::string_view registry, std::string_view repository,
                           std::string_view digest);
  // (registry, digest) of all blobs.
  Result<std::vector<std::pair<std::string, std::string>>> all_blobs();

  Result<void> begin_upload(std::string_view registry, const Upload& upload, ferry::Timestamp now);
  Result<std::optional<Upload>> find_upload(std::string_view registry, std::string_view repository,
                                            std::string_view id);
  Result<void> grow_upload(std::string_view id, std::uint64_t size);
  Result<void> end_upload(std::string_view id);
  Result<void> expire_uploads(ferry::Timestamp before);
  Result<Names> all_uploads();

  // `tag` may be empty.
  Result<void> put_manifest(std::string_view registry, std::string_view repository,
                            const Manifest& manifest, std::string_view tag);
  Result<std::optional<Manifest>> find_manifest(std::string_view registry,
                                                std::string_view repository,
                                                std::string_view tag_or_digest);
  // False when there was none. A tag goes alone; a digest takes its tags along.
  Result<bool> remove_manifest(std::string_view registry, std::string_view repository,
                               std::string_view tag_or_digest);
  Result<std::vector<Manifest>> referrers(std::string_view registry, std::string_view repository,
                                          std::string_view subject);
  Result<bool> has_repository(std::string_view registry, std::string_view repository);
  // In order, behind `last`, at most `limit` (-1: all).
  Result<Names> tags(std::string_view registry, std::string_view repository, std::string_view last,
                     std::int64_t limit);
  Result<Names> repositories(std::string_view registry, std::string_view last, std::int64_t limit);

  // Returns the ids of the uploads that ended with it.
  Result<Names> delete_registry(std::string_view registry);

 private:
  explicit RegistryStore(ferry::sqlite::Database database) : database_(std::move(database)) {}
  Result<Names> names(std::string_view sql, std::initializer_list<ferry::sqlite::Value> values);
  ferry::sqlite::Database database_;
};

}  // namespace drydock::registry
