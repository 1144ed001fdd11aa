// SPDX-License-Identifier: Apache-2.0
// Ferry is killed at every single message and commit of a rollout, one after the other; whatever
// the place, the next life brings it to its end.
#include <gmock/gmock.h>

#include "tests/control/deployments/simulated_fleet.hpp"

namespace ferry::control {
namespace {

using fleet::RolloutState;
using std::chrono::hours;

constexpr std::string_view kPolicy = R"({"canaries":["line-1-n1"],"waves":["50%"],"soak":"10s"})";

class RolloutCrash : public testing::Test {
 protected:
  RolloutCrash() : fleet_({"line-1", "line-2"}, 2) {
    for (const auto* version : {"1.0.0", "1.1.0", "2.0.0"}) fleet_.publish("x", version);
    fleet_.crashing = {"x@2.0.0"};
    fleet_.deploy("base", {{"x", "1.0.0"}}, kGroups);
    fleet_.live(std::chrono::seconds(10));
  }

  // Rolls `version` out with a life that ends at `place`; false when it ended by itself before.
  bool roll_out_killed_at(std::uint64_t place, const std::string& version) {
    const fleet::Change change{{"base", {{"x", version}}, kGroups}};
    const auto known = list().size();
    fleet_.cloud.kill_at(place);
    fleet_.try_roll_out(change, kPolicy);
    fleet_.live(hours(1), [&] { return is_over(known); });
    const bool killed = fleet_.cloud.killed();
    if (killed) fleet_.cloud.open_ferry();
    fleet_.cloud.kill_at(0);
    if (list().size() == known) fleet_.try_roll_out(change, kPolicy);  // it had not begun
    fleet_.live(hours(1), [&] { return is_over(known); });
    fleet_.live(std::chrono::seconds(10));
    EXPECT_EQ(list().size(), known + 1);
    return killed;
  }
  std::vector<RolloutView> list() {
    return *fleet_.cloud.control().rollouts.list(fleet_.cloud.organization(), "plant-a");
  }
  bool is_over(std::size_t known) {
    const auto rollouts = list();
    return rollouts.size() > known && rollouts.front().finished_at.has_value();
  }
  void expect_all_run(const std::string& version, const std::string& why) {
    for (const auto& node : fleet_.nodes) {
      EXPECT_EQ(fleet_.running(*node), "x@" + version) << why << ": " << node->name;
    }
    for (const auto& group : kGroups) {
      const auto standing = fleet_.configurations(group);
      ASSERT_EQ(standing.size(), 1U) << why;
      EXPECT_EQ(standing.begin()->first, fleet_.group(group).configuration) << why;
      EXPECT_EQ(standing.begin()->second.at("targetCondition").as_string(),
                fmt::format("tags.ferry.nodeGroup='{}'", fleet_.group(group).id))
          << why;
    }
    const auto deployment =
        fleet_.cloud.control().deployments.get(fleet_.cloud.organization(), "plant-a", "base");
    ASSERT_TRUE(deployment);
    EXPECT_EQ(deployment->components[0].version, version) << why;
  }

  const std::vector<std::string> kGroups{"line-1", "line-2"};
  SimulatedFleet fleet_;
};

TEST_F(RolloutCrash, EveryPlaceOfAGoodRolloutIsSurvived) {
  std::uint64_t place = 1;
  std::int64_t revision = 1;
  for (;; ++place) {
    const auto why = fmt::format("killed at place {}", place);
    const std::string version = place % 2 == 1 ? "1.1.0" : "1.0.0";
    const bool killed = roll_out_killed_at(place, version);
    EXPECT_EQ(list().front().status.state, RolloutState::done) << why;
    expect_all_run(version, why);
    EXPECT_EQ(fleet_.cloud.control()
                  .deployments.get(fleet_.cloud.organization(), "plant-a", "base")
                  ->revision,
              ++revision)
        << why << ": recorded once";
    if (!killed || HasFailure()) break;
  }
  EXPECT_GT(place, 40U) << "so few places cannot be all";
  RecordProperty("places", static_cast<int>(place - 1));
}

TEST_F(RolloutCrash, EveryPlaceOfAReturnIsSurvived) {
  const auto before = fleet_.configurations("line-1");
  std::uint64_t place = 1;
  for (;; ++place) {
    const auto why = fmt::format("killed at place {}", place);
    const bool killed = roll_out_killed_at(place, "2.0.0");
    EXPECT_EQ(list().front().status.state, RolloutState::returned) << why;
    expect_all_run("1.0.0", why);
    EXPECT_EQ(fleet_.configurations("line-1"), before) << why;
    if (!killed || HasFailure()) break;
  }
  EXPECT_GT(place, 20U) << "so few places cannot be all";
  RecordProperty("places", static_cast<int>(place - 1));
}

}  // namespace
}  // namespace ferry::control
