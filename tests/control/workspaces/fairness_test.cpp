// SPDX-License-Identifier: Apache-2.0
// Workspaces of one subscription share its rate limits: they take turns, and who is cancelled does
// not wait for its turn any longer.
#include <gtest/gtest.h>

#include "azure/limits.hpp"
#include "tests/control/workspaces/in_process_cloud.hpp"

namespace ferry::control {
namespace {

using fleet::RunState;

class Fairness : public testing::Test {
 protected:
  Fairness() {
    for (const char* name : {"plant-a", "plant-b"}) {
      started_.push_back(cloud_.create(name));
      cloud_.run();
      EXPECT_EQ(cloud_.operation(started_.back().operation.id).status, RunState::succeeded);
    }
    const auto account = cloud_.context().store.accounts.list(cloud_.organization())->front();
    throttle().define({azure::arm_scope(account.subscription_id, account.client_id), "reads"},
                      {.count = 1, .window = std::chrono::minutes(10)});
    cloud_.forget_journal();
  }

  azure::Throttle& throttle() { return cloud_.context().clouds.throttle(); }

  fleet::OperationId verify(const char* name) {
    auto begun = cloud_.control().workspaces.verify(cloud_.organization(), name);
    EXPECT_TRUE(begun) << begun.error().describe();
    return begun->operation.id;
  }

  std::size_t waiting_of(const WorkspaceStarted& workspace) {
    std::size_t waiting = 0;
    for (const auto& budget : throttle().view()) {
      for (const auto& share : budget.waiting) {
        if (share.share == workspace.workspace.id.str()) waiting += share.requests;
      }
    }
    return waiting;
  }

  net::Task<bool> cancel_once_it_waits(fleet::OperationId id, std::size_t requests) {
    auto& changes = cloud_.context().engine.changes();
    while (waiting_of(started_[0]) < requests) {
      const auto seen = changes.revision(id.str());
      co_await changes.wait(id.str(), seen, std::chrono::seconds(10));
    }
    EXPECT_TRUE(cloud_.control().operations.cancel(id.str()));
    EXPECT_EQ(waiting_of(started_[0]), 0U);
    co_return true;
  }

  InProcessCloud cloud_;
  std::vector<WorkspaceStarted> started_;
};

TEST_F(Fairness, WorkspacesTakeTurnsUnderOneBudget) {
  const auto first = verify("plant-a");
  const auto second = verify("plant-b");
  cloud_.run();
  EXPECT_EQ(cloud_.operation(first).status, RunState::succeeded);
  EXPECT_EQ(cloud_.operation(second).status, RunState::succeeded);
  int ahead = 0;  // of plant-a
  int reads = 0;
  for (const auto& line : cloud_.journal()) {
    if (!line.starts_with("GET") || line.find("/providers/Microsoft.") == std::string::npos) {
      continue;
    }
    ahead += line.find("plant-a") != std::string::npos ? 1 : -1;
    if (++reads > 12) break;
    EXPECT_LE(std::abs(ahead), 2) << "after " << line;
  }
  EXPECT_GT(reads, 10);
}

TEST_F(Fairness, WhoIsCancelledLeavesTheQueue) {
  const auto unwanted = verify("plant-a");
  const auto wanted = verify("plant-b");
  EXPECT_TRUE(cloud_.run_until_done(cancel_once_it_waits(unwanted, 4)));
  EXPECT_EQ(cloud_.operation(unwanted).status, RunState::cancelled);
  EXPECT_EQ(cloud_.operation(wanted).status, RunState::succeeded);
  std::size_t sent = 0;
  for (const auto& line : cloud_.journal()) {
    if (line.find("plant-a") != std::string::npos) ++sent;
  }
  EXPECT_LE(sent, 3U);
}

}  // namespace
}  // namespace ferry::control
