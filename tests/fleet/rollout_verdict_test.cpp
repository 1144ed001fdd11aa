// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout_verdict.hpp"

#include <gmock/gmock.h>

namespace ferry::fleet {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNew = 8;
const RolloutTarget kTarget{kNew, {"x"}};

NodeObservation healthy(std::int64_t composition = kNew) {
  NodeObservation node;
  node.reported = true;
  node.connected = true;
  node.composition = composition;
  node.code = 200;
  node.modules = {{"x", "running", "", 0, 0}, {"y", "running", "", 0, 0}};
  return node;
}
NodeVerdict verdict(const NodeObservation& node, const std::set<std::string>& before = {}) {
  return judge_node(kTarget, node, before).verdict;
}

TEST(NodeVerdicts, DoneIsTakenAndRunning) {
  EXPECT_EQ(verdict(healthy()), NodeVerdict::done);
  auto job = healthy();
  job.modules[0] = {"x", "stopped", "", 0, 0};
  EXPECT_EQ(verdict(job), NodeVerdict::done) << "what has a single task may end";
  auto starting = healthy();
  starting.modules[0].runtime_status = "unknown";
  EXPECT_EQ(verdict(starting), NodeVerdict::pending);
}

TEST(NodeVerdicts, SomethingOnTheWayIsNoFailure) {
  EXPECT_EQ(verdict(healthy(7)), NodeVerdict::pending);
  auto fetching = healthy(7);
  fetching.modules[0].description = "downloading the image";
  EXPECT_EQ(verdict(fetching), NodeVerdict::downloading);
}

TEST(NodeVerdicts, OfflineIsWhoCannotBeAsked) {
  EXPECT_EQ(verdict({}), NodeVerdict::offline);
  auto away = healthy(7);
  away.connected = false;
  EXPECT_EQ(verdict(away), NodeVerdict::offline);
  auto lost = healthy();
  lost.connected = false;
  const auto finding = judge_node(kTarget, lost, {});
  EXPECT_EQ(finding.verdict, NodeVerdict::offline);
  EXPECT_THAT(finding.reason, HasSubstr("after it had taken it"));
}

TEST(NodeVerdicts, ACrashLoopIsKnownWhileTheContainerRunsAndWhileItWaits) {
  auto node = healthy();
  node.modules[0] = {"x", "backoff", "", 1, 2};
  EXPECT_EQ(verdict(node), NodeVerdict::crash_looping);
  node.modules[0] = {"x", "running", "", 1, 3};
  EXPECT_EQ(verdict(node), NodeVerdict::crash_looping);
  node.modules[0] = {"x", "failed", "", 1, 20};
  EXPECT_EQ(verdict(node), NodeVerdict::crash_looping);
  node.connected = false;
  EXPECT_EQ(verdict(node), NodeVerdict::crash_looping) << "the last word counts";
  node = healthy();
  node.modules[0] = {"x", "running", "", 1, 1};
  EXPECT_EQ(verdict(node), NodeVerdict::done) << "one slip is no loop";
}

TEST(NodeVerdicts, AnswersForWhatItChangesOnly) {
  auto node = healthy();
  node.modules[1] = {"y", "running", "", 1, 12};
  EXPECT_EQ(verdict(node), NodeVerdict::done) << "restarts of an unchanged module are older";
  node.modules[1] = {"y", "backoff", "", 1, 12};
  EXPECT_EQ(verdict(node), NodeVerdict::crash_looping) << "it worked before";
  EXPECT_EQ(verdict(node, {"y"}), NodeVerdict::done) << "it did not work before";
  node.modules[0] = {"x", "backoff", "", 1, 2};
  EXPECT_EQ(verdict(node, {"x", "y"}), NodeVerdict::crash_looping) << "changed modules count";
  EXPECT_EQ(bad_modules(node), (std::set<std::string>{"x", "y"}));
}

TEST(NodeVerdicts, WhatTheNodeComplainsOfIsItsReason) {
  auto node = healthy();
  node.code = 500;
  node.description = "x: manifest unknown";
  EXPECT_EQ(judge_node(kTarget, node, {}),
            (NodeFinding{NodeVerdict::unhealthy, "x: manifest unknown"}));
  node = healthy(7);
  node.returned_from = kNew;
  node.returned_because = "x has crashed";
  EXPECT_EQ(judge_node(kTarget, node, {}), (NodeFinding{NodeVerdict::returned, "x has crashed"}));
  node.returned_from = 6;
  EXPECT_EQ(verdict(node), NodeVerdict::pending) << "it went back from another one";
}

TEST(NodeVerdicts, AreReadAsTheyAreWritten) {
  for (int i = 0; i < 7; ++i) {
    const auto one = static_cast<NodeVerdict>(i);
    EXPECT_EQ(*parse_node_verdict(to_string(one)), one);
  }
  EXPECT_FALSE(parse_node_verdict("fine"));
}

}  // namespace
}  // namespace ferry::fleet
