// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry {

Result<std::string> read_file(const std::filesystem::path& path);

// Readers see the old content or the new one, never a part: temporary file, fsync, rename.
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                   mode_t mode);

// Creates `path` and its parents; a directory that it creates gets `mode`.
Result<void> make_directories(const std::filesystem::path& path, mode_t mode = 0755);

// Holds an exclusive lock on a file for as long as it lives, so that one data directory has one
// owner.
class FileLock {
 public:
  // Fails with Code::conflict when another process holds it.
  static Result<FileLock> acquire(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace ferry
