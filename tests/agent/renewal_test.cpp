// SPDX-License-Identifier: Apache-2.0
// The life of a certificate on a clock of the test's own: single rules first, then whole lives with
// random outages, reboots, refusals and clocks that jump.
#include "agent/renewal.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ferry::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Step = Renewal::Step;

constexpr hours kDay{24};
constexpr hours kYear = kDay * 365;
const Timestamp kStart = from_unix_seconds(1'800'000'000);

CertificateLife year_from(Timestamp start, std::string id = "first") {
  return plan_life(std::move(id), start, start + kYear, std::nullopt, start, 0);
}

template <class T>
bool is(const Step& step) {
  return std::holds_alternative<T>(step);
}

TEST(PlanLife, IsTwoThirdsOfTheLifeAndAFewPercentEarlier) {
  const auto latest = plan_life("a", kStart, kStart + kYear, {}, kStart, 0);
  const auto earliest = plan_life("a", kStart, kStart + kYear, {}, kStart, 65'535);
  EXPECT_EQ(latest.renew_after, kStart + kYear * 2 / 3);
  EXPECT_EQ(earliest.renew_after, kStart + kYear * 2 / 3 - kYear / 20);
}

TEST(PlanLife, TakesTheServersWordUnlessItMakesNoSense) {
  const auto plan = [](Timestamp wanted) {
    return plan_life("a", kStart, kStart + kYear, wanted, kStart, 0).renew_after;
  };
  EXPECT_EQ(plan(kStart + kDay * 100), kStart + kDay * 100);
  EXPECT_EQ(plan(kStart + kYear), kStart + kYear * 2 / 3);
  EXPECT_EQ(plan(kStart - kDay), kStart + kYear * 2 / 3);
  EXPECT_EQ(plan(kStart + seconds(1)), kStart + seconds(kYear) / 100) << "no loop of renewals";
}

TEST(Renewal, WaitsRequestsTriesAdoptsAndWaitsAgain) {
  Renewal renewal(year_from(kStart), {}, {});
  const auto first = renewal.next(kStart + kDay);
  ASSERT_TRUE(is<Renewal::Wait>(first));
  const Timestamp due = std::get<Renewal::Wait>(first).until;
  EXPECT_EQ(due, kStart + kYear * 2 / 3);
  const auto request = renewal.next(due);
  ASSERT_TRUE(is<Renewal::Request>(request));
  EXPECT_FALSE(std::get<Renewal::Request>(request).expired);
  renewal.on_issued(year_from(due, "second"));
  EXPECT_TRUE(is<Renewal::Try>(renewal.next(due)));
  EXPECT_EQ(renewal.current().id, "first") << "in use until the cloud has taken the other";
  renewal.on_accepted();
  ASSERT_TRUE(is<Renewal::Adopt>(renewal.next(due)));
  renewal.on_adopted();
  EXPECT_EQ(renewal.current().id, "second");
  EXPECT_FALSE(renewal.candidate());
  EXPECT_TRUE(is<Renewal::Wait>(renewal.next(due)));
}

TEST(Renewal, DoesNothingWhileTheClockIsBeforeItsCertificate) {
  Renewal renewal(year_from(kStart), {}, {});
  EXPECT_TRUE(is<Renewal::FindTime>(renewal.next(Timestamp())));
  renewal.on_unreachable(Timestamp(), 0, "nobody knows the time");
  EXPECT_TRUE(is<Renewal::Wait>(renewal.next(Timestamp())));
  EXPECT_TRUE(is<Renewal::Wait>(renewal.next(kStart + kDay))) << "the clock was set meanwhile";
  EXPECT_EQ(renewal.current().id, "first");
}

TEST(Renewal, ForgetsAPauseThatAWrongClockMadeLong) {
  Renewal renewal(year_from(kStart), {}, {});
  const Timestamp wrong = kStart + kYear * 70;
  EXPECT_TRUE(std::get<Renewal::Request>(renewal.next(wrong)).expired);
  renewal.on_unreachable(wrong, 0, "the server's certificate has expired");
  const Timestamp right = kStart + kYear * 3 / 4;
  const auto step = renewal.next(right);
  ASSERT_TRUE(is<Renewal::Wait>(step));
  EXPECT_LE(std::get<Renewal::Wait>(step).until, right + kDay);
}

TEST(Renewal, PollsSlowlyForAnApproval) {
  Renewal renewal(year_from(kStart), {}, {});
  Timestamp now = kStart + kYear + kDay * 100;
  ASSERT_TRUE(std::get<Renewal::Request>(renewal.next(now)).expired);
  renewal.on_pending(now, seconds(600), 65'535);
  EXPECT_TRUE(renewal.memory().awaits_approval);
  const auto wait = std::get<Renewal::Wait>(renewal.next(now)).until;
  EXPECT_GE(wait, now + seconds(600));
  EXPECT_TRUE(is<Renewal::Request>(renewal.next(wait)));
  renewal.on_pending(wait, seconds(0), 0);
  EXPECT_GE(std::get<Renewal::Wait>(renewal.next(wait)).until, wait + seconds(30));
  renewal.on_issued(year_from(wait, "second"));
  EXPECT_FALSE(renewal.memory().awaits_approval);
}

TEST(Renewal, AsksOnceADayWhereItWasRefused) {
  Renewal renewal(year_from(kStart), {}, {});
  const Timestamp now = kStart + kYear * 2;
  renewal.on_refused(now, 65'535, "the node is revoked");
  EXPECT_EQ(std::get<Renewal::Wait>(renewal.next(now)).until, now + kDay);
  EXPECT_TRUE(is<Renewal::Request>(renewal.next(now + kDay)));
}

TEST(Renewal, GivesUpACandidateThatTheCloudKeepsRefusing) {
  const Timestamp due = kStart + kYear * 2 / 3;
  Renewal renewal(year_from(kStart), year_from(due, "second"), {});
  Timestamp now = due;
  int tries = 0;
  while (renewal.candidate() && tries < 100) {
    const auto step = renewal.next(now);
    if (is<Renewal::Wait>(step)) {
      now = std::get<Renewal::Wait>(step).until;
      continue;
    }
    ASSERT_TRUE(is<Renewal::Try>(step));
    ++tries;
    renewal.on_refused(now, 0, "401");
  }
  EXPECT_EQ(tries, 5);
  EXPECT_EQ(renewal.current().id, "first");
  const auto wait = std::get<Renewal::Wait>(renewal.next(now)).until;
  EXPECT_TRUE(is<Renewal::Request>(renewal.next(wait)));
}

TEST(Renewal, AdoptsAfterARebootWhatTheCloudHadTaken) {
  const Timestamp due = kStart + kYear * 2 / 3;
  Renewal before(year_from(kStart), year_from(due, "second"), {});
  before.on_accepted();
  Renewal after(year_from(kStart), year_from(due, "second"),
                RenewalMemory::from_json(before.memory().to_json()));
  EXPECT_TRUE(is<Renewal::Adopt>(after.next(due)));
  Renewal other(year_from(kStart), year_from(due, "third"),
                RenewalMemory::from_json(before.memory().to_json()));
  EXPECT_TRUE(is<Renewal::Try>(other.next(due))) << "what was taken was another certificate";
}

TEST(Renewal, RenewsBeforeTimeWhenAsked) {
  Renewal renewal(year_from(kStart), {}, {});
  renewal.ask();
  EXPECT_TRUE(is<Renewal::Request>(renewal.next(kStart + kDay)));
  renewal.on_issued(year_from(kStart + kDay, "second"));
  renewal.on_accepted();
  renewal.on_adopted();
  EXPECT_TRUE(is<Renewal::Wait>(renewal.next(kStart + kDay)));
}

TEST(Renewal, FollowsAServerThatWantsItEarlierButNotInALoop) {
  Renewal renewal(year_from(kStart), {}, {});
  renewal.on_told(kStart + kDay * 30);
  EXPECT_EQ(std::get<Renewal::Wait>(renewal.next(kStart)).until, kStart + kDay * 30);
  renewal.on_told(kStart + kDay * 60);
  EXPECT_EQ(std::get<Renewal::Wait>(renewal.next(kStart)).until, kStart + kDay * 30);
  renewal.on_told(kStart - kDay);
  EXPECT_EQ(std::get<Renewal::Wait>(renewal.next(kStart)).until, kStart + seconds(kYear) / 100);
}

// A server, a cloud, a network and a clock that do what chance wants.
class Life {
 public:
  explicit Life(std::uint32_t seed, hours validity) : seed_(seed | 1), validity_(validity) {
    renewal_.emplace(make(), std::nullopt, RenewalMemory());
    in_use_ = renewal_->current().id;
  }

  // One step of the device; the clock moves to what it waits for, six hours at most.
  void step() {
    if (chance(200)) reboot();
    const Step next = renewal_->next(now);
    if (const auto* wait = std::get_if<Renewal::Wait>(&next)) {
      now = std::max(now, std::min(wait->until, now + hours(6)));
    } else if (is<Renewal::Adopt>(next)) {
      RC_ASSERT(accepted_ == renewal_->candidate()->id);
      renewal_->on_adopted();
      RC_ASSERT(renewal_->current().id == accepted_);
      in_use_ = accepted_;
      ++renewals;
    } else if (!online || chance(10)) {
      renewal_->on_unreachable(now, random(), "no network");
    } else if (const auto* request = std::get_if<Renewal::Request>(&next)) {
      RC_ASSERT(request->expired == (now >= renewal_->current().not_after));
      ++requests;
      if (request->expired && chance(2)) {
        renewal_->on_pending(now, seconds(300), random());
      } else {
        renewal_->on_issued(make());
      }
    } else if (is<Renewal::Try>(next)) {
      RC_ASSERT(now < renewal_->candidate()->not_after);
      if (chance(4)) {
        renewal_->on_refused(now, random(), "not yet");
      } else {
        accepted_ = renewal_->candidate()->id;
        renewal_->on_accepted();
      }
    }
    RC_ASSERT(renewal_->current().id == in_use_);
  }

  const CertificateLife& current() const { return renewal_->current(); }

  Timestamp now = kStart;
  bool online = true;
  int renewals = 0;
  int requests = 0;

 private:
  void reboot() {
    auto memory = RenewalMemory::from_json(renewal_->memory().to_json());
    RC_ASSERT(memory == renewal_->memory());
    Renewal again(renewal_->current(), renewal_->candidate(), std::move(memory));
    renewal_.emplace(std::move(again));
  }
  CertificateLife make() {
    return plan_life(fmt::format("certificate-{}", ++made_), now - minutes(15), now + validity_, {},
                     now, random());
  }
  std::uint16_t random() {
    seed_ = seed_ * 1'664'525 + 1'013'904'223;
    return static_cast<std::uint16_t>(seed_ >> 16);
  }
  bool chance(int one_in) { return random() % one_in == 0; }

  std::uint32_t seed_;
  hours validity_;
  int made_ = 0;
  std::string accepted_;
  std::string in_use_;
  std::optional<Renewal> renewal_;
};

RC_GTEST_PROP(RenewalProperty, NeverExpiresWhileOutagesAreShorterThanTheLastThird, ()) {
  const auto validity = hours(*rc::gen::inRange(24, 24 * 365));
  Life life(*rc::gen::arbitrary<std::uint32_t>(), validity);
  const Timestamp end = kStart + validity * 6;
  const auto outage = validity / 4;
  Timestamp change = life.now;
  while (life.now < end) {
    if (life.now >= change) {
      life.online = !life.online;
      change = life.now + (life.online ? validity / 10 : outage);
    }
    life.step();
    RC_ASSERT(life.now < life.current().not_after);
  }
  RC_ASSERT(life.renewals >= 6);
  RC_ASSERT(life.requests <= life.renewals * 4);
}

RC_GTEST_PROP(RenewalProperty, ComesBackFromAnyOutageWithinADay, ()) {
  const auto validity = hours(*rc::gen::inRange(24, 24 * 400));
  Life life(*rc::gen::arbitrary<std::uint32_t>(), validity);
  for (int round = 0; round < 5; ++round) {
    life.online = false;
    const Timestamp back = life.now + hours(*rc::gen::inRange(1, 24 * 400));
    while (life.now < back) life.step();
    life.online = true;
    const Timestamp limit = life.now + hours(24) + validity / 8;
    while (life.now < limit && life.now >= life.current().renew_after) life.step();
    RC_ASSERT(life.now < life.current().not_after);
    RC_ASSERT(life.now < limit);
  }
}

RC_GTEST_PROP(RenewalProperty, SurvivesAClockThatJumps, ()) {
  Life life(*rc::gen::arbitrary<std::uint32_t>(), kYear);
  Timestamp right = kStart;
  for (int round = 0; round < 20; ++round) {
    life.online = false;  // with a wrong clock no TLS peer is believed
    life.now = from_unix_seconds(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000));
    for (int i = 0; i < 50; ++i) life.step();
    right += kDay * 10;
    life.now = right;
    life.online = true;
    for (int i = 0; i < 1000; ++i) life.step();
    right = life.now;
    RC_ASSERT(life.now < life.current().not_after);
  }
}

}  // namespace
}  // namespace ferry::agent
