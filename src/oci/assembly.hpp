// SPDX-License-Identifier: Apache-2.0
// Makes an image and stores it in a registry without a container engine: base layers stay where
// they are (mounted across repositories, never downloaded), the application layer is written here,
// and only blobs that the registry lacks are sent.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "oci/image.hpp"
#include "oci/layer.hpp"
#include "oci/registry_client.hpp"

namespace ferry::oci {

// Descriptors and configuration of a base image; no layer bytes.
struct BaseImage {
  std::string repository;  // in the same registry: where its layers can be mounted from
  std::string digest;      // of its manifest, for the platform
  Manifest manifest;
  ImageConfig config;
};

struct ImageSpec {
  Platform platform;
  std::optional<BaseImage> base;  // scratch when absent
  std::vector<Layer> layers;      // on top of the base, lowest first
  // What is empty is taken from the base. Environment and labels are merged, own values win.
  std::string user;
  std::vector<std::string> environment;
  std::vector<std::string> entrypoint;  // setting it drops the base's command, as engines do
  std::vector<std::string> command;
  std::string working_directory;
  std::map<std::string, std::string> labels;
  std::vector<std::string> exposed_ports;
  std::map<std::string, std::string> annotations;  // of the manifest
};

// The documents, ready to be stored. Pure: the same spec gives the same digests.
struct AssembledImage {
  std::string config_body;
  Descriptor config;
  std::string manifest_body;
  std::string digest;  // of the manifest
};
Result<AssembledImage> assemble(const ImageSpec& spec);

struct PushReport {
  std::string digest;
  Descriptor image;  // of the manifest, with its platform: what push_index takes
  std::uint64_t bytes_sent = 0;
  int blobs_sent = 0;
  int blobs_mounted = 0;
  int blobs_present = 0;
};
// Called with a descriptor's digest and "present", "mounted" or "sent".
using PushProgress = std::function<void(std::string_view digest, std::string_view what)>;

// Stores the image under `tag` (under its digest alone when the tag is empty). The manifest goes
// last, so that a half-made image is never visible. Base layers that cannot be mounted because the
// registry does not have them are Code::not_found.
net::Task<Result<PushReport>> push_image(RegistryClient& registry, std::string repository,
                                         std::string tag, const ImageSpec& spec,
                                         PushProgress progress = {});

// Several platforms under one tag: stores an index of images that push_image has stored.
net::Task<Result<std::string>> push_index(RegistryClient& registry, std::string repository,
                                          std::string tag, std::vector<Descriptor> images);

// Resolves a reference in `registry` to a base image for `platform`, reading documents only.
net::Task<Result<BaseImage>> resolve_base(RegistryClient& registry, std::string repository,
                                          std::string selector, Platform platform);

// Stores a root file system as an image of one layer.
net::Task<Result<PushReport>> push_base_image(RegistryClient& registry, std::string repository,
                                              std::string tag, Layer root, Platform platform);

}  // namespace ferry::oci
