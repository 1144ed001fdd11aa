// SPDX-License-Identifier: Apache-2.0
#include "drydock/registry/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"

namespace drydock::registry {
namespace {

using ferry::Code;
using ferry::fail;
using ferry::Result;
namespace fs = std::filesystem;

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : value_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }
  bool ok() const { return value_ >= 0; }

 private:
  int value_;
};

tl::unexpected<ferry::Error> system_failure(std::string_view action, const fs::path& path) {
  return fail(Code::internal, "cannot {} {}: {}", action, path.string(), std::strerror(errno));
}

Result<void> write_at(const fs::path& path, std::uint64_t offset, std::string_view bytes) {
  const Descriptor file(path, O_WRONLY | O_CREAT);
  if (!file.ok()) return system_failure("open", path);
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return system_failure("write", path);
    offset += static_cast<std::uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::string> sync_and_digest(const fs::path& path, std::uint64_t size) {
  const Descriptor file(path, O_RDWR | O_CREAT);
  if (!file.ok()) return system_failure("open", path);
  if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0 || ::fsync(file.get()) != 0) {
    return system_failure("sync", path);
  }
  ferry::Sha256 hash;
  std::string buffer(1 << 18, '\0');
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("read", path);
    if (count == 0) break;
    hash.update(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  }
  return "sha256:" + ferry::hex_encode(hash.finish());
}

Result<void> sync_directory(const fs::path& path) {
  const Descriptor directory(path, O_RDONLY | O_DIRECTORY);
  if (!directory.ok() || ::fsync(directory.get()) != 0) return system_failure("sync", path);
  return {};
}

Result<void> read_exactly(int descriptor, std::uint64_t offset, std::string& out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count = ::pread(descriptor, out.data() + done, out.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(Code::internal, "a blob is shorter than recorded");
    done += static_cast<std::size_t>(count);
  }
  return {};
}

}  // namespace

Result<RegistryFiles> RegistryFiles::open(const fs::path& directory) {
  for (const char* part : {"blobs", "uploads"}) {
    auto made = ferry::make_directories(directory / part, 0700);
    if (!made) return fail(std::move(made).error());
  }
  return RegistryFiles(directory);
}

fs::path RegistryFiles::upload_path(const std::string& upload) const {
  return directory_ / "uploads" / upload;
}

fs::path RegistryFiles::blob_path(const std::string& registry, const std::string& digest) const {
  return directory_ / "blobs" / registry / digest.substr(digest.find(':') + 1);
}

ferry::net::Task<Result<void>> RegistryFiles::append(std::string upload, std::uint64_t offset,
                                                     std::string_view bytes) const {
  const fs::path path = upload_path(upload);
  Result<void> outcome;
  co_await ferry::net::run_blocking([&] { outcome = write_at(path, offset, bytes); });
  co_return outcome;
}

ferry::net::Task<Result<std::string>> RegistryFiles::seal(std::string upload,
                                                          std::uint64_t size) const {
  const fs::path path = upload_path(upload);
  Result<std::string> digest;
  co_await ferry::net::run_blocking([&] { digest = sync_and_digest(path, size); });
  co_return digest;
}

Result<void> RegistryFiles::promote(const std::string& upload, const std::string& registry,
                                    const std::string& digest) const {
  const fs::path target = blob_path(registry, digest);
  if (auto made = ferry::make_directories(target.parent_path(), 0700); !made) return made;
  if (::rename(upload_path(upload).c_str(), target.c_str()) != 0) {
    return system_failure("move an upload to", target);
  }
  return sync_directory(target.parent_path());
}

ferry::net::Task<Result<std::string>> RegistryFiles::read(std::string registry, std::string digest,
                                                          std::uint64_t offset,
                                                          std::uint64_t length) const {
  const fs::path path = blob_path(registry, digest);
  const Descriptor file(path, O_RDONLY);
  if (!file.ok()) co_return system_failure("open", path);
  std::string content(length, '\0');
  Result<void> outcome;
  co_await ferry::net::run_blocking([&] { outcome = read_exactly(file.get(), offset, content); });
  if (!outcome) co_return fail(std::move(outcome).error().with("read {}", digest));
  co_return content;
}

void RegistryFiles::remove_upload(const std::string& upload) const {
  ::unlink(upload_path(upload).c_str());
}

void RegistryFiles::remove_blob(const std::string& registry, const std::string& digest) const {
  ::unlink(blob_path(registry, digest).c_str());
}

void RegistryFiles::remove_registry(const std::string& registry) const {
  std::error_code error;
  fs::remove_all(directory_ / "blobs" / registry, error);
}

std::size_t RegistryFiles::collect(const std::set<BlobName>& blobs,
                                   const std::set<std::string>& uploads) const {
  std::vector<fs::path> unused;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(directory_ / "blobs", error)) {
    if (!entry.is_regular_file(error)) continue;
    const BlobName name{entry.path().parent_path().filename().string(),
                        "sha256:" + entry.path().filename().string()};
    if (!blobs.contains(name)) unused.push_back(entry.path());
  }
  for (const auto& entry : fs::directory_iterator(directory_ / "uploads", error)) {
    if (!uploads.contains(entry.path().filename().string())) unused.push_back(entry.path());
  }
  for (const fs::path& path : unused) ::unlink(path.c_str());
  return unused.size();
}

}  // namespace drydock::registry
