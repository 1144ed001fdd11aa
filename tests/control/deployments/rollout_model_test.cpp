// SPDX-License-Identifier: Apache-2.0
// A rollout against a model, over random schedules: nodes come and go, fail and mend, people give
// orders, the cloud fails, Ferry is killed, over and over. The model is what may run where: what
// stood before, and the new version on nodes of waves that have begun. A failure prints its seed.
#include <random>

#include <gmock/gmock.h>

#include "tests/control/deployments/simulated_fleet.hpp"

namespace ferry::control {
namespace {

using fleet::RolloutState;
using std::chrono::seconds;

class Schedule {
 public:
  explicit Schedule(std::uint64_t seed) : random_(seed), fleet_({"line-1", "line-2"}, 3) {
    for (const auto* version : {"1.0.0", "2.0.0"}) fleet_.publish("x", version);
    fleet_.publish("y", "1.0.0");
    fleet_.deploy("base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, {"line-1", "line-2"});
    fleet_.live(seconds(10));
    for (const auto* group : {"line-1", "line-2"}) before_[group] = fleet_.configurations(group);
  }

  void run() {
    const fleet::Change change{{"base", {{"x", "2.0.0"}, {"y", "1.0.0"}}, {"line-1", "line-2"}}};
    id_ = std::get<RolledOut>(*fleet_.roll_out(change, policy())).rollout.id;
    for (int i = 0; i < 25 && !over(); ++i) {
      happen();
      fleet_.live(seconds(5 * (1 + some(4))), [&] {
        check();
        return false;
      });
      if (fleet_.cloud.killed()) {
        ++kills;
        fleet_.cloud.open_ferry();
      }
      fleet_.cloud.kill_at(0);
    }
    calm_down();
    check_the_end();
  }

  int kills = 0;
  RolloutState end() { return fleet_.rollout(id_).status.state; }

 private:
  int some(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool over() { return fleet::is_over(fleet_.rollout(id_).status.state); }

  std::string policy() {
    const std::vector<std::string> waves{R"(["1","50%"])", R"(["34%"])", R"(["group=line-2"])"};
    return fmt::format(R"({{"waves":{},"soak":"{}s","maxFailures":"{}","onFailure":"{}",
                           "scope":"{}","patience":"10s"}})",
                       waves[static_cast<std::size_t>(some(3))], 10 * some(3), some(2),
                       some(4) == 0 ? "pause" : "return", some(2) == 0 ? "group" : "fleet");
  }

  void happen() {
    switch (some(8)) {
      case 0:
        fleet_.nodes[static_cast<std::size_t>(some(6))]->online = some(3) != 0;
        break;
      case 1:
        fleet_.nodes[static_cast<std::size_t>(some(6))]->slow = some(2) == 0;
        break;
      case 2:
        if (some(3) == 0)
          fleet_.crashing = {"x@2.0.0"};
        else
          fleet_.crashing.clear();
        break;
      case 3:
        (void)fleet_.order(id_, static_cast<fleet::RolloutOrder>(some(some(3) == 0 ? 4 : 3)));
        break;
      case 4: {
        drydock::Fault fault;
        fault.service = drydock::Service::iot_hub;
        fault.path = some(2) == 0 ? "/configurations/*" : "/devices/query*";
        fault.count = static_cast<std::uint64_t>(1 + some(4));
        fault.after = some(2) == 0;
        fault.status = some(2) == 0 ? 500 : 503;
        ASSERT_TRUE(fleet_.cloud.cloud().faults()->add(fault));
        break;
      }
      case 5:
      case 6:
        fleet_.cloud.kill_at(static_cast<std::uint64_t>(1 + some(30)));
        break;
      default:
        if (joined_ < 2 && !fleet_.cloud.killed()) {
          fleet_.add_node(fmt::format("late-{}", ++joined_), "line-1");
        }
        break;
    }
  }

  // What a node may be told now.
  void check() {
    const auto view = fleet_.rollout(id_);
    const auto& status = view.status;
    const auto state = status.state == RolloutState::paused ? status.goes_on_as : status.state;
    if (state != RolloutState::preparing) waves_seen_ = std::max(waves_seen_, status.wave + 1);
    everybody_ = everybody_ || state == RolloutState::promoting || state == RolloutState::done;
    std::map<std::string, std::size_t> wave_of;
    const auto members =
        fleet_.cloud.control().rollouts.nodes(fleet_.cloud.organization(), "plant-a", id_);
    for (const auto& node : *members) {
      wave_of[node.name] = node.wave;
    }
    for (const auto& node : fleet_.nodes) {
      const auto told = fleet_.desired(*node);
      if (told == "x@1.0.0 y@1.0.0" || told.empty()) continue;
      ASSERT_EQ(told, "x@2.0.0 y@1.0.0") << node->name << " has neither the one nor the other";
      const auto wave = wave_of.find(node->name);
      const bool may = everybody_ || (wave != wave_of.end() && wave->second <= waves_seen_);
      ASSERT_TRUE(may) << node->name << " was let in before its time";
    }
  }

