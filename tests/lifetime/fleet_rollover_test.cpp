// SPDX-License-Identifier: Apache-2.0
// The authority of a group of hundreds is followed by another one, against Drydock: every device
// renews and registers with the provisioning service again, no more a minute than allowed, and at
// no moment is there one that the provisioning service would turn away.
#include <deque>
#include <random>

#include "control/certificates/rollovers.hpp"
#include "tests/lifetime/drydock_fleet.hpp"

namespace ferry::control {
namespace {

constexpr int kNodes = 300;
constexpr int kNodesPerMinute = 60;
constexpr std::chrono::seconds kStep{15};
constexpr std::chrono::minutes kLongest{240};

struct Follower {
  Kept current;
  Timestamp next_ask = {};
  std::optional<Timestamp> renew_after = {};
};

class FleetRollover : public DrydockFleet {
 protected:
  FleetRollover() {
    make_enrolled_group("line-1");
    make_enrolled_group("line-2");
    for (int i = 0; i < kNodes; ++i) {
      followers_.push_back({register_node(fmt::format("pump-{}", i), "line-1")});
      EXPECT_EQ(register_with_dps(followers_.back().current), "assigned");
    }
    bystander_.emplace(register_node("press-1", "line-2"));
  }

  RolloverView rollover() { return *control_->rollovers.get(organization_, id_); }

  // As an agent does: asks when told to, renews when the time has come, registers, shows the new
  // certificate. What is refused for the moment is asked again half a minute later.
  void live(Follower& follower) {
    const Timestamp now = clock_.now();
    if (now < follower.next_ask) return;
    if (follower.renew_after && now >= *follower.renew_after) return renew(follower);
    const auto status = control_->renewals.status(follower.current.chain, "10.0.0.1:1");
    ASSERT_TRUE(status) << status.error().describe();
    follower.renew_after = status->renew_after;
    follower.next_ask = std::min(now + status->check_after, std::max(now, status->renew_after));
  }
  void renew(Follower& follower) {
    const auto key = x509::PrivateKey::generate();
    auto answer = loop_->run_until_done(
        control_->renewals.renew(follower.current.chain, csr(key), "10.0.0.1:1"));
    if (!answer) {
      ASSERT_EQ(answer.error().code, Code::resource_exhausted) << answer.error().describe();
      ++waited_;
      follower.next_ask = clock_.now() + std::chrono::seconds(30);
      return;
    }
    renewed_.push_back(clock_.now());
    Kept next(key, std::get<IssuedCertificate>(*std::move(answer)));
    ASSERT_EQ(register_with_dps(next), "assigned");
    follower.current = std::move(next);
    const auto status = control_->renewals.status(follower.current.chain, "10.0.0.1:1");
    ASSERT_TRUE(status) << status.error().describe();
    follower.renew_after = status->renew_after;
    follower.next_ask = clock_.now() + status->check_after;
  }

  int busiest_minute() const {
    std::size_t most = 0;
    std::deque<Timestamp> window;
    for (const auto at : renewed_) {
      window.push_back(at);
      while (window.front() + std::chrono::minutes(1) <= at) window.pop_front();
      most = std::max(most, window.size());
    }
    return static_cast<int>(most);
  }

  std::vector<Follower> followers_;
  std::optional<Kept> bystander_;
  std::vector<Timestamp> renewed_;
  int waited_ = 0;
  int by_old_ = 0;  // let in again by which authority
  int by_new_ = 0;
  std::string id_;
};

TEST_F(FleetRollover, EveryNodeFollowsAtTheAllowedPaceAndNoneIsTurnedAway) {
  std::mt19937 random(7);
  const auto started =
      control_->rollovers.start(organization_, {"plant-a", "line-1"}, kNodesPerMinute);
  ASSERT_TRUE(started) << started.error().describe();
  id_ = started->rollover.id;
  for (int i = 0; i < 500 && rollover().state != "following"; ++i) loop_->run_until_done(breathe());
  ASSERT_EQ(rollover().state, "following");
  EXPECT_EQ(rollover().remaining, kNodes);

  // The plant was without power: all ask at once, long after the times that they would have been
  // told.
  clock_.advance(std::chrono::hours(1));
  const Timestamp begin = clock_.now();
  while (rollover().remaining > 0 && clock_.now() < begin + kLongest && !HasFatalFailure()) {
    clock_.advance(kStep);
    for (auto& follower : followers_) {
      live(follower);
      if (HasFatalFailure()) return;
    }
    // Whoever loses power now must be let in again, whether it has renewed or not.
    for (int i = 0; i < 3; ++i) {
      const auto& one = followers_[random() % followers_.size()];
      ASSERT_EQ(register_with_dps(one.current), "assigned");
      ++(one.current.leaf().issuer_cn() == rollover().arriving->subject ? by_new_ : by_old_);
    }
  }
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(rollover().remaining, 0);
  EXPECT_EQ(renewed_.size(), static_cast<std::size_t>(kNodes));
  EXPECT_LE(busiest_minute(), kNodesPerMinute);
  EXPECT_GT(by_old_, 0);
  EXPECT_GT(by_new_, 0);
  EXPECT_GT(waited_, 0) << "they did come all at once";
  const auto minutes =
      std::chrono::duration_cast<std::chrono::minutes>(renewed_.back() - renewed_.front()).count();
  EXPECT_LE(minutes, 2 * kNodes / kNodesPerMinute) << "the pace is used";

  for (int i = 0; i < 500 && rollover().state != "finished"; ++i) loop_->run_until_done(breathe());
  EXPECT_EQ(rollover().state, "finished");
  for (const auto& follower : followers_) {
    ASSERT_EQ(register_with_dps(follower.current), "assigned") << "by the new authority alone";
  }
  EXPECT_EQ(register_with_dps(*bystander_), "assigned");
  std::cout << fmt::format("{} nodes in {} minutes, {} in the busiest one, {} requests put off\n",
                           kNodes, minutes, busiest_minute(), waited_);
}

}  // namespace
}  // namespace ferry::control
