// SPDX-License-Identifier: Apache-2.0
// The documents of an image (OCI image-spec 1.1): descriptors, manifest, index, configuration.
// Docker's schema 2 documents are read as well; only OCI's are written. Writing is deterministic.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ferry::oci {

namespace media {
inline constexpr std::string_view kManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kLayerTar = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
}  // namespace media

struct Platform {
  std::string architecture = "amd64";  // GOARCH names
  std::string os = "linux";
  std::string variant = {};  // "v8" for arm64, "v7" for arm
  std::string str() const;   // "linux/arm/v7"
  friend bool operator==(const Platform&, const Platform&) = default;
};
Result<Platform> parse_platform(std::string_view text);

struct Descriptor {
  std::string media_type;
  std::string digest;
  std::uint64_t size = 0;
  std::optional<Platform> platform = {};  // in an index
  std::map<std::string, std::string> annotations = {};
  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

struct Manifest {
  std::string media_type = std::string(media::kManifest);
  Descriptor config;
  std::vector<Descriptor> layers;  // base first
  std::map<std::string, std::string> annotations = {};
};

struct Index {
  std::string media_type = std::string(media::kIndex);
  std::vector<Descriptor> manifests;
  std::map<std::string, std::string> annotations = {};
};

struct HistoryEntry {
  std::string created_by;
  bool empty_layer = false;
};

struct ImageConfig {
  Platform platform;
  std::string user;
  std::vector<std::string> environment;  // "NAME=value"
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::string working_directory;
  std::map<std::string, std::string> labels;
  std::vector<std::string> exposed_ports;  // "8080/tcp"
  std::vector<std::string> volumes;
  std::string stop_signal;
  std::vector<std::string> diff_ids;  // digests of the uncompressed layers, base first
  std::vector<HistoryEntry> history;
};

// Code::invalid_argument with the reason. A digest that is malformed, a negative size, or layers of
// another count than diff_ids are refused.
Result<Manifest> parse_manifest(std::string_view text);
Result<Index> parse_index(std::string_view text);
Result<ImageConfig> parse_config(std::string_view text);
std::string write_manifest(const Manifest& manifest);
std::string write_index(const Index& index);
std::string write_config(const ImageConfig& config);  // "created" is the epoch

// First entry that fits; Code::not_found names what there is.
Result<Descriptor> select_platform(const Index& index, const Platform& wanted);

}  // namespace ferry::oci
