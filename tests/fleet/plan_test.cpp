// SPDX-License-Identifier: Apache-2.0
#include "fleet/plan.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::fleet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Deployment make_deployment(std::string name, std::vector<ComponentRef> components,
                           std::vector<std::string> groups) {
  Deployment deployment;
  deployment.name = std::move(name);
  deployment.revision = 1;
  deployment.components = std::move(components);
  deployment.groups = std::move(groups);
  return deployment;
}

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    fleet_.groups["line-1"] = {.nodes = 3};
    fleet_.groups["line-2"] = {.nodes = 1};
    for (const auto* name : {"x", "y", "z"}) {
      for (const auto* version : {"1.0.0", "1.1.0"}) {
        fleet_.catalog[{name, version}].image = fmt::format("r/{}@sha256:{}", name, version);
      }
    }
    fleet_.deployments = {make_deployment("base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, {"line-1"})};
  }
  Fleet fleet_;
};

TEST_F(PlanTest, ShowsWhatIsAddedUpdatedRemovedAndUnchanged) {
  const auto plan =
      make_plan(fleet_, {"base", {{"x", "1.1.0"}, {"z", "1.0.0"}}, {"line-1", "line-2"}});
  ASSERT_EQ(plan.groups.size(), 2U);
  EXPECT_EQ(plan.groups[0].group, "line-1");
  EXPECT_EQ(plan.groups[0].nodes, 3);
  EXPECT_THAT(plan.groups[0].added, ElementsAre(ComponentRef{"z", "1.0.0"}));
  EXPECT_THAT(plan.groups[0].updated, ElementsAre(PlannedUpdate{"x", "1.0.0", "1.1.0"}));
  EXPECT_THAT(plan.groups[0].removed, ElementsAre(ComponentRef{"y", "1.0.0"}));
  EXPECT_GT(plan.groups[0].manifest_bytes, 500);
  EXPECT_EQ(plan.groups[1].added.size(), 2U);
  EXPECT_TRUE(plan.applicable());
  EXPECT_EQ(plan.describe_removals(), "y 1.0.0 from 3 nodes of group line-1");
}

TEST_F(PlanTest, AComponentThatAnotherDeploymentStillWantsIsNotRemoved) {
  fleet_.deployments.push_back(make_deployment("extra", {{"y", "1.0.0"}}, {"line-1"}));
  const auto plan = make_plan(fleet_, {"base", {{"x", "1.0.0"}}, {"line-1"}});
  EXPECT_FALSE(plan.has_removals());
  EXPECT_FALSE(plan.has_changes());
  EXPECT_THAT(plan.groups[0].unchanged,
              ElementsAre(ComponentRef{"x", "1.0.0"}, ComponentRef{"y", "1.0.0"}));
}

