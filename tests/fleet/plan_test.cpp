// SPDX-License-Identifier: Apache-2.0
#include "fleet/plan.hpp"

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

std::vector<NodeFacts> some_nodes(int count) {
  std::vector<NodeFacts> nodes;
  for (int i = 1; i <= count; ++i) {
    nodes.push_back({.name = fmt::format("n{}", i), .registered = true, .connected = true});
  }
  return nodes;
}

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    fleet_.groups["line-1"].nodes = some_nodes(3);
    fleet_.groups["line-2"].nodes = some_nodes(1);
    for (const auto* name : {"x", "y", "z"}) {
      for (const auto* version : {"1.0.0", "1.1.0"}) {
        publish(name, version, {});
      }
    }
    fleet_.deployments = {make_deployment("base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, {"line-1"})};
  }
  void publish(const std::string& name, const std::string& version, Manifest manifest,
               std::map<std::string, std::vector<ImageLayer>> layers = {}) {
    fleet_.catalog[{name, version}] = std::make_shared<PublishedVersion>(PublishedVersion{
        fmt::format("r/{}@sha256:{}", name, version), std::move(manifest), std::move(layers)});
  }
  Fleet fleet_;
};

TEST_F(PlanTest, ShowsWhatIsAddedUpdatedRemovedAndUnchanged) {
  const auto plan =
      make_plan(fleet_, {{"base", {{"x", "1.1.0"}, {"z", "1.0.0"}}, {"line-1", "line-2"}}});
  ASSERT_EQ(plan.groups.size(), 2U);
  EXPECT_EQ(plan.groups[0].group, "line-1");
  EXPECT_EQ(plan.groups[0].nodes, 3);
  EXPECT_THAT(plan.groups[0].difference.added, ElementsAre(ComponentRef{"z", "1.0.0"}));
  EXPECT_THAT(plan.groups[0].difference.updated, ElementsAre(PlannedUpdate{"x", "1.0.0", "1.1.0"}));
  EXPECT_THAT(plan.groups[0].difference.removed, ElementsAre(ComponentRef{"y", "1.0.0"}));
  EXPECT_GT(plan.groups[0].manifest_bytes, 500);
  EXPECT_EQ(plan.groups[1].difference.added.size(), 2U);
  EXPECT_TRUE(plan.applicable());
  EXPECT_EQ(plan.describe_removals(), "y 1.0.0 from 3 nodes of group line-1");
}

TEST_F(PlanTest, AComponentThatAnotherDeploymentStillWantsIsNotRemoved) {
  fleet_.deployments.push_back(make_deployment("extra", {{"y", "1.0.0"}}, {"line-1"}));
  const auto plan = make_plan(fleet_, {{"base", {{"x", "1.0.0"}}, {"line-1"}}});
  EXPECT_FALSE(plan.has_removals());
  EXPECT_FALSE(plan.has_changes());
  EXPECT_THAT(plan.groups[0].difference.unchanged,
              ElementsAre(ComponentRef{"x", "1.0.0"}, ComponentRef{"y", "1.0.0"}));
}

