// SPDX-License-Identifier: Apache-2.0
// What node groups have in a workspace's cloud resources: found missing, made again, and placed on
// a further hub when the first one is full.
#include <gtest/gtest.h>

#include "fleet/azure_names.hpp"
#include "tests/control/workspaces/in_process_cloud.hpp"

namespace ferry::control {
namespace {

using fleet::RunState;

class GroupsInCloud : public testing::Test {
 protected:
  GroupsInCloud() : started_(cloud_.create("plant-a")) {
    cloud_.run();
    EXPECT_EQ(cloud_.operation(started_.operation.id).status, RunState::succeeded);
  }

  fleet::OperationId create_group(const std::string& name) {
    auto made = cloud_.control().groups.create(cloud_.organization(), "plant-a", name);
    EXPECT_TRUE(made) << made.error().describe();
    return made->operation.id;
  }

  void expect_success(const fleet::OperationId& id, const std::string& why) {
    const auto operation = cloud_.operation(id);
    EXPECT_EQ(operation.status, RunState::succeeded)
        << why << (operation.error ? operation.error->describe() : "");
  }

  fleet::Workspace workspace() {
    return **cloud_.context().store.workspaces.find(started_.workspace.id);
  }
  fleet::NodeGroup group(const std::string& name) {
    return **cloud_.context().store.groups.find_named(started_.workspace.id, name);
  }
  std::shared_ptr<WorkspaceConnection> connection() {
    auto found = cloud_.context().clouds.workspace(workspace());
    EXPECT_TRUE(found) << found.error().describe();
    return *found;
  }
  std::string path_of(const std::string& key) {
    const auto desired = fleet::desired_resources(workspace());
    return fleet::find_resource(desired, key)->path;
  }

  std::vector<std::string> missing_after_verify() {
    auto verified = cloud_.control().workspaces.verify(cloud_.organization(), "plant-a");
    EXPECT_TRUE(verified);
    cloud_.run();
    expect_success(verified->operation.id, "verify: ");
    std::vector<std::string> found;
    const auto resources = cloud_.control().workspaces.resources(cloud_.organization(), "plant-a");
    for (const auto& resource : *resources) {
      for (const auto& drift : resource.drift) found.push_back(drift.key + " " + drift.property);
    }
    return found;
  }

  void repair() {
    auto repaired = cloud_.control().workspaces.repair(cloud_.organization(), "plant-a");
    ASSERT_TRUE(repaired);
    cloud_.run();
    expect_success(repaired->operation.id, "repair: ");
  }

  // The group's objects are where they should be.
  void expect_whole(const std::string& name) {
    const auto one = group(name);
    const auto link = connection();
    auto configuration =
        cloud_.run_until_done(link->hub_of(one).get_configuration(one.configuration));
    ASSERT_TRUE(configuration) << configuration.error().describe();
    EXPECT_EQ(configuration->target_condition, fleet::target_condition(one.id));
    auto enrollment = cloud_.run_until_done(link->dps.get_group(one.enrollment_group));
    ASSERT_TRUE(enrollment) << enrollment.error().describe();
    EXPECT_EQ(enrollment->iot_hubs, std::vector<std::string>{link->hub_of(one).host()});
    EXPECT_EQ(
        cloud_
            .arm("GET", path_of(fleet::keys::kRegistry) + "/tokens/" + one.pull_token, "2023-07-01")
            .status,
        200);
  }

