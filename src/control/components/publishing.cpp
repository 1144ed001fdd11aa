// SPDX-License-Identifier: Apache-2.0
// Publishing a component version: files and manifest in blob storage, an image for each platform in
// the registry. The registry gets the manifest last and the version's digest is recorded last of
// all, so nobody ever sees half of it.
#include <algorithm>
#include <map>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "control/components/catalog.hpp"
#include "control/lookup.hpp"
#include "fleet/azure_names.hpp"
#include "fleet/manifest.hpp"
#include "oci/assembly.hpp"

namespace ferry::control {
namespace {

const std::string kManifestFile = "component.json";

struct VersionSite {
  fleet::ComponentVersion version;
  fleet::Manifest manifest;
  fleet::Workspace workspace;
  std::string container;
  std::shared_ptr<WorkspaceConnection> connection;
};

Result<fleet::ComponentVersion> load_version(const Context& context, const fleet::VersionId& id) {
  auto version = context.store.components.find(id);
  if (!version) return fail(std::move(version).error());
  if (!*version) return fail(Code::internal, "version {} is gone", id);
  return **std::move(version);
}

Result<VersionSite> load_site(Context& context, const fleet::VersionId& id) {
  auto version = load_version(context, id);
  if (!version) return fail(std::move(version).error());
  auto manifest = fleet::parse_manifest(version->manifest);
  if (!manifest) return fail(std::move(manifest).error());
  auto workspace = load_workspace(context, version->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  auto connection = context.clouds.workspace(*workspace);
  if (!connection) return fail(std::move(connection).error());
  auto names = workspace->names;
  return VersionSite{*std::move(version), *std::move(manifest), *std::move(workspace),
                     std::move(names.container), *std::move(connection)};
}

// The manifest goes beside the files, and what an earlier draft left behind goes away.
net::Task<Result<void>> settle_files(VersionSite site, StepContext& step) {
  const auto& version = site.version;
  auto& blobs = site.connection->blobs;
  const auto blob = [&](const std::string& path) {
    return fleet::component_blob(version.component, version.version, path);
  };
  std::map<std::string, bool> wanted{{blob(kManifestFile), true}};
  for (const auto& file : version.files) wanted[blob(file.path)] = true;
  // A component may bring a component.json of its own as a file; then that one stays.
  const bool own_manifest =
      std::any_of(version.files.begin(), version.files.end(),
                  [](const fleet::VersionFile& file) { return file.path == kManifestFile; });
  if (!own_manifest) {
    azure::PutBlobOptions options;
    options.content_type = "application/json";
    auto put = co_await blobs.put(site.container, blob(kManifestFile), version.manifest, options);
    if (!put) co_return fail(std::move(put).error());
  }
  auto stored = co_await blobs.list(site.container,
                                    fleet::component_prefix(version.component, version.version));
  if (!stored) co_return fail(std::move(stored).error());
  for (const auto& found : *stored) {
    if (wanted.contains(found.name)) continue;
    auto removed = co_await blobs.remove(site.container, found.name);
    if (!removed) co_return removed;
  }
  step.detail(fmt::format("{} files in {}/{}", version.files.size(), site.container,
                          fleet::component_prefix(version.component, version.version)));
  co_return Result<void>();
}

struct Placement {
  const fleet::VersionFile* file;
  std::string target;  // path in the image, relative
  std::uint32_t mode;
};

Result<std::vector<Placement>> place_files(const VersionSite& site) {
  std::vector<Placement> placements;
  if (!site.manifest.files) {
    for (const auto& file : site.version.files) {
      if (file.path == kManifestFile) continue;
      placements.push_back({&file, "app/" + file.path, file.mode});
    }
    return placements;
  }
  for (const auto& wanted : *site.manifest.files) {
    const auto& files = site.version.files;
    const auto found =
        std::find_if(files.begin(), files.end(),
                     [&](const fleet::VersionFile& file) { return file.path == wanted.source; });
    if (found == files.end()) {
      return fail(Code::invalid_argument, "the file '{}' is not there", wanted.source);
    }
    placements.push_back({&*found, wanted.target.substr(1), wanted.mode.value_or(found->mode)});
  }
  return placements;
}

// Reads the files back from storage: what is published is what is stored.
net::Task<Result<std::vector<oci::LayerFile>>> read_files(const VersionSite& site,
                                                          StepContext& step) {
  auto placements = place_files(site);
  if (!placements) co_return fail(std::move(placements).error());
  std::vector<oci::LayerFile> files;
  for (const auto& placement : *placements) {
    step.detail(fmt::format("reading {}", placement.file->path));
    auto blob = co_await site.connection->blobs.get(
        site.container,
        fleet::component_blob(site.version.component, site.version.version, placement.file->path));
    if (!blob) co_return fail(std::move(blob).error());
    if (hex_encode(sha256(blob->content)) != placement.file->sha256) {
      co_return fail(Error{
          Code::conflict,
          fmt::format("the file '{}' in storage is not what was uploaded", placement.file->path),
          "upload it again, then publish again"});
    }
    files.push_back({.path = placement.target,
                     .content = std::move(blob->content),
                     .executable = (placement.mode & 0111U) != 0});
  }
  co_return files;
}

net::Task<Result<std::optional<oci::BaseImage>>> find_base(const VersionSite& site,
                                                           oci::Platform platform) {
  if (site.manifest.base == "scratch") co_return std::optional<oci::BaseImage>();
  const auto colon = site.manifest.base.rfind(':');
  auto base =
      co_await oci::resolve_base(site.connection->registry, site.manifest.base.substr(0, colon),
                                 site.manifest.base.substr(colon + 1), platform);
  if (base) co_return std::optional<oci::BaseImage>(*std::move(base));
  Error error =
      std::move(base).error().with("find base image {} for {}", site.manifest.base, platform.str());
  if (error.code == Code::not_found) {
    co_return fail(
        std::move(error).advise("ferry image import puts a base image into the registry"));
  }
  co_return fail(std::move(error));
}

oci::ImageSpec spec_of(const VersionSite& site, oci::Platform platform,
                       std::optional<oci::BaseImage> base, const oci::Layer* layer) {
  oci::ImageSpec spec;
  spec.platform = std::move(platform);
  spec.base = std::move(base);
  if (layer) spec.layers.push_back(*layer);
  spec.user = site.manifest.user;
  spec.entrypoint = site.manifest.entrypoint;
  spec.command = site.manifest.cmd;
  spec.working_directory = site.manifest.workdir;
  spec.labels = site.manifest.labels;
  spec.labels["org.opencontainers.image.title"] = site.version.component;
  spec.labels["org.opencontainers.image.version"] = site.version.version;
  if (!site.manifest.description.empty()) {
    spec.labels["org.opencontainers.image.description"] = site.manifest.description;
  }
  return spec;
}

// One image per platform; more than one are joined by an index under the tag.
std::vector<fleet::ImageLayer> layers_of(const oci::AssembledImage& image) {
  std::vector<fleet::ImageLayer> layers;
  auto manifest = oci::parse_manifest(image.manifest_body);
  FERRY_CHECK(manifest);
  for (const auto& layer : manifest->layers) {
    layers.push_back({layer.digest, static_cast<std::int64_t>(layer.size)});
  }
  return layers;
}

using LayersByPlatform = std::map<std::string, std::vector<fleet::ImageLayer>>;

net::Task<Result<std::string>> push_images(const VersionSite& site,
                                           const std::optional<oci::Layer>& layer,
                                           LayersByPlatform& layers, StepContext& step) {
  auto& registry = site.connection->registry;
  const std::string repository = fleet::image_repository(site.version.component);
  const std::string tag = fleet::image_tag(site.version.version);
  const bool many = site.manifest.platforms.size() > 1;
  std::vector<oci::Descriptor> images;
  for (const auto& name : site.manifest.platforms) {
    auto platform = oci::parse_platform(name);
    if (!platform) co_return fail(std::move(platform).error());
    auto base = co_await find_base(site, *platform);
    if (!base) co_return fail(std::move(base).error());
    const auto spec = spec_of(site, *platform, *std::move(base), layer ? &*layer : nullptr);
    auto assembled = oci::assemble(spec);
    if (!assembled) co_return fail(std::move(assembled).error());
    layers[name] = layers_of(*assembled);
    step.detail(fmt::format("pushing {} for {}", repository, name));
    auto pushed = co_await oci::push_image(registry, repository, many ? std::string() : tag, spec);
    if (!pushed) co_return fail(std::move(pushed).error());
    if (!many) co_return pushed->digest;
    images.push_back({.media_type = std::string(oci::media::kManifest),
                      .digest = pushed->digest,
                      .size = assembled->manifest_body.size(),
                      .platform = *platform});
  }
  co_return co_await oci::push_index(registry, repository, tag, std::move(images));
}

net::Task<Result<void>> publish_image(Context& context, VersionSite site, StepContext& step) {
  auto files = co_await read_files(site, step);
  if (!files) co_return fail(std::move(files).error());
  std::optional<oci::Layer> layer;
  if (!files->empty()) {
    Result<oci::Layer> made = fail(Code::internal, "not made");
    const auto make = [&made, &files] { made = oci::make_layer(*std::move(files)); };
    co_await net::run_blocking(make);
    if (!made) co_return fail(std::move(made).error());
    layer = *std::move(made);
  }
  LayersByPlatform layers;
  auto digest = co_await push_images(site, layer, layers, step);
  if (!digest) co_return fail(std::move(digest).error());
  auto kept = context.store.components.set_layers(site.version.id, write_layers(layers));
  if (!kept) co_return kept;
  site.version.digest = *digest;
  site.version.image = fmt::format("{}/{}@{}", site.workspace.login_server,
                                   fleet::image_repository(site.version.component), *digest);
  step.detail(site.version.image);
  co_return context.store.components.update(site.version);
}

Result<void> end_publishing(Context& context, const fleet::VersionId& id, const Error* error) {
  auto version = load_version(context, id);
  if (!version) return fail(std::move(version).error());
  if (error) {
    version->state = fleet::VersionState::failed;
    version->error = error->describe();
  } else {
    version->state = fleet::VersionState::published;
    version->published_at = context.clock.now();
  }
  return context.store.components.update(*version);
}

Workflow publish_version(Context& context, const fleet::VersionId& id) {
  const auto files = [&context, id](StepContext& step) -> net::Task<Result<void>> {
    auto site = load_site(context, id);
    if (!site) co_return fail(std::move(site).error());
    co_return co_await settle_files(*std::move(site), step);
  };
  const auto image = [&context, id](StepContext& step) -> net::Task<Result<void>> {
    auto site = load_site(context, id);
    if (!site) co_return fail(std::move(site).error());
    co_return co_await publish_image(context, *std::move(site), step);
  };
  return {
      .steps = {{"Files", files}, {"Image", image}},
      .succeeded = [&context, id] { return end_publishing(context, id, nullptr); },
      .failed = [&context, id](const Error& error) { return end_publishing(context, id, &error); }};
}

}  // namespace

void define_publishing_workflow(Context& context) {
  context.engine.define("component.publish",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return publish_version(context, fleet::VersionId(operation.subject));
                        });
}

}  // namespace ferry::control