TEST_F(PlanTest, LeavingAGroupRemovesThereAndOnlyThere) {
  fleet_.deployments[0].groups = {"line-1", "line-2"};
  const auto plan = make_plan(fleet_, {"base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, {"line-1"}});
  EXPECT_THAT(plan.groups[0].removed, IsEmpty());
  EXPECT_EQ(plan.groups[1].removed.size(), 2U);
}

TEST_F(PlanTest, DeletingADeploymentRemovesItsComponents) {
  const auto plan = make_plan(fleet_, {"base", {}, {}});
  EXPECT_TRUE(plan.applicable());
  EXPECT_EQ(plan.groups[0].removed.size(), 2U);
}

TEST_F(PlanTest, TwoVersionsOfOneComponentAreAConflictWithEverythingToDecideIt) {
  const auto plan = make_plan(fleet_, {"extra", {{"x", "1.1.0"}}, {"line-1", "line-2"}});
  EXPECT_FALSE(plan.applicable());
  ASSERT_EQ(plan.conflicts.size(), 1U);
  const auto& conflict = plan.conflicts[0];
  EXPECT_EQ(conflict.group, "line-1");
  EXPECT_EQ(conflict.component, "x");
  EXPECT_EQ(conflict.nodes, 3);
  ASSERT_EQ(conflict.versions.size(), 2U);
  EXPECT_THAT(conflict.versions[0].deployments, ElementsAre("base"));
  EXPECT_THAT(conflict.versions[1].deployments, ElementsAre("extra"));
  EXPECT_THAT(conflict.resolutions,
              ElementsAre("move extra to x 1.0.0", "move base to x 1.1.0",
                          "drop x 1.0.0 from deployment base", "drop x 1.1.0 from deployment extra",
                          HasSubstr("split the targets"), HasSubstr("cancel")));
}

TEST_F(PlanTest, TwoVersionsInOneDeploymentConflictToo) {
  const auto plan = make_plan(fleet_, {"extra", {{"z", "1.0.0"}, {"z", "1.1.0"}}, {"line-2"}});
  EXPECT_EQ(plan.conflicts.size(), 1U);
}

TEST_F(PlanTest, UnknownGroupsAndVersionsAreProblems) {
  const auto plan = make_plan(fleet_, {"extra", {{"q", "1.0.0"}}, {"line-9"}});
  EXPECT_FALSE(plan.applicable());
  EXPECT_THAT(plan.problems, ElementsAre("component q has no published version 1.0.0",
                                         "there is no node group 'line-9'"));
  EXPECT_FALSE(make_plan(fleet_, {"extra", {{"x", "1.0.0"}}, {}}).applicable());
  EXPECT_FALSE(make_plan(fleet_, {"extra", {}, {"line-1"}}).applicable());
}

TEST_F(PlanTest, LimitsAreCheckedBeforeAzureRefuses) {
  auto& manifest = fleet_.catalog[{"z", "1.0.0"}].manifest;
  for (int i = 0; i < 9; ++i) manifest.env[fmt::format("V{}", i)] = std::string(4000, 'x');
  auto plan = make_plan(fleet_, {"extra", {{"z", "1.0.0"}}, {"line-2"}});
  EXPECT_GT(plan.groups[0].manifest_bytes, kManifestLimit);
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("manifest of group line-2")));

  manifest.env = {{"V", std::string(4097, 'x')}};
  plan = make_plan(fleet_, {"extra", {{"z", "1.0.0"}}, {"line-2"}});
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("variable V of z 1.0.0")));

  manifest.env.clear();
  fleet_.configurations = kConfigurationLimit;
  plan = make_plan(fleet_, {"extra", {{"z", "1.0.0"}}, {"line-2"}});
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("100 deployments")));
  EXPECT_TRUE(
      make_plan(fleet_, {"base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, {"line-1"}}).applicable())
      << "an edit without changes needs no slot";
}

TEST_F(PlanTest, ReadsAsTheApiDocumentsIt) {
  const json::value plan =
      to_json(make_plan(fleet_, {"base", {{"x", "1.1.0"}, {"z", "1.0.0"}}, {"line-1"}}));
  EXPECT_EQ(plan.at("groups").at(0).at("group"), "line-1");
  EXPECT_EQ(plan.at("groups").at(0).at("manifestLimit"), 32768);
  EXPECT_EQ(json::serialize(plan.at("groups").at(0).at("updated")),
            R"([{"component":"x","from":"1.0.0","to":"1.1.0"}])");
  EXPECT_EQ(json::serialize(plan.at("groups").at(0).at("removed")),
            R"([{"component":"y","version":"1.0.0"}])");
  EXPECT_EQ(plan.at("applicable"), true);
}

TEST(PlanAtScale, AHundredThousandNodesInAThousandGroupsPlanInWellUnderASecond) {
  Fleet fleet;
  for (int i = 0; i < 20; ++i) {
    fleet.catalog[{fmt::format("c{}", i), "1.0.0"}].image = "r/c@sha256:1";
    fleet.catalog[{fmt::format("c{}", i), "2.0.0"}].image = "r/c@sha256:2";
  }
  std::vector<std::string> all;
  for (int g = 0; g < 1000; ++g) {
    all.push_back(fmt::format("g{}", g));
    fleet.groups[all.back()] = {.nodes = 100};
  }
  for (int d = 0; d < 10; ++d) {
    fleet.deployments.push_back(make_deployment(
        fmt::format("d{}", d),
        {{fmt::format("c{}", 2 * d), "1.0.0"}, {fmt::format("c{}", 2 * d + 1), "1.0.0"}}, all));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto plan = make_plan(fleet, {"d0", {{"c0", "2.0.0"}, {"c1", "1.0.0"}}, all});
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(plan.groups.size(), 1000U);
  EXPECT_TRUE(plan.applicable());
  EXPECT_LT(took, std::chrono::seconds(5)) << "unoptimised; a release build takes a tenth";
  RecordProperty("milliseconds", static_cast<int>(took / std::chrono::milliseconds(1)));
}

}  // namespace
}  // namespace ferry::fleet
