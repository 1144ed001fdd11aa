// SPDX-License-Identifier: Apache-2.0
#include "agent/reported.hpp"

#include <gtest/gtest.h>

#include "tests/agent/samples.hpp"

namespace ferry::agent {
namespace {

class Reported : public testing::Test {
 protected:
  void accept(std::string_view modules) {
    composition_ = *parse_composition(desired_document(modules));
    world_.desired = &composition_;
    world_.hub_host = "hub.example";
  }
  json::value make() {
    plan_ = decide(world_, kNow);
    ReportInput input;
    input.composition = &composition_;
    input.last_desired = {composition_.version, 200, ""};
    input.world = &world_;
    input.plan = &plan_;
    input.agent_running = agent_running_;
    input.program_version = "0.1.0";
    input.agent_started = kNow;
    input.free_bytes = free_bytes_;
    return build_reported(input);
  }
  static std::string at(const json::value& reported, std::string_view path) {
    const auto* value = find_path(reported, path);
    return value ? json::serialize(*value) : "absent";
  }

  Composition composition_;
  World world_;
  Plan plan_;
  bool agent_running_ = true;
  std::optional<std::uint64_t> free_bytes_;
};

constexpr std::string_view kPump =
    R"({"pump":{"version":"2","type":"docker","restartPolicy":"always","env":{"A":{"value":"1"}},
        "settings":{"image":"acme.example/pump@sha256:2"}}})";

TEST_F(Reported, ShowsAModuleAsItRuns) {
  accept(kPump);
  world_.containers = {container_of_spec(composition_.modules.at("pump"))};
  world_.records["pump"].restart_count = 2;
  const auto reported = make();
  EXPECT_EQ(at(reported, "modules.pump.runtimeStatus"), "\"running\"");
  EXPECT_EQ(at(reported, "modules.pump.restartCount"), "2");
  EXPECT_EQ(at(reported, "modules.pump.settings.image"), "\"acme.example/pump@sha256:2\"");
  EXPECT_EQ(at(reported, "modules.pump.settings.createOptions"), "\"{}\"");
  EXPECT_EQ(at(reported, "modules.pump.env.A.value"), "\"1\"");
  EXPECT_EQ(at(reported, "modules.pump.lastExitTimeUtc"), "\"0001-01-01T00:00:00\"");
  EXPECT_EQ(at(reported, "lastDesiredStatus.code"), "200");
  EXPECT_EQ(at(reported, "lastDesiredVersion"), "7");
  EXPECT_EQ(at(reported, "systemModules.edgeAgent.runtimeStatus"), "\"running\"");
  EXPECT_EQ(at(reported, "systemModules.edgeHub.runtimeStatus"), "\"unknown\"");
}

TEST_F(Reported, SaysHowMuchRoomImagesHaveWhereThatIsKnown) {
  accept(kPump);
  EXPECT_EQ(at(make(), "disk"), "absent");
  free_bytes_ = 5'000'000'000;
  EXPECT_EQ(at(make(), "disk.freeBytes"), "4831838208") << "18 times 256 MiB";
  free_bytes_ = 20'000'000;
  EXPECT_EQ(at(make(), "disk.freeBytes"), "16777216");
  free_bytes_ = 5;
  EXPECT_EQ(at(make(), "disk.freeBytes"), "0") << "a full disk is known to be full";
}

TEST_F(Reported, ShowsTheOldImageWhileTheNewOneIsNotThere) {
  accept(kPump);
  ModuleSpec old = composition_.modules.at("pump");
  old.image = "acme.example/pump@sha256:1";
  old.version = "1";
  world_.containers = {container_of_spec(old)};
  world_.records["pump"].last_error = "no such image";
  const auto reported = make();
  EXPECT_EQ(at(reported, "modules.pump.settings.image"), "\"acme.example/pump@sha256:1\"");
  EXPECT_EQ(at(reported, "modules.pump.version"), "\"1\"");
  EXPECT_EQ(at(reported, "modules.pump.runtimeStatus"), "\"running\"");
  EXPECT_EQ(at(reported, "modules.pump.statusDescription"), "\"no such image\"");
}

TEST_F(Reported, TellsStoppedFailedBackoffAndGivenUpApart) {
  accept(kPump);
  auto container = container_of_spec(composition_.modules.at("pump"), ContainerState::exited);
  const auto status = [&](int exit_code, int restarts) {
    container.exit_code = exit_code;
    container.finished_at = kNow;
    world_.containers = {container};
    world_.records["pump"].restart_count = restarts;
    return at(make(), "modules.pump.runtimeStatus");
  };
  EXPECT_EQ(status(0, 0), "\"stopped\"");
  EXPECT_EQ(status(1, 0), "\"failed\"");
  EXPECT_EQ(status(1, 1), "\"backoff\"");
  EXPECT_EQ(status(1, kMaxRestarts), "\"failed\"");
  agent_running_ = false;
  EXPECT_EQ(status(1, 0), "\"unknown\"");
}

TEST_F(Reported, NeverShowsARegistrysPassword) {
  accept(kPump);
  EXPECT_EQ(json::serialize(make()).find("hush"), std::string::npos);
}

TEST_F(Reported, StaysBelowTheTwinsLimitByLeavingOutWhatIsKnownAnyway) {
  json::object modules;
  for (int i = 0; i < 30; ++i) {
    modules[fmt::format("module-{}", i)] = {
        {"type", "docker"},
        {"settings",
         {{"image", "acme.example/a@sha256:1"},
          {"createOptions", json::serialize(json::object{{"Labels", std::string(900, 'x')}})}}}};
  }
  accept(json::serialize(modules));
  const auto reported = make();
  EXPECT_LE(json::serialize(reported).size(), kReportedLimit);
  EXPECT_EQ(at(reported, "modules.module-29.settings.createOptions"), "absent");
  EXPECT_NE(at(reported, "modules.module-29.runtimeStatus"), "absent");
}

TEST(DescribeFailures, NamesEveryModuleAndCutsNoCharacter) {
  std::map<std::string, ModuleRecord> records;
  EXPECT_EQ(describe_failures(records), "");
  records["a"].last_error = "x";
  records["b"].last_error = "y";
  records["c"];
  EXPECT_EQ(describe_failures(records), "a: x; b: y");
  for (int i = 0; i < 600; ++i) records["c"].last_error += "ü";
  const std::string text = describe_failures(records);
  EXPECT_LE(text.size(), 1000u);
  EXPECT_TRUE(parse_json(json::serialize(json::value(text))));
}

}  // namespace
}  // namespace ferry::agent
