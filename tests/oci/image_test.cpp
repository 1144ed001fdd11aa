// SPDX-License-Identifier: Apache-2.0
#include "oci/image.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "oci/assembly.hpp"
#include "oci/digest.hpp"
#include "oci/reference.hpp"
#include "oci/registry_client.hpp"

namespace ferry::oci {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

struct ReferenceCase {
  std::string text;
  std::string registry, repository, tag, digest;
};

class References : public ::testing::TestWithParam<ReferenceCase> {};

TEST_P(References, AreReadAndWrittenBack) {
  const auto& expected = GetParam();
  auto reference = parse_reference(expected.text);
  ASSERT_TRUE(reference) << reference.error().describe();
  EXPECT_EQ(reference->registry, expected.registry);
  EXPECT_EQ(reference->repository, expected.repository);
  EXPECT_EQ(reference->tag, expected.tag);
  EXPECT_EQ(reference->digest, expected.digest);
  EXPECT_EQ(reference->str(), expected.text);
}

INSTANTIATE_TEST_SUITE_P(
    All, References,
    ::testing::Values(
        ReferenceCase{"r.azurecr.io/app", "r.azurecr.io", "app", "", ""},
        ReferenceCase{"127.0.0.1:5000/a/b_c/d-e:1.0", "127.0.0.1:5000", "a/b_c/d-e", "1.0", ""},
        ReferenceCase{"localhost:5000/x:V_1@" + kDigest, "localhost:5000", "x", "V_1", kDigest},
        ReferenceCase{"[::1]:5000/x@" + kDigest, "[::1]:5000", "x", "", kDigest},
        ReferenceCase{"h/a__b.c", "h", "a__b.c", "", ""}));

TEST(Reference, IsRefusedWhenMalformed) {
  for (const std::string& text :
       {std::string(), std::string("app"), std::string("/app"), std::string("h/"),
        std::string("h/App"), std::string("h/a//b"), std::string("h/a___b"), std::string("h/a:"),
        std::string("h/a:.x"), std::string("h/a@sha256:12"), std::string("h/a@"),
        std::string("h:x/a"), std::string("h:/a"), std::string("h/../a"), std::string("h/a b"),
        std::string("h/-a"), "h/" + std::string(300, 'a'), "h/a:" + std::string(129, 't'),
        "h/a@sha256:" + std::string(64, 'G')}) {
    EXPECT_FALSE(parse_reference(text)) << text;
  }
}

TEST(Reference, IsPinnedByItsDigestAlone) {
  auto pinned = parse_reference("h/a:1")->pinned(kDigest);
  EXPECT_EQ(pinned.str(), "h/a@" + kDigest);
  EXPECT_EQ(pinned.selector(), kDigest);
}

RC_GTEST_PROP(ReferenceProperty, NeverCrashesAndRoundTrips, (const std::string& text)) {
  for (const std::string& candidate : {text, "h.example/" + text, "h/a:" + text}) {
    auto reference = parse_reference(candidate);
    if (reference) RC_ASSERT(reference->str() == candidate);
  }
}

TEST(Digest, IsThatOfTheEmptyDocument) {
  EXPECT_EQ(sha256_digest("{}"),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  EXPECT_TRUE(matches_digest("{}", sha256_digest("{}")));
  EXPECT_FALSE(matches_digest("{ }", sha256_digest("{}")));
  EXPECT_FALSE(is_digest("md5:" + std::string(32, 'a')));
}

std::string manifest_text(std::string_view config, std::string_view layers) {
  return fmt::format(R"({{"schemaVersion":2,"config":{},"layers":{}}})", config, layers);
}

TEST(Manifest, IsReadAndWritten) {
  Manifest manifest;
  manifest.config = {std::string(media::kConfig), kDigest, 12};
  manifest.layers.push_back({std::string(media::kLayerTar), kDigest, 3});
  manifest.annotations["b"] = "2";
  manifest.annotations["a"] = "1";
  auto again = parse_manifest(write_manifest(manifest));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->config, manifest.config);
  EXPECT_EQ(again->layers, manifest.layers);
  EXPECT_EQ(again->annotations, manifest.annotations);
  EXPECT_EQ(write_manifest(*again), write_manifest(manifest));
}

TEST(Manifest, IsRefusedWhenMalformed) {
  const std::string good = fmt::format(R"({{"mediaType":"m","digest":"{}","size":1}})", kDigest);
  EXPECT_TRUE(parse_manifest(manifest_text(good, "[]")));
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string("{\"config\":1}"),
        manifest_text(good, "{}"), manifest_text(good, "[1]"),
        manifest_text(good, R"([{"mediaType":"m","digest":"sha256:1","size":1}])"),
        manifest_text(fmt::format(R"({{"mediaType":"m","digest":"{}","size":-1}})", kDigest), "[]"),
        manifest_text(fmt::format(R"({{"mediaType":"m","digest":"{}"}})", kDigest), "[]"),
        manifest_text(fmt::format(R"({{"digest":"{}","size":1}})", kDigest), "[]"),
        std::string(R"({"schemaVersion":1,"fsLayers":[]})"),
        fmt::format(R"({{"mediaType":"{}","manifests":[]}})", media::kIndex),
        std::string((std::size_t{4} << 20) + 1, ' ')}) {
    EXPECT_FALSE(parse_manifest(text)) << text.substr(0, 80);
  }
}

