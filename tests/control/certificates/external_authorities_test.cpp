// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/external_authorities.hpp"

#include <gmock/gmock.h>

#include "tests/control/scripted_dps.hpp"
#include "x509/authority.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A company's own authority, with its root in a vault.
class ExternalAuthoritiesTest : public DpsTest {
 protected:
  ExternalAuthoritiesTest()
      : root_(*x509::issue_self_signed(root_key_, profile("Corporate Root", {}))) {}

  x509::CertificateProfile profile(std::string name, std::optional<int> path_length) const {
    x509::CertificateProfile made;
    made.common_name = std::move(name);
    made.not_before = clock_.now() - std::chrono::hours(1);
    made.not_after = clock_.now() + std::chrono::hours(24 * 4000);
    made.ca = true;
    made.path_length = path_length;
    return made;
  }
  // What the people with the root do.
  std::string sign(const std::string& csr, const x509::CertificateProfile& as) const {
    auto request = x509::CertificateRequest::from_pem(csr);
    EXPECT_TRUE(request->verify_self_signature());
    return x509::issue(root_, x509::KeySigner(root_key_), request->public_key(), as)->to_pem();
  }
  ExternalAuthorities& external() { return control_->external_authorities; }
  Result<PendingRequest> request_from(const std::string& workspace) {
    return loop_->run_until_done(external().export_request(organization_, workspace));
  }

  const x509::PrivateKey root_key_ = x509::PrivateKey::generate(x509::KeyType::ec_p384);
  const x509::Certificate root_;
};

TEST_F(ExternalAuthoritiesTest, ARequestWaitsAndTheSignedChainFollows) {
  const auto request = request_from("plant-a");
  ASSERT_TRUE(request) << request.error().describe();
  restart();
  EXPECT_EQ(request_from("plant-a")->csr, request->csr) << "the same";
  EXPECT_THAT(*external().pending(organization_), SizeIs(1));
  const auto before = authority_of(workspace_.id.str());

  const auto signed_pem = sign(request->csr, profile("Plant A by Corporate", 1));
  const auto started =
      external().import_chain(organization_, "plant-a", root_.to_pem() + signed_pem);
  ASSERT_TRUE(started) << started.error().describe();
  EXPECT_THAT(*external().pending(organization_), IsEmpty());
  run_until_finished();
  const auto now = authority_of(workspace_.id.str());
  EXPECT_NE(now.id, before.id);
  EXPECT_EQ(now.origin, store::CertificateOrigin::signed_outside);

  const auto group = make_enrolled_group("line-1");
  const auto node = make_node(group, "pump-1");
  const auto chain = *x509::parse_chain(
      *full_chain(*context_, **context_->store.certificates.find(node.id.str())));
  ASSERT_EQ(chain.size(), 4U);
  EXPECT_EQ(chain.back(), root_);
  EXPECT_THAT(*control_->certificates.trust_bundle(organization_, "plant-a"),
              HasSubstr(root_.to_pem()));
  const auto again = control_->rollovers.start(organization_, {"plant-a", ""});
  ASSERT_FALSE(again) << "Ferry does not replace what others signed unless told to";
  EXPECT_EQ(again.error().code, Code::conflict);
}

TEST_F(ExternalAuthoritiesTest, TheOrganizationsRootCanBeAnIntermediateOfOthers) {
  const auto request = request_from("");
  ASSERT_TRUE(request);
  const auto signed_pem = sign(request->csr, profile("Ferry by Corporate", 2));
  ASSERT_TRUE(external().import_chain(organization_, "", signed_pem + root_.to_pem()));
  run_until_finished();
  const auto group = make_enrolled_group("line-1");
  const auto node = make_node(group, "pump-1");
  const auto record = **context_->store.certificates.find(node.id.str());
  const auto chain = *x509::parse_chain(*full_chain(*context_, record));
  ASSERT_EQ(chain.size(), 5U);
  EXPECT_EQ(chain.back(), root_);
  const auto verdict = control_->certificates.verify(
      organization_, "plant-a", {*full_chain(*context_, record), "client", {}});
  EXPECT_TRUE(verdict->verified);
}

TEST_F(ExternalAuthoritiesTest, WhatIsWrongIsSaidAndTheRequestWaitsOn) {
  const auto request = request_from("plant-a");
  const auto refusal = [&](const x509::CertificateProfile& as) {
    auto refused =
        external().import_chain(organization_, "plant-a", sign(request->csr, as) + root_.to_pem());
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
    EXPECT_FALSE(refused.error().hint.empty()) << refused.error().message;
    return refused.error().message;
  };
  auto leaf = profile("leaf", {});
  leaf.ca = false;
  EXPECT_THAT(refusal(leaf), HasSubstr("CA:TRUE"));
  EXPECT_THAT(refusal(profile("shallow", 0)), HasSubstr("allows 0"));
  auto brief = profile("brief", 1);
  brief.not_after = clock_.now() + std::chrono::hours(24 * 20);
  EXPECT_THAT(refusal(brief), HasSubstr("too soon"));
  auto early = profile("early", 1);
  early.not_before = clock_.now() + std::chrono::hours(24 * 20);
  EXPECT_THAT(refusal(early), HasSubstr("begins"));
  auto servers = profile("servers", 1);
  servers.server_auth = true;
  EXPECT_THAT(refusal(servers), HasSubstr("client authentication"));

  const auto headless =
      external().import_chain(organization_, "plant-a", sign(request->csr, profile("headless", 1)));
  ASSERT_FALSE(headless);
  EXPECT_THAT(headless.error().message, HasSubstr("missing"));
  const auto other = external().import_chain(organization_, "plant-a", root_.to_pem());
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("key"));
  EXPECT_THAT(*external().pending(organization_), SizeIs(1));
  EXPECT_TRUE(external().import_chain(organization_, "plant-a",
                                      sign(request->csr, profile("good", 1)) + root_.to_pem()));
}

TEST_F(ExternalAuthoritiesTest, AbandonedARequestIsGoneWithItsKey) {
  EXPECT_EQ(external().abandon(organization_, "plant-a").error().code, Code::not_found);
  const auto request = request_from("plant-a");
  ASSERT_TRUE(external().abandon(organization_, "plant-a"));
  EXPECT_THAT(*external().pending(organization_), IsEmpty());
  EXPECT_NE(request_from("plant-a")->csr, request->csr);
}

TEST_F(ExternalAuthoritiesTest, AnAuthorityOfOnesOwnComesWithItsKey) {
  const auto key = x509::PrivateKey::generate(x509::KeyType::rsa_2048);
  const auto ca = *x509::issue(root_, x509::KeySigner(root_key_), key.public_key(),
                               profile("Plant CA of Corporate", 1));
  const auto wrong =
      external().import_authority(organization_, "plant-a", ca.to_pem() + root_.to_pem(),
                                  x509::PrivateKey::generate().to_pem());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::invalid_argument);
  ASSERT_TRUE(external().import_authority(organization_, "plant-a", ca.to_pem() + root_.to_pem(),
                                          key.to_pem()));
  run_until_finished();
  EXPECT_EQ(authority_of(workspace_.id.str()).origin, store::CertificateOrigin::imported);
  const auto group = make_enrolled_group("line-1");
  EXPECT_EQ(authority_of(group.id.str()).issuer, "Plant CA of Corporate");
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    EXPECT_EQ(read_file(entry.path())->find("BEGIN PRIVATE KEY"), std::string::npos);
  }
}

}  // namespace
}  // namespace ferry::control
