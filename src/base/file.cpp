// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace ferry {
namespace {

std::atomic<FileProbe> file_probe = nullptr;

void probe(FileStep step, const std::filesystem::path& path,
           const std::filesystem::path& other = {}) {
  if (const FileProbe set = file_probe.load(std::memory_order_relaxed)) set(step, path, other);
}

Unexpected system_failure(std::string_view action, const std::filesystem::path& path) {
  const int error = errno;
  const Code code = error == ENOENT                       ? Code::not_found
                    : (error == EACCES || error == EPERM) ? Code::permission_denied
                    : error == ENOSPC                     ? Code::resource_exhausted
                                                          : Code::internal;
  return fail(code, "cannot {} {}: {}", action, path.string(), std::strerror(error));
}

// A name is on the disk only when its directory is.
Result<void> sync_parent(const std::filesystem::path& path) {
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  probe(FileStep::sync_directory, parent);
  const int descriptor = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("open", parent);
  // Some file systems know no such thing for directories (EINVAL): they order names by themselves.
  const bool ok = ::fsync(descriptor) == 0 || errno == EINVAL;
  const int sync_errno = errno;
  ::close(descriptor);
  if (ok) return {};
  errno = sync_errno;
  return system_failure("sync", parent);
}

}  // namespace

void set_file_probe(FileProbe probe) {
  file_probe = probe;
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_failure("read", path);
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return system_failure("read", path);
  return content;
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                   mode_t mode) {
  std::string temporary = path.string() + ".XXXXXX";
  probe(FileStep::create, path);
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return system_failure("write", path);
  probe(FileStep::write, temporary);
  bool ok = ::fchmod(descriptor, mode) == 0;
  while (ok && !content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    ok = written > 0;
    if (ok) content.remove_prefix(static_cast<std::size_t>(written));
  }
  probe(FileStep::sync, temporary);
  ok = ok && ::fsync(descriptor) == 0;
  const int write_errno = errno;
  ::close(descriptor);
  probe(FileStep::rename, path, temporary);
  if (ok && ::rename(temporary.c_str(), path.c_str()) == 0) return sync_parent(path);
  if (!ok) errno = write_errno;
  auto failure = system_failure("write", path);
  ::unlink(temporary.c_str());
  return failure;
}

Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  probe(FileStep::rename, to, from);
  if (::rename(from.c_str(), to.c_str()) != 0) return system_failure("rename", from);
  return sync_parent(to);
}

Result<void> remove_file(const std::filesystem::path& path) {
  probe(FileStep::remove, path);
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return system_failure("remove", path);
  }
  return sync_parent(path);
}

Result<void> make_directories(const std::filesystem::path& path, mode_t mode) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  if (path.has_parent_path() && path.parent_path() != path) {
    if (auto parent = make_directories(path.parent_path(), 0755); !parent) return parent;
  }
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return system_failure("create directory", path);
  }
  return {};
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_failure("open lock file", path);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return fail(Code::conflict, "another process uses {}", path.parent_path().string());
  }
  return FileLock(descriptor);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace ferry