TEST(Index, ChoosesAPlatformOrSaysWhatThereIs) {
  Index index;
  index.manifests.push_back({"m", kDigest, 1, Platform{"unknown", "unknown"}});
  index.manifests.push_back({"m", kDigest, 2, Platform{"amd64", "linux"}});
  index.manifests.push_back({"m", kDigest, 3, Platform{"arm", "linux", "v7"}});
  auto again = parse_index(write_index(index));
  ASSERT_TRUE(again);
  EXPECT_EQ(select_platform(*again, {"amd64", "linux"})->size, 2u);
  EXPECT_EQ(select_platform(*again, {"arm", "linux", "v7"})->size, 3u);
  auto none = select_platform(*again, {"arm", "linux", "v6"});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("linux/arm/v7"), std::string::npos);
}

TEST(Platform, IsReadFromText) {
  EXPECT_EQ(parse_platform("linux/arm/v7")->variant, "v7");
  for (const char* text : {"", "linux", "linux/", "/amd64", "a/b/c/d", "linux//v7"}) {
    EXPECT_FALSE(parse_platform(text)) << text;
  }
}

TEST(Config, IsRefusedWithoutRootfsOrWithMalformedDiffIds) {
  EXPECT_FALSE(parse_config("{}"));
  EXPECT_FALSE(parse_config(R"({"rootfs":{"diff_ids":["sha256:1"]}})"));
  EXPECT_FALSE(parse_config("nonsense"));
}

ImageSpec spec_on_base() {
  ImageSpec spec;
  BaseImage base;
  base.repository = "base";
  base.digest = kDigest;
  base.manifest.layers.push_back({std::string(media::kLayerGzip), kDigest, 7});
  base.config.diff_ids.push_back(kDigest);
  base.config.history = {{"a", false}, {"b", false}};  // one more than there are layers
  base.config.environment = {"PATH=/bin", "A=1"};
  base.config.command = {"sh"};
  base.config.user = "root";
  spec.base = base;
  spec.layers.push_back(*make_layer({{.path = "app", .content = "x", .executable = true}}));
  spec.environment = {"A=2", "B=3"};
  spec.entrypoint = {"/app"};
  spec.labels = {{"k", "v"}};
  return spec;
}

TEST(Assembly, PutsTheApplicationOnItsBase) {
  auto image = assemble(spec_on_base());
  ASSERT_TRUE(image) << image.error().describe();
  auto manifest = parse_manifest(image->manifest_body);
  auto config = parse_config(image->config_body);
  ASSERT_TRUE(manifest && config);
  EXPECT_EQ(manifest->layers.size(), 2u);
  EXPECT_EQ(config->diff_ids.size(), 2u);
  EXPECT_EQ(config->environment, (std::vector<std::string>{"PATH=/bin", "A=2", "B=3"}));
  EXPECT_EQ(config->entrypoint, std::vector<std::string>{"/app"});
  EXPECT_TRUE(config->command.empty());
  EXPECT_EQ(config->user, "root");
  EXPECT_EQ(config->history.size(), 2u);
  EXPECT_EQ(image->digest, sha256_digest(image->manifest_body));
  EXPECT_EQ(manifest->config.digest, sha256_digest(image->config_body));
}

TEST(Assembly, GivesTheSameDigestForTheSameInput) {
  EXPECT_EQ(assemble(spec_on_base())->digest, assemble(spec_on_base())->digest);
  ImageSpec other = spec_on_base();
  other.labels["k"] = "w";
  EXPECT_NE(assemble(other)->digest, assemble(spec_on_base())->digest);
}

TEST(Assembly, RefusesABrokenBaseAndAnEmptyImage) {
  ImageSpec broken = spec_on_base();
  broken.base->config.diff_ids.clear();
  EXPECT_FALSE(assemble(broken));
  EXPECT_FALSE(assemble({}));
}

TEST(Challenge, IsReadInItsParts) {
  auto bearer = parse_challenge(
      R"(Bearer realm="https://h/token?a=b,c",Service="h", scope="repository:a:pull,push",error=x)");
  EXPECT_EQ(bearer["scheme"], "bearer");
  EXPECT_EQ(bearer["realm"], "https://h/token?a=b,c");
  EXPECT_EQ(bearer["service"], "h");
  EXPECT_EQ(bearer["scope"], "repository:a:pull,push");
  EXPECT_EQ(bearer["error"], "x");
  EXPECT_EQ(parse_challenge("Basic").at("scheme"), "basic");
}

RC_GTEST_PROP(ChallengeProperty, NeverCrashes, (const std::string& text)) {
  parse_challenge(text);
  parse_challenge("Bearer " + text + "=\"" + text);
}

TEST(Loopback, IsOnlyThisMachine) {
  for (const char* host :
       {"localhost", "localhost:5000", "a.localhost:1", "127.0.83.1:5000", "[::1]:5000"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"127.evil.example", "localhost.example", "10.0.0.1", "r.azurecr.io"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace ferry::oci
