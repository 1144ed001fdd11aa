// SPDX-License-Identifier: Apache-2.0
#include "control/registration/renewals.hpp"

#include <gmock/gmock.h>

#include "tests/control/scripted_cloud.hpp"
#include "x509/authority.hpp"
#include "x509/chain.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

using std::chrono::days;
using testing::HasSubstr;

// A device: its keys and what it was given.
struct Device {
  x509::PrivateKey key = x509::PrivateKey::generate();
  IssuedCertificate issued;
  std::vector<std::string> chain() const {
    std::vector<std::string> pems;
    const auto chain = x509::parse_chain(issued.full_chain);
    for (const auto& link : *chain) pems.push_back(link.to_pem());
    return pems;
  }
  x509::Certificate leaf() const { return x509::parse_chain(issued.full_chain)->front(); }
};

std::string csr_of(const x509::PrivateKey& key) {
  return x509::CertificateRequest::create(key, "whoever")->to_pem();
}

class RenewalsTest : public ControlTest {
 protected:
  RenewalsTest() : group_(make_group("line-1")), device_(register_node("pump-7")) {}

  Device register_node(const std::string& name) {
    auto ticket = control_->nodes.create(organization_, "plant-a", name, "line-1");
    EXPECT_TRUE(ticket) << ticket.error().describe();
    return register_with(ticket->token);
  }
  Device register_with(const Secret& token) {
    Device device;
    auto session = control_->registration.login_node({.token = token});
    EXPECT_TRUE(session) << session.error().describe();
    auto issued = loop_->run_until_done(control_->registration.get_certificate(
        std::get<NodeSession>(*session).access_token, csr_of(device.key)));
    EXPECT_TRUE(issued) << issued.error().describe();
    device.issued = *std::move(issued);
    return device;
  }
  Result<RenewAnswer> renew(const Device& device, const x509::PrivateKey& key) {
    return loop_->run_until_done(
        control_->renewals.renew(device.chain(), csr_of(key), "10.0.0.9:1"));
  }
  Result<RenewAnswer> renew(Device& device) {
    auto key = x509::PrivateKey::generate();
    auto answer = renew(device, key);
    if (answer && std::holds_alternative<IssuedCertificate>(*answer)) {
      device.key = key;
      device.issued = std::get<IssuedCertificate>(*answer);
    }
    return answer;
  }
  Result<StatusAnswer> status(const Device& device) {
    return control_->renewals.status(device.chain(), "10.0.0.9:1");
  }
  void set_policy(const RegistrationPolicyChange& change, const std::string& group = "") {
    ASSERT_TRUE(control_->policies.change(organization_, "plant-a", group, change, "owner"));
  }
  std::vector<store::RegistrationRequest> pending() {
    return *control_->enrollments.requests(organization_, "plant-a", store::RequestState::pending,
                                           "", 100);
  }

  const fleet::NodeGroup group_;
  Device device_;
};

TEST_F(RenewalsTest, ADeviceRenewsAtTwoThirdsOfItsCertificatesLife) {
  const auto leaf = device_.leaf();
  const auto life = leaf.not_after() - leaf.not_before();
  EXPECT_LE(device_.issued.renew_after, leaf.not_before() + life * 2 / 3);
  EXPECT_GE(device_.issued.renew_after, leaf.not_before() + life * 2 / 3 - life / 20);
  const auto answer = status(device_);
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->renew_after, device_.issued.renew_after);
  EXPECT_EQ(answer->registration_id, device_.issued.registration_id);

  clock_.advance(device_.issued.renew_after - clock_.now());
  const Device before = device_;
  ASSERT_TRUE(renew(device_));
  EXPECT_TRUE(device_.leaf().matches(device_.key));
  EXPECT_EQ(device_.leaf().subject_cn(), before.leaf().subject_cn());
  EXPECT_GT(device_.leaf().not_after(), before.leaf().not_after());
  const auto chain = x509::parse_chain(device_.issued.full_chain);
  EXPECT_TRUE(x509::verify_chain(chain->front(), {chain->at(1), chain->at(2)}, {chain->at(3)},
                                 clock_.now(), x509::Purpose::client_auth));
}

