// SPDX-License-Identifier: Apache-2.0
// Stores images with Ferry's registry client, for other tools to look at:
//   registry_client HOST ROOTFS.TAR[.GZ]
// Makes base/rootfs:1 from the archive, app/one:1 on top of it, app/scratch:1 without a base, and
// prints "name digest" for each; then reads everything back.
#include <cstdio>

#include "base/file.hpp"
#include "oci/assembly.hpp"
#include "oci/reference.hpp"

namespace {

using namespace ferry;
using namespace ferry::oci;

Result<void> expect(bool holds, std::string_view what) {
  if (holds) return {};
  return fail(Code::internal, "expected: {}", what);
}

ImageSpec app_spec(std::optional<BaseImage> base) {
  ImageSpec spec;
  spec.base = std::move(base);
  auto small =
      make_layer({{.path = "app/run.sh", .content = "#!/bin/sh\necho hello\n", .executable = true},
                  {.path = "app/long/" + std::string(150, 'n') + "/ü", .content = "x"}});
  auto large = make_layer({{.path = "app/data", .content = std::string(300'000, 'd')}});
  FERRY_CHECK(small && large);
  spec.layers = {*std::move(small), *std::move(large)};
  spec.entrypoint = {"/bin/sh", "/app/run.sh"};
  spec.environment = {"MODE=test"};
  spec.labels = {{"maker", "ferry"}};
  return spec;
}

net::Task<Result<void>> push_all(RegistryClient& registry, std::string root_tar) {
  auto root = import_root_file_system(root_tar);
  if (!root) co_return fail(std::move(root).error());
  const Platform platform;
  auto base = co_await push_base_image(registry, "base/rootfs", "1", std::move(*root), platform);
  if (!base) co_return fail(std::move(base).error());
  std::printf("base/rootfs:1 %s\n", base->digest.c_str());
  auto resolved = co_await resolve_base(registry, "base/rootfs", "1", platform);
  if (!resolved) co_return fail(std::move(resolved).error());
  const ImageSpec on_base = app_spec(std::move(*resolved));
  auto app = co_await push_image(registry, "app/one", "1", on_base);
  if (!app) co_return fail(std::move(app).error());
  std::printf("app/one:1 %s\n", app->digest.c_str());
  auto mounted = expect(app->blobs_mounted == 1 && app->blobs_sent == 3,
                        "the base layer is mounted, two layers and the configuration are sent");
  if (!mounted) co_return mounted;
  auto again = co_await push_image(registry, "app/one", "1", on_base);
  if (!again) co_return fail(std::move(again).error());
  auto unchanged = expect(again->blobs_sent == 0 && again->digest == app->digest,
                          "storing the same image again sends no blob");
  if (!unchanged) co_return unchanged;
  const ImageSpec scratch = app_spec(std::nullopt);
  auto bare = co_await push_image(registry, "app/scratch", "1", scratch);
  if (!bare) co_return fail(std::move(bare).error());
  std::printf("app/scratch:1 %s\n", bare->digest.c_str());
  std::vector<Descriptor> platforms = {bare->image};
  auto index = co_await push_index(registry, "app/scratch", "all", std::move(platforms));
  if (!index) co_return fail(std::move(index).error());
  std::printf("app/scratch:all %s\n", index->c_str());
  co_return Result<void>();
}

net::Task<Result<void>> read_back(RegistryClient& registry) {
  auto tags = co_await registry.list_tags("app/scratch");
  if (!tags) co_return fail(std::move(tags).error());
  auto both = expect(tags->size() == 2, "two tags");
  if (!both) co_return both;
  auto manifest = co_await registry.get_manifest("app/one", "1");
  if (!manifest) co_return fail(std::move(manifest).error());
  auto digest = co_await registry.head_manifest("app/one", "1");
  if (!digest) co_return fail(std::move(digest).error());
  auto same = expect(*digest == manifest->digest, "HEAD and GET agree on the digest");
  if (!same) co_return same;
  auto parsed = parse_manifest(manifest->body);
  if (!parsed) co_return fail(std::move(parsed).error());
  for (const Descriptor& layer : parsed->layers) {
    auto bytes = co_await registry.get_blob("app/one", layer.digest);
    if (!bytes) co_return fail(std::move(bytes).error());
    auto whole = expect(bytes->size() == layer.size, "layers have the size that the manifest says");
    if (!whole) co_return whole;
  }
  auto missing = co_await registry.get_manifest("app/one", "nope");
  auto absent = expect(!missing && missing.error().code == Code::not_found, "not_found");
  if (!absent) co_return absent;
  auto deleted = co_await registry.delete_manifest("app/one", *digest);
  if (!deleted) co_return fail(std::move(deleted).error());
  auto gone = co_await registry.head_manifest("app/one", "1");
  co_return expect(!gone && gone.error().code == Code::not_found, "deleted is not_found");
}

net::Task<Result<void>> work(RegistryClient& registry, std::string root_tar, bool reading) {
  if (reading) co_return co_await read_back(registry);
  co_return co_await push_all(registry, std::move(root_tar));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: registry_client HOST ROOTFS.TAR|read-back\n");
    return 2;
  }
  const bool reading = std::string_view(argv[2]) == "read-back";
  auto root = reading ? Result<std::string>("") : read_file(argv[2]);
  if (!root) {
    std::fprintf(stderr, "%s\n", root.error().describe().c_str());
    return 1;
  }
  net::EventLoop loop;
  auto tls = net::TlsClientContext::create({});
  if (!tls) return 1;
  net::HttpClient http({.tls = *tls});
  SystemClock clock;
  RegistryOptions options;
  options.host = argv[1];
  options.clock = &clock;
  RegistryClient registry(transport_over(http), std::move(options));
  auto done = loop.run_until_done(work(registry, *std::move(root), reading));
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().describe().c_str());
  return 1;
}
