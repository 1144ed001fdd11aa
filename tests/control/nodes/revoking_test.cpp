// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/revoking.hpp"

#include <gmock/gmock.h>

#include "control/nodes/enrollment_groups.hpp"
#include "tests/control/scripted_dps.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class RevokingTest : public DpsTest {
 protected:
  RevokingTest() : line_1_(enrolled("line-1")), line_2_(enrolled("line-2")) {
    context_->hub_pace = {};
    for (const char* name : {"pump-1", "pump-2"}) add(name, "line-1");
    add("press-1", "line-2");
  }

  fleet::NodeGroup enrolled(const std::string& name) {
    auto group = make_enrolled_group(name);
    EXPECT_TRUE(loop_->run_until_done(write_enrollment_group(*context_, workspace_, group)));
    return group;
  }
  void add(const std::string& name, const std::string& group) {
    auto ticket = control_->nodes.create(organization_, "plant-a", name, group);
    ids_[name] = ticket->registration_id;
    leaves_[name] = register_with(ticket->token);
  }
  std::vector<std::string> register_with(const Secret& token) {
    const auto session = control_->registration.login_node({.token = token});
    const auto key = x509::PrivateKey::generate();
    const auto issued = loop_->run_until_done(control_->registration.get_certificate(
        std::get<NodeSession>(*session).access_token,
        x509::CertificateRequest::create(key, "x")->to_pem()));
    EXPECT_TRUE(issued) << issued.error().describe();
    const auto chain = x509::parse_chain(issued->full_chain);
    return {chain->front().to_pem()};
  }
  Code status(const std::string& name) {
    const auto answer = control_->renewals.status(leaves_[name], "10.0.0.9:1");
    return answer ? Code::cancelled : answer.error().code;
  }
  static constexpr Code kGood = Code::cancelled;

  void revoke(const Target& target, std::int64_t nodes) {
    const auto outcome = control_->revoking.revoke(organization_, target, "stolen", nodes, "owner");
    ASSERT_TRUE(outcome) << outcome.error().describe();
    ASSERT_TRUE(std::holds_alternative<RevocationStarted>(*outcome));
    run_until_finished();
  }
  void reinstate(const Target& target) {
    const auto operation = control_->revoking.reinstate(organization_, target, "owner");
    ASSERT_TRUE(operation) << operation.error().describe();
    run_until_finished();
  }
  std::string hub_status(const std::string& name) {
    return string_or(hub_.identities[ids_[name]], "status", "");
  }
  std::string own_enrollment(const std::string& name) {
    const auto found = hub_.individuals.find(ids_[name]);
    return found == hub_.individuals.end() ? ""
                                           : string_or(found->second, "provisioningStatus", "");
  }

  fleet::NodeGroup line_1_;
  fleet::NodeGroup line_2_;
  std::map<std::string, std::string> ids_;
  std::map<std::string, std::vector<std::string>> leaves_;
  const Target node_{Scope::node, "plant-a", "pump-1"};
  const Target group_{Scope::group, "plant-a", "line-1"};
  const Target everything_{Scope::workspace, "plant-a"};
};

TEST_F(RevokingTest, NothingHappensBeforeItsRadiusIsAgreedTo) {
  const auto plan = control_->revoking.plan(organization_, group_);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->nodes, 2);
  EXPECT_EQ(plan->registered, 2);
  EXPECT_THAT(plan->sample, UnorderedElementsAre("pump-1", "pump-2"));
  EXPECT_THAT(plan->groups, ElementsAre("line-1"));
  for (const auto agreed : {std::optional<std::int64_t>(), std::optional<std::int64_t>(1)}) {
    const auto outcome = control_->revoking.revoke(organization_, group_, "", agreed, "owner");
    ASSERT_TRUE(outcome);
    const auto* refused = std::get_if<RevocationRefused>(&*outcome);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->radius.nodes, 2);
  }
  EXPECT_EQ(status("pump-1"), kGood);
}

