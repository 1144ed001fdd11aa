// SPDX-License-Identifier: Apache-2.0
// Configuration, labels, capabilities and disks in plans.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/plan.hpp"
#include "fleet/simulation.hpp"

namespace ferry::fleet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PlanLayersTest : public testing::Test {
 protected:
  PlanLayersTest() {
    for (const auto* group : {"line-1", "line-2", "lab"}) {
      fleet_.groups[group].nodes = {{.name = fmt::format("{}-n1", group), .registered = true},
                                    {.name = fmt::format("{}-n2", group), .registered = true}};
      fleet_.directory.groups[group] = {{"kind", "line"}};
      for (const auto& node : fleet_.groups[group].nodes) {
        fleet_.directory.homes[node.name] = group;
      }
    }
    fleet_.directory.groups["lab"] = {{"kind", "lab"}};
    publish("x", "1.0.0", R"("configuration": {"properties": {
      "rate": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
      "live": {"type": "string", "delivery": "twin"}}})");
    publish("x", "2.0.0", R"("configuration": {"properties": {
      "rate": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10}}})");
    publish("g", "1.0.0", R"("requires": ["gpu"])");
    fleet_.deployments = {deployment("base", {{"x", "1.0.0"}}, {"line-1", "line-2"})};
  }
  void publish(const std::string& name, const std::string& version, const std::string& members) {
    auto manifest = parse_manifest(fmt::format(
        R"({{"name": "{}", "version": "{}", "cmd": ["/x"], {}}})", name, version, members));
    ASSERT_TRUE(manifest) << manifest.error().describe();
    fleet_.catalog[{name, version}] = std::make_shared<PublishedVersion>(
        PublishedVersion{"r/" + name + "@sha256:" + version, *std::move(manifest), {}});
  }
  static Deployment deployment(std::string name, std::vector<ComponentRef> components,
                               std::vector<std::string> groups, std::string selector = {}) {
    Deployment result;
    result.name = std::move(name);
    result.components = std::move(components);
    result.groups = std::move(groups);
    result.selector = std::move(selector);
    return result;
  }
  static Change setting(Layer layer, std::string owner, std::string name, json::value value) {
    Change change;
    change.settings.push_back({layer, std::move(owner), "x", std::move(name), std::move(value)});
    return change;
  }
  static const GroupPlan& group_of(const Plan& plan, std::string_view name) {
    for (const auto& group : plan.groups) {
      if (group.group == name) return group;
    }
    ADD_FAILURE() << name << " is not in the plan";
    static const GroupPlan kNone;
    return kNone;
  }
  Fleet fleet_;
};

TEST_F(PlanLayersTest, AVariableRestartsAndATwinPropertyDoesNot) {
  auto plan = make_plan(fleet_, setting(Layer::group, "line-1", "rate", 5));
  ASSERT_TRUE(plan.applicable()) << fmt::format("{}", fmt::join(plan.problems, "; "));
  ASSERT_EQ(plan.groups.size(), 1U);
  EXPECT_THAT(plan.groups[0].difference.restarted,
              ElementsAre(Reconfigured{"x", "1.0.0", {{"rate", 10, 5}}}));
  EXPECT_THAT(plan.groups[0].difference.unchanged, IsEmpty());
  EXPECT_TRUE(plan.has_changes());
  EXPECT_FALSE(plan.has_removals());

  plan = make_plan(fleet_, setting(Layer::group, "line-1", "live", "on"));
  EXPECT_THAT(plan.groups[0].difference.reconfigured,
              ElementsAre(Reconfigured{"x", "1.0.0", {{"live", nullptr, "on"}}}));
}

TEST_F(PlanLayersTest, TheWorkspacesLayerReachesEveryGroupThatRunsTheComponent) {
  fleet_.groups["line-2"].settings = {{"x", {{"rate", 7}}}};
  const auto plan = make_plan(fleet_, setting(Layer::workspace, "", "rate", 5));
  ASSERT_EQ(plan.groups.size(), 2U);
  EXPECT_EQ(group_of(plan, "line-1").difference.restarted.size(), 1U);
  EXPECT_FALSE(group_of(plan, "line-2").changes()) << "the group says something else";
}

TEST_F(PlanLayersTest, ADeploymentsOwnConfigurationLiesBetweenWorkspaceAndGroup) {
  fleet_.settings = {{"x", {{"rate", 5}}}};
  fleet_.groups["line-2"].settings = {{"x", {{"rate", 7}}}};
  Edit edit{"base", {{"x", "1.0.0"}}, {"line-1", "line-2"}, {}, {{"x", {{"rate", 6}}}}};
  const auto plan = make_plan(fleet_, {edit});
  EXPECT_THAT(group_of(plan, "line-1").difference.restarted,
              ElementsAre(Reconfigured{"x", "1.0.0", {{"rate", 5, 6}}}));
  EXPECT_FALSE(group_of(plan, "line-2").changes());
  edit.settings = {{"y", {{"rate", 6}}}};
  EXPECT_THAT(make_plan(fleet_, {edit}).problems, ElementsAre(HasSubstr("does not bring")));
}

