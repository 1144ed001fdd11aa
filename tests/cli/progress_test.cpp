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

TEST(Progress, StepsThatRunAtTheSameTimeHaveALineEach) {
  constexpr std::string_view kTwo =
      R"({"name": "IoT Hub", "status": "running", "startedAt": "2026-11-22T10:00:00Z"},
         {"name": "Storage", "status": "pending", "attempt": 1, "detail": "503",
          "retryAt": "2026-11-22T10:00:07.5Z"})";
  ProgressView view(true, false);
  const auto text = view.update(operation(kTwo), kNow);
  EXPECT_NE(text.find("IoT Hub  (2.0 s)\n"), std::string::npos);
  EXPECT_NE(text.find("Storage  503  (attempt 2 in 6 s)"), std::string::npos);
  // Both lines are taken away again.
  EXPECT_EQ(view.finish(), "\r\x1b[K\x1b[A\x1b[K");
}

TEST(Progress, ALineNeverWraps) {
  const auto steps = fmt::format(R"({{"name": "{}", "status": "running"}})", std::string(300, 'x'));
  ProgressView view(true, false, 40);
  EXPECT_LT(view.update(operation(steps), kNow).size(), 45U);
}

TEST(Progress, ToleratesAnOperationWithoutSteps) {
  ProgressView view(true, true);
  EXPECT_EQ(view.update({}, kNow), "");
}

}  // namespace
}  // namespace ferry::cli
