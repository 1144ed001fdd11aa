// SPDX-License-Identifier: Apache-2.0
#include "oci/assembly.hpp"

#include <algorithm>

#include "oci/digest.hpp"

namespace ferry::oci {
namespace {

std::string_view name_of(std::string_view assignment) {
  return assignment.substr(0, assignment.find('='));
}

// Later assignments replace earlier ones of the same name and keep their place.
std::vector<std::string> merge_environment(std::vector<std::string> base,
                                           const std::vector<std::string>& own) {
  for (const auto& assignment : own) {
    const auto same = std::find_if(base.begin(), base.end(), [&](const std::string& other) {
      return name_of(other) == name_of(assignment);
    });
    if (same == base.end())
      base.push_back(assignment);
    else
      *same = assignment;
  }
  return base;
}

void apply_options(const ImageSpec& spec, ImageConfig& config) {
  config.platform = spec.platform;
  config.environment = merge_environment(std::move(config.environment), spec.environment);
  for (const auto& [name, value] : spec.labels) config.labels[name] = value;
  for (const auto& port : spec.exposed_ports) {
    const auto& known = config.exposed_ports;
    if (std::find(known.begin(), known.end(), port) == known.end()) {
      config.exposed_ports.push_back(port);
    }
  }
  std::sort(config.exposed_ports.begin(), config.exposed_ports.end());
  if (!spec.user.empty()) config.user = spec.user;
  if (!spec.working_directory.empty()) config.working_directory = spec.working_directory;
  if (!spec.entrypoint.empty()) {
    config.entrypoint = spec.entrypoint;
    config.command = spec.command;
  } else if (!spec.command.empty()) {
    config.command = spec.command;
  }
}

// Engines refuse a history that tells of more layers than there are.
void keep_history_truthful(ImageConfig& config) {
  const auto told = std::count_if(config.history.begin(), config.history.end(),
                                  [](const HistoryEntry& entry) { return !entry.empty_layer; });
  if (static_cast<std::size_t>(told) == config.diff_ids.size()) return;
  config.history.clear();
  for (std::size_t i = 0; i < config.diff_ids.size(); ++i)
    config.history.push_back({"base", false});
}

}  // namespace

Result<AssembledImage> assemble(const ImageSpec& spec) {
  ImageConfig config;
  Manifest manifest;
  if (spec.base) {
    const auto& base = *spec.base;
    if (base.manifest.layers.size() != base.config.diff_ids.size()) {
      return fail(Code::invalid_argument, "base image {}@{} has {} layers but {} diff_ids",
                  base.repository, base.digest, base.manifest.layers.size(),
                  base.config.diff_ids.size());
    }
    config = base.config;
    keep_history_truthful(config);
    manifest.layers = base.manifest.layers;
    manifest.annotations["org.opencontainers.image.base.digest"] = base.digest;
  }
  for (const auto& layer : spec.layers) {
    manifest.layers.push_back(layer.descriptor);
    config.diff_ids.push_back(layer.diff_id);
    config.history.push_back({"ferry", false});
  }
  if (manifest.layers.empty()) {
    return fail(Code::invalid_argument, "an image needs at least one layer");
  }
  apply_options(spec, config);
  for (const auto& [name, value] : spec.annotations) manifest.annotations[name] = value;

  AssembledImage image;
  image.config_body = write_config(config);
  image.config = {std::string(media::kConfig), sha256_digest(image.config_body),
                  image.config_body.size()};
  manifest.config = image.config;
  image.manifest_body = write_manifest(manifest);
  image.digest = sha256_digest(image.manifest_body);
  return image;
}

}  // namespace ferry::oci