  InProcessCloud cloud_;
  WorkspaceStarted started_;
};

TEST_F(GroupsInCloud, EachObjectThatIsGoneIsFoundAndMadeAgain) {
  create_group("line-1");
  cloud_.run();
  const auto before = group("line-1");
  const auto link = connection();
  ASSERT_TRUE(cloud_.run_until_done(link->hub.delete_configuration(before.configuration)));
  ASSERT_TRUE(cloud_.run_until_done(link->dps.delete_group(before.enrollment_group)));
  ASSERT_EQ(cloud_.arm("DELETE", path_of(fleet::keys::kRegistry) + "/tokens/" + before.pull_token,
                       "2023-07-01")
                    .status /
                100,
            2);
  cloud_.run();
  const auto missing = missing_after_verify();
  EXPECT_EQ(missing, (std::vector<std::string>{"iot-hub " + before.configuration,
                                               "provisioning-service " + before.enrollment_group,
                                               "registry " + before.pull_token}));
  repair();
  EXPECT_TRUE(missing_after_verify().empty());
  expect_whole("line-1");
  EXPECT_NE(group("line-1").configuration, before.configuration)
      << "another password is another content, which needs another name";
}

TEST_F(GroupsInCloud, WhatWasDeletedWholeComesBackWithWhatGroupsHadInIt) {
  create_group("line-1");
  cloud_.run();
  for (const auto& [key, version] : {std::pair{fleet::keys::kIotHub, "2023-06-30"},
                                     std::pair{fleet::keys::kProvisioningService, "2022-12-12"},
                                     std::pair{fleet::keys::kRegistry, "2023-07-01"}}) {
    const auto before = group("line-1");
    ASSERT_EQ(cloud_.arm("DELETE", path_of(key), version).status / 100, 2) << key;
    cloud_.run();
    EXPECT_FALSE(missing_after_verify().empty()) << key;
    repair();
    const auto left = missing_after_verify();
    EXPECT_TRUE(left.empty()) << key << ": " << (left.empty() ? "" : left.front());
    expect_whole("line-1");
    if (key == fleet::keys::kIotHub) {
      EXPECT_EQ(group("line-1").configuration, before.configuration);
    }
  }
}

TEST_F(GroupsInCloud, ARevokedGroupStaysShutOutWhenItsServiceIsMadeAnew) {
  create_group("line-1");
  cloud_.run();
  auto revoked = cloud_.control().revoking.revoke(
      cloud_.organization(), {.scope = Scope::group, .workspace = "plant-a", .name = "line-1"}, "",
      0, "test");
  ASSERT_TRUE(revoked) << revoked.error().describe();
  cloud_.run();
  ASSERT_EQ(
      cloud_.arm("DELETE", path_of(fleet::keys::kProvisioningService), "2022-12-12").status / 100,
      2);
  cloud_.run();
  repair();
  auto enrollment =
      cloud_.run_until_done(connection()->dps.get_group(group("line-1").enrollment_group));
  ASSERT_TRUE(enrollment);
  EXPECT_FALSE(enrollment->enabled);
}

// Groups that fill the first hub, as rows alone.
void fill_first_hub(InProcessCloud& cloud, const fleet::WorkspaceId& id, int count) {
  for (int i = 0; i < count; ++i) {
    fleet::NodeGroup group;
    group.id = fleet::NodeGroupId(fmt::format("grp-filling{:05}", i));
    group.workspace = id;
    group.name = fmt::format("filling-{}", i);
    group.state = fleet::LifeState::failed;
    ASSERT_TRUE(cloud.context().store.groups.insert(group));
  }
}

TEST_F(GroupsInCloud, AFullHubIsFollowedByAFurtherOne) {
  fill_first_hub(cloud_, started_.workspace.id, 80);
  const auto operation = create_group("line-1");
  const auto second = create_group("line-2");
  cloud_.run();
  expect_success(operation, "the group that brings the hub: ");
  expect_success(second, "the group that comes after: ");
  EXPECT_EQ(group("line-1").hub, "iot-hub-2");
  expect_whole("line-1");
  expect_whole("line-2");
  const auto view = cloud_.control().workspaces.get(cloud_.organization(), "plant-a");
  ASSERT_EQ(view->hubs.size(), 2U);
  EXPECT_EQ(view->hubs[1].groups, 2);
  EXPECT_FALSE(view->hubs[1].host.empty());
  EXPECT_TRUE(missing_after_verify().empty());

  // The further hub is the workspace's like the first: repaired and deleted with it.
  ASSERT_EQ(cloud_.arm("DELETE", path_of("iot-hub-2"), "2023-06-30").status / 100, 2);
  cloud_.run();
  EXPECT_FALSE(missing_after_verify().empty());
  repair();
  EXPECT_TRUE(missing_after_verify().empty());
  expect_whole("line-1");
  auto removed = cloud_.control().workspaces.remove(cloud_.organization(), "plant-a");
  ASSERT_TRUE(removed);
  cloud_.run();
  expect_success(removed->operation.id, "delete: ");
  cloud_.expect_empty_cloud("with two hubs");
}

TEST_F(GroupsInCloud, AFurtherHubSurvivesEveryPlace) {
  fill_first_hub(cloud_, started_.workspace.id, 80);
  std::uint64_t place = 1;
  for (;; place += 3) {
    const auto name = fmt::format("line-{}", place);
    const auto why = fmt::format("killed at place {}: ", place);
    const auto operation = create_group(name);
    cloud_.kill_at(place);
    cloud_.run();
    const bool killed = cloud_.killed();
    cloud_.open_ferry();
    cloud_.run();
    expect_success(operation, why);
    expect_whole(name);
    if (!killed || HasFailure()) break;
    // The hub goes again, so that every place of its making is met.
    const auto hub = path_of("iot-hub-2");
    ASSERT_TRUE(cloud_.context().store.groups.remove(group(name).id));
    cloud_.arm("DELETE", hub, "2023-06-30");
    cloud_.run();
    for (const char* key : {"iot-hub-2", "iot-hub-consumer-group-2", "hub-link-2"}) {
      ASSERT_TRUE(cloud_.context().store.resources.remove(started_.workspace.id, key));
    }
    auto fresh = workspace();
    fresh.further_hubs.clear();
    ASSERT_TRUE(cloud_.context().store.workspaces.update(fresh));
    cloud_.context().clouds.forget(fresh.id);
  }
  EXPECT_GT(place, 20U);
}

}  // namespace
}  // namespace ferry::control
