// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout_policy.hpp"

#include <gmock/gmock.h>

namespace ferry::fleet {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

Result<RolloutPolicy> policy_of(std::string_view text) {
  return policy_from_json(*parse_json_object(text));
}

TEST(RolloutPolicy, IsReadAndWrittenTheSame) {
  const auto policy = policy_of(
      R"({"canaries":["pump-7"],"waves":["site=lab","5%","25%","100%"],"soak":"10m",
          "success":"95%","maxFailures":"2%","onFailure":"pause","scope":"group",
          "patience":"2m","deadline":"1d"})");
  ASSERT_TRUE(policy) << policy.error().describe();
  ASSERT_EQ(policy->waves.size(), 5U);
  EXPECT_EQ(policy->waves[0].kind, WaveRule::Kind::nodes);
  EXPECT_EQ(to_string(policy->waves[0]), "pump-7");
  EXPECT_EQ(to_string(policy->waves[1]), "site=lab");
  EXPECT_EQ(policy->soak, seconds(600));
  EXPECT_EQ(policy->deadline, seconds(86'400));
  EXPECT_EQ(policy->on_failure, OnFailure::pause);
  const auto again = policy_from_json(to_json(*policy));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *policy);
  EXPECT_EQ(*policy_of("{}"), RolloutPolicy());
}

TEST(RolloutPolicy, SaysWhatIsWrong) {
  const auto message = [](std::string_view text) { return policy_of(text).error().describe(); };
  EXPECT_THAT(message(R"({"window":"night"})"), HasSubstr("no 'window'"));
  EXPECT_THAT(message(R"({"waves":["5%","5%"]})"), HasSubstr("adds nothing"));
  EXPECT_THAT(message(R"({"waves":["half"]})"), HasSubstr("'half'"));
  EXPECT_THAT(message(R"({"waves":["0"]})"), HasSubstr("'0'"));
  EXPECT_THAT(message(R"({"waves":"5%"})"), HasSubstr("'waves' is no list"));
  EXPECT_THAT(message(R"({"soak":"ten minutes"})"), HasSubstr("read 'soak'"));
  EXPECT_THAT(message(R"({"soak":"99999999999999999999s"})"), HasSubstr("no time up to 30d"));
  EXPECT_THAT(message(R"({"success":"3"})"), HasSubstr("1% to 100%"));
  EXPECT_THAT(message(R"({"maxFailures":"-1"})"), HasSubstr("'-1'"));
  EXPECT_THAT(message(R"({"onFailure":"shrug"})"), HasSubstr("'shrug'"));
}

TEST(RolloutPolicy, ATimeIsWrittenAsShortAsItIsExact) {
  for (const auto* text : {"0", "90s", "10m", "36h", "7d", "30d"}) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(to_string(*duration), text);
  }
  EXPECT_EQ(*parse_duration("120s"), seconds(120));
  EXPECT_EQ(to_string(seconds(120)), "2m");
  for (const auto* text : {"", "s", "5", "31d", "-1m", "1.5h"}) EXPECT_FALSE(parse_duration(text));
}

TEST(RolloutPolicy, SharesAreRoundedForTheSafeSide) {
  EXPECT_EQ((Share{5, true}).rounded_up(3), 1);
  EXPECT_EQ((Share{2, true}).rounded_down(49), 0);
  EXPECT_EQ((Share{2, true}).rounded_down(50), 1);
  EXPECT_EQ((Share{7, false}).rounded_up(3), 3);
  EXPECT_EQ((Share{100, true}).rounded_up(1000), 1000);
}

}  // namespace
}  // namespace ferry::fleet
