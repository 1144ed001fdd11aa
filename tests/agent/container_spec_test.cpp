// SPDX-License-Identifier: Apache-2.0
#include "agent/container_spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/samples.hpp"

namespace ferry::agent {
namespace {

class ContainerBody : public testing::Test {
 protected:
  json::object make(std::string options = "") {
    spec_.create_options = std::move(options);
    return container_body(spec_, composition_, device_, "gen-1").value();
  }
  static std::string text_at(const json::object& body, std::string_view path) {
    const json::value whole = body;
    const auto* value = find_path(whole, path);
    return value ? json::serialize(*value) : "absent";
  }
  static std::vector<std::string> environment(const json::object& body) {
    std::vector<std::string> lines;
    for (const auto& line : body.at("Env").as_array()) lines.emplace_back(line.as_string());
    return lines;
  }

  ModuleSpec spec_ = module_spec("pump");
  Composition composition_;
  DeviceContext device_{"0a1b2c3d", "hub.example", "crane-07", "crane.local"};
};

TEST_F(ContainerBody, TellsTheModuleWhereItIs) {
  spec_.env["RATE"] = {{"value", 0.5}};
  spec_.env["ON"] = {{"value", true}};
  EXPECT_THAT(environment(make(R"({"Env":["MINE=1"]})")),
              testing::IsSupersetOf({"MINE=1", "RATE=0.5", "ON=true", "IOTEDGE_DEVICEID=crane-07",
                                     "IOTEDGE_MODULEID=pump", "IOTEDGE_IOTHUBHOSTNAME=hub.example",
                                     "IOTEDGE_GATEWAYHOSTNAME=crane.local",
                                     "IOTEDGE_MODULEGENERATIONID=gen-1"}));
}

TEST_F(ContainerBody, JoinsTheNetworkUnderThePlainNameOfTheModule) {
  const auto body = make();
  EXPECT_EQ(text_at(body, "HostConfig.NetworkMode"), "\"azure-iot-edge\"");
  EXPECT_EQ(text_at(body, "NetworkingConfig.EndpointsConfig.azure-iot-edge.Aliases"), "[\"pump\"]");
  EXPECT_EQ(text_at(body, "Hostname"), "\"pump\"");
}

TEST_F(ContainerBody, LeavesTheNetworkThatTheManifestChose) {
  const auto body = make(R"({"HostConfig":{"NetworkMode":"host"}})");
  EXPECT_EQ(text_at(body, "HostConfig.NetworkMode"), "\"host\"");
  EXPECT_EQ(text_at(body, "NetworkingConfig"), "absent");
}

TEST_F(ContainerBody, IsTheOnlyOneToRestart) {
  const auto body = make(R"({"HostConfig":{"RestartPolicy":{"Name":"always"},"Memory":1}})");
  EXPECT_EQ(text_at(body, "HostConfig.RestartPolicy.Name"), "\"no\"");
  EXPECT_EQ(text_at(body, "HostConfig.Memory"), "1");
}

TEST_F(ContainerBody, HandsLoggingOptionsOnUnlessTheModuleHasItsOwn) {
  composition_.logging_options = R"({"type":"json-file","config":{"max-size":"10m"}})";
  EXPECT_EQ(text_at(make(), "HostConfig.LogConfig"),
            R"({"Type":"json-file","Config":{"max-size":"10m"}})");
  EXPECT_EQ(
      text_at(make(R"({"HostConfig":{"LogConfig":{"Type":"none"}}})"), "HostConfig.LogConfig"),
      R"({"Type":"none"})");
}

TEST_F(ContainerBody, IsFoundAgainByItsLabels) {
  const auto body = make("{}");
  const auto listed = parse_listed_container(
      json::object{{"Id", "abc"}, {"State", "running"}, {"Labels", body.at("Labels")}});
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->module, "pump");
  EXPECT_EQ(listed->fingerprint, spec_.fingerprint("hub.example"));
  EXPECT_EQ(listed->image, spec_.image);
  EXPECT_EQ(listed->create_options, "{}");
  EXPECT_EQ(listed->state, ContainerState::running);
}

TEST(ContainerName, DiffersBetweenAgentsOfOneEngine) {
  EXPECT_EQ(container_name("0a1b2c3d", "pump"), "ferry-0a1b2c3d-pump");
  EXPECT_NE(container_name("0a1b2c3d", "pump"), container_name("0a1b2c3e", "pump"));
}

TEST(Inspection, ReadsStateCodeAndTimes) {
  ObservedContainer container;
  add_inspection(container, parse_json_object(
                                R"({"State":{"Status":"exited","ExitCode":137,
                         "StartedAt":"2026-11-22T10:00:00.123456789Z",
                         "FinishedAt":"0001-01-01T00:00:00Z"}})")
                                .value());
  EXPECT_EQ(container.state, ContainerState::exited);
  EXPECT_EQ(container.exit_code, 137);
  ASSERT_TRUE(container.started_at);
  EXPECT_EQ(format_rfc3339(*container.started_at), "2026-11-22T10:00:00.123Z");
  EXPECT_FALSE(container.finished_at);
  EXPECT_FALSE(parse_listed_container(json::object{{"State", "running"}}));
  EXPECT_FALSE(parse_listed_container(5));
}

}  // namespace
}  // namespace ferry::agent
