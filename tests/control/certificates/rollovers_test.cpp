// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/rollovers.hpp"

#include <gmock/gmock.h>

#include "control/certificates/ca_keys.hpp"
#include "control/certificates/rollover_pace.hpp"
#include "tests/control/scripted_dps.hpp"

namespace ferry::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RolloversTest : public DpsTest {
 protected:
  RolloversTest() : group_(make_enrolled_group("line-1")) {
    old_ = authority_of(group_.id.str());
    for (const char* name : {"pump-1", "pump-2", "pump-3"})
      nodes_.push_back(make_node(group_, name));
  }
  std::string start(const AuthorityTarget& target) {
    auto started = control_->rollovers.start(organization_, target);
    EXPECT_TRUE(started) << started.error().describe();
    return started ? started->rollover.id : "";
  }
  RolloverView view(const std::string& id) { return *control_->rollovers.get(organization_, id); }

  fleet::NodeGroup group_;
  store::CertificateRecord old_;
  std::vector<fleet::Node> nodes_;
  const AuthorityTarget target_{"plant-a", "line-1"};
};

TEST_F(RolloversTest, BothStandUntilEveryNodeHasRenewed) {
  const auto id = start(target_);
  run_until(id, "following");
  const auto now = authority_of(group_.id.str());
  EXPECT_NE(now.id, old_.id);
  EXPECT_NE(now.subject, old_.subject) << "told apart by name as well";
  const auto& enrolled = dps_.groups.at(group_.id.str());
  EXPECT_THAT((std::vector{enrolled.primary, enrolled.secondary}),
              testing::UnorderedElementsAre(old_.pem, now.pem));
  EXPECT_EQ(view(id).remaining, 3);
  EXPECT_THAT(view(id).remaining_names, SizeIs(3));

  renew(nodes_[0]);
  renew(nodes_[1]);
  EXPECT_EQ(view(id).remaining, 1);
  EXPECT_THAT(view(id).remaining_names, ElementsAre("pump-3"));
  EXPECT_EQ(view(id).state, "following");
  renew(nodes_[2]);
  run_until_finished();
  EXPECT_EQ(view(id).state, "finished");
  EXPECT_EQ(dps_.groups.at(group_.id.str()).primary, now.pem);
  EXPECT_THAT(dps_.groups.at(group_.id.str()).secondary, IsEmpty());
  EXPECT_FALSE(open_signer(*context_, old_.id)) << "nobody can sign with it any more";
  EXPECT_TRUE(open_signer(*context_, now.id));
}

TEST_F(RolloversTest, ANodeThatEndsNeedsNothing) {
  const auto id = start(target_);
  run_until(id, "following");
  renew(nodes_[0]);
  ASSERT_TRUE(context_->store.certificates.revoke(
      (*context_->store.certificates.find(nodes_[1].id.str()))->id, clock_.now(), "lost"));
  clock_.advance(std::chrono::hours(24 * 366));  // the third one's certificate is over
  run_until_finished();
  EXPECT_EQ(view(id).state, "finished");
}

TEST_F(RolloversTest, GoesOnInTheNextProcess) {
  const auto id = start(target_);
  restart();
  run_until(id, "following");
  const auto now = authority_of(group_.id.str());
  restart();
  EXPECT_EQ(authority_of(group_.id.str()).id, now.id) << "no third authority";
  for (const auto& node : nodes_) renew(node);
  restart();
  run_until_finished();
  EXPECT_EQ(view(id).state, "finished");
  EXPECT_THAT(*context_->store.certificates.list_authorities(group_.id.str()), SizeIs(2));
}

TEST_F(RolloversTest, WithTheCloudAwayNothingIsIssuedFromTheNewOne) {
  dps_.away = true;
  const auto id = start(target_);
  run_until_finished();
  EXPECT_EQ(view(id).state, "preparing");
  EXPECT_EQ(authority_of(group_.id.str()).id, old_.id);
  dps_.away = false;
  ASSERT_TRUE(control_->rollovers.retry(organization_, id));
  run_until(id, "following");
  EXPECT_NE(authority_of(group_.id.str()).id, old_.id);
}

