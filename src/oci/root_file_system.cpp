// SPDX-License-Identifier: Apache-2.0
#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "oci/layer.hpp"
#include "oci/layer_blob.hpp"

namespace ferry::oci {
namespace {

// A compressed archive may unfold to far more than memory holds.
constexpr std::size_t kLargest = std::size_t{4} << 30;

struct ReaderDeleter {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, ReaderDeleter>;

Unexpected damaged(archive* reader) {
  const char* reason = archive_error_string(reader);
  return fail(Code::invalid_argument, "the root file system is not a readable tar archive: {}",
              reason ? reason : "unknown format");
}

Result<std::string> decompress(std::string_view bytes) {
  const Reader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return damaged(reader.get());
  }
  std::string plain;
  std::string buffer(std::size_t{1} << 20, '\0');
  while (true) {
    const auto count = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (count < 0) return damaged(reader.get());
    if (count == 0) return plain;
    if (plain.size() + static_cast<std::size_t>(count) > kLargest) {
      return fail(Code::resource_exhausted, "the root file system is larger than {} GiB",
                  kLargest >> 30);
    }
    plain.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

// Reads it through, so that a cut or damaged archive is refused here and not by a node's engine.
Result<void> check_tar(std::string_view tar) {
  const Reader reader(archive_read_new());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), tar.data(), tar.size()) != ARCHIVE_OK) {
    return damaged(reader.get());
  }
  int entries = 0;
  archive_entry* entry = nullptr;
  while (true) {
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status < ARCHIVE_WARN) return damaged(reader.get());
    if (archive_read_data_skip(reader.get()) < ARCHIVE_WARN) return damaged(reader.get());
    ++entries;
  }
  if (entries == 0) return fail(Code::invalid_argument, "the root file system holds no files");
  return {};
}

}  // namespace

Result<Layer> import_root_file_system(std::string_view bytes, Compression compression) {
  if (bytes.empty()) return fail(Code::invalid_argument, "the root file system is empty");
  auto tar = decompress(bytes);
  if (!tar) return fail(std::move(tar).error());
  if (auto checked = check_tar(*tar); !checked) return fail(std::move(checked).error());
  return layer_from_tar(*std::move(tar), compression);
}

}  // namespace ferry::oci