TEST_F(RevokingTest, ANodeIsOutAtDpsAtTheHubAndHereAndComesBack) {
  revoke(node_, 1);
  EXPECT_EQ(status("pump-1"), Code::permission_denied);
  EXPECT_EQ(own_enrollment("pump-1"), "disabled");
  EXPECT_EQ(hub_status("pump-1"), "disabled");
  EXPECT_EQ(status("pump-2"), kGood);
  EXPECT_EQ(own_enrollment("pump-2"), "");
  EXPECT_EQ(hub_status("pump-2"), "") << "not touched";
  reinstate(node_);
  EXPECT_EQ(status("pump-1"), kGood);
  EXPECT_EQ(own_enrollment("pump-1"), "");
  EXPECT_EQ(hub_status("pump-1"), "enabled");
  EXPECT_FALSE(control_->revoking.reinstate(organization_, node_, "owner"));
}

TEST_F(RevokingTest, AGroupIsOutWithAllItsNodes) {
  revoke(group_, 2);
  EXPECT_FALSE(dps_.groups[line_1_.id.str()].enabled);
  EXPECT_FALSE(dps_.groups[line_1_.id.str()].primary.empty()) << "its CA stays in it";
  EXPECT_TRUE(dps_.groups[line_2_.id.str()].enabled);
  EXPECT_EQ(status("pump-1"), Code::permission_denied);
  EXPECT_EQ(status("press-1"), kGood);
  EXPECT_EQ(hub_status("pump-2"), "disabled");
  const auto ticket = control_->nodes.create(organization_, "plant-a", "pump-3", "line-1");
  EXPECT_EQ(control_->registration.login_node({.token = ticket->token}).error().code,
            Code::permission_denied);
  reinstate(group_);
  EXPECT_TRUE(dps_.groups[line_1_.id.str()].enabled);
  EXPECT_EQ(hub_status("pump-2"), "enabled");
}

TEST_F(RevokingTest, WhatIsRevokedByItselfStaysSo) {
  revoke(node_, 1);
  revoke(everything_, 3);
  EXPECT_FALSE(dps_.groups[line_2_.id.str()].enabled);
  EXPECT_EQ(hub_status("press-1"), "disabled");
  const auto first = control_->revoking.list(organization_, "plant-a", "", 1);
  ASSERT_EQ(first->size(), 1U);
  const auto second = control_->revoking.list(organization_, "plant-a", first->front().place, 10);
  ASSERT_EQ(second->size(), 1U);
  EXPECT_NE(first->front().name, second->front().name);
  EXPECT_TRUE(
      control_->revoking.list(organization_, "plant-a", second->front().place, 10)->empty());
  EXPECT_EQ(control_->revoking.list(organization_, "plant-a", "nonsense", 10).error().code,
            Code::invalid_argument);
  reinstate(everything_);
  EXPECT_EQ(status("press-1"), kGood);
  EXPECT_EQ(hub_status("press-1"), "enabled");
  EXPECT_EQ(status("pump-1"), Code::permission_denied);
  EXPECT_EQ(hub_status("pump-1"), "disabled");
  EXPECT_EQ(own_enrollment("pump-1"), "disabled");
}

TEST_F(RevokingTest, ItGoesOnAfterACrash) {
  const auto outcome = control_->revoking.revoke(organization_, group_, "", 2, "owner");
  ASSERT_TRUE(outcome);
  restart();
  context_->hub_pace = {};
  EXPECT_EQ(status("pump-1"), Code::permission_denied) << "at once";
  run_until_finished();
  EXPECT_FALSE(dps_.groups[line_1_.id.str()].enabled);
  EXPECT_EQ(hub_status("pump-1"), "disabled");
}

