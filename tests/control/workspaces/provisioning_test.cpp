// SPDX-License-Identifier: Apache-2.0
// What provisioning promises apart from surviving: names, other people's resources, cancellation,
// few requests.
#include <gtest/gtest.h>

#include "tests/control/workspaces/in_process_cloud.hpp"

namespace ferry::control {
namespace {

using fleet::RunState;

fleet::Resource row_of(InProcessCloud& cloud, const fleet::WorkspaceId& id,
                       const std::string& key) {
  auto row = cloud.context().store.resources.find(id, key);
  EXPECT_TRUE(row && *row) << key;
  return **row;
}

TEST(Provisioning, ANameThatSomebodyHasIsReplacedBeforeItIsUsed) {
  InProcessCloud cloud;
  const auto started = cloud.create("plant-a");
  const auto storage = row_of(cloud, started.workspace.id, fleet::keys::kStorageAccount).name;
  const auto hub = row_of(cloud, started.workspace.id, fleet::keys::kIotHub).name;
  ASSERT_EQ(
      cloud.arm("PUT", "/resourceGroups/others", "2022-09-01", {{"location", "westeurope"}}).status,
      201);
  cloud.arm(
      "PUT", "/resourceGroups/others/providers/Microsoft.Storage/storageAccounts/" + storage,
      "2023-05-01",
      {{"location", "westeurope"}, {"kind", "StorageV2"}, {"sku", {{"name", "Standard_LRS"}}}});
  cloud.arm("PUT", "/resourceGroups/others/providers/Microsoft.Devices/IotHubs/" + hub,
            "2023-06-30",
            {{"location", "westeurope"},
             {"sku", {{"name", "S1"}, {"capacity", 1}}},
             {"properties", json::object()}});
  cloud.run();
  const auto operation = cloud.operation(started.operation.id);
  ASSERT_EQ(operation.status, RunState::succeeded) << operation.error->describe();
  EXPECT_EQ(row_of(cloud, started.workspace.id, fleet::keys::kStorageAccount).name, storage + "2");
  EXPECT_EQ(row_of(cloud, started.workspace.id, fleet::keys::kIotHub).name, hub + "-2");
  EXPECT_TRUE(row_of(cloud, started.workspace.id, fleet::keys::kBlobContainer)
                  .azure_id.find("/" + storage + "2/") != std::string::npos);
}

TEST(Provisioning, WhatFerryDidNotMakeStaysAndIsNamed) {
  InProcessCloud cloud;
  const auto started = cloud.create("plant-a");
  cloud.run();
  const auto group = row_of(cloud, started.workspace.id, fleet::keys::kResourceGroup).name;
  const std::string mine =
      "/resourceGroups/" + group + "/providers/Microsoft.Storage/storageAccounts/mine";
  cloud.arm(
      "PUT", mine, "2023-05-01",
      {{"location", "westeurope"}, {"kind", "StorageV2"}, {"sku", {{"name", "Standard_LRS"}}}});
  auto deletion =
      cloud.run_until_done(cloud.control().workspaces.deletion(cloud.organization(), "plant-a"));
  ASSERT_TRUE(deletion) << deletion.error().describe();
  ASSERT_FALSE(deletion->empty());
  EXPECT_FALSE(deletion->back().goes);
  EXPECT_NE(deletion->back().reason.find("mine"), std::string::npos);
  EXPECT_TRUE(deletion->front().goes);

  auto removed = cloud.control().workspaces.remove(cloud.organization(), "plant-a");
  ASSERT_TRUE(removed);
  cloud.run();
  const auto operation = cloud.operation(removed->operation.id);
  ASSERT_EQ(operation.status, RunState::succeeded);
  EXPECT_NE(operation.steps.back().detail.find("stays"), std::string::npos);
  ASSERT_EQ(cloud.resources_in_cloud().size(), 1U);
  EXPECT_TRUE(cloud.resources_in_cloud().front().ends_with("/mine"));
}

TEST(Provisioning, AHubThatLostItsTagIsNotTouched) {
  InProcessCloud cloud;
  const auto started = cloud.create("plant-a");
  cloud.run();
  const auto hub = row_of(cloud, started.workspace.id, fleet::keys::kIotHub);
  const auto path = hub.azure_id.substr(hub.azure_id.find("/resourceGroups/"));
  ASSERT_EQ(cloud.arm("PATCH", path, "2023-06-30", {{"tags", json::object()}}).status / 100, 2);
  cloud.run();
  auto removed = cloud.control().workspaces.remove(cloud.organization(), "plant-a");
  cloud.run();
  EXPECT_EQ(cloud.operation(removed->operation.id).status, RunState::succeeded);
  EXPECT_EQ(cloud.resources_in_cloud(), std::vector<std::string>{to_lower(hub.azure_id)});
}

TEST(Provisioning, CancelledItCanGoOnOrGoAway) {
  InProcessCloud cloud;
  const auto started = cloud.create("plant-a");
  ASSERT_TRUE(cloud.control().operations.cancel(started.operation.id.str()));
  cloud.run();
  EXPECT_EQ(cloud.operation(started.operation.id).status, RunState::cancelled);
  auto again = cloud.control().workspaces.retry(cloud.organization(), "plant-a");
  ASSERT_TRUE(again) << again.error().describe();
  cloud.run();
  cloud.expect_one_workspace(started.workspace.id, "after a cancelled attempt");

  // A deletion does not wait for a creation that nobody wants any more.
  auto second = cloud.create("plant-b");
  auto removed = cloud.control().workspaces.remove(cloud.organization(), "plant-b");
  ASSERT_TRUE(removed);
  cloud.run();
  EXPECT_EQ(cloud.operation(second.operation.id).status, RunState::cancelled);
  EXPECT_EQ(cloud.operation(removed->operation.id).status, RunState::succeeded);
  cloud.expect_one_workspace(started.workspace.id, "the other one is untouched");
}

// By key and by the hub's own identity.
TEST(Provisioning, EventHubsComeWithTheirRouteAndItsHealthIsShown) {
  for (const bool identity : {false, true}) {
    InProcessCloud cloud;
    fleet::WorkspaceOptions options;
    options.event_hubs = fleet::EventHubsOptions{.partitions = 2, .retention_hours = 48};
    options.identity_based = identity;
    const auto started = cloud.create("plant-a", options);
    cloud.run();
    const auto operation = cloud.operation(started.operation.id);
    ASSERT_EQ(operation.status, RunState::succeeded) << operation.error->describe();
    cloud.expect_one_workspace(started.workspace.id, identity ? "by identity" : "by key");
    EXPECT_TRUE(cloud.context()
                    .store.secrets.get(started.workspace.id.str(), secret_names::kEventHubListen)
                    ->has_value());
    auto routing =
        cloud.run_until_done(cloud.control().workspaces.routing(cloud.organization(), "plant-a"));
    ASSERT_TRUE(routing) << routing.error().describe();
    EXPECT_TRUE(routing->fallback);
    ASSERT_EQ(routing->routes.size(), 1U);
    EXPECT_EQ(routing->routes[0].endpoint, "telemetry");
    EXPECT_EQ(routing->routes[0].problem, "");
    ASSERT_EQ(routing->endpoints.size(), 2U);
    EXPECT_NE(routing->endpoints[1].health, "dead");

    auto removed = cloud.control().workspaces.remove(cloud.organization(), "plant-a");
    cloud.run();
    EXPECT_EQ(cloud.operation(removed->operation.id).status, RunState::succeeded);
    cloud.expect_empty_cloud("with event hubs");
  }
}

TEST(Provisioning, BasicHubsAreRefusedWithTheReason) {
  InProcessCloud cloud;
  fleet::WorkspaceOptions options;
  options.sku = "B1";
  auto refused = cloud.control().workspaces.create(
      cloud.organization(),
      {.name = "plant-a", .location = "westeurope", .cloud_account = {}, .options = options});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
  EXPECT_NE(refused.error().message.find("twins"), std::string::npos);
  options.sku = "F1";
  const auto started = cloud.create("plant-a", options);
  EXPECT_EQ(started.workspace.limits.messages_per_day, 8'000);
  cloud.run();
  EXPECT_EQ(cloud.operation(started.operation.id).status, RunState::succeeded);
}

}  // namespace
}  // namespace ferry::control
