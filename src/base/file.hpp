// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry {

Result<std::string> read_file(const std::filesystem::path& path);

// Readers see the old content or the new one, never a part, and after success the new one also
// after a loss of power: temporary file, fsync, rename, fsync of the directory.
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                   mode_t mode);
// Both survive a loss of power once they have succeeded. `from` and `to` are in one directory.
// Removing what is not there is success.
Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
Result<void> remove_file(const std::filesystem::path& path);

// Creates `path` and its parents; a directory that it creates gets `mode`.
Result<void> make_directories(const std::filesystem::path& path, mode_t mode = 0755);

// What the functions above are about to do to the disk. A test sets a probe to lose power there.
enum class FileStep { create, write, sync, rename, remove, sync_directory };
using FileProbe = void (*)(FileStep step, const std::filesystem::path& path,
                           const std::filesystem::path& other);  // `other`: what is renamed
void set_file_probe(FileProbe probe);

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
