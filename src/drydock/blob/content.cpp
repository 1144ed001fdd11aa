// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/content.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/log.hpp"

namespace drydock::blob {
namespace {

using ferry::Code;
using ferry::fail;
using ferry::Result;

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }

 private:
  int value_;
};

tl::unexpected<ferry::Error> system_failure(std::string_view action,
                                            const std::filesystem::path& path) {
  return fail(Code::internal, "cannot {} {}: {}", action, path.string(), std::strerror(errno));
}

Result<void> write_and_sync(const std::filesystem::path& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) return system_failure("create", path);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return system_failure("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return system_failure("sync", path);
  const Descriptor directory(
      ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) {
    return system_failure("sync the directory of", path);
  }
  return {};
}

Result<void> read_extent(int descriptor, const Extent& extent, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + extent.length);
  std::size_t done = 0;
  while (done < extent.length) {
    const ssize_t count = ::pread(descriptor, out.data() + start + done, extent.length - done,
                                  static_cast<off_t>(extent.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(Code::internal, "content file {} is damaged", extent.file);
    done += static_cast<std::size_t>(count);
  }
  return {};
}

}  // namespace

Result<ContentFiles> ContentFiles::open(std::filesystem::path directory) {
  if (auto made = ferry::make_directories(directory, 0700); !made) {
    return fail(std::move(made).error());
  }
  return ContentFiles(std::move(directory));
}

std::filesystem::path ContentFiles::path_of(const std::string& file) const {
  return directory_ / file;
}

ferry::net::Task<Result<std::string>> ContentFiles::write(std::string_view bytes) const {
  const std::string name = ferry::hex_encode(ferry::random_bytes(16));
  const std::filesystem::path path = path_of(name);
  Result<void> written;
  co_await ferry::net::run_blocking([&] { written = write_and_sync(path, bytes); });
  if (!written) {
    ::unlink(path.c_str());
    co_return fail(std::move(written).error());
  }
  co_return name;
}

ferry::net::Task<Result<std::string>> ContentFiles::read(std::vector<Extent> extents) const {
  std::vector<Descriptor> files;
  for (const Extent& extent : extents) {
    files.emplace_back(::open(path_of(extent.file).c_str(), O_RDONLY | O_CLOEXEC));
    if (files.back().get() < 0) co_return system_failure("open", path_of(extent.file));
  }
  std::string content;
  Result<void> outcome;
  co_await ferry::net::run_blocking([&] {
    for (std::size_t i = 0; i < extents.size() && outcome; ++i) {
      outcome = read_extent(files[i].get(), extents[i], content);
    }
  });
  if (!outcome) co_return fail(std::move(outcome).error());
  co_return content;
}

void ContentFiles::remove(const std::vector<std::string>& files) const {
  for (const std::string& file : files) {
    if (::unlink(path_of(file).c_str()) != 0 && errno != ENOENT) {
      ferry::log::warning("blob", "cannot remove {}: {}", path_of(file).string(),
                          std::strerror(errno));
    }
  }
}

std::size_t ContentFiles::collect(const std::unordered_set<std::string>& referenced) const {
  std::size_t removed = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const std::string name = entry.path().filename().string();
    if (!referenced.contains(name) && ::unlink(entry.path().c_str()) == 0) ++removed;
  }
  return removed;
}

}  // namespace drydock::blob
