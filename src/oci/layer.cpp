// SPDX-License-Identifier: Apache-2.0
#include "oci/layer.hpp"

#include <map>
#include <set>

#include "base/encoding.hpp"
#include "oci/digest.hpp"
#include "oci/gzip.hpp"
#include "oci/layer_blob.hpp"
#include "oci/tar.hpp"

namespace ferry::oci {
namespace {

constexpr std::size_t kWorthCompressing = std::size_t{64} << 10;
constexpr std::size_t kLongestPath = 4096;

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

}  // namespace

Result<std::string> write_tar(std::vector<LayerFile> files) {
  auto tree = make_tree(files);
  if (!tree) return fail(std::move(tree).error());
  TarWriter tar;
  for (const auto& [path, file] : *tree) {
    if (!file) {
      tar.add_directory(path);
    } else if (file->symlink) {
      tar.add_symlink(path, file->content);
    } else {
      tar.add_file(path, file->content, file->executable);
    }
  }
  return std::move(tar).finish();
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
