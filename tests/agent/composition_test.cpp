// SPDX-License-Identifier: Apache-2.0
#include "agent/composition.hpp"

#include <gtest/gtest.h>

#include "tests/agent/samples.hpp"

namespace ferry::agent {
namespace {

int refusal_of(std::string_view modules) {
  auto composition = parse_composition(desired_document(modules));
  return composition ? 200 : composition.error().code;
}

TEST(Composition, ReadsAModuleWithAllItsFields) {
  const auto composition = parse_composition(desired_document(
      R"({"pump":{"version":"2.1","type":"docker","status":"stopped","restartPolicy":"on-failure",
          "startupOrder":5,"imagePullPolicy":"never","env":{"RATE":{"value":5}},
          "settings":{"image":"acme.example/pump:2.1","createOptions":"{\"HostConfig\":{\"Memory\":6",
            "createOptions01":"7108864}}"}}})"));
  ASSERT_TRUE(composition) << composition.error().description;
  const ModuleSpec& pump = composition->modules.at("pump");
  EXPECT_EQ(composition->version, 7);
  EXPECT_EQ(pump.version, "2.1");
  EXPECT_EQ(pump.status, DesiredStatus::stopped);
  EXPECT_EQ(pump.restart_policy, RestartPolicy::on_failure);
  EXPECT_EQ(pump.image_pull_policy, ImagePullPolicy::never);
  EXPECT_EQ(pump.startup_order, 5u);
  EXPECT_EQ(pump.create_options, R"({"HostConfig":{"Memory":67108864}})");
}

TEST(Composition, UsesTheRuntimesDefaultsForWhatIsMissing) {
  const auto composition = parse_composition(
      desired_document(R"({"pump":{"type":"docker","settings":{"image":"pump:1"}}})"));
  ASSERT_TRUE(composition);
  const ModuleSpec& pump = composition->modules.at("pump");
  EXPECT_EQ(pump.status, DesiredStatus::running);
  EXPECT_EQ(pump.restart_policy, RestartPolicy::on_unhealthy);
  EXPECT_EQ(pump.startup_order, UINT32_MAX);
}

TEST(Composition, RefusesAWholeDocumentForOneMalformedModule) {
  const std::string good = R"("ok":{"type":"docker","settings":{"image":"a:1"}})";
  for (
      const auto* bad :
      {R"("x":5)", R"("x":{"type":"docker"})", R"("x":{"type":"wasm","settings":{"image":"a"}})",
       R"("x":{"type":"docker","settings":{"image":""}})",
       R"("x":{"type":"docker","settings":{"image":"a","createOptions":"{"}})",
       R"("x":{"type":"docker","settings":{"image":"a","createOptions":"{","createOptions02":"}"}})",
       R"("x":{"type":"docker","status":"sleeping","settings":{"image":"a"}})",
       R"("x":{"type":"docker","restartPolicy":3,"settings":{"image":"a"}})",
       R"("x":{"type":"docker","startupOrder":-1,"settings":{"image":"a"}})",
       R"("x":{"type":"docker","startupOrder":4294967296,"settings":{"image":"a"}})",
       R"("x":{"type":"docker","env":{"A":"b"},"settings":{"image":"a"}})",
       R"("a b":{"type":"docker","settings":{"image":"a"}})",
       R"("":{"type":"docker","settings":{"image":"a"}})"}) {
    EXPECT_EQ(refusal_of(fmt::format("{{{},{}}}", good, bad)), 400) << bad;
  }
}

TEST(Composition, TellsEmptyAndForeignSchemasApart) {
  EXPECT_EQ(parse_composition({{"$version", 1}}).error().code, 417);
  json::object document = desired_document("{}");
  document["schemaVersion"] = "2.0";
  EXPECT_EQ(parse_composition(document).error().code, 412);
  document["schemaVersion"] = "one";
  EXPECT_EQ(parse_composition(document).error().code, 400);
  document["schemaVersion"] = "1.9";
  EXPECT_TRUE(parse_composition(document));
  document.erase("systemModules");
  EXPECT_EQ(parse_composition(document).error().code, 400);
}

TEST(Composition, FindsTheCredentialOfAnImagesRegistry) {
  const auto composition = parse_composition(desired_document("{}"));
  ASSERT_TRUE(composition);
  ASSERT_NE(composition->credential_for("ACME.example/a/b@sha256:00"), nullptr);
  EXPECT_EQ(composition->credential_for("ACME.example/a/b@sha256:00")->username, "u");
  EXPECT_EQ(composition->credential_for("other.example/a:1"), nullptr);
  EXPECT_EQ(registry_of("127.0.0.1:5000/app:1"), "127.0.0.1:5000");
  EXPECT_EQ(registry_of("library/app:1"), "docker.io");
}

TEST(Composition, PiecesOfCreateOptionsRoundTripAndNeverCutACharacter) {
  std::string text = R"({"Labels":{"x":")";
  while (text.size() < 2000) text += "aü€";
  text += "\"}}";
  json::object settings;
  put_create_options(settings, text);
  EXPECT_GT(settings.size(), 3u);
  for (const auto& [name, piece] : settings) {
    EXPECT_LE(piece.as_string().size(), 512u);
    EXPECT_TRUE(parse_json(json::serialize(piece))) << std::string_view(name);
  }
  EXPECT_EQ(join_create_options(settings).value(), text);
}

TEST(Fingerprint, ChangesOnlyWithWhatTheContainerIsMadeOf) {
  ModuleSpec spec = module_spec("pump");
  const std::string before = spec.fingerprint("hub.example");
  ModuleSpec other = spec;
  other.restart_policy = RestartPolicy::never;
  other.status = DesiredStatus::stopped;
  other.startup_order = 3;
  EXPECT_EQ(other.fingerprint("hub.example"), before);
  other.env["A"] = {{"value", 1}};
  EXPECT_NE(other.fingerprint("hub.example"), before);
  EXPECT_NE(spec.fingerprint("hub2.example"), before);
  other = spec;
  other.image += "0";
  EXPECT_NE(other.fingerprint("hub.example"), before);
}

}  // namespace
}  // namespace ferry::agent
