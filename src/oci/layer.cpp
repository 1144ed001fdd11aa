// SPDX-License-Identifier: Apache-2.0
#include "oci/layer.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <map>
#include <memory>
#include <set>

#include "base/encoding.hpp"
#include "oci/digest.hpp"
#include "oci/gzip.hpp"
#include "oci/layer_blob.hpp"

namespace ferry::oci {
namespace {

constexpr std::size_t kWorthCompressing = std::size_t{64} << 10;
constexpr std::size_t kLongestPath = 4096;

struct ArchiveDeleter {
  void operator()(archive* writer) const { archive_write_free(writer); }
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, ArchiveDeleter>;
using Entry = std::unique_ptr<archive_entry, ArchiveDeleter>;

Result<void> check_path(const std::string& path) {
  if (path.empty() || path.size() > kLongestPath || path.find('\0') != std::string::npos) {
    return fail(Code::invalid_argument, "a file in the layer has an empty or over-long path");
  }
  for (const std::string& name : split(path, '/')) {
    if (name.empty() || name == "." || name == "..") {
      return fail(Code::invalid_argument, "'{}' is not a plain relative path", path);
    }
  }
  return {};
}

// Sorted by path; directories are entries without a file.
using Tree = std::map<std::string, const LayerFile*>;

Result<Tree> make_tree(const std::vector<LayerFile>& files) {
  Tree tree;
  std::set<std::string> directories;
  for (const auto& file : files) {
    if (auto checked = check_path(file.path); !checked) return fail(std::move(checked).error());
    if (!tree.emplace(file.path, &file).second) {
      return fail(Code::invalid_argument, "'{}' is in the layer twice", file.path);
    }
    for (auto slash = file.path.find('/'); slash != std::string::npos;
         slash = file.path.find('/', slash + 1)) {
      directories.insert(file.path.substr(0, slash));
    }
  }
  for (const auto& directory : directories) {
    if (!tree.emplace(directory, nullptr).second) {
      return fail(Code::invalid_argument, "'{}' is both a file and a directory", directory);
    }
  }
  return tree;
}

la_ssize_t append(archive*, void* out, const void* bytes, std::size_t count) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), count);
  return static_cast<la_ssize_t>(count);
}

Error archive_error(archive* writer, std::string_view path) {
  const char* reason = archive_error_string(writer);
  return Error{Code::internal,
               fmt::format("cannot write '{}' into the layer: {}", path, reason ? reason : "?")};
}

Result<void> write_entry(archive* writer, const std::string& path, const LayerFile* file) {
  const Entry entry(archive_entry_new());
  // Paths are bytes to Linux; UTF-8 is what tar's extended headers say they are.
  archive_entry_set_pathname_utf8(entry.get(), file ? path.c_str() : (path + "/").c_str());
  archive_entry_set_uid(entry.get(), 0);
  archive_entry_set_gid(entry.get(), 0);
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_size(entry.get(), 0);
  if (!file) {
    archive_entry_set_filetype(entry.get(), AE_IFDIR);
    archive_entry_set_perm(entry.get(), 0755);
  } else if (file->symlink) {
    archive_entry_set_filetype(entry.get(), AE_IFLNK);
    archive_entry_set_symlink_utf8(entry.get(), file->content.c_str());
    archive_entry_set_perm(entry.get(), 0777);
  } else {
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), file->executable ? 0755 : 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file->content.size()));
  }
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) {
    return fail(archive_error(writer, path));
  }
  if (!file || file->symlink || file->content.empty()) return {};
  const auto written = archive_write_data(writer, file->content.data(), file->content.size());
  if (written != static_cast<la_ssize_t>(file->content.size())) {
    return fail(archive_error(writer, path));
  }
  return {};
}

}  // namespace

Result<std::string> write_tar(std::vector<LayerFile> files) {
  auto tree = make_tree(files);
  if (!tree) return fail(std::move(tree).error());
  std::string tar;
  const Writer writer(archive_write_new());
  // Plain ustar where the names fit, pax headers where they do not.
  archive_write_set_format_pax_restricted(writer.get());
  archive_write_set_options(writer.get(), "hdrcharset=UTF-8");
  archive_write_set_bytes_per_block(writer.get(), 512);
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  if (archive_write_open(writer.get(), &tar, nullptr, append, nullptr) != ARCHIVE_OK) {
    return fail(archive_error(writer.get(), "header"));
  }
  for (const auto& [path, file] : *tree) {
    if (auto written = write_entry(writer.get(), path, file); !written) {
      return fail(std::move(written).error());
    }
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) {
    return fail(archive_error(writer.get(), "end"));
  }
  return tar;
}

Result<Layer> layer_from_tar(std::string tar, Compression compression) {
  Layer layer;
  layer.diff_id = sha256_digest(tar);
  const bool compress = compression == Compression::gzip ||
                        (compression == Compression::automatic && tar.size() >= kWorthCompressing);
  if (compress) {
    auto compressed = gzip(tar);
    if (!compressed) return fail(std::move(compressed).error());
    layer.blob = *std::move(compressed);
    layer.descriptor.media_type = media::kLayerGzip;
    layer.descriptor.digest = sha256_digest(layer.blob);
  } else {
    layer.blob = std::move(tar);
    layer.descriptor.media_type = media::kLayerTar;
    layer.descriptor.digest = layer.diff_id;
  }
  layer.descriptor.size = layer.blob.size();
  return layer;
}

Result<Layer> make_layer(std::vector<LayerFile> files, Compression compression) {
  auto tar = write_tar(std::move(files));
  if (!tar) return fail(std::move(tar).error());
  return layer_from_tar(*std::move(tar), compression);
}

}  // namespace ferry::oci