TEST_F(RenewalsTest, ALostAnswerIsGivenAgain) {
  const auto key = x509::PrivateKey::generate();
  const auto first = renew(device_, key);
  const auto again = renew(device_, key);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(std::get<IssuedCertificate>(*first).full_chain,
            std::get<IssuedCertificate>(*again).full_chain);
  const auto other = renew(device_, x509::PrivateKey::generate());
  ASSERT_TRUE(other) << "the device lost its new key";
  EXPECT_NE(std::get<IssuedCertificate>(*first).full_chain,
            std::get<IssuedCertificate>(*other).full_chain);
}

TEST_F(RenewalsTest, TheOldCertificateIsGoodUntilTheNewOneIsInUse) {
  const Device before = device_;
  ASSERT_TRUE(renew(device_));
  const auto old_status = status(before);
  ASSERT_TRUE(old_status);
  EXPECT_LE(old_status->renew_after, clock_.now()) << "whoever shows the old one lost the new one";
  ASSERT_TRUE(status(device_));
  EXPECT_EQ(status(before).error().code, Code::permission_denied);
  const auto answer = renew(before, x509::PrivateKey::generate());
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_TRUE(std::holds_alternative<AwaitedApproval>(*answer)) << "it may be a copy";
  ASSERT_EQ(pending().size(), 1U);
  EXPECT_THAT(pending()[0].why, HasSubstr("copy"));
  EXPECT_TRUE(status(device_)) << "the device itself goes on";
}

TEST_F(RenewalsTest, ALoopOfRenewalsIsStopped) {
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(renew(device_, x509::PrivateKey::generate()));
  EXPECT_EQ(renew(device_, x509::PrivateKey::generate()).error().code, Code::resource_exhausted);
  clock_.advance(days(2));
  EXPECT_TRUE(renew(device_, x509::PrivateKey::generate()));
}

TEST_F(RenewalsTest, WithinGraceAnExpiredCertificateRenewsItself) {
  clock_.advance(days(365 + 29));
  EXPECT_EQ(status(device_).error().code, Code::permission_denied);
  const auto answer = renew(device_);
  ASSERT_TRUE(answer) << answer.error().describe();
  ASSERT_TRUE(std::holds_alternative<IssuedCertificate>(*answer));
  EXPECT_TRUE(status(device_));
}

TEST_F(RenewalsTest, AfterGraceAPersonDecides) {
  clock_.advance(days(365 + 31));
  const auto key = x509::PrivateKey::generate();
  const auto first = renew(device_, key);
  ASSERT_TRUE(first) << first.error().describe();
  ASSERT_TRUE(std::holds_alternative<AwaitedApproval>(*first));
  const auto again = renew(device_, key);
  EXPECT_EQ(std::get<AwaitedApproval>(*again).request_id,
            std::get<AwaitedApproval>(*first).request_id);
  const auto requests = pending();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].kind, "recovery");
  EXPECT_EQ(requests[0].name, "pump-7");

  ASSERT_TRUE(
      control_->enrollments.decide(organization_, "plant-a", requests[0].id, false, "no", "owner"));
  EXPECT_EQ(renew(device_, key).error().code, Code::permission_denied);
  ASSERT_TRUE(
      control_->enrollments.decide(organization_, "plant-a", requests[0].id, true, "", "owner"));
  const auto other_key = renew(device_, x509::PrivateKey::generate());
  ASSERT_TRUE(other_key);
  EXPECT_TRUE(std::holds_alternative<AwaitedApproval>(*other_key)) << "approved for one key alone";
}

TEST_F(RenewalsTest, AnApprovalIsGoodOnceAndNotForEver) {
  clock_.advance(days(365 + 31));
  const auto key = x509::PrivateKey::generate();
  const auto id = std::get<AwaitedApproval>(*renew(device_, key)).request_id;
  ASSERT_TRUE(control_->enrollments.decide(organization_, "plant-a", id, true, "", "owner"));
  clock_.advance(days(8));
  EXPECT_TRUE(std::holds_alternative<AwaitedApproval>(*renew(device_, key))) << "too old";
  const auto again = pending();
  ASSERT_EQ(again.size(), 1U);
  ASSERT_TRUE(
      control_->enrollments.decide(organization_, "plant-a", again[0].id, true, "", "owner"));
  EXPECT_TRUE(std::holds_alternative<IssuedCertificate>(*renew(device_, key)));
  EXPECT_TRUE(pending().empty());
}

