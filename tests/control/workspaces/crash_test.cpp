// SPDX-License-Identifier: Apache-2.0
// Ferry is killed at every single message and commit of a provisioning and of a deletion, one after
// the other; whatever the place, the next life ends what was begun, with nothing orphaned and
// nothing doubled.
#include <gtest/gtest.h>

#include "tests/control/workspaces/in_process_cloud.hpp"

namespace ferry::control {
namespace {

using fleet::RunState;

void finish_deletion(InProcessCloud& cloud, const std::string& workspace, const std::string& why) {
  if (!cloud.control().workspaces.get(cloud.organization(), workspace)) return;
  auto removed = cloud.control().workspaces.remove(cloud.organization(), workspace);
  ASSERT_TRUE(removed) << why << removed.error().describe();
  cloud.run();
  EXPECT_EQ(cloud.operation(removed->operation.id).status, RunState::succeeded) << why;
}

TEST(ProvisioningCrash, EveryPlaceOfAProvisioningIsSurvived) {
  InProcessCloud cloud;
  std::uint64_t place = 1;
  for (;; ++place) {
    const auto why = fmt::format("killed at place {}", place);
    const auto started = cloud.create("plant-a");
    cloud.kill_at(place);
    cloud.run();
    const bool killed = cloud.killed();
    cloud.open_ferry();
    cloud.run();
    const auto operation = cloud.operation(started.operation.id);
    EXPECT_EQ(operation.status, RunState::succeeded)
        << why << (operation.error ? operation.error->describe() : "");
    cloud.expect_one_workspace(started.workspace.id, why);
    finish_deletion(cloud, "plant-a", why);
    cloud.expect_empty_cloud(why);
    if (!killed || testing::Test::HasFailure()) break;
  }
  EXPECT_GT(place, 60U) << "so few places cannot be all";
  RecordProperty("places", static_cast<int>(place - 1));
}

TEST(ProvisioningCrash, EveryPlaceOfADeletionIsSurvived) {
  InProcessCloud cloud;
  std::uint64_t place = 1;
  for (;; ++place) {
    const auto why = fmt::format("killed at place {}", place);
    const auto started = cloud.create("plant-a");
    cloud.run();
    cloud.expect_one_workspace(started.workspace.id, why);
    auto removed = cloud.control().workspaces.remove(cloud.organization(), "plant-a");
    ASSERT_TRUE(removed);
    cloud.kill_at(place);
    cloud.run();
    const bool killed = cloud.killed();
    cloud.open_ferry();
    cloud.run();
    EXPECT_EQ(cloud.operation(removed->operation.id).status, RunState::succeeded) << why;
    cloud.expect_empty_cloud(why);
    if (!killed || testing::Test::HasFailure()) break;
  }
  EXPECT_GT(place, 20U) << "so few places cannot be all";
  RecordProperty("places", static_cast<int>(place - 1));
}

// Not one kill but many, each a little later in its life than the one before.
TEST(ProvisioningCrash, KilledAgainAndAgainItStillEnds) {
  InProcessCloud cloud;
  const auto started = cloud.create("plant-a");
  int lives = 1;
  for (; lives < 400; ++lives) {
    cloud.kill_at(static_cast<std::uint64_t>(8 + 2 * lives));
    cloud.run();
    if (!cloud.killed()) break;
    cloud.open_ferry();
  }
  EXPECT_EQ(cloud.operation(started.operation.id).status, RunState::succeeded);
  EXPECT_GT(lives, 5);
  cloud.expect_one_workspace(started.workspace.id, "killed again and again");
}

}  // namespace
}  // namespace ferry::control
