// SPDX-License-Identifier: Apache-2.0
// A fleet's ten years in one process: Ferry's control plane over its real store, Drydock's
// provisioning service and IoT Hub, and devices that decide by the agent's own code. The clock
// is turned by hand, a day at a time. Authorities end and are followed by new ones; devices are
// away for up to a year. FERRY_SEED repeats a run.
#include <cstdlib>
#include <random>

#include "agent/renewal.hpp"
#include "tests/lifetime/drydock_fleet.hpp"

namespace ferry::control {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr int kNodesPerGroup = 10;
constexpr int kDays = 3653;
constexpr int kMostSteps = 12;  // of one device in one day
constexpr days kStatusInterval{7};

struct Device {
  std::string name;
  Kept current;
  std::optional<Kept> candidate = {};
  std::optional<x509::PrivateKey> next_key = {};
  std::optional<agent::Renewal> renewal = {};
  Timestamp away_until = {};
  Timestamp next_status = {};
  bool was_away_when_due = false;
};

struct Tally {
  int renewed = 0;
  int recovered_by_itself = 0;
  int recovered_by_approval = 0;
  int approvals = 0;
  int outages = 0;
  int longest_outage_days = 0;
  int rollovers = 0;
};

class TenYears : public DrydockFleet {
 protected:
  TenYears() {
    const char* given = std::getenv("FERRY_SEED");
    seed_ = given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                  : std::random_device()();
    random_.seed(seed_);
    std::cout << "FERRY_SEED=" << seed_ << std::endl;
  }

  std::uint16_t chance() { return static_cast<std::uint16_t>(random_() & 0xffffU); }
  int between(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }

  agent::CertificateLife life_of(const Kept& kept) {
    const auto leaf = kept.leaf();
    return agent::plan_life(leaf.sha256_thumbprint(), leaf.not_before(), leaf.not_after(),
                            kept.issued.renew_after, clock_.now(), chance());
  }
  void add_device(const std::string& name, const std::string& group) {
    Device device{.name = name, .current = register_node(name, group)};
    ASSERT_FALSE(HasFailure());
    device.renewal.emplace(life_of(device.current), std::nullopt, agent::RenewalMemory());
    device.next_status = clock_.now() + hours(24 * between(0, 6));
    ASSERT_EQ(register_with_dps(device.current), "assigned");
    devices_.push_back(std::move(device));
  }

  void step(Device& device) {
    const Timestamp now = clock_.now();
    for (int i = 0; i < kMostSteps; ++i) {
      const auto next = device.renewal->next(now);
      if (std::holds_alternative<agent::Renewal::Wait>(next)) break;
      ASSERT_FALSE(std::holds_alternative<agent::Renewal::FindTime>(next)) << device.name;
      if (const auto* wanted = std::get_if<agent::Renewal::Request>(&next)) {
        request(device, wanted->expired);
      } else if (std::holds_alternative<agent::Renewal::Try>(next)) {
        const auto outcome = register_with_dps(*device.candidate);
        if (outcome == "assigned") {
          device.renewal->on_accepted();
        } else {
          device.renewal->on_refused(now, chance(), outcome);
        }
      } else {
        device.current = *std::exchange(device.candidate, std::nullopt);
        device.renewal->on_adopted();
        device.was_away_when_due = false;
        device.next_status = now;
      }
    }
    if (now < device.next_status) return;
    device.next_status = now + kStatusInterval;
    const auto status = control_->renewals.status(device.current.chain, "10.0.0.1:1");
    if (status) device.renewal->on_told(status->renew_after);
  }

  void request(Device& device, bool expired) {
    const Timestamp now = clock_.now();
    if (!device.next_key) device.next_key = x509::PrivateKey::generate();
    auto answer = loop_->run_until_done(
        control_->renewals.renew(device.current.chain, csr(*device.next_key), "10.0.0.1:1"));
    if (!answer) {
      device.renewal->on_refused(now, chance(), answer.error().message);
      return;
    }
    if (const auto* awaited = std::get_if<AwaitedApproval>(&*answer)) {
      device.renewal->on_pending(now, awaited->retry_after, chance());
      return;
    }
    const bool approved = device.renewal->memory().awaits_approval;
    device.candidate.emplace(*std::exchange(device.next_key, std::nullopt),
                             std::get<IssuedCertificate>(*std::move(answer)));
    device.renewal->on_issued(life_of(*device.candidate));
    if (!expired) ++tally_.renewed;
    if (expired && approved) ++tally_.recovered_by_approval;
    if (expired && !approved) ++tally_.recovered_by_itself;
  }

