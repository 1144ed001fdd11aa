// SPDX-License-Identifier: Apache-2.0
// Layers: reproducible tar archives. The same files give the same bytes, in whatever order they
// come.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci/image.hpp"

namespace ferry::oci {

struct LayerFile {
  std::string path;     // relative, '/' between names, no "." or ".."; in the image "/" + path
  std::string content;  // of a symbolic link: its target
  bool executable = false;
  bool symlink = false;
};

enum class Compression {
  automatic,  // gzip from 64 KiB of tar on
  none,
  gzip,
};

// A layer held in memory with its two digests.
struct Layer {
  Descriptor descriptor;  // of `blob`
  std::string diff_id;    // of the uncompressed tar
  std::string blob;
};

// Entries sorted by path bytes, parent directories added (0755), files 0644 or 0755, owner 0:0,
// time 0. Code::invalid_argument: path not relative, doubled, or both file and directory.
Result<std::string> write_tar(std::vector<LayerFile> files);
Result<Layer> make_layer(std::vector<LayerFile> files,
                         Compression compression = Compression::automatic);

// A root file system as one layer, for base images: a tar archive, plain or compressed with gzip or
// xz. The tar's bytes are kept as they are. Code::invalid_argument when it is no tar archive, holds
// no entry or is damaged.
Result<Layer> import_root_file_system(std::string_view bytes,
                                      Compression compression = Compression::automatic);

}  // namespace ferry::oci