TEST_F(PlanLayersTest, WhatTheSchemaForbidsIsAProblemWithItsOrigin) {
  auto plan = make_plan(fleet_, setting(Layer::group, "line-1", "rate", 500));
  EXPECT_THAT(plan.problems, ElementsAre(testing::AllOf(HasSubstr("group line-1: x 1.0.0: rate"),
                                                        HasSubstr("set for group line-1"))));
  plan = make_plan(fleet_, setting(Layer::group, "line-1", "rat", 5));
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("has no setting rat")));
  // What was right for one version need not be for the next.
  fleet_.settings = {{"x", {{"rate", 50}}}};
  plan = make_plan(fleet_, {{"base", {{"x", "2.0.0"}}, {"line-1", "line-2"}}});
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("group line-1"), HasSubstr("group line-2")));
}

TEST_F(PlanLayersTest, TwoDeploymentsThatConfigureOneComponentDifferentlyAreAProblem) {
  fleet_.deployments[0].settings = {{"x", {{"rate", 5}}}};
  const Edit extra{"extra", {{"x", "1.0.0"}}, {"line-1"}, {}, {{"x", {{"rate", 6}}}}};
  EXPECT_THAT(make_plan(fleet_, {extra}).problems,
              ElementsAre(HasSubstr("deployment base wants rate of x to be 5")));
  fleet_.groups["line-1"].settings = {{"x", {{"rate", 7}}}};
  EXPECT_THAT(make_plan(fleet_, {extra}).problems, IsEmpty()) << "the group has decided";
}

TEST_F(PlanLayersTest, ANodesOwnLayerChangesThatNodeAlone) {
  auto plan = make_plan(fleet_, setting(Layer::node, "line-1-n1", "rate", 5));
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("cannot be set for node line-1-n1 alone")));
  ASSERT_EQ(plan.groups.size(), 1U);
  EXPECT_FALSE(plan.groups[0].changes()) << "nothing new is sent to the group";
  ASSERT_EQ(plan.groups[0].apart.size(), 1U);
  EXPECT_EQ(plan.groups[0].apart[0].node, "line-1-n1");
  EXPECT_THAT(plan.groups[0].apart[0].difference.restarted,
              ElementsAre(Reconfigured{"x", "1.0.0", {{"rate", 10, 5}}}));

  fleet_.groups["line-1"].node_settings["line-1-n1"] = {{"x", {{"rate", 5}}}};
  plan = make_plan(fleet_, setting(Layer::group, "line-1", "rate", 9));
  EXPECT_EQ(plan.groups[0].difference.restarted.size(), 1U);
  ASSERT_EQ(plan.groups[0].apart.size(), 1U) << "it keeps its own";
  EXPECT_FALSE(plan.groups[0].apart[0].difference.changes());

  plan = make_plan(fleet_, setting(Layer::node, "line-1-n1", "rate", 500));
  EXPECT_THAT(plan.problems, testing::Contains(HasSubstr("node line-1-n1 of group line-1")));
  EXPECT_THAT(make_plan(fleet_, setting(Layer::node, "gone", "rate", 5)).problems,
              testing::Contains("there is no node 'gone'"));
}

TEST_F(PlanLayersTest, ASelectorTargetsGroupsByTheirLabels) {
  const auto plan = make_plan(fleet_, {{"by-label", {{"x", "1.0.0"}}, {}, "kind=lab"}});
  ASSERT_EQ(plan.groups.size(), 1U);
  EXPECT_EQ(plan.groups[0].group, "lab");
  EXPECT_THAT(plan.groups[0].difference.added, ElementsAre(ComponentRef{"x", "1.0.0"}));
}

TEST_F(PlanLayersTest, ALabelThatChangesTakesAndGivesComponentsInThePlan) {
  fleet_.deployments.push_back(deployment("by-label", {{"g", "1.0.0"}}, {}, "kind=lab"));
  fleet_.groups["lab"].capabilities = {"gpu"};
  Change change;
  change.labels.push_back({"lab", "kind", "line"});
  auto plan = make_plan(fleet_, change);
  EXPECT_TRUE(plan.has_removals());
  EXPECT_EQ(plan.describe_removals(), "g 1.0.0 from 2 nodes of group lab");
  change.labels = {{"line-1", "kind", "lab"}};
  plan = make_plan(fleet_, change);
  EXPECT_THAT(group_of(plan, "line-1").difference.added, ElementsAre(ComponentRef{"g", "1.0.0"}));
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("g 1.0.0 requires gpu")));
}

