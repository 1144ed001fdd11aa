// SPDX-License-Identifier: Apache-2.0
#include "fleet/hubs.hpp"

#include <set>

#include <gtest/gtest.h>

#include "fleet/azure_names.hpp"
#include "fleet/bicep.hpp"

namespace ferry::fleet {
namespace {

Workspace workspace_of(std::string sku) {
  Workspace workspace;
  workspace.id = WorkspaceId("ws-abcdefghijklmnop");
  workspace.name = "plant-a";
  workspace.location = "westeurope";
  workspace.options.sku = std::move(sku);
  workspace.names = azure_names(workspace.id, workspace.name);
  return workspace;
}

void place(Workspace& workspace, std::vector<NodeGroup>& groups, int count) {
  for (int i = 0; i < count; ++i) {
    auto placement = place_group(workspace, groups);
    ASSERT_TRUE(placement) << placement.error().describe();
    NodeGroup group;
    group.hub = placement->hub;
    groups.push_back(std::move(group));
  }
}

TEST(Hubs, AFurtherOneIsAddedWhenTheFirstIsFull) {
  auto workspace = workspace_of("S1");
  std::vector<NodeGroup> groups;
  EXPECT_EQ(groups_per_hub(workspace.options), 80);
  place(workspace, groups, 80);
  EXPECT_TRUE(workspace.further_hubs.empty());
  place(workspace, groups, 81);
  ASSERT_EQ(workspace.further_hubs.size(), 2U);
  EXPECT_EQ(workspace.further_hubs[0].name, "plant-a-abcdefgh-hub2");
  EXPECT_EQ(groups[79].hub, "iot-hub");
  EXPECT_EQ(groups[80].hub, "iot-hub-2");
  EXPECT_EQ(groups[160].hub, "iot-hub-3");
}

TEST(Hubs, RoomThatAGroupLeavesIsUsedBeforeAnotherHubIsMade) {
  auto workspace = workspace_of("S1");
  std::vector<NodeGroup> groups;
  place(workspace, groups, 160);
  groups.erase(groups.begin() + 3);
  place(workspace, groups, 1);
  EXPECT_EQ(groups.back().hub, "iot-hub");
  EXPECT_EQ(workspace.further_hubs.size(), 1U);
}

TEST(Hubs, AFreeHubHasNoSecond) {
  auto workspace = workspace_of("F1");
  std::vector<NodeGroup> groups;
  place(workspace, groups, 8);
  EXPECT_EQ(place_group(workspace, groups).error().code, Code::resource_exhausted);
}

TEST(Hubs, EachHubIsInTheTableWithItsPartsAndItsLink) {
  for (const bool event_hubs : {false, true}) {
    for (const bool identity : {false, true}) {
      auto workspace = workspace_of("S1");
      if (event_hubs) workspace.options.event_hubs = EventHubsOptions{};
      workspace.options.identity_based = identity && event_hubs;
      std::vector<NodeGroup> groups;
      place(workspace, groups, 161);
      std::set<std::string> titles;
      std::set<std::string> keys_seen;
      const auto table = desired_resources(workspace);
      for (const auto& resource : table) {
        EXPECT_TRUE(titles.insert(resource.title).second) << resource.title;
        for (const auto& before : resource.after) EXPECT_TRUE(keys_seen.contains(before)) << before;
        EXPECT_TRUE(keys_seen.insert(resource.key).second) << resource.key;
      }
      for (const char* key : {"iot-hub-2", "iot-hub-consumer-group-2", "hub-link-2", "iot-hub-3",
                              "iot-hub-consumer-group-3", "hub-link-3"}) {
        EXPECT_TRUE(keys_seen.contains(key)) << key;
      }
      EXPECT_EQ(keys_seen.contains("message-routing-2"), event_hubs);
      EXPECT_EQ(find_resource(table, "iot-hub-2")->kind, keys::kIotHub);
      EXPECT_EQ(find_resource(table, "hub-link-3")->hub, "iot-hub-3");
      const auto text = to_bicep(workspace, table);
      EXPECT_NE(text.find("${iotHub2.properties.hostName}"), std::string::npos) << text;
      EXPECT_NE(text.find("resource iotHub3 "), std::string::npos);
    }
  }
}

TEST(Hubs, ATakenNameOfAFurtherHubIsNumbered) {
  auto workspace = workspace_of("S1");
  std::vector<NodeGroup> groups;
  place(workspace, groups, 81);
  ASSERT_TRUE(take_next_name(workspace, "iot-hub-2"));
  EXPECT_EQ(workspace.further_hubs[0].name, "plant-a-abcdefgh-hub2-2");
  EXPECT_EQ(workspace.names.iot_hub, "plant-a-abcdefgh");
}

TEST(Hubs, HostsAreKeptByKey) {
  auto workspace = workspace_of("S1");
  std::vector<NodeGroup> groups;
  place(workspace, groups, 81);
  set_hub_host(workspace, "iot-hub", "a");
  set_hub_host(workspace, "iot-hub-2", "b");
  EXPECT_EQ(hub_host(workspace, "iot-hub"), "a");
  EXPECT_EQ(hub_host(workspace, "iot-hub-2"), "b");
  EXPECT_EQ(hub_host(workspace, "iot-hub-3"), "");
}

}  // namespace
}  // namespace ferry::fleet