TEST_F(RevokingTest, AMovedNodeIsTaggedAndAskedToRenew) {
  const auto plan = control_->moving.plan(organization_, "plant-a", "pump-1", "line-2");
  ASSERT_TRUE(plan) << plan.error().describe();
  EXPECT_EQ(plan->from, "line-1");
  const auto outcome =
      control_->moving.move(organization_, "plant-a", "pump-1", "line-2", "", false, "owner");
  ASSERT_TRUE(outcome && std::holds_alternative<MoveStarted>(*outcome));
  run_until_finished();
  const auto* tags = find_object(hub_.tags[ids_["pump-1"]], "ferry");
  ASSERT_TRUE(tags);
  EXPECT_EQ(string_or(*tags, "nodeGroup", ""), line_2_.id.str());
  const auto answer = control_->renewals.status(leaves_["pump-1"], "");
  ASSERT_TRUE(answer);
  EXPECT_LE(answer->renew_after, clock_.now());
  const auto key = x509::PrivateKey::generate();
  const auto renewed = loop_->run_until_done(control_->renewals.renew(
      leaves_["pump-1"], x509::CertificateRequest::create(key, "x")->to_pem(), ""));
  ASSERT_TRUE(renewed);
  const auto chain = x509::parse_chain(std::get<IssuedCertificate>(*renewed).full_chain);
  EXPECT_THAT(chain->front().issuer_cn(), HasSubstr("line-2"));
  EXPECT_EQ(control_->moving.move(organization_, "plant-a", "pump-1", "line-2", "", false, "owner")
                .error()
                .code,
            Code::conflict);
}

TEST_F(RevokingTest, APlannedMoveHappensExactlyOrNotAtAll) {
  const auto plan = control_->moving.plan(organization_, "plant-a", "pump-1", "line-2");
  ASSERT_TRUE(plan);
  EXPECT_EQ(control_->moving.plan(organization_, "plant-a", "pump-1", "line-2")->id, plan->id);
  EXPECT_NE(control_->moving.plan(organization_, "plant-a", "pump-2", "line-2")->id, plan->id);
  // The group gets something else to run meanwhile.
  auto to = line_2_;
  to.composition_version = 1;
  store::CompositionRecord composition;
  composition.group = to.id;
  composition.version = 1;
  composition.modules = {{.name = "sampler", .version = "1.0.0"}};
  ASSERT_TRUE(context_->store.compositions.insert(composition));
  ASSERT_TRUE(context_->store.groups.update(to));
  const auto moved =
      control_->moving.move(organization_, "plant-a", "pump-1", "line-2", plan->id, true, "owner");
  ASSERT_TRUE(moved) << moved.error().describe();
  const auto* refused = std::get_if<MoveRefused>(&*moved);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error.code, Code::precondition_failed);
  EXPECT_EQ(refused->plan.added.size(), 1U);
  const auto again = control_->moving.move(organization_, "plant-a", "pump-1", "line-2",
                                           refused->plan.id, false, "owner");
  EXPECT_TRUE(again && std::holds_alternative<MoveStarted>(*again));
  run_until_finished();
}

TEST_F(RevokingTest, ADeregisteredNodeCannotComeBackAndANewDeviceCan) {
  const auto operation = control_->moving.deregister(organization_, "plant-a", "pump-1", "owner");
  ASSERT_TRUE(operation) << operation.error().describe();
  run_until_finished();
  EXPECT_EQ(status("pump-1"), Code::permission_denied);
  EXPECT_EQ(own_enrollment("pump-1"), "disabled") << "its certificate is good for DPS for a year";
  const auto ticket = control_->nodes.issue_token(organization_, "plant-a", "pump-1");
  ASSERT_TRUE(ticket) << ticket.error().describe();
  leaves_["pump-1"] = register_with(ticket->token);
  EXPECT_EQ(status("pump-1"), kGood);
  EXPECT_EQ(own_enrollment("pump-1"), "enabled");
  run_until_finished();
}

TEST_F(RevokingTest, ADeletedNodeIsKeptOutUntilItsCertificateEnds) {
  ASSERT_TRUE(control_->nodes.remove(organization_, "plant-a", "pump-1"));
  run_until_finished();
  EXPECT_EQ(status("pump-1"), Code::unauthenticated);
  EXPECT_EQ(own_enrollment("pump-1"), "disabled");
  clock_.advance(std::chrono::days(366));
  restart();
  loop_->run_until_done(pause());
  EXPECT_EQ(own_enrollment("pump-1"), "") << "nobody needs it any more";
}

}  // namespace
}  // namespace ferry::control