TEST_F(PlanTest, LeavingAGroupRemovesThereAndOnlyThere) {
  fleet_.deployments[0].groups = {"line-1", "line-2"};
  const auto plan = make_plan(fleet_, {{"base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, {"line-1"}}});
  EXPECT_THAT(plan.groups[0].difference.removed, IsEmpty());
  EXPECT_EQ(plan.groups[1].difference.removed.size(), 2U);
}

TEST_F(PlanTest, DeletingADeploymentRemovesItsComponents) {
  const auto plan = make_plan(fleet_, {{"base", {}, {}}});
  EXPECT_TRUE(plan.applicable());
  EXPECT_EQ(plan.groups[0].difference.removed.size(), 2U);
}

TEST_F(PlanTest, TwoVersionsOfOneComponentAreAConflictWithEverythingToDecideIt) {
  const auto plan = make_plan(fleet_, {{"extra", {{"x", "1.1.0"}}, {"line-1", "line-2"}}});
  EXPECT_FALSE(plan.applicable());
  ASSERT_EQ(plan.conflicts.size(), 1U);
  const auto& conflict = plan.conflicts[0];
  EXPECT_EQ(conflict.group, "line-1");
  EXPECT_EQ(conflict.component, "x");
  EXPECT_EQ(conflict.nodes, 3);
  ASSERT_EQ(conflict.versions.size(), 2U);
  EXPECT_THAT(conflict.versions[0].deployments, ElementsAre("base"));
  EXPECT_THAT(conflict.versions[1].deployments, ElementsAre("extra"));
  std::vector<std::string> words;
  for (const auto& resolution : conflict.resolutions) words.push_back(resolution.words);
  EXPECT_THAT(words, ElementsAre("move extra to x 1.0.0", "move base to x 1.1.0",
                                 "drop x from extra, which leaves x 1.0.0",
                                 "drop x from base, which leaves x 1.1.0",
                                 "take group line-1 out of extra, which leaves x 1.0.0 there",
                                 "take group line-1 out of base, which leaves x 1.1.0 there"));
  EXPECT_THAT(conflict.resolutions[4].change.edits,
              ElementsAre(Edit{"extra", {{"x", "1.1.0"}}, {"line-2"}}));
  for (const auto& resolution : conflict.resolutions) {
    EXPECT_TRUE(make_plan(fleet_, resolution.change).applicable()) << resolution.words;
  }
}

TEST_F(PlanTest, TwoVersionsInOneDeploymentConflictToo) {
  const auto plan = make_plan(fleet_, {{"extra", {{"z", "1.0.0"}, {"z", "1.1.0"}}, {"line-2"}}});
  EXPECT_EQ(plan.conflicts.size(), 1U);
}

TEST_F(PlanTest, UnknownGroupsAndVersionsAreProblems) {
  const auto plan = make_plan(fleet_, {{"extra", {{"q", "1.0.0"}}, {"line-9"}}});
  EXPECT_FALSE(plan.applicable());
  EXPECT_THAT(plan.problems, ElementsAre("component q has no published version 1.0.0",
                                         "there is no node group 'line-9'"));
  EXPECT_FALSE(make_plan(fleet_, {{"extra", {{"x", "1.0.0"}}, {}}}).applicable());
  EXPECT_FALSE(make_plan(fleet_, {{"extra", {}, {"line-1"}}}).applicable());
}

TEST_F(PlanTest, LimitsAreCheckedBeforeAzureRefuses) {
  Manifest manifest;
  for (int i = 0; i < 9; ++i) manifest.env[fmt::format("V{}", i)] = std::string(4000, 'x');
  publish("z", "1.0.0", manifest);
  auto plan = make_plan(fleet_, {{"extra", {{"z", "1.0.0"}}, {"line-2"}}});
  EXPECT_GT(plan.groups[0].manifest_bytes, kManifestLimit);
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("manifest of group line-2")));

  manifest.env = {{"V", std::string(4097, 'x')}};
  publish("z", "1.0.0", manifest);
  plan = make_plan(fleet_, {{"extra", {{"z", "1.0.0"}}, {"line-2"}}});
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("variable V of z 1.0.0")));

  publish("z", "1.0.0", {});
  fleet_.configurations = kConfigurationLimit;
  plan = make_plan(fleet_, {{"extra", {{"z", "1.0.0"}}, {"line-2"}}});
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("100 deployments")));
  EXPECT_TRUE(
      make_plan(fleet_, {{"base", {{"x", "1.0.0"}, {"y", "1.0.0"}}, {"line-1"}}}).applicable())
      << "an edit without changes needs no slot";
}

TEST_F(PlanTest, ReadsAsTheApiDocumentsIt) {
  const json::value plan =
      to_json(make_plan(fleet_, {{"base", {{"x", "1.1.0"}, {"z", "1.0.0"}}, {"line-1"}}}));
  EXPECT_EQ(plan.at("groups").at(0).at("group"), "line-1");
  EXPECT_EQ(plan.at("groups").at(0).at("manifestLimit"), 32768);
  EXPECT_EQ(json::serialize(plan.at("groups").at(0).at("updated")),
            R"([{"component":"x","from":"1.0.0","to":"1.1.0","settings":[]}])");
  EXPECT_EQ(json::serialize(plan.at("groups").at(0).at("removed")),
            R"([{"component":"y","version":"1.0.0"}])");
  EXPECT_EQ(plan.at("applicable"), true);
}

TEST_F(PlanTest, SeveralEditsAtOnceArePlannedAsOne) {
  const auto plan = make_plan(
      fleet_, {{"base", {{"y", "1.0.0"}}, {"line-1"}}, {"extra", {{"x", "1.1.0"}}, {"line-1"}}});
  EXPECT_TRUE(plan.applicable());
  EXPECT_THAT(plan.groups[0].difference.updated, ElementsAre(PlannedUpdate{"x", "1.0.0", "1.1.0"}));
  EXPECT_FALSE(plan.has_removals()) << "x goes from one deployment to the other";
}

TEST_F(PlanTest, SaysWhoIsAwayAndWhoLagsBehind) {
  auto& line = fleet_.groups["line-1"];
  line.standing = 4;
  line.earlier[3] = {{"x", "1.0.0"}, {"q", "0.1.0"}};
  line.nodes[0].composition = 4;
  line.nodes[1].composition = 3;
  line.nodes[1].connected = false;
  line.nodes[2] = {.name = "n3"};
  const auto plan = make_plan(fleet_, {{"base", {{"x", "1.1.0"}, {"y", "1.0.0"}}, {"line-1"}}});
  EXPECT_THAT(plan.groups[0].offline.names, ElementsAre("n2"));
  EXPECT_THAT(plan.groups[0].unregistered.names, ElementsAre("n3"));
  ASSERT_EQ(plan.groups[0].behind.size(), 1U);
  const auto& behind = plan.groups[0].behind[0];
  EXPECT_EQ(behind.composition, 3);
  EXPECT_EQ(behind.nodes, 1);
  EXPECT_THAT(behind.difference.removed, ElementsAre(ComponentRef{"q", "0.1.0"}));
  EXPECT_THAT(behind.difference.added, ElementsAre(ComponentRef{"y", "1.0.0"}));
}

