// SPDX-License-Identifier: Apache-2.0
// Rollouts as people meet them, on Drydock, with nodes that report.
#include <gmock/gmock.h>

#include "tests/control/deployments/simulated_fleet.hpp"

namespace ferry::control {
namespace {

using fleet::RolloutState;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class RolloutsTest : public testing::Test {
 protected:
  void make(const std::vector<std::string>& groups, int nodes_each) {
    fleet_ = std::make_unique<SimulatedFleet>(groups, nodes_each);
    for (const auto* version : {"1.0.0", "1.1.0", "2.0.0"}) fleet_->publish("x", version);
    fleet_->publish("y", "1.0.0");
    fleet_->crashing = {"x@2.0.0"};
    fleet_->deploy("base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, groups);
    fleet_->live(seconds(10));
  }
  int count_running(const std::string& versions) const {
    int count = 0;
    for (const auto& node : fleet_->nodes) count += fleet_->running(*node) == versions ? 1 : 0;
    return count;
  }
  std::int64_t revision() {
    return fleet_->cloud.control()
        .deployments.get(fleet_->cloud.organization(), "plant-a", "base")
        ->revision;
  }
  std::vector<std::string> events(const std::string& id) {
    std::vector<std::string> words;
    for (const auto& event : fleet_->rollout(id).events) words.push_back(event.what);
    return words;
  }
  std::size_t configuration_writes() const {
    std::size_t count = 0;
    for (const auto& line : fleet_->cloud.journal()) {
      if (line.starts_with("PUT ") && line.find("/configurations/") != std::string::npos) ++count;
    }
    return count;
  }
  bool in(const std::string& id, RolloutState state) {
    return fleet_->rollout(id).status.state == state;
  }

  std::unique_ptr<SimulatedFleet> fleet_;
  const std::vector<fleet::ComponentRef> good_{{"x", "1.1.0"}, {"y", "1.0.0"}};
  const std::vector<fleet::ComponentRef> bad_{{"x", "2.0.0"}, {"y", "1.0.0"}};
};

TEST_F(RolloutsTest, AGoodVersionComesInWavesAndBecomesTheDeploymentsRevision) {
  make({"line-1"}, 10);
  const auto before = fleet_->configurations("line-1");
  fleet_->cloud.forget_journal();
  const auto id =
      fleet_->must_roll_out("base", good_, {"line-1"}, R"({"waves":["10%","50%"],"soak":"1m"})");
  fleet_->live(minutes(10), [&] { return in(id, RolloutState::soaking); });
  EXPECT_EQ(count_running("x@1.1.0 y@1.0.0"), 1);
  EXPECT_EQ(configuration_writes(), 1U);
  auto during = fleet_->configurations("line-1");
  ASSERT_THAT(during, SizeIs(2));
  EXPECT_EQ(during.begin()->second, before.begin()->second) << "what stood stands untouched";
  EXPECT_THAT(std::string(during.rbegin()->second.at("targetCondition").as_string()),
              HasSubstr("tags.ferry.ring < "));
  EXPECT_EQ(revision(), 1) << "nothing is decided yet";

  fleet_->live(minutes(10), [&] { return fleet_->rollout(id).status.wave == 1; });
  fleet_->live(minutes(10), [&] { return in(id, RolloutState::soaking); });
  EXPECT_EQ(count_running("x@1.1.0 y@1.0.0"), 5);
  EXPECT_EQ(configuration_writes(), 2U) << "a wave is one change of one condition";
  fleet_->live_until_over(id);
  const auto view = fleet_->rollout(id);
  EXPECT_EQ(view.status.state, RolloutState::done);
  ASSERT_THAT(view.waves, SizeIs(3));
  EXPECT_EQ(view.waves[1].name, "50%");
  EXPECT_EQ(view.waves[1].nodes, 4);
  EXPECT_EQ(view.waves[1].verdicts.at(fleet::NodeVerdict::done), 4);
  EXPECT_EQ(view.waves[2].state, "passed");
  EXPECT_EQ(count_running("x@1.1.0 y@1.0.0"), 10);
  EXPECT_EQ(revision(), 2);
  const auto after = fleet_->configurations("line-1");
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_EQ(after.begin()->second.at("targetCondition").as_string(),
            before.begin()->second.at("targetCondition").as_string());
  EXPECT_EQ(fleet_->group("line-1").configuration, after.begin()->first);
  EXPECT_THAT(events(id),
              ElementsAre("started by ann", "wave 1 of 3 (10%) begins",
                          "wave 1 of 3 (10%) is good; it soaks for 1m", "wave 2 of 3 (50%) begins",
                          "wave 2 of 3 (50%) is good; it soaks for 1m", "wave 3 of 3 (100%) begins",
                          "wave 3 of 3 (100%) is good; it soaks for 1m",
                          "every wave has passed: everybody gets it", "done"));
  // Rings are there from now on.
  fleet_->cloud.forget_journal();
  const auto next = fleet_->must_roll_out("base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, {"line-1"},
                                          R"({"waves":["10%"]})");
  fleet_->live_until_over(next);
  for (const auto& line : fleet_->cloud.journal()) {
    EXPECT_FALSE(line.starts_with("PATCH")) << line << ": no twin is touched";
  }
}

TEST_F(RolloutsTest, ACrashLoopBringsBackExactlyWhatStood) {
  make({"line-1", "line-2"}, 4);
  const auto before_1 = fleet_->configurations("line-1");
  const auto before_2 = fleet_->configurations("line-2");
  const auto standing = fleet_->group("line-1");
  const auto id = fleet_->must_roll_out("base", bad_, {"line-1", "line-2"},
                                        R"({"canaries":["line-1-n2"],"waves":["50%"]})");
  fleet_->live_until_over(id);
  fleet_->live(seconds(10));
  const auto view = fleet_->rollout(id);
  EXPECT_EQ(view.status.state, RolloutState::returned);
  EXPECT_EQ(view.status.reason,
            "wave 1: 1 of 1 nodes have failed, at most 0 may: line-1-n2 is crash-looping");
  ASSERT_THAT(view.troubled, SizeIs(1));
  EXPECT_EQ(view.troubled[0].reason, "x has been started again 3 times, last exit code 1");
  EXPECT_EQ(fleet_->configurations("line-1"), before_1);
  EXPECT_EQ(fleet_->configurations("line-2"), before_2);
  EXPECT_EQ(fleet_->group("line-1").composition_version, standing.composition_version);
  EXPECT_EQ(revision(), 1);
  EXPECT_EQ(count_running("x@1.0.0 y@1.0.0"), 8);
  for (const auto& node : fleet_->nodes) {
    EXPECT_EQ(node->ever_ran.contains("x@2.0.0"), node->name == "line-1-n2") << node->name;
  }
  // And the way is free again.
  const auto next = fleet_->must_roll_out("base", good_, {"line-1", "line-2"}, "{}");
  fleet_->live_until_over(next);
  EXPECT_EQ(count_running("x@1.1.0 y@1.0.0"), 8);
}

TEST_F(RolloutsTest, ANodeThatWentBackByItselfIsAFailure) {
  make({"line-1"}, 2);
  for (auto& node : fleet_->nodes) node->returns = true;
  const auto id = fleet_->must_roll_out("base", bad_, {"line-1"}, R"({"waves":["1"]})");
  fleet_->live_until_over(id);
  const auto view = fleet_->rollout(id);
  EXPECT_EQ(view.status.state, RolloutState::returned);
  ASSERT_THAT(view.troubled, SizeIs(1));
  EXPECT_EQ(view.troubled[0].verdict, fleet::NodeVerdict::returned);
  EXPECT_EQ(view.troubled[0].reason, "it crashed");
}

TEST_F(RolloutsTest, AGroupCanReturnAlone) {
  make({"line-1", "line-2"}, 3);
  fleet_->crashing.clear();
  // What is wrong with it shows on one line only.
  const auto id = fleet_->must_roll_out("base", good_, {"line-1", "line-2"},
                                        R"({"scope":"group","soak":"1m"})");
  fleet_->live(minutes(5), [&] { return in(id, RolloutState::soaking); });
  auto& node = fleet_->node("line-2-n0");
  node.online = true;
  node.returns = true;
  fleet_->crashing = {"x@1.1.0"};
  for (auto& other : fleet_->nodes) other->online = other->name == "line-2-n0";
  fleet_->live(seconds(10));
  fleet_->crashing.clear();
  for (auto& other : fleet_->nodes) other->online = true;
  fleet_->live_until_over(id);
  fleet_->live(seconds(10));
  const auto view = fleet_->rollout(id);
  EXPECT_EQ(view.status.state, RolloutState::done);
  ASSERT_THAT(view.groups, SizeIs(2));
  EXPECT_FALSE(view.groups[0].returned);
  EXPECT_TRUE(view.groups[1].returned);
  EXPECT_EQ(fleet_->desired(fleet_->node("line-1-n0")), "x@1.1.0 y@1.0.0");
  EXPECT_EQ(fleet_->desired(node), "x@1.0.0 y@1.0.0");
  // The deployments say what the groups run.
  const auto& control = fleet_->cloud.control();
  const auto kept =
      control.deployments.get(fleet_->cloud.organization(), "plant-a", "restored-line-2");
  ASSERT_TRUE(kept);
  EXPECT_THAT(kept->groups, ElementsAre("line-2"));
  EXPECT_THAT(control.deployments.get(fleet_->cloud.organization(), "plant-a", "base")->groups,
              ElementsAre("line-1"));
}

TEST_F(RolloutsTest, OneGroupHasOneRolloutAndNoOtherChangeMeanwhile) {
  make({"line-1", "line-2"}, 2);
  const auto id =
      fleet_->must_roll_out("base", good_, {"line-1", "line-2"}, R"({"waves":["1"],"soak":"1h"})");
  fleet_->live(seconds(30));
  const auto refusal = [&](fleet::Change change) {
    auto outcome = fleet_->cloud.run_until_value(fleet_->cloud.control().deployments.apply(
        fleet_->cloud.organization(), "plant-a", std::move(change), true));
    const auto* refused = std::get_if<Refused>(&**outcome);
    return refused ? refused->error : Error{Code::internal, "it was applied"};
  };
  const auto plain = refusal({{"extra", {{"y", "1.0.0"}}, {"line-1"}}});
  EXPECT_EQ(plain.code, Code::conflict);
  EXPECT_EQ(plain.message,
            "node group 'line-1' is being rolled out by " + id + ", which is soaking");
  EXPECT_THAT(plain.hint, HasSubstr("ferry rollout abort " + id));
  auto second = fleet_->roll_out({{"extra", {{"y", "1.0.0"}}, {"line-2"}}}, "{}");
  ASSERT_TRUE(std::holds_alternative<Refused>(*second));
  EXPECT_THAT(std::get<Refused>(*second).error.message, HasSubstr("'line-2' is being rolled out"));

  ASSERT_TRUE(fleet_->order(id, fleet::RolloutOrder::abort));
  fleet_->live_until_over(id);
  EXPECT_TRUE(in(id, RolloutState::aborted));
  EXPECT_EQ(refusal({{"extra", {{"y", "1.0.0"}}, {"line-1"}}}).message, "it was applied");
}

TEST_F(RolloutsTest, NothingToRollOutAndStrangeCanariesAreRefusedAtOnce) {
  make({"line-1"}, 1);
  auto nothing = fleet_->roll_out({{"base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, {"line-1"}}}, "{}");
  EXPECT_THAT(nothing.error().message, HasSubstr("changes nothing"));
  auto canary = fleet_->roll_out({{"base", good_, {"line-1"}}}, R"({"canaries":["pump-99"]})");
  EXPECT_THAT(canary.error().message, HasSubstr("'pump-99'"));
  EXPECT_THAT(*fleet_->cloud.control().rollouts.list(fleet_->cloud.organization(), "plant-a"),
              SizeIs(0));
}

TEST_F(RolloutsTest, PeopleCanPauseResumePromoteAndAbort) {
  make({"line-1"}, 4);
  const auto id =
      fleet_->must_roll_out("base", bad_, {"line-1"}, R"({"waves":["1","2"],"onFailure":"pause"})");
  fleet_->live(minutes(5), [&] { return in(id, RolloutState::paused); });
  ASSERT_TRUE(in(id, RolloutState::paused));
  fleet_->live(minutes(5));
  EXPECT_EQ(fleet_->rollout(id).status.wave, 0U) << "it waits for somebody";
  EXPECT_EQ(count_running("x@2.0.0 y@1.0.0"), 1);
  ASSERT_TRUE(fleet_->order(id, fleet::RolloutOrder::promote));
  fleet_->live(minutes(5), [&] { return in(id, RolloutState::paused); });
  EXPECT_EQ(fleet_->rollout(id).status.wave, 1U) << "the second wave failed by itself";
  EXPECT_EQ(count_running("x@2.0.0 y@1.0.0"), 2);
  // Somebody mends the version on the nodes.
  fleet_->crashing.clear();
  fleet_->live(seconds(10));
  ASSERT_TRUE(fleet_->order(id, fleet::RolloutOrder::resume));
  fleet_->live(minutes(5), [&] { return fleet_->rollout(id).status.wave == 2; });
  EXPECT_EQ(fleet_->rollout(id).status.wave, 2U);
  ASSERT_TRUE(fleet_->order(id, fleet::RolloutOrder::pause));
  EXPECT_EQ(fleet_->order(id, fleet::RolloutOrder::pause).error().code, Code::conflict);
  ASSERT_TRUE(fleet_->order(id, fleet::RolloutOrder::abort));
  fleet_->live_until_over(id);
  fleet_->live(seconds(10));
  EXPECT_TRUE(in(id, RolloutState::aborted));
  EXPECT_EQ(count_running("x@1.0.0 y@1.0.0"), 4);
  EXPECT_EQ(fleet_->order(id, fleet::RolloutOrder::promote).error().code, Code::conflict);
}

TEST_F(RolloutsTest, LateJoinersGetWhatStoodUntilTheEnd) {
  make({"line-1", "line-2"}, 3);
  const auto id =
      fleet_->must_roll_out("base", good_, {"line-1"}, R"({"waves":["100%"],"soak":"10m"})");
  // "base" leaves line-2 by this edit; its nodes keep the empty composition.
  fleet_->live(minutes(5), [&] { return in(id, RolloutState::soaking); });
  EXPECT_EQ(count_running("x@1.1.0 y@1.0.0"), 3);
  fleet_->add_node("newcomer", "line-1");
  fleet_->live(seconds(20));
  EXPECT_EQ(fleet_->running(fleet_->node("newcomer")), "x@1.0.0 y@1.0.0");
  const auto view = fleet_->rollout(id);
  ASSERT_FALSE(view.groups.empty());
  EXPECT_EQ(view.groups[0].late_joiners, 1);
  fleet_->live_until_over(id);
  fleet_->live(seconds(10));
  EXPECT_EQ(fleet_->running(fleet_->node("newcomer")), "x@1.1.0 y@1.0.0");
  EXPECT_FALSE(fleet_->node("newcomer").ever_ran.contains("x@2.0.0"));
}

TEST_F(RolloutsTest, ANodeThatMovesInIsALateJoinerWhateverItsRing) {
  make({"line-1", "line-2"}, 3);
  // Rings everywhere.
  fleet_->live_until_over(fleet_->must_roll_out("base", good_, {"line-1", "line-2"}, "{}"));
  const auto id = fleet_->must_roll_out("base", {{"x", "1.0.0"}, {"y", "1.0.0"}},
                                        {"line-1", "line-2"}, R"({"waves":["100%"],"soak":"20m"})");
  fleet_->live(minutes(5), [&] { return in(id, RolloutState::soaking); });
  ASSERT_TRUE(in(id, RolloutState::soaking));
  auto& mover = fleet_->node("line-2-n1");
  mover.ever_ran.clear();
  fleet_->move_node("line-2-n1", "line-1");
  fleet_->live(seconds(30));
  EXPECT_EQ(fleet_->running(mover), "x@1.1.0 y@1.0.0") << "what stood on its new group";
  fleet_->live_until_over(id);
  fleet_->live(seconds(10));
  EXPECT_EQ(fleet_->running(mover), "x@1.0.0 y@1.0.0");
}

TEST_F(RolloutsTest, OfflineNodesHoldNobodyUpAndGetItWhenTheyCome) {
  make({"line-1"}, 4);
  fleet_->node("line-1-n0").online = false;
  fleet_->live(seconds(10));
  const auto id = fleet_->must_roll_out("base", good_, {"line-1"}, R"({"waves":["100%"]})");
  fleet_->live_until_over(id);
  const auto view = fleet_->rollout(id);
  EXPECT_EQ(view.status.state, RolloutState::done);
  EXPECT_EQ(view.waves[0].verdicts.at(fleet::NodeVerdict::offline), 1);
  fleet_->node("line-1-n0").online = true;
  fleet_->live(seconds(10));
  EXPECT_EQ(count_running("x@1.1.0 y@1.0.0"), 4);
}

TEST_F(RolloutsTest, SlowNodesAreWaitedForUntilTheDeadline) {
  make({"line-1"}, 2);
  fleet_->node("line-1-n1").slow = true;
  const auto id =
      fleet_->must_roll_out("base", good_, {"line-1"}, R"({"waves":["100%"],"deadline":"10m"})");
  fleet_->live(minutes(5));
  auto view = fleet_->rollout(id);
  EXPECT_EQ(view.status.state, RolloutState::running);
  EXPECT_EQ(view.waves[0].verdicts.at(fleet::NodeVerdict::downloading), 1);
  fleet_->live_until_over(id);
  EXPECT_TRUE(in(id, RolloutState::returned));
}

TEST_F(RolloutsTest, ACloudThatIsAwayIsWaitedFor) {
  make({"line-1"}, 2);
  const auto id =
      fleet_->must_roll_out("base", good_, {"line-1"}, R"({"waves":["1"],"soak":"1m"})");
  drydock::Fault fault;
  fault.service = drydock::Service::iot_hub;
  fault.count = 0;
  ASSERT_TRUE(fleet_->cloud.cloud().faults()->add(fault));
  // Nodes would be struck as well.
  fleet_->cloud.run_for(minutes(30));
  const auto view = fleet_->rollout(id);
  EXPECT_FALSE(fleet::is_over(view.status.state));
  EXPECT_THAT(view.trouble, HasSubstr("503"));
  fleet_->cloud.cloud().faults()->clear();
  fleet_->live_until_over(id);
  EXPECT_TRUE(in(id, RolloutState::done));
  EXPECT_EQ(fleet_->rollout(id).trouble, "");
}

TEST_F(RolloutsTest, AHandThatDeletesTheNewConfigurationIsMadeGood) {
  make({"line-1"}, 3);
  const auto id =
      fleet_->must_roll_out("base", good_, {"line-1"}, R"({"waves":["1"],"soak":"1m"})");
  fleet_->live(minutes(5), [&] { return in(id, RolloutState::soaking); });
  const auto name = fleet_->configurations("line-1").rbegin()->first;
  fleet_->hub("DELETE", "/configurations/" + name);
  fleet_->live_until_over(id);
  EXPECT_TRUE(in(id, RolloutState::done));
  EXPECT_EQ(fleet_->configurations("line-1").begin()->first, name);
}

}  // namespace
}  // namespace ferry::control
