// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/control/scripted_cloud.hpp"
#include "x509/chain.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

using testing::HasSubstr;

class RegistrationTest : public ControlTest {
 protected:
  RegistrationTest() : group_(make_group("line-1")) {
    auto ticket = control_->nodes.create(organization_, "plant-a", "pump-7", "line-1");
    EXPECT_TRUE(ticket) << ticket.error().describe();
    ticket_ = *ticket;
  }
  std::string csr(const x509::PrivateKey& key, const std::string& name = "anything") {
    return x509::CertificateRequest::create(key, name)->to_pem();
  }
  Result<NodeSession> login(const Secret& token) {
    auto answer = control_->registration.login_node({.token = token});
    if (!answer) return fail(answer.error());
    return std::get<NodeSession>(*answer);
  }
  Result<IssuedCertificate> certificate(const Secret& access_token,
                                        const std::optional<std::string>& csr_pem) {
    return loop_->run_until_done(control_->registration.get_certificate(access_token, csr_pem));
  }
  const fleet::NodeGroup group_;
  NodeTicket ticket_;
};

TEST_F(RegistrationTest, ADeviceGetsACertificateForItsOwnKey) {
  const auto session = login(ticket_.token);
  ASSERT_TRUE(session) << session.error().describe();
  EXPECT_EQ(session->registration_id, ticket_.registration_id);
  const auto key = x509::PrivateKey::generate();
  const auto issued = certificate(session->access_token, csr(key));
  ASSERT_TRUE(issued) << issued.error().describe();
  EXPECT_FALSE(issued->private_key);
  EXPECT_EQ(issued->provisioning_host, "global.dps.example");
  EXPECT_EQ(issued->id_scope, "0ne00000001");
  EXPECT_EQ(json::value(issued->device_payload).at("ferry").at("nodeGroup").as_string(),
            group_.id.str());

  const auto chain = x509::parse_chain(issued->full_chain);
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 4U);
  EXPECT_TRUE(chain->front().matches(key));
  EXPECT_EQ(chain->front().subject_cn(), ticket_.registration_id) << "whatever the CSR asks for";
  EXPECT_TRUE(x509::verify_chain(chain->front(), {chain->at(1), chain->at(2)}, {chain->at(3)},
                                 clock_.now(), x509::Purpose::client_auth));
  EXPECT_EQ(control_->certificates.list(organization_, "plant-a")->certificates.size(), 4U);
}

TEST_F(RegistrationTest, WithoutACsrFerryMakesTheKey) {
  const auto session = login(ticket_.token);
  const auto issued = certificate(session->access_token, std::nullopt);
  ASSERT_TRUE(issued);
  ASSERT_TRUE(issued->private_key);
  const auto key = x509::PrivateKey::from_pem(*issued->private_key);
  ASSERT_TRUE(key);
  EXPECT_TRUE(x509::parse_chain(issued->full_chain)->front().matches(*key));
}

TEST_F(RegistrationTest, TheTokenWorksUntilTheCertificateIsIssuedAndNeverAfter) {
  const auto lost = login(ticket_.token);
  const auto session = login(ticket_.token);
  ASSERT_TRUE(lost && session) << "a device that lost power repeats the command";
  ASSERT_TRUE(certificate(session->access_token, std::nullopt));
  for (const auto& token : {session->access_token, lost->access_token}) {
    const auto again = certificate(token, std::nullopt);
    ASSERT_FALSE(again) << "two devices with one token: one of them gets a certificate";
    EXPECT_EQ(again.error().code, Code::unauthenticated);
  }
  const auto entry = login(ticket_.token);
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code, Code::unauthenticated);
  EXPECT_EQ(control_->certificates.list(organization_, "plant-a")->certificates.size(), 4U);
}

TEST_F(RegistrationTest, ALostAnswerIsRepeatedForTheSameKeyAndForNoOther) {
  const auto session = login(ticket_.token);
  const auto key = x509::PrivateKey::generate();
  const auto first = certificate(session->access_token, csr(key));
  const auto again = certificate(session->access_token, csr(key));
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->full_chain, again->full_chain) << "nothing new is issued";
  EXPECT_FALSE(certificate(session->access_token, csr(x509::PrivateKey::generate())));
  clock_.advance(std::chrono::minutes(11));
  EXPECT_FALSE(certificate(session->access_token, csr(key)));
}

TEST_F(RegistrationTest, TokensAndSessionsExpire) {
  const auto session = login(ticket_.token);
  clock_.advance(std::chrono::minutes(11));
  EXPECT_EQ(certificate(session->access_token, std::nullopt).error().code, Code::unauthenticated);
  EXPECT_TRUE(login(ticket_.token));
  clock_.advance(std::chrono::hours(24));
  EXPECT_FALSE(login(ticket_.token));
  const auto fresh = control_->nodes.issue_token(organization_, "plant-a", "pump-7");
  ASSERT_TRUE(fresh);
  EXPECT_TRUE(login(fresh->token));
}

TEST_F(RegistrationTest, ANewTokenVoidsTheOldOne) {
  const auto session = login(ticket_.token);
  const auto fresh = control_->nodes.issue_token(organization_, "plant-a", "pump-7");
  ASSERT_TRUE(fresh);
  EXPECT_FALSE(login(ticket_.token));
  EXPECT_FALSE(certificate(session->access_token, std::nullopt));
  const auto entry = login(fresh->token);
  ASSERT_TRUE(certificate(entry->access_token, std::nullopt));
  const auto late = control_->nodes.issue_token(organization_, "plant-a", "pump-7");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::conflict);
}

TEST_F(RegistrationTest, ARefusedCsrDoesNotUseTheTokenUp) {
  const auto session = login(ticket_.token);
  auto forged = csr(x509::PrivateKey::generate());
  forged[forged.size() / 2] = forged[forged.size() / 2] == 'A' ? 'B' : 'A';
  for (const auto& bad : {std::string("not PEM"), forged}) {
    const auto refused = certificate(session->access_token, bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
  }
  EXPECT_TRUE(certificate(session->access_token, std::nullopt));
}

TEST_F(RegistrationTest, NothingOfATokenIsInTheDatabase) {
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const auto content = read_file(entry.path());
    EXPECT_EQ(content->find(ticket_.token.reveal()), std::string::npos) << entry.path();
  }
}

TEST_F(RegistrationTest, NodesNeedAReadyGroupAndAFreeName) {
  const auto taken = control_->nodes.create(organization_, "plant-a", "pump-7", "line-1");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::conflict);
  const auto group = control_->nodes.create(organization_, "plant-a", "pump-8", "line-9");
  EXPECT_EQ(group.error().code, Code::not_found);
  EXPECT_THAT(group.error().message, HasSubstr("line-9"));
  EXPECT_EQ(control_->groups.remove(organization_, "plant-a", "line-1").error().code,
            Code::conflict);
}

TEST_F(RegistrationTest, OnlyAKnownApiTokenAuthenticates) {
  EXPECT_EQ(control_->access.authenticate(Secret("x")).error().code, Code::unauthenticated);
  ASSERT_TRUE(control_->access.ensure_owner("default", "owner", api_token_));
  EXPECT_EQ(control_->access.authenticate(api_token_)->role, fleet::Role::owner);
  EXPECT_FALSE(control_->access.ensure_owner("default", "owner", Secret("short")));
}

}  // namespace
}  // namespace ferry::control
