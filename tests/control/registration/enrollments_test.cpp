// SPDX-License-Identifier: Apache-2.0
#include "control/registration/enrollments.hpp"

#include <gmock/gmock.h>

#include "tests/control/scripted_cloud.hpp"
#include "x509/request.hpp"

namespace ferry::control {
namespace {

using testing::HasSubstr;

class EnrollmentsTest : public ControlTest {
 protected:
  EnrollmentsTest() { make_group("line-1"); }

  Secret enrollment(NewEnrollment order) {
    order.name = order.name.empty() ? "factory" : order.name;
    order.group = "line-1";
    auto ticket = control_->enrollments.create(organization_, "plant-a", order, "owner");
    EXPECT_TRUE(ticket) << ticket.error().describe();
    return ticket ? ticket->token : Secret();
  }
  Result<LoginAnswer> log_in(const Secret& token, std::optional<std::string> name,
                             std::optional<std::string> hardware) {
    return control_->registration.login_node({.token = token,
                                              .name = std::move(name),
                                              .hardware_id = std::move(hardware),
                                              .address = "10.0.0.1:1"});
  }
  bool registers(const Result<LoginAnswer>& answer) {
    if (!answer || !std::holds_alternative<NodeSession>(*answer)) return false;
    const auto key = x509::PrivateKey::generate();
    return loop_
        ->run_until_done(control_->registration.get_certificate(
            std::get<NodeSession>(*answer).access_token,
            x509::CertificateRequest::create(key, "x")->to_pem()))
        .has_value();
  }
  std::vector<store::RegistrationRequest> requests(store::RequestState state) {
    return *control_->enrollments.requests(organization_, "plant-a", state, "", 100);
  }
  EnrollmentView view() { return *control_->enrollments.get(organization_, "plant-a", "factory"); }
};

TEST_F(EnrollmentsTest, DevicesRegisterThemselvesUpToTheQuota) {
  const auto token = enrollment({.pattern = "press-*", .automatic = true, .quota = 2});
  EXPECT_TRUE(registers(log_in(token, "press-1", "SN1")));
  EXPECT_TRUE(registers(log_in(token, "press-2", "SN2")));
  const auto third = log_in(token, "press-3", "SN3");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::permission_denied);
  EXPECT_EQ(view().used, 2);
  EXPECT_EQ(view().state, "used up");
  EXPECT_FALSE(registers(log_in(token, "press-1", "SN1"))) << "one certificate each";
}

TEST_F(EnrollmentsTest, ANameBelongsToOneDevice) {
  const auto token = enrollment({.pattern = "press-*", .automatic = true, .quota = 9});
  ASSERT_TRUE(log_in(token, "press-1", "SN1"));
  EXPECT_TRUE(log_in(token, "press-1", "SN1")) << "lost power, came again";
  EXPECT_EQ(log_in(token, "press-1", "SN2").error().code, Code::conflict);
  EXPECT_EQ(log_in(token, "pump-1", "SN3").error().code, Code::invalid_argument);
  EXPECT_EQ(log_in(token, std::nullopt, "SN3").error().code, Code::invalid_argument);
  EXPECT_EQ(log_in(token, "press-1\n", "SN3").error().code, Code::invalid_argument);
  EXPECT_EQ(view().used, 1);
}

TEST_F(EnrollmentsTest, FerryNumbersThemOrTakesTheHardwaresName) {
  const auto counted = enrollment({.pattern = "press-{number}", .automatic = true, .quota = 9});
  ASSERT_TRUE(log_in(counted, std::nullopt, "SN1"));
  ASSERT_TRUE(log_in(counted, std::nullopt, "SN2"));
  ASSERT_TRUE(log_in(counted, std::nullopt, "SN1"));
  const auto named =
      enrollment({.name = "other", .pattern = "cell-{hardware}", .automatic = true, .quota = 9});
  ASSERT_TRUE(log_in(named, std::nullopt, "4C4C:4544_00.B2"));
  auto nodes = context_->store.nodes.list(workspace_.id);
  std::vector<std::string> names;
  for (const auto& node : *nodes) names.push_back(node.name);
  EXPECT_THAT(names, testing::ElementsAre("cell-4c4c-4544-00-b2", "press-1", "press-2"));
  EXPECT_EQ(log_in(counted, "x", std::nullopt).error().code, Code::invalid_argument);
}

TEST_F(EnrollmentsTest, APersonLetsThemInOrDoesNot) {
  const auto token = enrollment({.pattern = "press-*", .quota = 2});
  const auto waits = log_in(token, "press-1", "SN1");
  ASSERT_TRUE(waits && std::holds_alternative<AwaitedApproval>(*waits));
  ASSERT_TRUE(log_in(token, "press-2", "SN2"));
  EXPECT_EQ(log_in(token, "press-2", "SN3").error().code, Code::conflict) << "somebody asked first";
  auto pending = requests(store::RequestState::pending);
  ASSERT_EQ(pending.size(), 2U);
  EXPECT_EQ(pending[0].name, "press-1");
  EXPECT_TRUE(
      control_->enrollments.decide(organization_, "plant-a", pending[0].id, true, "", "owner"));
  EXPECT_TRUE(control_->enrollments.decide(organization_, "plant-a", pending[1].id, false,
                                           "not ours", "owner"));
  EXPECT_TRUE(registers(log_in(token, "press-1", "SN1")));
  const auto rejected = log_in(token, "press-2", "SN2");
  ASSERT_FALSE(rejected);
  EXPECT_EQ(rejected.error().code, Code::permission_denied);
  EXPECT_THAT(rejected.error().message, HasSubstr("not ours"));
  EXPECT_EQ(
      control_->enrollments.decide(organization_, "plant-a", pending[0].id, false, "", "owner")
          .error()
          .code,
      Code::conflict)
      << "it is a node by now";
  EXPECT_TRUE(
      control_->enrollments.decide(organization_, "plant-a", pending[1].id, true, "", "owner"))
      << "one may change one's mind";
  EXPECT_TRUE(registers(log_in(token, "press-2", "SN2")));
}

TEST_F(EnrollmentsTest, ItEndsWhenItExpiresOrIsRevoked) {
  const auto token = enrollment({.automatic = true, .quota = 9});
  ASSERT_TRUE(control_->enrollments.revoke(organization_, "plant-a", "factory", "owner"));
  EXPECT_EQ(log_in(token, "a", "SN1").error().code, Code::unauthenticated);
  const auto other =
      enrollment({.name = "other", .automatic = true, .quota = 9, .life = std::chrono::hours(1)});
  ASSERT_TRUE(log_in(other, "a", "SN1"));
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(log_in(other, "b", "SN2").error().code, Code::unauthenticated);
}

TEST_F(EnrollmentsTest, GuessersAreSlowedDownAndNobodyElse) {
  const auto token = enrollment({.automatic = true, .quota = 9});
  Code last = Code::internal;
  for (int i = 0; i < 30; ++i) {
    last = log_in(Secret(fmt::format("guess-{}", i)), {}, {}).error().code;
  }
  EXPECT_EQ(last, Code::resource_exhausted);
  EXPECT_EQ(log_in(token, "a", "SN1").error().code, Code::resource_exhausted) << "same address";
  EXPECT_TRUE(control_->registration.login_node(
      {.token = token, .name = "a", .hardware_id = "SN1", .address = "10.0.0.2:9"}));
  clock_.advance(std::chrono::minutes(2));
  EXPECT_TRUE(log_in(token, "a", "SN1"));
}

TEST_F(EnrollmentsTest, WrongOrdersAreRefused) {
  for (const auto& order :
       std::vector<NewEnrollment>{{.name = "a", .pattern = "press", .quota = 1},
                                  {.name = "a", .pattern = "*-{number}", .quota = 1},
                                  {.name = "a", .pattern = "Press-*", .quota = 1},
                                  {.name = "a", .quota = 0},
                                  {.name = "A b", .quota = 1},
                                  {.name = "a", .quota = 1, .life = std::chrono::hours(0)}}) {
    auto asked = order;
    asked.group = "line-1";
    const auto made = control_->enrollments.create(organization_, "plant-a", asked, "owner");
    ASSERT_FALSE(made) << order.pattern;
    EXPECT_EQ(made.error().code, Code::invalid_argument);
  }
}

TEST_F(EnrollmentsTest, ManyNodesAtOnceEachRowByItself) {
  ASSERT_TRUE(control_->nodes.create(organization_, "plant-a", "pump-2", "line-1"));
  const auto made = control_->nodes.create_many(
      organization_, "plant-a", {{"pump-1", "line-1"}, {"pump-2", "line-1"}, {"pump-3", "line-9"}},
      false);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->at(0).ticket);
  EXPECT_EQ(made->at(1).ticket.error().code, Code::conflict);
  EXPECT_EQ(made->at(2).ticket.error().code, Code::not_found);
  // The answer was lost: asked again, the same rows get tokens that work, and no second node.
  const auto again =
      control_->nodes.create_many(organization_, "plant-a", {{"pump-1", "line-1"}}, true);
  ASSERT_TRUE(again && again->at(0).ticket);
  EXPECT_FALSE(control_->registration.login_node({.token = made->at(0).ticket->token}));
  EXPECT_TRUE(control_->registration.login_node({.token = again->at(0).ticket->token}));
  const auto tokens = control_->nodes.open_tokens(organization_, "plant-a", "", 1);
  ASSERT_EQ(tokens->size(), 1U);
  EXPECT_EQ(tokens->at(0).node, "pump-1");
  EXPECT_EQ(tokens->at(0).prefix, again->at(0).ticket->token.reveal().substr(0, 12));
  ASSERT_TRUE(control_->nodes.revoke_token(organization_, "plant-a", "pump-1", "owner"));
  EXPECT_FALSE(control_->registration.login_node({.token = again->at(0).ticket->token}));
  EXPECT_EQ(control_->nodes.open_tokens(organization_, "plant-a", "pump-1", 9)->at(0).node,
            "pump-2");
}

}  // namespace
}  // namespace ferry::control
