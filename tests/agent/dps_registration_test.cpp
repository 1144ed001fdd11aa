// SPDX-License-Identifier: Apache-2.0
#include "agent/dps_registration.hpp"

#include <gtest/gtest.h>

namespace ferry::agent {
namespace {

using Dps = DpsRegistration;

constexpr std::string_view kAssigning = R"({"operationId":"5.ab.cd","status":"assigning"})";
constexpr std::string_view kAssigned =
    R"({"operationId":"5.ab.cd","status":"assigned","registrationState":{"registrationId":"dev",
        "assignedHub":"hub.example:8443","deviceId":"dev","substatus":"initialAssignment"}})";

template <class T>
const T& expect(const Dps::Step& step) {
  EXPECT_TRUE(std::holds_alternative<T>(step)) << step.index();
  return std::get<T>(step);
}

TEST(DpsRegistration, RegistersPollsAndIsAssigned) {
  Dps machine("0ne0000abcd", "dev", json::object{{"site", "north"}});
  auto step = machine.start();
  auto call = expect<Dps::Call>(step);
  EXPECT_EQ(call.method, "PUT");
  EXPECT_EQ(call.target, "/0ne0000abcd/registrations/dev/register?api-version=2021-06-01");
  EXPECT_EQ(call.body, R"({"registrationId":"dev","payload":{"site":"north"}})");
  step = machine.on_response(202, "3", kAssigning);
  EXPECT_EQ(expect<Dps::Pause>(step).duration, std::chrono::seconds(3));
  step = machine.on_pause_over();
  call = expect<Dps::Call>(step);
  EXPECT_EQ(call.method, "GET");
  EXPECT_EQ(call.target,
            "/0ne0000abcd/registrations/dev/operations/5.ab.cd?api-version=2021-06-01");
  step = machine.on_response(202, "", kAssigning);
  EXPECT_EQ(expect<Dps::Pause>(step).duration, std::chrono::seconds(2));
  machine.on_pause_over();
  step = machine.on_response(200, "", kAssigned);
  EXPECT_EQ(expect<Dps::Assigned>(step).hub, "hub.example:8443");
  EXPECT_EQ(expect<Dps::Assigned>(step).device_id, "dev");
}

TEST(DpsRegistration, TakesARefusalAsFinalAndKeepsItsStory) {
  Dps machine("0ne", "dev", nullptr);
  machine.start();
  const auto step = machine.on_response(
      401, "", R"({"errorCode":401002,"trackingId":"t-1","message":"Unauthorized"})");
  const Error error = expect<Error>(step);
  EXPECT_EQ(error.code, Code::permission_denied);
  EXPECT_NE(error.message.find("401002 Unauthorized (tracking id t-1)"), std::string::npos);
}

TEST(DpsRegistration, RepeatsTheSameCallWhenThrottledAndGivesUpInTheEnd) {
  Dps machine("0ne", "dev", nullptr);
  const auto first = expect<Dps::Call>(machine.start());
  int pauses = 0;
  auto step = machine.on_response(429, "1", "");
  while (std::holds_alternative<Dps::Pause>(step)) {
    ++pauses;
    const auto again = expect<Dps::Call>(machine.on_pause_over());
    EXPECT_EQ(again.target, first.target);
    step = machine.on_response(pauses % 2 ? 503 : 429, "1", "");
  }
  EXPECT_EQ(pauses, 5);
  expect<Error>(step);
}

TEST(DpsRegistration, SaysWhatIsWrongWithAnswersThatMakeNoSense) {
  for (const auto* body :
       {"", "[]", "not json", "{}", R"({"status":"assigning"})", R"({"status":"assigned"})",
        R"({"status":"assigned","registrationState":{"deviceId":"d"}})",
        R"({"status":"assigned","registrationState":{"assignedHub":"h","deviceId":7}})",
        R"({"operationId":"x","status":"failed","registrationState":{"errorCode":400207}})",
        R"({"operationId":"x","status":"disabled"})"}) {
    Dps machine("0ne", "dev", nullptr);
    machine.start();
    EXPECT_TRUE(std::holds_alternative<Error>(machine.on_response(200, "", body))) << body;
  }
}

TEST(DpsRegistration, DoesNotPollForEver) {
  Dps machine("0ne", "dev", nullptr);
  machine.start();
  int polls = 0;
  while (std::holds_alternative<Dps::Pause>(machine.on_response(202, "0", kAssigning))) {
    machine.on_pause_over();
    ASSERT_LT(++polls, 1000);
  }
  EXPECT_EQ(polls, 100);
}

}  // namespace
}  // namespace ferry::agent