  // Good weather from now on; whatever waits for somebody is ended.
  void calm_down() {
    fleet_.cloud.cloud().faults()->clear();
    fleet_.crashing.clear();
    for (auto& node : fleet_.nodes) {
      node->online = true;
      node->slow = false;
    }
    for (int i = 0; i < 20 && !over(); ++i) {
      fleet_.live(std::chrono::minutes(5), [&] {
        check();
        return over();
      });
      if (fleet_.rollout(id_).status.state == RolloutState::paused) {
        ASSERT_TRUE(fleet_.order(id_, fleet::RolloutOrder::resume));
      }
    }
    fleet_.live(seconds(15));
  }

  void check_the_end() {
    const auto view = fleet_.rollout(id_);
    ASSERT_TRUE(fleet::is_over(view.status.state)) << to_string(view.status.state) << view.trouble;
    for (const auto& group : view.groups) {
      const bool arrived = view.status.state == RolloutState::done && !group.returned;
      const auto standing = fleet_.configurations(group.name);
      ASSERT_EQ(standing.size(), 1U) << group.name;
      if (!arrived) {
        EXPECT_EQ(standing, before_[group.name]) << group.name << " is not as it was";
      }
      for (const auto& node : fleet_.nodes) {
        if (node->group != group.name) continue;
        const std::string wanted = arrived ? "x@2.0.0 y@1.0.0" : "x@1.0.0 y@1.0.0";
        EXPECT_EQ(fleet_.desired(*node), wanted) << node->name;
        EXPECT_EQ(fleet_.running(*node), wanted) << node->name;
      }
    }
    // The deployments say what the groups run: bringing it again changes nothing.
    for (const auto& group : view.groups) {
      const auto record = fleet_.group(group.name);
      const auto live =
          fleet_.cloud.context().store.deployments.targeting(fleet_.workspace(), {group.name});
      std::set<fleet::ComponentRef> said;
      for (const auto& one : *live) said.insert(one.components.begin(), one.components.end());
      const auto standing =
          fleet_.cloud.context().store.compositions.find(record.id, record.composition_version);
      std::set<fleet::ComponentRef> stands;
      for (const auto& module : (*standing)->modules) stands.insert({module.name, module.version});
      EXPECT_EQ(said, stands) << group.name;
    }
  }

  std::mt19937_64 random_;
  SimulatedFleet fleet_;
  std::map<std::string, std::map<std::string, json::object>> before_;
  std::string id_;
  std::size_t waves_seen_ = 0;
  bool everybody_ = false;
  int joined_ = 0;
};

TEST(RolloutModel, RandomSchedulesEndWellAndLetNobodyInBeforeHisTime) {
  const char* wanted = std::getenv("FERRY_ROLLOUT_SEED");
  const std::uint64_t first = wanted ? std::strtoull(wanted, nullptr, 10) : 1;
  const std::uint64_t fewest = wanted ? 1 : 30;
  const std::uint64_t most = wanted ? 1 : 150;
  std::map<RolloutState, int> ends;
  int kills = 0;
  // How far a schedule comes between two of its moves depends on the machine, so schedules are
  // drawn until they were wild enough to show anything.
  const auto wild = [&] {
    return ends[RolloutState::done] >= 5 && ends[RolloutState::returned] >= 5 &&
           ends[RolloutState::aborted] >= 1 && kills >= 20;
  };
  for (std::uint64_t run = 0; run < most && (run < fewest || !wild()); ++run) {
    const auto seed = first + run;
    SCOPED_TRACE(fmt::format("seed {}: FERRY_ROLLOUT_SEED={} repeats it", seed, seed));
    Schedule schedule(seed);
    schedule.run();
    if (testing::Test::HasFailure()) return;
    ++ends[schedule.end()];
    kills += schedule.kills;
  }
  EXPECT_TRUE(wanted || wild()) << ends[RolloutState::done] << " done, "
                                << ends[RolloutState::returned] << " returned, "
                                << ends[RolloutState::aborted] << " aborted, " << kills << " kills";
}

}  // namespace
}  // namespace ferry::control
