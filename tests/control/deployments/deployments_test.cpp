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
    auto outcome = loop_->run_until_done(control_->deployments.apply(
        organization_, "plant-a", {{name, std::move(components), {"line-1"}}}, allow_removals));
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
  PlanView must_plan(fleet::Change change) {
    auto plan = loop_->run_until_done(
        control_->deployments.plan(organization_, "plant-a", std::move(change)));
    EXPECT_TRUE(plan) << plan.error().describe();
    return *plan;
  }
  Result<ApplyOutcome> apply_plan(const std::string& id, bool allow_removals = false) {
    auto outcome = loop_->run_until_done(
        control_->deployments.apply_plan(organization_, "plant-a", id, allow_removals));
    run_until_finished();
    return outcome;
  }
  // What was asked of the hub, but for looking.
  std::vector<std::string> changes() const {
    auto journal = hub_.journal;
    std::erase(journal, "POST query");
    return journal;
  }
  std::string configuration(int version) { return fmt::format("{}-{}", group_.id, version); }
  const fleet::NodeGroup group_;
};

TEST_F(DeploymentsTest, TheNewDeploymentStandsBeforeTheOldOneGoes) {
  must_apply("base", {{"x", "1.0.0"}});
  must_apply("base", {{"x", "1.1.0"}});
  EXPECT_THAT(changes(), ElementsAre("PUT " + configuration(1), "PUT " + configuration(2),
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
  EXPECT_EQ(first.deployments[0].revision, 1);
  EXPECT_EQ(second.deployments[0].revision, 1);
  EXPECT_THAT(changes(), SizeIs(1));
}

TEST_F(DeploymentsTest, AConflictIsRefusedWithThePlanAndNothingIsSent) {
  must_apply("base", {{"x", "1.0.0"}});
  const auto refused = must_refuse("extra", {{"x", "1.1.0"}});
  EXPECT_EQ(refused.error.code, Code::conflict);
  EXPECT_THAT(refused.error.message, HasSubstr("'x' would have 2 versions"));
  EXPECT_THAT(refused.plan.conflicts, SizeIs(1));
  EXPECT_THAT(changes(), SizeIs(1));
  EXPECT_THAT(*control_->deployments.list(organization_, "plant-a"), SizeIs(1));
}

TEST_F(DeploymentsTest, ARemovalNeedsConsent) {
  must_apply("base", {{"x", "1.0.0"}, {"y", "1.0.0"}});
  const auto refused = must_refuse("base", {{"x", "1.0.0"}});
  EXPECT_EQ(refused.error.code, Code::conflict);
  EXPECT_THAT(refused.error.message, HasSubstr("remove y 1.0.0"));
  must_apply("base", {{"x", "1.0.0"}}, true);

  const auto remove = [&](bool consent) {
    return loop_->run_until_done(
        control_->deployments.apply(organization_, "plant-a", {{"base", {}, {}}}, consent));
  };
  const auto kept = remove(false);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(std::holds_alternative<Refused>(*kept));
  const auto gone = remove(true);
  ASSERT_TRUE(gone);
  EXPECT_TRUE(std::holds_alternative<Applied>(*gone));
  run_until_finished();
  EXPECT_THAT(*control_->deployments.list(organization_, "plant-a"), SizeIs(0));
  EXPECT_TRUE(hub_.configurations.contains(configuration(3))) << "an empty composition stands";
}

TEST_F(DeploymentsTest, UnknownThingsAreNamed) {
  EXPECT_THAT(must_refuse("base", {{"q", "1.0.0"}}).error.message,
              HasSubstr("q has no published version 1.0.0"));
  const auto workspace = loop_->run_until_done(
      control_->deployments.plan(organization_, "plant-x", {{"base", {}, {}}}));
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

TEST_F(DeploymentsTest, APlanIsAppliedExactlyOrNotAtAll) {
  must_apply("base", {{"x", "1.0.0"}});
  const auto plan = must_plan({{"base", {{"x", "1.1.0"}}, {"line-1"}}});
  EXPECT_EQ(plan.shown.at("applicable"), true);
  ASSERT_TRUE(apply_plan(plan.id));
  EXPECT_EQ(control_->deployments.get(organization_, "plant-a", "base")->components[0].version,
            "1.1.0");
  const auto again = apply_plan(plan.id);
  EXPECT_EQ(again.error().code, Code::conflict);
  EXPECT_THAT(again.error().hint, HasSubstr("op-"));

  const auto stale = must_plan({{"base", {{"x", "1.0.0"}}, {"line-1"}}});
  must_apply("extra", {{"y", "1.0.0"}});
  const auto refused = apply_plan(stale.id);
  ASSERT_TRUE(refused);
  ASSERT_TRUE(std::holds_alternative<Refused>(*refused));
  EXPECT_EQ(std::get<Refused>(*refused).error.code, Code::precondition_failed);
  EXPECT_THAT(std::get<Refused>(*refused).error.message,
              HasSubstr("something else would change on group line-1"));
  EXPECT_EQ(control_->deployments.get(organization_, "plant-a", "base")->components[0].version,
            "1.1.0");
}

TEST_F(DeploymentsTest, APlanWithRemovalsNeedsConsentWhenItIsApplied) {
  must_apply("base", {{"x", "1.0.0"}, {"y", "1.0.0"}});
  const auto plan = must_plan({{"base", {{"x", "1.0.0"}}, {"line-1"}}});
  const auto refused = apply_plan(plan.id);
  ASSERT_TRUE(std::holds_alternative<Refused>(*refused));
  ASSERT_TRUE(std::holds_alternative<Applied>(*apply_plan(plan.id, true)));
}

TEST_F(DeploymentsTest, AResolutionIsAChangeLikeAnyOther) {
  must_apply("base", {{"x", "1.0.0"}});
  const auto refused = must_refuse("extra", {{"x", "1.1.0"}, {"y", "1.0.0"}});
  const auto& resolutions = refused.plan.conflicts[0].resolutions;
  EXPECT_EQ(resolutions[1].words, "move base to x 1.1.0");
  const auto plan = must_plan(resolutions[1].change);
  ASSERT_TRUE(std::holds_alternative<Applied>(*apply_plan(plan.id)));
  const auto history = control_->groups.compositions(organization_, "plant-a", "line-1");
  ASSERT_THAT(history->at(0).components, SizeIs(2));
  EXPECT_EQ(history->at(0).components[0].version, "1.1.0");
}

TEST_F(DeploymentsTest, RollingBackRestoresAnEarlierRevision) {
  must_apply("base", {{"x", "1.0.0"}});
  must_apply("base", {{"x", "1.1.0"}, {"y", "1.0.0"}});
  must_apply("base", {{"x", "1.1.0"}, {"y", "1.1.0"}});
  const auto back = [&](std::int64_t revision) {
    return loop_->run_until_done(
        control_->deployments.plan_rollback(organization_, "plant-a", "base", revision));
  };
  ASSERT_TRUE(std::holds_alternative<Applied>(*apply_plan(back(0)->id)));
  EXPECT_EQ(control_->deployments.get(organization_, "plant-a", "base")->components[1].version,
            "1.0.0");
  ASSERT_TRUE(std::holds_alternative<Applied>(*apply_plan(back(1)->id, true)));
  EXPECT_THAT(control_->deployments.get(organization_, "plant-a", "base")->components, SizeIs(1));
  EXPECT_THAT(*control_->deployments.history(organization_, "plant-a", "base"), SizeIs(5));
  EXPECT_EQ(back(99).error().code, Code::not_found);

  must_plan({{"base", {}, {}}});
  ASSERT_TRUE(std::holds_alternative<Applied>(*apply_plan(must_plan({{"base", {}, {}}}).id, true)));
  ASSERT_TRUE(std::holds_alternative<Applied>(*apply_plan(back(0)->id)))
      << "also after it has gone";
  EXPECT_THAT(control_->deployments.get(organization_, "plant-a", "base")->components, SizeIs(1));
}

TEST_F(DeploymentsTest, AGroupCanRunAgainWhatItRanBefore) {
  make_group("line-2");
  const auto both = [&](std::vector<fleet::ComponentRef> components) {
    auto plan = must_plan({{"base", std::move(components), {"line-1", "line-2"}}});
    ASSERT_TRUE(std::holds_alternative<Applied>(*apply_plan(plan.id)));
  };
  both({{"x", "1.0.0"}});
  both({{"x", "1.1.0"}});
  const auto restore = loop_->run_until_done(
      control_->deployments.plan_restore(organization_, "plant-a", "line-1", 1));
  ASSERT_TRUE(restore) << restore.error().describe();
  ASSERT_TRUE(std::holds_alternative<Applied>(*apply_plan(restore->id)));
  const auto history = control_->groups.compositions(organization_, "plant-a", "line-1");
  EXPECT_EQ(history->at(0).components[0].version, "1.0.0");
  EXPECT_EQ(history->at(0).components[0].image, history->at(2).components[0].image);
  const auto other = control_->groups.compositions(organization_, "plant-a", "line-2");
  EXPECT_EQ(other->at(0).components[0].version, "1.1.0") << "line-2 keeps what it has";
  EXPECT_FALSE(loop_->run_until_done(
      control_->deployments.plan_restore(organization_, "plant-a", "line-1", 77)));
}

}  // namespace
}  // namespace ferry::control
