// SPDX-License-Identifier: Apache-2.0
#include "control/registration/edge_authorities.hpp"

#include <gmock/gmock.h>

#include "control/certificates/authority.hpp"
#include "tests/control/scripted_cloud.hpp"
#include "x509/authority.hpp"
#include "x509/chain.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

using std::chrono::days;
using testing::HasSubstr;

class EdgeAuthoritiesTest : public ControlTest {
 protected:
  EdgeAuthoritiesTest() : group_(make_group("line-1")), device_(register_node("pump-7")) {}

  // What it presents from then on.
  std::vector<std::string> register_node(const std::string& name) {
    auto ticket = control_->nodes.create(organization_, "plant-a", name, "line-1");
    EXPECT_TRUE(ticket) << ticket.error().describe();
    auto session = control_->registration.login_node({.token = ticket->token});
    const auto csr = x509::CertificateRequest::create(x509::PrivateKey::generate(), "x")->to_pem();
    auto issued = loop_->run_until_done(
        control_->registration.get_certificate(std::get<NodeSession>(*session).access_token, csr));
    EXPECT_TRUE(issued) << issued.error().describe();
    return {x509::parse_chain(issued->full_chain)->front().to_pem()};
  }
  Result<x509::Certificate> ask(const x509::PrivateKey& key = x509::PrivateKey::generate()) {
    return control_->edge_authorities.issue(device_, key.public_key(), "10.0.0.9:1");
  }
  fleet::Node node() { return **context_->store.nodes.find_named(workspace_.id, "pump-7"); }

  const fleet::NodeGroup group_;
  std::vector<std::string> device_;
};

TEST_F(EdgeAuthoritiesTest, IssuesForServersBelowTheWorkspacesCa) {
  const auto key = x509::PrivateKey::generate(x509::KeyType::rsa_2048);
  const auto edge = ask(key);
  ASSERT_TRUE(edge) << edge.error().describe();
  EXPECT_TRUE(edge->matches(key));
  EXPECT_TRUE(edge->is_ca());
  EXPECT_EQ(edge->path_length(), 0);

  x509::CertificateProfile hub;
  hub.common_name = "edgehub";
  hub.dns_names = {"crane-07.plant.local"};
  hub.not_before = clock_.now();
  hub.not_after = clock_.now() + days(30);
  hub.server_auth = true;
  const auto module =
      *x509::issue(*edge, x509::KeySigner(key), x509::PrivateKey::generate().public_key(), hub);
  const auto above = control_->edge_authorities.above_edge_authority(device_, "10.0.0.9:1");
  ASSERT_TRUE(above) << above.error().describe();
  ASSERT_EQ(above->size(), 2U);
  EXPECT_TRUE(edge->signed_by(above->front()));
  EXPECT_TRUE(x509::verify_chain(module, {*edge, above->front()}, {above->back()}, clock_.now(),
                                 x509::Purpose::server_auth));
}

TEST_F(EdgeAuthoritiesTest, ItsKeyMakesNoNodeAndItIsNoNodesCertificate) {
  const auto before = node();
  const auto edge = ask();
  ASSERT_TRUE(edge);
  EXPECT_EQ(context_->store.certificates.find(before.id.str())->value().use, "node");
  const auto refused = control_->edge_authorities.issue(
      {edge->to_pem()}, x509::PrivateKey::generate().public_key(), "10.0.0.9:1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unauthenticated);
  const auto page = control_->certificates.list(organization_, "plant-a");
  const auto shown = std::find_if(page->certificates.begin(), page->certificates.end(),
                                  [](const auto& one) { return one.use == "edge-ca"; });
  ASSERT_NE(shown, page->certificates.end());
  EXPECT_THAT(shown->owner, HasSubstr("pump-7"));
}

TEST_F(EdgeAuthoritiesTest, RefusesWhoIsShutOutLateOrForbidden) {
  EXPECT_EQ(control_->edge_authorities.issue({}, x509::PrivateKey::generate().public_key(), "")
                .error()
                .code,
            Code::unauthenticated);
  RegistrationPolicyChange forbid;
  forbid.edge_authorities = std::optional<bool>(false);
  ASSERT_TRUE(control_->policies.change(organization_, "plant-a", "line-1", forbid, "owner"));
  EXPECT_THAT(ask().error().hint, HasSubstr("--edge-ca allow"));
  forbid.edge_authorities = std::optional<bool>();
  ASSERT_TRUE(control_->policies.change(organization_, "plant-a", "line-1", forbid, "owner"));
  EXPECT_TRUE(ask());
  clock_.advance(days(366));
  EXPECT_THAT(ask().error().message, HasSubstr("expired"));
}

TEST_F(EdgeAuthoritiesTest, IsLimitedToSomeADay) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ask());
  EXPECT_EQ(ask().error().code, Code::resource_exhausted);
  clock_.advance(days(2));
  EXPECT_TRUE(ask());
}

// What devices trust must contain the root of every edge CA that is still good.
TEST_F(EdgeAuthoritiesTest, KeepsItsRootTrustedWhenItsIssuerHasGone) {
  const auto edge = ask();
  const auto root = *trust_anchors(*context_, workspace_);
  auto& certificates = context_->store.certificates;
  const auto all = certificates.list_authorities(organization_, workspace_.id);
  for (const auto& authority : *all) {
    ASSERT_TRUE(certificates.set_state(authority.id, store::CertificateState::retired));
  }
  ASSERT_EQ(trust_anchors(*context_, workspace_)->size(), 1U);
  EXPECT_EQ(trust_anchors(*context_, workspace_)->front().id, root.front().id);
  clock_.advance(days(366));
  EXPECT_TRUE(trust_anchors(*context_, workspace_)->empty());
}

TEST_F(EdgeAuthoritiesTest, AppearsOnTheRadarOnceItIsTheNewest) {
  ASSERT_TRUE(ask());
  clock_.advance(days(200));
  ASSERT_TRUE(ask());
  const auto radar = control_->certificates.expiring(organization_, "plant-a", days(400));
  EXPECT_EQ(std::count_if(radar->begin(), radar->end(),
                          [](const auto& one) { return one.use == "edge-ca"; }),
            1);
}

}  // namespace
}  // namespace ferry::control
