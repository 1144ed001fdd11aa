// SPDX-License-Identifier: Apache-2.0
// Provisioning and deletion under faults: over a thousand seeded schedules of refusals, throttling,
// lost answers and failed operations. Each ends as it should, after as many retries as people would
// make; a failure names its seed, and FERRY_FAULT_SEED=n runs that one alone.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "tests/control/workspaces/in_process_cloud.hpp"

namespace ferry::control {
namespace {

using drydock::Fault;
using fleet::RunState;

constexpr std::uint64_t kSchedules = 1'000;

class Schedule {
 public:
  explicit Schedule(std::uint64_t seed) : random_(seed) {}

  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  Fault fault() {
    Fault fault;
    const int what = pick(10);
    if (what < 3) {
      fault.kind = Fault::Kind::status;
      constexpr int kStatuses[] = {500, 502, 503, 504, 408, 403, 409, 400};
      fault.status = kStatuses[pick(8)];
      fault.after = pick(3) == 0;
    } else if (what < 5) {
      fault.kind = Fault::Kind::throttle;
      fault.retry_after = pick(200);
    } else if (what < 8) {
      fault.kind = Fault::Kind::reset;
      fault.after = pick(2) == 0;
    } else {
      fault.kind = Fault::Kind::operation;
    }
    if (fault.kind != Fault::Kind::operation) {
      constexpr const char* kMethods[] = {"", "", "PUT", "GET", "POST", "DELETE"};
      fault.method = kMethods[pick(6)];
      if (pick(4) == 0) fault.service = drydock::Service::arm;
      if (pick(8) == 0) fault.service = drydock::Service::entra;
    }
    constexpr const char* kPaths[] = {"",
                                      "",
                                      "",
                                      "*IotHubs*",
                                      "*provisioningServices*",
                                      "*storageAccounts*",
                                      "*registries*",
                                      "*checkNameAvailability*",
                                      "*listkeys*"};
    fault.path = kPaths[pick(9)];
    fault.skip = static_cast<std::uint64_t>(pick(4) == 0 ? pick(40) : pick(6));
    fault.count = static_cast<std::uint64_t>(1 + pick(pick(3) == 0 ? 12 : 3));
    fault.probability = pick(2) == 0 ? 1.0 : 0.3;
    fault.seed = static_cast<std::uint64_t>(pick(1'000'000));
    return fault;
  }

 private:
  std::mt19937_64 random_;
};

void add_faults(InProcessCloud& cloud, Schedule& schedule) {
  const int faults = 1 + schedule.pick(4);
  for (int i = 0; i < faults; ++i) {
    // Some combinations make no sense and are refused: then there is one fault less.
    (void)cloud.cloud().faults()->add(schedule.fault());
  }
}

// Runs the operation to its end, retrying as people do; the faults give up before they do.
void carry_through(InProcessCloud& cloud, fleet::OperationId id, const std::string& why) {
  for (int attempt = 0; attempt < 12; ++attempt) {
    cloud.run();
    const auto status = cloud.operation(id).status;
    if (status == RunState::succeeded) return;
    ASSERT_EQ(status, RunState::failed) << why << ": it neither ended nor failed";
    if (attempt == 8) cloud.cloud().faults()->clear();
    auto again = cloud.control().workspaces.retry(cloud.organization(), "plant-a");
    ASSERT_TRUE(again) << why << again.error().describe();
    id = again->operation.id;
  }
  const auto operation = cloud.operation(id);
  ADD_FAILURE() << why
                << ": does not converge: " << (operation.error ? operation.error->describe() : "");
}

void live_through(InProcessCloud& cloud, std::uint64_t seed) {
  const auto why = fmt::format("seed {}", seed);
  Schedule schedule(seed);
  add_faults(cloud, schedule);
  const auto started = cloud.create("plant-a");
  carry_through(cloud, started.operation.id, why);
  cloud.cloud().faults()->clear();
  if (testing::Test::HasFailure()) return;
  cloud.expect_one_workspace(started.workspace.id, why);

  add_faults(cloud, schedule);
  auto removed = cloud.control().workspaces.remove(cloud.organization(), "plant-a");
  ASSERT_TRUE(removed) << why;
  carry_through(cloud, removed->operation.id, why);
  cloud.cloud().faults()->clear();
  if (testing::Test::HasFailure()) return;
  cloud.expect_empty_cloud(why);
}

TEST(ProvisioningFaults, EveryScheduleConverges) {
  InProcessCloud cloud;
  const char* one = std::getenv("FERRY_FAULT_SEED");
  const std::uint64_t first = one ? std::strtoull(one, nullptr, 10) : 1;
  const std::uint64_t last = one ? first : kSchedules;
  for (std::uint64_t seed = first; seed <= last && !testing::Test::HasFailure(); ++seed) {
    live_through(cloud, seed);
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << fmt::format("FERRY_FAULT_SEED={} repeats this", seed);
    }
  }
}

}  // namespace
}  // namespace ferry::control