TEST_F(PlanTest, AnImageForAnotherPlatformIsAProblemOfTheChangeThatBringsIt) {
  publish("z", "1.0.0", {.platforms = {"linux/amd64"}});
  publish("x", "1.0.0", {.platforms = {"linux/amd64"}});
  fleet_.groups["line-1"].nodes[1].platform = "linux/arm64";
  const auto plan = make_plan(fleet_, {{"extra", {{"z", "1.0.0"}}, {"line-1"}}});
  EXPECT_THAT(plan.problems, ElementsAre("z 1.0.0 has no image for linux/arm64, which 1 node of "
                                         "group line-1 (n2) would need"));
  EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("x 1.0.0 has no image for linux/arm64")));
}

TEST_F(PlanTest, OnlyLayersThatANodeLacksAreFetched) {
  const ImageLayer base{"sha256:base", 4'000'000};
  publish("x", "1.0.0", {}, {{"linux/amd64", {base, {"sha256:x1", 100}}}});
  publish("x", "1.1.0", {}, {{"linux/amd64", {base, {"sha256:x2", 120}}}});
  publish("z", "1.0.0", {}, {{"linux/amd64", {base, {"sha256:z", 7}}}});
  for (auto& node : fleet_.groups["line-1"].nodes) node.platform = "linux/amd64";
  fleet_.groups["line-2"].nodes[0].platform = "linux/amd64";
  const auto plan = make_plan(
      fleet_, {{"base", {{"x", "1.1.0"}, {"y", "1.0.0"}, {"z", "1.0.0"}}, {"line-1", "line-2"}}});
  EXPECT_THAT(plan.groups[0].pulls, ElementsAre(GroupPlan::Pull{"linux/amd64", 3, 127}));
  EXPECT_THAT(plan.groups[1].pulls, ElementsAre(GroupPlan::Pull{"linux/amd64", 1, 4'000'127}));
}

TEST_F(PlanTest, WhatAComponentNeedsMustRunBesideIt) {
  Manifest needs_x;
  needs_x.depends_on.emplace("x", *VersionRange::parse("^1.1.0"));
  publish("z", "1.0.0", needs_x);
  auto plan = make_plan(fleet_, {{"extra", {{"z", "1.0.0"}}, {"line-1"}}});
  EXPECT_THAT(plan.problems, ElementsAre("group line-1: z 1.0.0 needs x ^1.1.0; 1.0.0 would run"));
  plan = make_plan(fleet_, {{"extra", {{"z", "1.0.0"}}, {"line-2"}}});
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("needs x ^1.1.0, which would not run there")));
  const Change both{{"base", {{"x", "1.1.0"}, {"y", "1.0.0"}}, {"line-1"}},
                    {"extra", {{"z", "1.0.0"}}, {"line-1"}}};
  EXPECT_TRUE(make_plan(fleet_, both).applicable());
  fleet_.deployments = apply_change(fleet_.deployments, both);
  plan = make_plan(fleet_, {{"base", {{"y", "1.0.0"}}, {"line-1"}}});
  EXPECT_FALSE(plan.problems.empty()) << "what others need does not go";
}

TEST_F(PlanTest, APromiseIsBrokenByWhatMattersOnly) {
  const Change change{{"base", {{"x", "1.1.0"}}, {"line-1"}}};
  const auto planned = promise_of(make_plan(fleet_, change));
  fleet_.groups["line-1"].nodes[0].connected = false;
  EXPECT_THAT(what_moved(planned, promise_of(make_plan(fleet_, change))), IsEmpty());
  fleet_.groups["line-1"].nodes.pop_back();
  EXPECT_THAT(what_moved(planned, promise_of(make_plan(fleet_, change))),
              ElementsAre("group line-1 has 2 nodes now; the plan said 3"));
  fleet_.groups["line-1"].nodes = some_nodes(3);
  fleet_.deployments.push_back(make_deployment("extra", {{"y", "1.0.0"}}, {"line-1"}));
  EXPECT_THAT(what_moved(planned, promise_of(make_plan(fleet_, change))),
              ElementsAre("something else would change on group line-1 now"));
  fleet_.deployments.back().components = {{"x", "1.0.0"}};
  EXPECT_THAT(what_moved(planned, promise_of(make_plan(fleet_, change))),
              testing::Contains("there is a conflict now: x on group line-1"));
}

TEST_F(PlanTest, AChangeSurvivesJson) {
  const Change change{{"base", {{"x", "1.1.0"}}, {"line-1", "line-2"}}, {"gone", {}, {}}};
  EXPECT_EQ(*change_from_json(to_json(change)), change);
  EXPECT_FALSE(change_from_json(to_json(Change{{"a", {}, {}}, {"a", {}, {}}})));
  EXPECT_FALSE(change_from_json(json::object{}));
}

}  // namespace
}  // namespace ferry::fleet
