// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/node_report.hpp"

#include <gtest/gtest.h>

namespace ferry::control {
namespace {

azure::Twin read(std::string_view text) {
  auto object = parse_json_object(text);
  EXPECT_TRUE(object) << object.error().describe();
  auto twin = azure::read_twin(*object);
  EXPECT_TRUE(twin) << twin.error().describe();
  return *twin;
}

TEST(NodeReport, ReadsWhatTheRuntimeReports) {
  const auto report = read_node_report(read(R"({
    "deviceId": "pump-7", "moduleId": "$edgeAgent", "connectionState": "Connected",
    "configurations": {"grp-a-2": {"status": "Applied"}, "grp-a-1": {"status": "Targeted"}},
    "properties": {
      "desired": {"schemaVersion": "1.1", "$version": 4},
      "reported": {"lastDesiredVersion": 4, "lastDesiredStatus": {"code": 200, "description": ""},
        "modules": {
          "sampler": {"version": "1.0.0", "status": "running", "runtimeStatus": "backoff",
            "exitCode": 3, "restartCount": 2, "lastStartTimeUtc": "2026-11-22T10:00:00Z",
            "settings": {"image": "r/s@sha256:1", "imageHash": "sha256:2"}},
          "clock": {"lastStartTimeUtc": "0001-01-01T00:00:00"}},
        "$metadata": {"$lastUpdated": "2026-11-22T10:00:01.5Z"}, "$version": 9}}})"));
  EXPECT_TRUE(report.connected);
  EXPECT_EQ(report.configuration, "grp-a-2");
  EXPECT_EQ(report.desired_status->code, 200);
  EXPECT_EQ(format_rfc3339(*report.last_reported_at), "2026-11-22T10:00:01.500Z");
  ASSERT_EQ(report.modules.size(), 2U);
  EXPECT_EQ(report.modules[0].name, "clock");
  EXPECT_EQ(report.modules[0].last_start_time, "");
  EXPECT_EQ(report.modules[0].runtime_status, "unknown");
  EXPECT_EQ(report.modules[1].runtime_status, "backoff");
  EXPECT_EQ(report.modules[1].exit_code, 3);
  EXPECT_EQ(report.modules[1].restart_count, 2);
  EXPECT_EQ(report.modules[1].image_digest, "sha256:2");
}

TEST(NodeReport, ADeviceThatIsBehindHasNotTakenTheConfiguration) {
  const auto report = read_node_report(read(R"({
    "deviceId": "a", "moduleId": "$edgeAgent", "connectionState": "Disconnected",
    "configurations": {"grp-a-2": {"status": "Applied"}},
    "properties": {"desired": {"$version": 5}, "reported": {"lastDesiredVersion": 4}}})"));
  EXPECT_FALSE(report.connected);
  EXPECT_EQ(report.configuration, "");
  EXPECT_FALSE(report.desired_status);
}

TEST(NodeReport, DevicesMayWriteNonsense) {
  const auto report = read_node_report(read(R"({
    "deviceId": "a", "moduleId": "$edgeAgent", "configurations": {},
    "properties": {"desired": {"$version": "x"},
      "reported": {"lastDesiredVersion": [], "lastDesiredStatus": {"code": "200", "description": 7},
        "modules": {"m": 1, "n": {"settings": [], "exitCode": "x", "version": {}}},
        "$metadata": {"$lastUpdated": "yesterday"}}}})"));
  EXPECT_EQ(report.desired_status->code, 0);
  EXPECT_FALSE(report.last_reported_at);
  ASSERT_EQ(report.modules.size(), 1U);
  EXPECT_EQ(report.modules[0].version, "");
}

}  // namespace
}  // namespace ferry::control