TEST_F(RenewalsTest, ThePolicyOfTheGroupGoesBeforeTheWorkspaces) {
  set_policy(
      {.grace_days = std::optional<std::int64_t>(0), .late = std::optional<std::string>("refuse")});
  clock_.advance(days(400));
  EXPECT_EQ(renew(device_).error().code, Code::permission_denied);
  set_policy({.grace_days = std::optional<std::int64_t>(3650)}, "line-1");
  EXPECT_TRUE(std::holds_alternative<IssuedCertificate>(*renew(device_)));
  EXPECT_FALSE(control_->policies.change(organization_, "plant-a", "",
                                         {.grace_days = std::optional<std::int64_t>(-1)}, "owner"));
}

TEST_F(RenewalsTest, ServerMadeKeysCanBeForbidden) {
  set_policy({.server_keys = std::optional<bool>(false)});
  const auto ticket = control_->nodes.create(organization_, "plant-a", "pump-8", "line-1");
  const auto session = control_->registration.login_node({.token = ticket->token});
  const auto issued = loop_->run_until_done(control_->registration.get_certificate(
      std::get<NodeSession>(*session).access_token, std::nullopt));
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().code, Code::permission_denied);
}

TEST_F(RenewalsTest, StrangersAreTurnedAway) {
  EXPECT_EQ(control_->renewals.status({}, "").error().code, Code::unauthenticated);
  EXPECT_EQ(control_->renewals.status({"not PEM"}, "").error().code, Code::unauthenticated);
  // Signed by a CA of the same name, and not by Ferry.
  const auto key = x509::PrivateKey::generate();
  x509::CertificateProfile profile;
  profile.common_name = device_.issued.registration_id;
  profile.not_before = clock_.now();
  profile.not_after = clock_.now() + days(1);
  const auto forged = x509::issue_self_signed(key, profile)->to_pem();
  EXPECT_EQ(control_->renewals.status({forged}, "").error().code, Code::unauthenticated);
  // A CA of the chain is no node.
  EXPECT_EQ(control_->renewals.status({device_.chain().at(1)}, "").error().code,
            Code::unauthenticated);
}

TEST_F(RenewalsTest, NewHardwareTakesTheNodeOver) {
  clock_.advance(days(1));
  const auto ticket = control_->nodes.replace(organization_, "plant-a", "pump-7", {});
  ASSERT_TRUE(ticket);
  ASSERT_TRUE(status(device_)) << "the old device works until the new one does";
  const Device fresh = register_with(ticket->token);
  EXPECT_EQ(fresh.issued.registration_id, device_.issued.registration_id);
  EXPECT_TRUE(status(device_));
  EXPECT_EQ(renew(device_, x509::PrivateKey::generate()).error().code, Code::permission_denied);
  ASSERT_TRUE(status(fresh));
  EXPECT_EQ(status(device_).error().code, Code::permission_denied);
  // Its group would still let the old certificate in at DPS: the node has an enrollment of its own.
  run_until_finished();
  ASSERT_TRUE(hub_.individuals.contains(fresh.issued.registration_id));
  const json::value enrollment = hub_.individuals.at(fresh.issued.registration_id);
  const auto& certificates = enrollment.at("attestation").at("x509").at("clientCertificates");
  EXPECT_EQ(certificates.at("primary").at("certificate").as_string(), fresh.leaf().to_pem());
  EXPECT_TRUE(certificates.at("secondary").is_null());
  EXPECT_EQ(enrollment.at("provisioningStatus").as_string(), "enabled");
}

TEST_F(RenewalsTest, TheTrailTellsWhatHappened) {
  ASSERT_TRUE(renew(device_));
  ASSERT_TRUE(status(device_));
  const auto events = control_->nodes.events(organization_, "plant-a", "pump-7", 0, 10);
  ASSERT_TRUE(events);
  std::vector<std::string> actions;
  for (const auto& event : *events) actions.push_back(event.action);
  EXPECT_THAT(actions, testing::ElementsAre("certificate.in_use", "node.renewed", "node.registered",
                                            "token.created", "node.created"));
  const auto rest =
      control_->nodes.events(organization_, "plant-a", "pump-7", events->at(1).number, 1);
  ASSERT_EQ(rest->size(), 1U);
  EXPECT_EQ(rest->front().action, "node.registered");
}

}  // namespace
}  // namespace ferry::control
