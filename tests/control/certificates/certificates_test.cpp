// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/certificates.hpp"

#include <gmock/gmock.h>

#include "tests/control/scripted_dps.hpp"

namespace ferry::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CertificatesViewTest : public DpsTest {
 protected:
  CertificatesViewTest()
      : group_(make_enrolled_group("line-1")), node_(make_node(group_, "pump-1")) {}
  Certificates& certificates() { return control_->certificates; }

  fleet::NodeGroup group_;
  fleet::Node node_;
};

TEST_F(CertificatesViewTest, TheTreeCountsNodesAndNamesUses) {
  make_node(group_, "pump-2");
  const auto roots = certificates().tree(organization_, "plant-a");
  ASSERT_THAT(*roots, SizeIs(1));
  const auto& workspace = roots->front().below.at(0);
  EXPECT_THAT(workspace.certificate.used_by, ElementsAre(HasSubstr("verified CA")));
  const auto& group = workspace.below.at(0);
  EXPECT_EQ(group.nodes, 2);
  EXPECT_EQ(group.certificate.owner, "plant-a/line-1");
  EXPECT_THAT(group.certificate.used_by, ElementsAre(HasSubstr("primary")));
  EXPECT_THAT(group.below, IsEmpty());
}

TEST_F(CertificatesViewTest, ARenewedCertificateIsUsedByNobody) {
  const auto first = **context_->store.certificates.find(node_.id.str());
  const auto second = renew(node_);
  EXPECT_THAT(certificates().get(organization_, "plant-a", first.id)->used_by, IsEmpty());
  EXPECT_THAT(certificates().get(organization_, "plant-a", second.thumbprint)->used_by,
              ElementsAre("node pump-1, device pump-1-reg"));
  EXPECT_EQ(certificates().get(organization_, "plant-a", "cert-none").error().code,
            Code::not_found);
}

TEST_F(CertificatesViewTest, DownloadsAreOneCertificateOrItsChain) {
  const auto record = **context_->store.certificates.find(node_.id.str());
  EXPECT_EQ(*certificates().download(organization_, "plant-a", record.id, false), record.pem);
  EXPECT_THAT(
      *x509::parse_chain(*certificates().download(organization_, "plant-a", record.id, true)),
      SizeIs(4));
}

TEST_F(CertificatesViewTest, TheRadarShowsWhatEndsSoonestFirst) {
  EXPECT_THAT(*certificates().expiring(organization_, "", std::chrono::hours(24 * 30)), IsEmpty());
  const auto year = certificates().expiring(organization_, "plant-a", std::chrono::hours(24 * 370));
  ASSERT_THAT(*year, SizeIs(1));
  EXPECT_EQ(year->front().use, "node");
  EXPECT_THAT(*certificates().expiring(organization_, "", std::chrono::hours(24 * 9000)),
              SizeIs(4));
}

TEST_F(CertificatesViewTest, AChainIsJudgedByWhatTheWorkspaceKnows) {
  const auto record = **context_->store.certificates.find(node_.id.str());
  const auto chain = *full_chain(*context_, record);
  EXPECT_TRUE(certificates().verify(organization_, "plant-a", {chain, "", {}})->verified);
  ASSERT_TRUE(context_->store.certificates.revoke(record.id, clock_.now(), "stolen"));
  auto verdict = certificates().verify(organization_, "plant-a", {chain, "", {}});
  ASSERT_FALSE(verdict->verified);
  EXPECT_EQ(verdict->findings.front().rule, "revoked");
  EXPECT_THAT(verdict->findings.front().message, HasSubstr("stolen"));

  ASSERT_TRUE(context_->store.certificates.reinstate(record.id));
  ASSERT_TRUE(
      context_->store.certificates.set_state(*record.issuer_id, store::CertificateState::retired));
  verdict = certificates().verify(organization_, "plant-a", {chain, "", {}});
  EXPECT_FALSE(verdict->verified);
  EXPECT_THAT(verdict->findings.front().message, HasSubstr("replaced"));
  EXPECT_FALSE(certificates().verify(organization_, "plant-a", {chain, "everything", {}}));
}

TEST_F(CertificatesViewTest, PoliciesShowWhatIsSaidAndWhatHolds) {
  auto& policies = control_->certificate_policies;
  ASSERT_TRUE(
      policies.put(organization_, {}, {.ca_key = "ec-p384", .node_keys = {}, .node_days = 90}));
  const auto view = policies.put(organization_, {"plant-a", "line-1"},
                                 {.ca_key = {}, .node_keys = {{"rsa-2048"}}, .node_days = {}});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->ca_key, "ec-p384");
  EXPECT_THAT(view->node_keys, ElementsAre("rsa-2048"));
  EXPECT_EQ(view->node_days, 90);
  EXPECT_FALSE(view->own.ca_key);
  for (const auto& bad : {PolicyChange{"dsa", {}, {}}, PolicyChange{{}, {{}}, {}},
                          PolicyChange{{}, {}, 0}, PolicyChange{{}, {}, 10000}}) {
    EXPECT_EQ(policies.put(organization_, {}, bad).error().code, Code::invalid_argument);
  }
}

}  // namespace
}  // namespace ferry::control
