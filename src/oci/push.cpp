// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "oci/assembly.hpp"
#include "oci/digest.hpp"

namespace ferry::oci {
namespace {

// Sends one image's blobs and remembers what was done.
class Pusher {
 public:
  Pusher(RegistryClient& registry, std::string repository, const PushProgress& progress)
      : registry_(registry), repository_(std::move(repository)), progress_(progress) {}

  net::Task<Result<void>> push(Descriptor blob, const std::string& bytes) {
    if (!done_.insert(blob.digest).second) co_return Result<void>();
    auto present = co_await registry_.has_blob(repository_, blob.digest);
    if (!present) co_return fail(std::move(present).error());
    if (*present) {
      note(blob, "present", report.blobs_present);
      co_return Result<void>();
    }
    auto sent = co_await registry_.push_blob(repository_, blob.digest, bytes);
    if (!sent) co_return fail(std::move(sent).error());
    report.bytes_sent += blob.size;
    note(blob, "sent", report.blobs_sent);
    co_return Result<void>();
  }

  net::Task<Result<void>> borrow(Descriptor blob, std::string from_repository) {
    if (!done_.insert(blob.digest).second) co_return Result<void>();
    auto present = co_await registry_.has_blob(repository_, blob.digest);
    if (!present) co_return fail(std::move(present).error());
    if (*present) {
      note(blob, "present", report.blobs_present);
      co_return Result<void>();
    }
    auto mounted = co_await registry_.mount_blob(repository_, blob.digest, from_repository);
    if (!mounted) co_return fail(std::move(mounted).error());
    if (*mounted) {
      note(blob, "mounted", report.blobs_mounted);
      co_return Result<void>();
    }
    // A registry that does not mount still has the bytes.
    auto bytes = co_await registry_.get_blob(from_repository, blob.digest);
    if (!bytes) {
      co_return fail(std::move(bytes).error().with("take base layer {} from {}", blob.digest,
                                                   from_repository));
    }
    auto sent = co_await registry_.push_blob(repository_, blob.digest, std::move(*bytes));
    if (!sent) co_return fail(std::move(sent).error());
    report.bytes_sent += blob.size;
    note(blob, "sent", report.blobs_sent);
    co_return Result<void>();
  }

  PushReport report;

 private:
  void note(const Descriptor& blob, std::string_view what, int& counter) {
    ++counter;
    if (progress_) progress_(blob.digest, what);
  }

  RegistryClient& registry_;
  std::string repository_;
  const PushProgress& progress_;
  std::set<std::string> done_;
};

net::Task<Result<Manifest>> read_image_manifest(RegistryClient& registry, std::string repository,
                                                StoredManifest stored, Platform platform,
                                                std::string& digest) {
  const bool is_index =
      stored.media_type == media::kIndex || stored.media_type == media::kDockerList;
  if (is_index) {
    auto index = parse_index(stored.body);
    if (!index) co_return fail(std::move(index).error());
    auto entry = select_platform(*index, platform);
    if (!entry) co_return fail(std::move(entry).error());
    auto chosen = co_await registry.get_manifest(repository, entry->digest);
    if (!chosen) co_return fail(std::move(chosen).error());
    stored = std::move(*chosen);
  }
  digest = stored.digest;
  co_return parse_manifest(stored.body);
}

}  // namespace

net::Task<Result<PushReport>> push_image(RegistryClient& registry, std::string repository,
                                         std::string tag, const ImageSpec& spec,
                                         PushProgress progress) {
  auto image = assemble(spec);
  if (!image) co_return fail(std::move(image).error());
  const std::string what = fmt::format("store image {}/{}", registry.host(), repository);
  Pusher pusher(registry, repository, progress);
  if (spec.base) {
    for (const Descriptor& layer : spec.base->manifest.layers) {
      auto borrowed = co_await pusher.borrow(layer, spec.base->repository);
      if (!borrowed) co_return fail(std::move(borrowed).error().with("{}", what));
    }
  }
  for (const Layer& layer : spec.layers) {
    auto pushed = co_await pusher.push(layer.descriptor, layer.blob);
    if (!pushed) co_return fail(std::move(pushed).error().with("{}", what));
  }
  auto pushed = co_await pusher.push(image->config, image->config_body);
  if (!pushed) co_return fail(std::move(pushed).error().with("{}", what));
  const std::string selector = tag.empty() ? image->digest : tag;
  auto digest = co_await registry.put_manifest(repository, selector, std::string(media::kManifest),
                                               image->manifest_body);
  if (!digest) co_return fail(std::move(digest).error().with("{}", what));
  pusher.report.digest = image->digest;
  pusher.report.image = {std::string(media::kManifest), image->digest, image->manifest_body.size(),
                         spec.platform};
  co_return pusher.report;
}

net::Task<Result<std::string>> push_index(RegistryClient& registry, std::string repository,
                                          std::string tag, std::vector<Descriptor> images) {
  Index index;
  index.manifests = std::move(images);
  const std::string body = write_index(index);
  const std::string selector = tag.empty() ? sha256_digest(body) : tag;
  co_return co_await registry.put_manifest(repository, selector, std::string(media::kIndex), body);
}

net::Task<Result<BaseImage>> resolve_base(RegistryClient& registry, std::string repository,
                                          std::string selector, Platform platform) {
  const std::string what =
      fmt::format("base image {}/{} ({})", registry.host(), repository, selector);
  auto stored = co_await registry.get_manifest(repository, selector);
  if (!stored) co_return fail(std::move(stored).error().with("{}", what));
  BaseImage base;
  base.repository = repository;
  auto manifest =
      co_await read_image_manifest(registry, repository, std::move(*stored), platform, base.digest);
  if (!manifest) co_return fail(std::move(manifest).error().with("{}", what));
  base.manifest = std::move(*manifest);
  auto config = co_await registry.get_blob(repository, base.manifest.config.digest);
  if (!config) co_return fail(std::move(config).error().with("{}", what));
  auto parsed = parse_config(*config);
  if (!parsed) co_return fail(std::move(parsed).error().with("{}", what));
  base.config = std::move(*parsed);
  const Platform& made_for = base.config.platform;
  if (made_for.architecture != platform.architecture || made_for.os != platform.os) {
    co_return fail(Code::not_found, "{} is made for {}, not for {}", what, made_for.str(),
                   platform.str());
  }
  co_return base;
}

net::Task<Result<PushReport>> push_base_image(RegistryClient& registry, std::string repository,
                                              std::string tag, Layer root, Platform platform) {
  ImageSpec spec;
  spec.platform = platform;
  spec.layers.push_back(std::move(root));
  co_return co_await push_image(registry, std::move(repository), std::move(tag), spec);
}

}  // namespace ferry::oci
