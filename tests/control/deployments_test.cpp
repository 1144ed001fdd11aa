// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/control/scripted_cloud.hpp"

namespace ferry::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class DeploymentsTest : public ControlTest {
 protected:
  DeploymentsTest() : group_(make_group("line-1")) {
    for (const auto* component : {"x", "y"}) {
      make_version(component, "1.0.0");
      make_version(component, "1.1.0");
    }
  }

  ApplyOutcome apply(const std::string& name, std::vector<fleet::ComponentRef> components,
                     bool allow_removals = false) {
    auto outcome = control_->deployments.apply(organization_, "plant-a", name,
                                               {std::move(components), {"line-1"}}, allow_removals);
    EXPECT_TRUE(outcome) << outcome.error().describe();
    return *outcome;
  }
  Applied must_apply(const std::string& name, std::vector<fleet::ComponentRef> components,
                     bool allow_removals = false) {
    auto outcome = apply(name, std::move(components), allow_removals);
    EXPECT_TRUE(std::holds_alternative<Applied>(outcome));
    run_until_finished();
    return std::get<Applied>(outcome);
  }
  Refused must_refuse(const std::string& name, std::vector<fleet::ComponentRef> components) {
    auto outcome = apply(name, std::move(components));
    EXPECT_TRUE(std::holds_alternative<Refused>(outcome));
    return std::get<Refused>(outcome);
  }
  std::string configuration(int version) { return fmt::format("{}-{}", group_.id, version); }
  const fleet::NodeGroup group_;
};

TEST_F(DeploymentsTest, TheNewDeploymentStandsBeforeTheOldOneGoes) {
  must_apply("base", {{"x", "1.0.0"}});
  must_apply("base", {{"x", "1.1.0"}});
  EXPECT_THAT(hub_.journal, ElementsAre("PUT " + configuration(1), "PUT " + configuration(2),
                                        "DELETE " + configuration(1)));
  ASSERT_THAT(hub_.configurations, SizeIs(1));
  const json::value sent = hub_.configurations.begin()->second;
  EXPECT_EQ(sent.at("priority"), 2);
  EXPECT_EQ(sent.at("targetCondition").as_string(),
            fmt::format("tags.ferry.nodeGroup='{}'", group_.id));
  EXPECT_EQ(sent.at("labels").at("nodeGroup").as_string(), group_.id.str());
  const auto& agent = sent.at("content").at("modulesContent").at("$edgeAgent");
  EXPECT_EQ(agent.at("properties.desired").at("modules").at("x").at("settings").at("image"),
            "r.example/components/x@sha256:1.1.0");

  const auto view = control_->groups.get(organization_, "plant-a", "line-1");
  EXPECT_EQ(view->composition_version, 2);
  EXPECT_EQ(view->configuration, configuration(2));
  const auto history = control_->groups.compositions(organization_, "plant-a", "line-1");
  ASSERT_THAT(*history, SizeIs(2));
  EXPECT_TRUE(history->at(0).current);
  EXPECT_EQ(history->at(1).components[0].version, "1.0.0");
}

TEST_F(DeploymentsTest, DeploymentsAddUpAndNoneForgetsAnother) {
  must_apply("base", {{"x", "1.0.0"}});
  must_apply("extra", {{"y", "1.0.0"}});
  const auto history = control_->groups.compositions(organization_, "plant-a", "line-1");
  ASSERT_THAT(history->at(0).components, SizeIs(2));
}

TEST_F(DeploymentsTest, TheSameContentAgainSendsNothing) {
  const auto first = must_apply("base", {{"x", "1.0.0"}});
  const auto second = must_apply("base", {{"x", "1.0.0"}});
  EXPECT_EQ(first.deployment.revision, 1);
  EXPECT_EQ(second.deployment.revision, 1);
  EXPECT_THAT(hub_.journal, SizeIs(1));
}

