// SPDX-License-Identifier: Apache-2.0
#include "fleet/edge_deployment.hpp"

#include <gtest/gtest.h>

namespace ferry::fleet {
namespace {

Module make_module(std::string name) {
  Module module{name, "1.0.0", "r.azurecr.io/components/" + name + "@sha256:aa", {}};
  module.manifest.name = name;
  return module;
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
  Composition composition{{make_module("sampler")}};
  composition.modules[0].manifest.env = {{"RATE", 5}};
  composition.modules[0].manifest.startup_order = 2;
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
  Composition composition{{make_module("a")}};
  std::string text;
  for (int i = 0; i < 500; ++i) text += "x\xc3\xa4";  // characters of two bytes at odd places
  composition.modules[0].manifest.create_options = {{"Labels", json::object{{"l", text}}}};
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
  EXPECT_EQ(joined, json::serialize(composition.modules[0].manifest.create_options));
  EXPECT_TRUE(parse_json(json::serialize(desired)));
}

TEST(EdgeDeployment, SaysWhatNoTwinCanHold) {
  Composition composition{{make_module("a")}};
  EXPECT_TRUE(check_twin_limits(composition).empty());
  composition.modules[0].manifest.env = {{"BIG", std::string(5000, 'x')}};
  composition.modules[0].manifest.create_options = {{"x", std::string(52000, 'x')}};
  EXPECT_EQ(check_twin_limits(composition).size(), 2U);
}

}  // namespace
}  // namespace ferry::fleet