  // Now and then a device loses power or network, mostly for days, sometimes for most of a year.
  void maybe_leave(Device& device) {
    if (between(0, 399) != 0) return;
    const int length = between(0, 3) == 0 ? between(30, 365) : between(1, 30);
    device.away_until = clock_.now() + days(length);
    ++tally_.outages;
    tally_.longest_outage_days = std::max(tally_.longest_outage_days, length);
  }

  // A person looks at the list once a day.
  void approve_what_waits() {
    const auto waiting = control_->enrollments.requests(organization_, "plant-a",
                                                        store::RequestState::pending, "", 1000);
    ASSERT_TRUE(waiting);
    for (const auto& request : *waiting) {
      ASSERT_TRUE(
          control_->enrollments.decide(organization_, "plant-a", request.id, true, "", "owner"));
      ++tally_.approvals;
    }
  }

  void follow_authorities() {
    const auto started = control_->rollovers.start_due();
    ASSERT_TRUE(started) << started.error().describe();
    tally_.rollovers += *started;
    const auto unfinished = context_->store.operations.unfinished();
    ASSERT_TRUE(unfinished);
    if (!unfinished->empty()) loop_->run_until_done(breathe());
  }

  void live_one_day() {
    clock_.advance(hours(24));
    follow_authorities();
    for (auto& device : devices_) {
      const Timestamp now = clock_.now();
      if (now >= device.away_until) maybe_leave(device);
      if (now < device.away_until) {
        if (now >= device.renewal->current().renew_after - hours(48)) {
          device.was_away_when_due = true;
        }
        continue;
      }
      step(device);
      if (HasFatalFailure()) return;
      if (!device.was_away_when_due) {
        ASSERT_LT(now, device.renewal->current().not_after)
            << device.name
            << " was there and lost its certificate: " << device.renewal->memory().problem;
      }
    }
    approve_what_waits();
  }

  // Everybody comes back, and has a few weeks for it.
  void gather() {
    for (auto& device : devices_) device.away_until = clock_.now();
    for (int day = 0; day < 21; ++day) {
      clock_.advance(hours(24));
      follow_authorities();
      for (auto& device : devices_) step(device);
      approve_what_waits();
    }
  }

  void expect_alive(const Device& device) {
    const auto status = control_->renewals.status(device.current.chain, "10.0.0.1:1");
    EXPECT_TRUE(status) << device.name << ": " << (status ? "" : status.error().describe());
    EXPECT_EQ(register_with_dps(device.current), "assigned") << device.name;
    auto identity =
        loop_->run_until_done((*context_->clouds.workspace(workspace_))
                                  ->hub.get_device(device.current.issued.registration_id));
    ASSERT_TRUE(identity) << device.name;
    EXPECT_EQ(identity->status, "enabled");
    EXPECT_TRUE(identity->iot_edge);
    EXPECT_EQ(to_upper(identity->authentication.primary_thumbprint),
              device.current.leaf().sha256_thumbprint());
  }

  std::uint32_t seed_ = 0;
  std::mt19937 random_;
  std::vector<Device> devices_;
  Tally tally_;
};

TEST_F(TenYears, NoNodeIsLost) {
  make_enrolled_group("line-1");
  make_enrolled_group("line-2");
  // One group trusts its devices for a year, the other asks a person after a month.
  ASSERT_TRUE(control_->policies.change(organization_, "plant-a", "line-2",
                                        {.grace_days = std::optional<std::int64_t>(400)}, "owner"));
  for (int i = 0; i < kNodesPerGroup; ++i) {
    add_device(fmt::format("pump-{}", i), "line-1");
    add_device(fmt::format("press-{}", i), "line-2");
    ASSERT_FALSE(HasFatalFailure());
  }
  for (int day = 0; day < kDays && !HasFatalFailure(); ++day) live_one_day();
  ASSERT_FALSE(HasFatalFailure());
  gather();
  for (const auto& device : devices_) expect_alive(device);

  std::cout << fmt::format(
      "{} devices, {} days: {} renewals, {} recoveries by themselves, {} by approval, {} outages "
      "of up to {} days, {} rollovers of authorities\n",
      devices_.size(), kDays, tally_.renewed, tally_.recovered_by_itself,
      tally_.recovered_by_approval, tally_.outages, tally_.longest_outage_days, tally_.rollovers);
  EXPECT_GE(tally_.renewed, static_cast<int>(devices_.size()) * 8);
  EXPECT_GE(tally_.rollovers, 4) << "each group's CA at least twice";
}

}  // namespace
}  // namespace ferry::control
