// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/rate_limits.hpp"

#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

TEST(RateLimits, CountDownAndFillUpAgain) {
  ManualClock clock{from_unix_seconds(1'800'000'000)};
  RateLimits limits(clock);
  EXPECT_EQ(limits.take("me", "GET").principal, 249);
  EXPECT_EQ(limits.take("me", "HEAD").subscription, 3748);
  EXPECT_EQ(limits.take("me", "PUT").principal, 199);
  EXPECT_EQ(limits.take("somebody", "PUT").principal, 199);
  for (int i = 0; i < 198; ++i) limits.take("me", "POST");
  const auto last = limits.take("me", "PATCH");
  EXPECT_EQ(last.principal, 0);
  EXPECT_FALSE(last.exhausted);
  EXPECT_TRUE(limits.take("me", "PUT").exhausted);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(limits.take("me", "PUT").principal, 19);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(limits.take("me", "PUT").principal, 199);
  EXPECT_EQ(limits.take("me", "DELETE").kind, "deletes");
}

TEST_F(ArmTest, ShowsWhatIsLeftOfTheBudgets) {
  const Reply reply = send("GET", subscription() + "?api-version=2022-12-01");
  EXPECT_EQ(reply.headers.get_or("x-ms-ratelimit-remaining-subscription-reads", ""), "249");
  EXPECT_EQ(reply.headers.get_or("x-ms-ratelimit-remaining-subscription-global-reads", ""), "3749");
  for (int i = 0; i < 300; ++i) send("GET", subscription() + "?api-version=2022-12-01");
  EXPECT_EQ(send("GET", subscription() + "?api-version=2022-12-01").status, 200);
}

TEST_F(ArmTest, EnforcesTheBudgetsOnDemand) {
  enforce_limits_ = true;
  open();
  Reply reply;
  for (int i = 0; i < 251; ++i) reply = send("GET", subscription() + "?api-version=2022-12-01");
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.at("error.code"), "SubscriptionRequestsThrottled");
  EXPECT_EQ(reply.headers.get_or("Retry-After", ""), "1");
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(send("GET", subscription() + "?api-version=2022-12-01").status, 200);
}

}  // namespace
}  // namespace drydock::arm::test
