// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gmock/gmock.h>

#include "tests/control/scripted_cloud.hpp"

namespace ferry::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ObservingTest : public ControlTest {
 protected:
  ObservingTest() : group_(make_group("line-1")) {
    auto ticket = control_->nodes.create(organization_, "plant-a", "pump-7", "line-1");
    device_ = ticket->registration_id;
  }
  std::vector<NodeView> look() {
    auto nodes =
        loop_->run_until_done(control_->observing.nodes(organization_, "plant-a", {}, "", 100));
    EXPECT_TRUE(nodes) << nodes.error().describe();
    return *nodes;
  }
  Result<std::string> logs(int tail = 10) {
    return loop_->run_until_done(
        control_->observing.module_logs(organization_, "plant-a", "pump-7", "sampler", tail));
  }
  void report(int wanted, int taken) {
    hub_.twins = {*parse_json(fmt::format(
        R"({{"deviceId": "{}", "moduleId": "$edgeAgent", "connectionState": "Connected",
            "configurations": {{"{}-{}": {{"status": "Applied"}}}},
            "properties": {{"desired": {{"$version": {}}}, "reported": {{"lastDesiredVersion": {},
              "lastDesiredStatus": {{"code": 200}}}}}}}})",
        device_, group_.id, wanted, wanted, taken))};
  }
  std::ptrdiff_t queries() const {
    return std::count(hub_.journal.begin(), hub_.journal.end(), "POST query");
  }
  const fleet::NodeGroup group_;
  std::string device_;
};

TEST_F(ObservingTest, ANodeThatNeverReportedIsShownAsSuch) {
  const auto node = look().at(0);
  EXPECT_EQ(node.name, "pump-7");
  EXPECT_EQ(node.group, "line-1");
  EXPECT_FALSE(node.registered);
  EXPECT_FALSE(node.connected);
  EXPECT_FALSE(node.desired_status);
}

TEST_F(ObservingTest, TheHubIsAskedAtMostEveryThreeSeconds) {
  for (int i = 0; i < 5; ++i) look();
  EXPECT_EQ(queries(), 1);
  clock_.advance(std::chrono::milliseconds(2999));
  look();
  EXPECT_EQ(queries(), 1);
  clock_.advance(std::chrono::milliseconds(1));
  look();
  EXPECT_EQ(queries(), 2);
}

TEST_F(ObservingTest, ANodeKeepsItsCompositionWhileItWorksOnTheNext) {
  report(4, 4);
  EXPECT_EQ(look().at(0).composition_version, 4);
  clock_.advance(std::chrono::seconds(4));
  report(5, 4);
  EXPECT_EQ(look().at(0).composition_version, 4);
  clock_.advance(std::chrono::seconds(4));
  report(5, 5);
  EXPECT_EQ(look().at(0).composition_version, 5);
}

TEST_F(ObservingTest, WhenTheHubDoesNotAnswerTheLastStateIsShown) {
  report(4, 4);
  look();
  clock_.advance(std::chrono::seconds(4));
  hub_.faults = {401};
  EXPECT_TRUE(look().at(0).connected);
}

TEST_F(ObservingTest, NodesAreFoundByNameGroupAndHealth) {
  make_group("line-2");
  for (const auto* name : {"pump-8", "crane-1"}) {
    ASSERT_TRUE(control_->nodes.create(organization_, "plant-a", name, "line-2"));
  }
  const auto found = [&](NodeSelection selection, const std::string& after = "") {
    auto nodes = loop_->run_until_done(
        control_->observing.nodes(organization_, "plant-a", std::move(selection), after, 100));
    std::vector<std::string> names;
    for (const auto& node : *nodes) names.push_back(node.name);
    return names;
  };
  EXPECT_THAT(found({}), ElementsAre("crane-1", "pump-7", "pump-8"));
  EXPECT_THAT(found({.search = "PUMP", .group = "", .health = {}}),
              ElementsAre("pump-7", "pump-8"));
  EXPECT_THAT(found({.search = "pump", .group = "line-2", .health = {}}), ElementsAre("pump-8"));
  EXPECT_THAT(found({.search = "%", .group = "", .health = {}}), IsEmpty());
  const NodeSelection waiting{.search = "", .group = "", .health = NodeHealth::not_registered};
  EXPECT_THAT(found(waiting, "crane-1"), ElementsAre("pump-7", "pump-8"));
  EXPECT_THAT(found({.search = "", .group = "", .health = NodeHealth::online}), IsEmpty());
  const auto summary = loop_->run_until_done(control_->observing.summary(
      organization_, "plant-a", {.search = "pump", .group = "", .health = {}}));
  EXPECT_EQ(summary->total, 2);
  EXPECT_EQ(summary->by_health.at(NodeHealth::not_registered), 2);
  EXPECT_EQ(summary->by_health.at(NodeHealth::online), 0);
}

TEST_F(ObservingTest, LogsComeFromTheDevice) {
  hub_.method_answer =
      R"({"status": 200, "payload": [{"id": "sampler2", "payload": "no"},
                                     {"id": "sampler", "payload": "load 0.4\n"}]})";
  EXPECT_EQ(*logs(), "load 0.4\n");
  EXPECT_THAT(hub_.method_request, HasSubstr("GetModuleLogs"));
  EXPECT_THAT(hub_.method_request, HasSubstr(R"("tail":10)"));
  EXPECT_EQ(logs(0).error().code, Code::invalid_argument);
}

TEST_F(ObservingTest, WhyThereAreNoLogsIsSaid) {
  const auto offline = logs();
  EXPECT_EQ(offline.error().code, Code::unavailable);
  EXPECT_THAT(offline.error().message, HasSubstr("'pump-7' is not connected"));
  hub_.method_answer = R"({"status": 200, "payload": []})";
  EXPECT_EQ(logs().error().code, Code::not_found);
  hub_.method_answer = R"({"status": 400, "payload": {"message": "too long"}})";
  EXPECT_THAT(logs().error().message, HasSubstr("too long"));
  hub_.method_answer = R"({"status": 200, "payload": "nonsense"})";
  EXPECT_FALSE(logs());
}

}  // namespace
}  // namespace ferry::control