TEST_F(RolloversTest, OnlyOneRunsForAnAuthority) {
  const auto id = start(target_);
  const auto second = control_->rollovers.start(organization_, target_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_THAT(second.error().hint, HasSubstr(id));
}

TEST_F(RolloversTest, CancelledItGoesBack) {
  const auto id = start(target_);
  run_until(id, "following");
  renew(nodes_[0]);
  const auto abandoned = authority_of(group_.id.str());
  ASSERT_TRUE(control_->rollovers.cancel(organization_, id));
  EXPECT_EQ(authority_of(group_.id.str()).id, old_.id);
  EXPECT_EQ(view(id).remaining, 1) << "the one that had renewed";
  EXPECT_FALSE(control_->rollovers.cancel(organization_, id));
  renew(nodes_[0]);
  run_until_finished();
  EXPECT_EQ(view(id).state, "finished");
  EXPECT_TRUE(view(id).cancelled);
  EXPECT_EQ(dps_.groups.at(group_.id.str()).primary, old_.pem);
  EXPECT_THAT(dps_.groups.at(group_.id.str()).secondary, IsEmpty());
  EXPECT_FALSE(open_signer(*context_, abandoned.id));
}

TEST_F(RolloversTest, CancelledBeforeAnythingWasMadeItEnds) {
  const auto id = start(target_);
  ASSERT_TRUE(control_->rollovers.cancel(organization_, id));
  run_until_finished();
  EXPECT_EQ(view(id).state, "finished");
  EXPECT_EQ(authority_of(group_.id.str()).id, old_.id);
  EXPECT_TRUE(open_signer(*context_, old_.id));
}

TEST_F(RolloversTest, ForcedItWaitsForNobodyAndTellsThemToRenew) {
  const auto id = start(target_);
  run_until(id, "following");
  ASSERT_TRUE(control_->rollovers.force(organization_, id));
  run_until_finished();
  EXPECT_EQ(view(id).state, "finished");
  EXPECT_EQ(view(id).remaining, 3);
  const auto certificate = **context_->store.certificates.find(nodes_[0].id.str());
  EXPECT_EQ(*rollover_renewal(*context_, certificate), clock_.now());
  EXPECT_FALSE(control_->rollovers.force(organization_, id));
}

TEST_F(RolloversTest, NodesAreSpreadOverTheTimeThatTheirNumberTakes) {
  for (int i = 0; i < 117; ++i) make_node(group_, fmt::format("more-{}", i));
  auto started = control_->rollovers.start(organization_, target_, 10);
  ASSERT_TRUE(started);
  const auto before = **context_->store.certificates.find(nodes_[0].id.str());
  EXPECT_EQ(*rollover_renewal(*context_, before), std::nullopt) << "the new one does not issue yet";
  run_until(started->rollover.id, "following");
  std::map<std::int64_t, int> by_minute;
  const auto certificates =
      context_->store.certificates.list_nodes_under(old_.id, clock_.now(), 500);
  ASSERT_THAT(*certificates, SizeIs(120));
  for (const auto& certificate : *certificates) {
    const auto at = rollover_renewal(*context_, certificate);
    ASSERT_TRUE(at && *at);
    ++by_minute[std::chrono::duration_cast<std::chrono::minutes>(**at - clock_.now()).count()];
  }
  EXPECT_GE(by_minute.size(), 10U);
  EXPECT_LE(by_minute.rbegin()->first, 12);
  for (const auto& [minute, count] : by_minute) EXPECT_LE(count, 30) << minute;
}

TEST_F(RolloversTest, AWorkspaceTakesItsGroupsAlong) {
  const auto second = make_enrolled_group("line-2");
  const auto node = make_node(second, "valve-1");
  const auto old_ca = authority_of(workspace_.id.str());
  const auto id = start({"plant-a", ""});
  run_until(id, "following");
  const auto new_ca = authority_of(workspace_.id.str());
  EXPECT_THAT(dps_.authorities, SizeIs(1)) << "the fixture never uploaded the first";
  EXPECT_TRUE(dps_.authorities.begin()->second.verified);
  EXPECT_EQ(dps_.authorities.begin()->second.pem, new_ca.pem);
  loop_->run_until_done(pause());
  for (const auto& owner : {group_.id.str(), second.id.str()}) {
    EXPECT_EQ(authority_of(owner).issuer_id, new_ca.id);
  }
  EXPECT_EQ(view(id).state, "following");
  for (const auto& old_node : nodes_) renew(old_node);
  const auto renewed = renew(node);
  run_until_finished();
  EXPECT_EQ(view(id).state, "finished");
  EXPECT_THAT(*full_chain(*context_, renewed), HasSubstr(new_ca.pem));
  EXPECT_THAT(*context_->store.certificates.list_authorities_under(old_ca.id), IsEmpty());
}

TEST_F(RolloversTest, TheRootTakesEverythingAlongAndBothAreTrustedMeanwhile) {
  const auto old_root = authority_of(organization_.str());
  const auto id = start({"", ""});
  run_until(id, "following");
  const auto new_root = authority_of(organization_.str());
  const auto bundle = control_->certificates.trust_bundle(organization_, "plant-a");
  EXPECT_THAT(*bundle, HasSubstr(old_root.pem));
  EXPECT_THAT(*bundle, HasSubstr(new_root.pem));
  for (int i = 0; i < 20; ++i) {
    loop_->run_until_done(pause());
    if (authority_of(group_.id.str()).id != old_.id) break;
  }
  for (const auto& node : nodes_) renew(node);
  run_until_finished();
  EXPECT_EQ(view(id).state, "finished");
  EXPECT_EQ(*control_->certificates.trust_bundle(organization_, "plant-a"), new_root.pem);
}

TEST_F(RolloversTest, WhatIsTwoThirdsThroughItsLifeIsFollowed) {
  EXPECT_EQ(*control_->rollovers.start_due(), 0);
  clock_.advance(std::chrono::hours(24 * 365 * 10 / 3 + 24));  // of a group's five years
  EXPECT_EQ(*control_->rollovers.start_due(), 1);
  EXPECT_EQ(*control_->rollovers.start_due(), 0) << "it runs";
  EXPECT_EQ(control_->rollovers.list(organization_, "plant-a")->front().use, "group-ca");
}

TEST_F(RolloversTest, AnRsaKeyIsMadeBesideTheLoop) {
  ASSERT_TRUE(context_->store.certificate_policies.put(
      {group_.id.str(), workspace_.id.str(), "rsa-2048", {}, {}}));
  const auto id = start(target_);
  run_until(id, "following");
  EXPECT_EQ(authority_of(group_.id.str()).key_type, "rsa-2048");
  EXPECT_THAT(context_->prepared_keys, IsEmpty());
}

TEST_F(RolloversTest, ItsOperationCanBeStoppedAndGoesOnLater) {
  const auto id = start(target_);
  run_until(id, "following");
  ASSERT_TRUE(context_->engine.cancel(view(id).operation));
  run_until_finished();
  EXPECT_EQ(view(id).state, "following") << "both authorities stand";
  EXPECT_EQ(*control_->rollovers.start_due(), 0) << "people stopped it";
  ASSERT_TRUE(control_->rollovers.retry(organization_, id));
  for (const auto& node : nodes_) renew(node);
  run_until_finished();
  EXPECT_EQ(view(id).state, "finished");
}

TEST_F(RolloversTest, OneThatFailedGoesOnByItself) {
  dps_.away = true;
  const auto id = start(target_);
  run_until_finished();
  dps_.away = false;
  EXPECT_EQ(*control_->rollovers.start_due(), 1);
  run_until(id, "following");
}

TEST_F(RolloversTest, AGroupThatGoesTakesItsRolloverWithIt) {
  const auto id = start(target_);
  run_until(id, "following");
  ASSERT_TRUE(forget_authorities(*context_, group_.id.str()));
  run_until_finished();
  EXPECT_EQ(control_->rollovers.get(organization_, id).error().code, Code::not_found);
}

}  // namespace
}  // namespace ferry::control