TEST_F(DeploymentsTest, AConflictIsRefusedWithThePlanAndNothingIsSent) {
  must_apply("base", {{"x", "1.0.0"}});
  const auto refused = must_refuse("extra", {{"x", "1.1.0"}});
  EXPECT_EQ(refused.error.code, Code::conflict);
  EXPECT_THAT(refused.error.message, HasSubstr("'x' would have 2 versions"));
  EXPECT_THAT(refused.plan.conflicts, SizeIs(1));
  EXPECT_THAT(hub_.journal, SizeIs(1));
  EXPECT_THAT(*control_->deployments.list(organization_, "plant-a"), SizeIs(1));
}

TEST_F(DeploymentsTest, ARemovalNeedsConsent) {
  must_apply("base", {{"x", "1.0.0"}, {"y", "1.0.0"}});
  const auto refused = must_refuse("base", {{"x", "1.0.0"}});
  EXPECT_EQ(refused.error.code, Code::conflict);
  EXPECT_THAT(refused.error.message, HasSubstr("remove y 1.0.0"));
  must_apply("base", {{"x", "1.0.0"}}, true);

  const auto kept = control_->deployments.remove(organization_, "plant-a", "base", false);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(std::holds_alternative<Refused>(*kept));
  const auto gone = control_->deployments.remove(organization_, "plant-a", "base", true);
  ASSERT_TRUE(gone);
  EXPECT_TRUE(std::holds_alternative<Applied>(*gone));
  run_until_finished();
  EXPECT_THAT(*control_->deployments.list(organization_, "plant-a"), SizeIs(0));
  EXPECT_TRUE(hub_.configurations.contains(configuration(3))) << "an empty composition stands";
}

TEST_F(DeploymentsTest, UnknownThingsAreNamed) {
  EXPECT_THAT(must_refuse("base", {{"q", "1.0.0"}}).error.message,
              HasSubstr("q has no published version 1.0.0"));
  const auto workspace = control_->deployments.plan(organization_, "plant-x", "base", {});
  EXPECT_EQ(workspace.error().code, Code::not_found);
  EXPECT_THAT(workspace.error().message, HasSubstr("plant-x"));
  EXPECT_FALSE(workspace.error().hint.empty());
}

TEST_F(DeploymentsTest, WhatFailedIsMadeGoodByTheNextTry) {
  must_apply("base", {{"x", "1.0.0"}});
  hub_.faults = {400};
  const auto failed = must_apply("base", {{"x", "1.1.0"}});
  EXPECT_EQ(control_->operations.get(failed.operation.id.str())->status, fleet::RunState::failed);
  EXPECT_TRUE(hub_.configurations.contains(configuration(1))) << "the old one still stands";
  must_apply("base", {{"x", "1.1.0"}});
  ASSERT_THAT(hub_.configurations, SizeIs(1));
  EXPECT_TRUE(hub_.configurations.contains(configuration(2)));
}

TEST_F(DeploymentsTest, ACrashAfterCreatingLeavesNothingDouble) {
  must_apply("base", {{"x", "1.0.0"}});
  // The configuration is made, but the process dies before it can say so.
  hub_.faults = {400};
  must_apply("base", {{"x", "1.1.0"}});
  auto half_made = hub_.configurations.at(configuration(1));
  open();
  // What the dead process had sent: the same content under the next id.
  apply("base", {{"x", "1.1.0"}});
  run_until_finished();
  const auto sent = hub_.configurations.at(configuration(2));
  ASSERT_TRUE(context_->store.groups.list(workspace_.id));
  auto group = *control_->groups.get(organization_, "plant-a", "line-1");
  EXPECT_EQ(group.composition_version, 2);

  // The hub has it already: taken over when it is Ferry's own, refused when it is not.
  auto record = context_->store.groups.find(group_.id);
  (*record)->composition_version = 1;
  (*record)->configuration = configuration(1);
  ASSERT_TRUE(context_->store.groups.update(**record));
  auto compositions = context_->store.compositions.list(group_.id);
  compositions->front().stood = false;
  ASSERT_TRUE(context_->store.compositions.update_flags(compositions->front()));
  must_apply("base", {{"x", "1.1.0"}});
  EXPECT_EQ(control_->groups.get(organization_, "plant-a", "line-1")->composition_version, 2);
  EXPECT_EQ(hub_.configurations.at(configuration(2)), sent);
}

}  // namespace
}  // namespace ferry::control
