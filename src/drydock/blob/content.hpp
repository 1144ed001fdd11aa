// SPDX-License-Identifier: Apache-2.0
// The bytes of blobs and blocks, one file each under random names. A file counts once the database
// names it; files that no row names are left-overs of a crash and are collected at start.
#pragma once

#include <filesystem>
#include <unordered_set>

#include "base/result.hpp"
#include "net/task.hpp"

namespace drydock::blob {

// A part of one file.
struct Extent {
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

class ContentFiles {
 public:
  static ferry::Result<ContentFiles> open(std::filesystem::path directory);

  // Writes and syncs, away from the loop; returns the new file's name. `bytes` must stay valid
  // until the task is done.
  ferry::net::Task<ferry::Result<std::string>> write(std::string_view bytes) const;
  // The extents one after the other. Files are opened before the first suspension, so that what the
  // caller has just looked up in the database cannot be removed in between.
  ferry::net::Task<ferry::Result<std::string>> read(std::vector<Extent> extents) const;
  void remove(const std::vector<std::string>& files) const;
  // Removes every file that is not in `referenced`; returns how many.
  std::size_t collect(const std::unordered_set<std::string>& referenced) const;

 private:
  explicit ContentFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}
  std::filesystem::path path_of(const std::string& file) const;
  std::filesystem::path directory_;
};

}  // namespace drydock::blob
