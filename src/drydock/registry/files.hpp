// SPDX-License-Identifier: Apache-2.0
// The bytes of a registry: finished blobs under their digest, uploads under their id. Finished
// blobs are complete and synced before they get their place.
#pragma once

#include <filesystem>
#include <set>

#include "base/result.hpp"
#include "net/task.hpp"

namespace drydock::registry {

class RegistryFiles {
 public:
  using BlobName = std::pair<std::string, std::string>;  // registry, digest

  static ferry::Result<RegistryFiles> open(const std::filesystem::path& directory);

  // Writes at `offset`, where the last write ended; `bytes` must stay valid until the task is done.
  ferry::net::Task<ferry::Result<void>> append(std::string upload, std::uint64_t offset,
                                               std::string_view bytes) const;
  // Syncs the first `size` bytes of an upload and returns their digest; what a write that was never
  // acknowledged left behind them is cut off.
  ferry::net::Task<ferry::Result<std::string>> seal(std::string upload, std::uint64_t size) const;
  // Makes a sealed upload the registry's blob.
  ferry::Result<void> promote(const std::string& upload, const std::string& registry,
                              const std::string& digest) const;
  // The file is opened before the first suspension.
  ferry::net::Task<ferry::Result<std::string>> read(std::string registry, std::string digest,
                                                    std::uint64_t offset,
                                                    std::uint64_t length) const;
  void remove_upload(const std::string& upload) const;
  void remove_blob(const std::string& registry, const std::string& digest) const;
  void remove_registry(const std::string& registry) const;
  // Removes what neither list names; returns how many files that were.
  std::size_t collect(const std::set<BlobName>& blobs, const std::set<std::string>& uploads) const;

 private:
  explicit RegistryFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}
  std::filesystem::path upload_path(const std::string& upload) const;
  std::filesystem::path blob_path(const std::string& registry, const std::string& digest) const;
  std::filesystem::path directory_;
};

}  // namespace drydock::registry
