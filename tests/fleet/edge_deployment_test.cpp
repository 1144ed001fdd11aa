// SPDX-License-Identifier: Apache-2.0
#include "fleet/edge_deployment.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fleet/twin_size.hpp"

namespace ferry::fleet {
namespace {

Module make_module(std::string name, Manifest manifest = {}) {
  manifest.name = name;
  auto published = std::make_shared<PublishedVersion>();
  published->image = "r.azurecr.io/components/" + name + "@sha256:aa";
  published->manifest = std::move(manifest);
  return {std::move(name), "1.0.0", std::move(published)};
}

const json::value& at(const json::value& content, std::string_view path) {
  const auto* found = find_path(content, path);
  EXPECT_NE(found, nullptr) << path;
  static const json::value kNothing;
  return found ? *found : kNothing;
}

TEST(EdgeDeployment, OfAnEmptyCompositionStillDefinesTheRuntime) {
  const json::value content = edge_deployment_content({}, std::nullopt);
  const auto& desired = content.at("modulesContent").at("$edgeAgent").at("properties.desired");
  EXPECT_EQ(at(desired, "schemaVersion"), "1.1");
  EXPECT_EQ(at(desired, "runtime.type"), "docker");
  EXPECT_TRUE(at(desired, "modules").as_object().empty());
  EXPECT_TRUE(at(desired, "systemModules.edgeAgent.settings.image").is_string());
  EXPECT_EQ(at(desired, "systemModules.edgeHub.status"), "running");
  const auto& hub = content.at("modulesContent").at("$edgeHub").at("properties.desired");
  EXPECT_EQ(at(hub, "schemaVersion"), "1.1");
  EXPECT_TRUE(at(hub, "routes").is_object());
  EXPECT_TRUE(at(hub, "storeAndForwardConfiguration.timeToLiveSecs").is_int64());
}

TEST(EdgeDeployment, NamesModulesByDigestWithVersionAndPolicy) {
  Manifest manifest;
  manifest.env = {{"RATE", 5}};
  manifest.startup_order = 2;
  const Composition composition{{make_module("sampler", manifest)}};
  const PullCredential credential{"r.azurecr.io", "grp-a", Secret("pw")};
  const json::value desired = edge_agent_desired(composition, credential);
  EXPECT_EQ(at(desired, "modules.sampler.version"), "1.0.0");
  EXPECT_EQ(at(desired, "modules.sampler.type"), "docker");
  EXPECT_EQ(at(desired, "modules.sampler.status"), "running");
  EXPECT_EQ(at(desired, "modules.sampler.restartPolicy"), "always");
  EXPECT_EQ(at(desired, "modules.sampler.startupOrder").to_number<int>(), 2);
  EXPECT_EQ(at(desired, "modules.sampler.env.RATE.value"), 5);
  EXPECT_EQ(at(desired, "modules.sampler.settings.image"),
            "r.azurecr.io/components/sampler@sha256:aa");
  EXPECT_EQ(at(desired, "modules.sampler.settings.createOptions"), "{}");
  EXPECT_EQ(at(desired, "runtime.settings.registryCredentials.ferry.username"), "grp-a");
  EXPECT_EQ(at(desired, "runtime.settings.registryCredentials.ferry.password"), "pw");
  EXPECT_EQ(at(desired, "runtime.settings.registryCredentials.ferry.address"), "r.azurecr.io");
}

TEST(EdgeDeployment, SplitsLongCreateOptionsAndLosesNothing) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "x\xc3\xa4";  // characters of two bytes at odd places
  Manifest manifest;
  manifest.create_options = {{"Labels", json::object{{"l", text}}}};
  const Composition composition{{make_module("a", manifest)}};
  const json::value desired = edge_agent_desired(composition, std::nullopt);
  const auto& settings = at(desired, "modules.a.settings").as_object();
  std::string joined(settings.at("createOptions").as_string());
  for (int i = 1; settings.contains(fmt::format("createOptions{:02}", i)); ++i) {
    const auto& piece = settings.at(fmt::format("createOptions{:02}", i)).as_string();
    EXPECT_LE(piece.size(), kCreateOptionsPiece);
    EXPECT_NE(static_cast<unsigned char>(piece[0]) & 0xc0, 0x80);
    joined += piece;
  }
  EXPECT_EQ(settings.size(), 1U + 3U);
  EXPECT_EQ(joined, json::serialize(manifest.create_options));
  EXPECT_TRUE(parse_json(json::serialize(desired)));
}

TEST(EdgeDeployment, SaysWhatNoTwinCanHold) {
  EXPECT_TRUE(check_twin_limits({{make_module("a")}}).empty());
  Manifest manifest;
  manifest.env = {{"BIG", std::string(5000, 'x')}};
  manifest.create_options = {{"x", std::string(52000, 'x')}};
  EXPECT_EQ(check_twin_limits({{make_module("a", manifest)}}).size(), 2U);
}

TEST(EdgeDeployment, StartsWhatIsNeededFirst) {
  Manifest needs;
  needs.depends_on.emplace("broker", *VersionRange::parse("*"));
  const Composition composition{{make_module("app", needs), make_module("broker")}};
  const json::value desired = edge_agent_desired(composition, std::nullopt);
  EXPECT_EQ(at(desired, "modules.broker.startupOrder").to_number<int>(), 0);
  EXPECT_EQ(at(desired, "modules.app.startupOrder").to_number<int>(), 1);
}

std::string some_text(int most) {
  return std::string(*rc::gen::inRange<std::size_t>(0, static_cast<std::size_t>(most)), 'x');
}

std::shared_ptr<const SettingSchema> schema_of(std::string_view text) {
  auto schema = SettingSchema::parse(*parse_json_object(text));
  EXPECT_TRUE(schema) << schema.error().describe();
  return *schema;
}

TEST(EdgeDeployment, SettingsAreVariablesOrPropertiesOfTheModulesTwin) {
  Manifest manifest;
  manifest.env = {{"FIXED", "x"}};
  manifest.configuration = schema_of(R"({"properties": {
    "sampleRate": {"type": "integer"}, "limits": {"type": "object"},
    "mode": {"type": "string", "delivery": "twin"}}})");
  auto module = make_module("sampler", manifest);
  module.settings = {{"limits", json::object{{"high", 9}}}, {"mode", "slow"}, {"sampleRate", 5}};
  const Composition composition{{module, make_module("other")}};
  const json::value content = edge_deployment_content(composition, std::nullopt);
  const auto& modules = content.at("modulesContent");
  const auto& env =
      at(modules.at("$edgeAgent").at("properties.desired"), "modules.sampler.env").as_object();
  EXPECT_EQ(env, (json::object{{"FIXED", {{"value", "x"}}},
                               {"SAMPLE_RATE", {{"value", 5}}},
                               {"LIMITS", {{"value", R"({"high":9})"}}}}));
  EXPECT_EQ(modules.at("sampler").at("properties.desired"), (json::object{{"mode", "slow"}}));
  EXPECT_FALSE(modules.as_object().contains("other")) << "a twin that is not Ferry's to write";
  ManifestSizes sizes;
  EXPECT_EQ(sizes.manifest_size(composition, std::nullopt),
            twin_size(edge_agent_desired(composition, std::nullopt)));
}