TEST_F(PlanLayersTest, ACapabilityIsAGroupsOrEveryNodesOfIt) {
  const Edit edit{"vision", {{"g", "1.0.0"}}, {"lab"}};
  EXPECT_THAT(
      make_plan(fleet_, {edit}).problems,
      ElementsAre(testing::AllOf(HasSubstr("g 1.0.0 requires gpu"), HasSubstr("lab-n1, lab-n2"),
                                 HasSubstr("ferry capability add gpu --group lab"))));
  fleet_.groups["lab"].node_capabilities = {{"lab-n1", {"gpu"}}};
  EXPECT_THAT(make_plan(fleet_, {edit}).problems, ElementsAre(HasSubstr("1 node of group lab")));
  Change both{edit};
  both.capabilities.push_back({"", "lab-n2", "gpu", true});
  EXPECT_TRUE(make_plan(fleet_, both).applicable());
  fleet_.groups["lab"].capabilities = {"gpu"};
  fleet_.deployments.push_back(deployment("vision", {{"g", "1.0.0"}}, {"lab"}));
  Change loss;
  loss.capabilities.push_back({"lab", "", "gpu", false});
  EXPECT_FALSE(make_plan(fleet_, loss).applicable()) << "it is in use";
}

TEST_F(PlanLayersTest, DisksAreHeldAgainstWhatIsFetched) {
  auto version = std::make_shared<PublishedVersion>(*fleet_.catalog[{"x", "1.0.0"}]);
  version->layers["linux/amd64"] = {{"sha256:a", 5'000'000}};
  fleet_.catalog[{"x", "1.0.0"}] = version;
  auto& nodes = fleet_.groups["lab"].nodes;
  nodes.push_back({.name = "lab-n3"});
  for (auto& node : nodes) node.platform = "linux/amd64";
  nodes[0].free_bytes = 1'000'000;
  nodes[1].free_bytes = 9'000'000;
  const auto plan = make_plan(fleet_, {{"lab", {{"x", "1.0.0"}}, {"lab"}}});
  EXPECT_TRUE(plan.applicable());
  EXPECT_THAT(plan.groups[0].disk.lacking.names, ElementsAre("lab-n1"));
  EXPECT_EQ(plan.groups[0].disk.unknown, 1);
  EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("1 node of group lab has less room on disk")));
}

TEST_F(PlanLayersTest, ASimulationTakesChangesOneAfterAnother) {
  Change label;
  label.labels.push_back({"line-1", "kind", "lab"});
  const std::vector<Change> changes{
      {{"by-label", {{"g", "1.0.0"}}, {}, "kind=lab"}},  // needs a gpu in the lab
      label,
  };
  EXPECT_EQ(simulate(fleet_, changes).size(), 1U) << "the first could not be applied";
  fleet_.groups["lab"].capabilities = {"gpu"};
  fleet_.groups["line-1"].capabilities = {"gpu"};
  const auto before = fleet_.deployments.size();
  const auto plans = simulate(fleet_, changes);
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_THAT(group_of(plans[1], "line-1").difference.added,
              ElementsAre(ComponentRef{"g", "1.0.0"}));
  EXPECT_EQ(fleet_.deployments.size(), before);
}

TEST_F(PlanLayersTest, ChangesOfAllKindsAreReadAndWritten) {
  Change change{Edit{"base", {{"x", "1.0.0"}}, {"line-1"}, "kind=lab", {{"x", {{"rate", 6}}}}}};
  change.settings = {{Layer::workspace, "", "x", "rate", 5},
                     {Layer::node, "line-1-n1", "x", "rate", std::nullopt}};
  change.labels = {{"lab", "site", "lyon"}, {"lab", "kind", std::nullopt}};
  change.capabilities = {{"lab", "", "gpu", true}, {"", "lab-n1", "can", false}};
  const auto read = change_from_json(to_json(change));
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(normal_form(*read), normal_form(change));
  EXPECT_FALSE(change_from_json({}));
  const auto refused = [](json::object setting) {
    return !change_from_json({{"settings", json::array{std::move(setting)}}});
  };
  EXPECT_TRUE(refused({{"layer", "component"}, {"component", "x"}, {"setting", "a"}}));
  EXPECT_TRUE(refused({{"layer", "group"}, {"component", "x"}, {"setting", "a"}}));
  EXPECT_TRUE(refused({{"layer", "workspace"}, {"component", "x"}, {"setting", "a.b"}}));
}

}  // namespace
}  // namespace ferry::fleet
