// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout_settlement.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace ferry::fleet {
namespace {

using Running = std::map<std::string, std::set<ComponentRef>>;

int some(int n) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, n));
}

const std::vector<std::string> kGroups{"g1", "g2", "g3"};

template <class T>
std::vector<T> some_of(const std::vector<T>& all) {
  std::vector<T> chosen;
  for (const auto& one : all) {
    if (some(2) == 0) chosen.push_back(one);
  }
  return chosen;
}

std::vector<ComponentRef> some_components() {
  return some_of<ComponentRef>({{"a", "1.0.0"}, {"a", "2.0.0"}, {"b", "1.0.0"}, {"c", "1.0.0"}});
}

// Names that the keepers of returned groups would like to have occur as well.
std::vector<Deployment> some_deployments() {
  std::vector<Deployment> deployments;
  for (const auto& name :
       some_of<std::string>({"d1", "d2", "d3", "restored-g1", "restored-g2", "restored-g1-2"})) {
    Deployment deployment;
    deployment.name = name;
    deployment.components = some_components();
    deployment.groups = some_of(kGroups);
    if (!deployment.groups.empty()) deployments.push_back(std::move(deployment));
  }
  return deployments;
}

Running running(const std::vector<Deployment>& deployments) {
  Running result;
  for (const auto& group : kGroups) result[group];
  for (const auto& deployment : deployments) {
    for (const auto& group : deployment.groups) {
      result[group].insert(deployment.components.begin(), deployment.components.end());
    }
  }
  return result;
}

RC_GTEST_PROP(SettlementLaws, ReturnedGroupsKeepWhatTheyHadAndTheOthersGetTheChange, ()) {
  const auto live = some_deployments();
  Change change;
  for (const auto& name : some_of<std::string>({"d1", "d2", "d4", "restored-g1"})) {
    change.edits.push_back({name, some_components(), some_of(kGroups)});
    if (change.edits.back().groups.empty()) change.edits.back().components.clear();
  }
  const auto returned = some_of(kGroups);
  const std::set<std::string> out(returned.begin(), returned.end());
  const auto before = running(live);
  const auto meant = running(apply_change(live, change));
  const auto settled = running(apply_change(live, settle_change(live, change, out)));
  for (const auto& group : kGroups) {
    RC_ASSERT(settled.at(group) == (out.contains(group) ? before.at(group) : meant.at(group)));
  }
}

TEST(Settlement, NothingChangesWhenEverybodyReturned) {
  const std::vector<Deployment> live{{DeploymentId("d"), "base", 3, {{"x", "1.0.0"}}, {"g1"}, {}}};
  const Change change{{"base", {{"x", "2.0.0"}}, {"g1"}}};
  EXPECT_TRUE(settle_change(live, change, {"g1"}).empty());
  EXPECT_EQ(settle_change(live, change, {}), change);
}

TEST(Settlement, AGroupThatReturnedIsKeptByADeploymentOfItsOwn) {
  const std::vector<Deployment> live{
      {DeploymentId("d"), "base", 3, {{"x", "1.0.0"}}, {"g1", "g2"}, {}}};
  const Change change{{"base", {{"x", "2.0.0"}}, {"g1", "g2"}}};
  EXPECT_EQ(
      settle_change(live, change, {"g2"}),
      (Change{{"base", {{"x", "2.0.0"}}, {"g1"}}, {"restored-g2", {{"x", "1.0.0"}}, {"g2"}}}));
}

}  // namespace
}  // namespace ferry::fleet
