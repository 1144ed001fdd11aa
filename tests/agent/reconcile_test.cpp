// SPDX-License-Identifier: Apache-2.0
#include "agent/reconcile.hpp"

#include <gtest/gtest.h>

#include "tests/agent/samples.hpp"

namespace ferry::agent {
namespace {

using Kind = Action::Kind;
using std::chrono::seconds;

class Reconcile : public testing::Test {
 protected:
  Reconcile() {
    world_.desired = &composition_;
    world_.hub_host = "hub.example";
  }
  ModuleSpec& want(const std::string& name) {
    ModuleSpec spec = module_spec(name, "acme.example/" + name + "@sha256:1");
    return composition_.modules.emplace(name, spec).first->second;
  }
  void ready(const ModuleSpec& spec) { world_.ready_images.insert(spec.image); }
  std::vector<std::string> steps(Timestamp now = kNow) {
    plan_ = decide(world_, now);
    std::vector<std::string> text;
    for (const auto& action : plan_.actions) {
      text.push_back(fmt::format("{} {}", to_string(action.kind), action.module));
    }
    return text;
  }
  using Steps = std::vector<std::string>;

  Composition composition_;
  World world_;
  Plan plan_;
};

TEST_F(Reconcile, DoesNothingBeforeAnythingWasEverAccepted) {
  world_.desired = nullptr;
  world_.containers = {container_of_spec(module_spec("pump"))};
  EXPECT_EQ(steps(), Steps());
  EXPECT_FALSE(plan_.settled);
}

TEST_F(Reconcile, PullsThenCreatesAndStartsANewModule) {
  ModuleSpec& pump = want("pump");
  EXPECT_EQ(steps(), Steps({"pull pump"}));
  world_.pulling.insert(pump.image);
  EXPECT_EQ(steps(), Steps());
  EXPECT_FALSE(plan_.settled);
  world_.pulling.clear();
  ready(pump);
  EXPECT_EQ(steps(), Steps({"create pump", "start pump"}));
  world_.containers = {container_of_spec(pump)};
  EXPECT_EQ(steps(), Steps());
  EXPECT_TRUE(plan_.settled);
}

TEST_F(Reconcile, ReplacesAChangedModuleOnlyWhenItsImageIsThere) {
  ModuleSpec& pump = want("pump");
  ModuleSpec& fan = want("fan");
  world_.containers = {container_of_spec(pump), container_of_spec(fan)};
  pump.image = "acme.example/pump@sha256:2";
  EXPECT_EQ(steps(), Steps({"pull pump"}));
  ready(pump);
  EXPECT_EQ(steps(), Steps({"stop pump", "remove pump", "create pump", "start pump"}));
}

TEST_F(Reconcile, KeepsTheOldContainerWhenThePullFails) {
  ModuleSpec& pump = want("pump");
  world_.containers = {container_of_spec(pump)};
  pump.image = "acme.example/pump@sha256:2";
  note_failure(world_.records["pump"], "no such image", kNow);
  EXPECT_EQ(steps(kNow + seconds(9)), Steps());
  EXPECT_FALSE(plan_.settled);
  EXPECT_EQ(steps(kNow + seconds(10)), Steps({"pull pump"}));
  // And the old one is still restarted when it dies meanwhile.
  world_.containers[0].state = ContainerState::exited;
  world_.containers[0].exit_code = 1;
  EXPECT_EQ(steps(kNow + seconds(5)), Steps({"restart pump"}));
}

TEST_F(Reconcile, RemovesWhatIsNoLongerWantedFirst) {
  ModuleSpec& pump = want("pump");
  ready(pump);
  world_.containers = {container_of_spec(module_spec("old"))};
  EXPECT_EQ(steps(), Steps({"stop old", "remove old", "create pump", "start pump"}));
}

TEST_F(Reconcile, StartsInOrderAndWaitsForEarlierPulls) {
  ModuleSpec& late = want("a-late");
  ModuleSpec& early = want("z-early");
  late.startup_order = 5;
  early.startup_order = 1;
  ready(late);
  EXPECT_EQ(steps(), Steps({"pull z-early"}));
  ready(early);
  EXPECT_EQ(steps(), Steps({"create z-early", "start z-early", "create a-late", "start a-late"}));
  // A pull that failed holds up nobody else.
  world_.ready_images.erase(early.image);
  note_failure(world_.records["z-early"], "gone", kNow);
  EXPECT_EQ(steps(), Steps({"create a-late", "start a-late"}));
}

TEST_F(Reconcile, ChangesOfStatusAloneStartAndStop) {
  ModuleSpec& pump = want("pump");
  world_.containers = {container_of_spec(pump)};
  pump.status = DesiredStatus::stopped;
  EXPECT_EQ(steps(), Steps({"stop pump"}));
  world_.containers[0] = container_of_spec(pump, ContainerState::exited);
  EXPECT_EQ(steps(), Steps());
  EXPECT_TRUE(plan_.settled);
  pump.status = DesiredStatus::running;
  pump.restart_policy = RestartPolicy::never;
  world_.records["pump"].stopped_on_purpose = true;
  EXPECT_EQ(steps(), Steps({"start pump"}));
}

TEST_F(Reconcile, RestartsAsThePolicySays) {
  ModuleSpec& pump = want("pump");
  struct Case {
    RestartPolicy policy;
    int exit_code;
    bool restarts;
  };
  for (const Case& c :
       {Case{RestartPolicy::always, 0, true}, Case{RestartPolicy::always, 1, true},
        Case{RestartPolicy::on_failure, 0, false}, Case{RestartPolicy::on_failure, 1, true},
        Case{RestartPolicy::on_unhealthy, 0, false}, Case{RestartPolicy::on_unhealthy, 137, true},
        Case{RestartPolicy::never, 1, false}}) {
    pump.restart_policy = c.policy;
    world_.containers = {container_of_spec(pump, ContainerState::exited)};
    world_.containers[0].exit_code = c.exit_code;
    EXPECT_EQ(!steps().empty(), c.restarts) << to_string(c.policy) << " " << c.exit_code;
  }
}

TEST_F(Reconcile, BacksOffFromRestartToRestartAndGivesUp) {
  ModuleSpec& pump = want("pump");
  world_.containers = {container_of_spec(pump, ContainerState::exited)};
  world_.containers[0].finished_at = kNow;
  ModuleRecord& record = world_.records["pump"];
  EXPECT_EQ(steps(), Steps({"restart pump"}));
  record.restart_count = 1;
  EXPECT_EQ(steps(kNow + seconds(9)), Steps());
  EXPECT_EQ(plan_.in_backoff, Steps({"pump"}));
  EXPECT_EQ(steps(kNow + seconds(10)), Steps({"restart pump"}));
  record.restart_count = 10;
  EXPECT_EQ(steps(kNow + seconds(299)), Steps());
  EXPECT_EQ(steps(kNow + seconds(300)), Steps({"restart pump"}));
  record.restart_count = kMaxRestarts;
  EXPECT_EQ(steps(kNow + seconds(3000)), Steps());
  EXPECT_EQ(plan_.given_up, Steps({"pump"}));
}

TEST_F(Reconcile, AClockThatWasSetBackDoesNotHoldARestartForever) {
  ModuleSpec& pump = want("pump");
  world_.containers = {container_of_spec(pump, ContainerState::exited)};
  world_.containers[0].finished_at = kNow + std::chrono::hours(1000);
  EXPECT_EQ(steps(), Steps({"restart pump"}));
}

TEST_F(Reconcile, ReplacesDeadContainersAndLeavesOneOfTwins) {
  ModuleSpec& pump = want("pump");
  ready(pump);
  world_.containers = {container_of_spec(pump, ContainerState::dead)};
  EXPECT_EQ(steps(), Steps({"remove pump", "create pump", "start pump"}));
  world_.containers = {container_of_spec(pump, ContainerState::exited, "one"),
                       container_of_spec(pump, ContainerState::running, "two")};
  EXPECT_EQ(steps(), Steps({"remove pump"}));
  EXPECT_EQ(plan_.actions[0].container, "one");
}

TEST_F(Reconcile, WaitsForAContainerThatIsBeingRemoved) {
  ModuleSpec& pump = want("pump");
  ready(pump);
  world_.containers = {container_of_spec(pump, ContainerState::removing)};
  EXPECT_EQ(steps(), Steps());
  EXPECT_FALSE(plan_.settled);
}

TEST_F(Reconcile, TakesLocalImagesWithoutAPullWhenToldSo) {
  want("pump").image_pull_policy = ImagePullPolicy::never;
  EXPECT_EQ(steps(), Steps({"create pump", "start pump"}));
}

TEST_F(Reconcile, TwoModulesOfOneImagePullItOnce) {
  want("a").image = "acme.example/same@sha256:1";
  want("b").image = "acme.example/same@sha256:1";
  EXPECT_EQ(steps(), Steps({"pull a"}));
}

TEST_F(Reconcile, ForgetsRestartsOfModulesThatProvedThemselves) {
  ModuleSpec& pump = want("pump");
  world_.containers = {container_of_spec(pump)};
  world_.records["pump"].restart_count = 3;
  world_.records["gone"].restart_count = 1;
  EXPECT_TRUE(tidy_records(world_, kNow));
  EXPECT_EQ(world_.records.at("pump").restart_count, 3);
  EXPECT_FALSE(world_.records.contains("gone"));
  EXPECT_TRUE(tidy_records(world_, kNow + std::chrono::minutes(10)));
  EXPECT_EQ(world_.records.at("pump").restart_count, 0);
}

TEST(BackOff, DoublesFromTenSecondsToFiveMinutes) {
  EXPECT_EQ(back_off(0), seconds(10));
  EXPECT_EQ(back_off(1), seconds(20));
  EXPECT_EQ(back_off(4), seconds(160));
  EXPECT_EQ(back_off(5), seconds(300));
  EXPECT_EQ(back_off(1000), seconds(300));
}

}  // namespace
}  // namespace ferry::agent