RC_GTEST_PROP(EdgeDeploymentLaws, TheMeasuredSizeIsThatOfTheWholeManifest, ()) {
  ManifestSizes sizes;
  for (int round = 0; round < 2; ++round) {  // the second from what was measured before
    Composition composition;
    for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
      Manifest manifest;
      manifest.env = {{"TEXT\"", some_text(50)}, {"NUMBER", i}};
      manifest.create_options = {{"x", some_text(2000)}};
      if (*rc::gen::arbitrary<bool>())
        manifest.startup_order = *rc::gen::arbitrary<std::uint32_t>();
      if (i > 1) manifest.depends_on.emplace(fmt::format("m{}", i - 1), *VersionRange::parse("*"));
      composition.modules.insert(composition.modules.begin(),
                                 make_module(fmt::format("m{}", i), manifest));
    }
    std::optional<PullCredential> credential;
    if (*rc::gen::arbitrary<bool>()) credential = {"r.io", "grp-\n", Secret(some_text(50))};
    RC_ASSERT(sizes.manifest_size(composition, credential) ==
              twin_size(edge_agent_desired(composition, credential)));
    RC_ASSERT(sizes.manifest_size(composition, credential) ==
              sizes.manifest_size(composition, credential));
  }
}

}  // namespace
}  // namespace ferry::fleet
