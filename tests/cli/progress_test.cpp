// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <gtest/gtest.h>

namespace ferry::cli {
namespace {

json::object operation(std::string_view steps) {
  return parse_json_object(fmt::format(R"({{"id": "op-1", "steps": [{}]}})", steps)).value();
}

constexpr std::string_view kHubRuns =
    R"({"name": "IoT Hub", "status": "running", "detail": "hub-1", "startedAt": "2026-11-22T10:00:00Z"},
       {"name": "DPS", "status": "pending"})";
constexpr std::string_view kHubStands =
    R"({"name": "IoT Hub", "status": "succeeded", "detail": "hub-1",
        "startedAt": "2026-11-22T10:00:00Z", "finishedAt": "2026-11-22T10:00:03.2Z"},
       {"name": "DPS", "status": "failed", "startedAt": "2026-11-22T10:00:03Z",
        "finishedAt": "2026-11-22T10:00:04Z"})";

const Timestamp kNow = parse_rfc3339("2026-11-22T10:00:02Z").value();

TEST(Progress, WritesEachFinishedStepOnceWithItsSeconds) {
  ProgressView view(false, false);
  EXPECT_EQ(view.update(operation(kHubRuns), kNow), "");
  EXPECT_EQ(view.update(operation(kHubStands), kNow),
            "  ✓ IoT Hub  hub-1  (3.2 s)\n  ✗ DPS  (1.0 s)\n");
  EXPECT_EQ(view.update(operation(kHubStands), kNow), "");
}

TEST(Progress, OnATerminalTheRunningStepIsRewrittenInPlace) {
  ProgressView view(true, false);
  const auto first = view.update(operation(kHubRuns), kNow);
  EXPECT_NE(first.find("IoT Hub  hub-1  (2.0 s)"), std::string::npos);
  EXPECT_EQ(first.find('\n'), std::string::npos);
  EXPECT_TRUE(view.update(operation(kHubStands), kNow).starts_with("\r\x1b[K  ✓"));
  EXPECT_EQ(view.finish(), "");
}

TEST(Progress, ToleratesAnOperationWithoutSteps) {
  ProgressView view(true, true);
  EXPECT_EQ(view.update({}, kNow), "");
}

}  // namespace
}  // namespace ferry::cli
