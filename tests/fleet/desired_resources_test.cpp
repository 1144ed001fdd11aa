// SPDX-License-Identifier: Apache-2.0
#include "fleet/desired_resources.hpp"

#include <set>

#include <gtest/gtest.h>

#include "fleet/azure_names.hpp"

namespace ferry::fleet {
namespace {

Workspace workspace_with(WorkspaceOptions options) {
  Workspace workspace;
  workspace.id = WorkspaceId("ws-abcdefghijklmnop");
  workspace.name = "plant-a";
  workspace.location = "westeurope";
  workspace.options = std::move(options);
  workspace.names = azure_names(workspace.id, workspace.name);
  return workspace;
}

std::vector<WorkspaceOptions> all_options() {
  WorkspaceOptions with_hubs;
  with_hubs.event_hubs = EventHubsOptions{};
  WorkspaceOptions by_identity = with_hubs;
  by_identity.identity_based = true;
  WorkspaceOptions free;
  free.sku = "F1";
  return {{}, with_hubs, by_identity, free};
}

TEST(DesiredResources, EachStandsBehindWhatItComesAfterAndIsPartOf) {
  for (const auto& options : all_options()) {
    std::set<std::string> keys;
    std::set<std::string> titles;
    for (const auto& resource : desired_resources(workspace_with(options))) {
      for (const auto& before : resource.after) EXPECT_TRUE(keys.contains(before)) << before;
      if (!resource.parent.empty()) EXPECT_TRUE(keys.contains(resource.parent)) << resource.key;
      EXPECT_TRUE(keys.insert(resource.key).second) << resource.key;
      EXPECT_TRUE(titles.insert(resource.title).second) << resource.title;
      EXPECT_TRUE(resource.path.starts_with("/resourceGroups/")) << resource.path;
      EXPECT_FALSE(resource.api_version.empty());
    }
  }
}

TEST(DesiredResources, WhatTakesTagsCarriesTheWorkspace) {
  for (const auto& resource : desired_resources(workspace_with({}))) {
    if (!resource.parent.empty()) continue;
    const auto* tags = find_object(resource.body, "tags");
    ASSERT_NE(tags, nullptr) << resource.key;
    EXPECT_EQ(string_or(*tags, kWorkspaceTag, ""), "ws-abcdefghijklmnop");
    EXPECT_EQ(string_or(resource.body, "location", ""), "westeurope");
  }
}

TEST(DesiredResources, EventHubsComeWithTheirRouteAndTheFallbackStaysOn) {
  WorkspaceOptions options;
  options.event_hubs = EventHubsOptions{.partitions = 8, .retention_hours = 48};
  const auto all = desired_resources(workspace_with(options));
  const auto* hub = find_resource(all, keys::kIotHub);
  EXPECT_TRUE(find_path(hub->body, "properties.routing.fallbackRoute.isEnabled")->as_bool());
  const auto* event_hub = find_resource(all, keys::kEventHub);
  EXPECT_EQ(find_path(event_hub->body, "properties.partitionCount")->as_int64(), 8);
  ASSERT_NE(find_resource(all, keys::kRouting), nullptr);
  EXPECT_NE(find_resource(all, keys::kSendPolicy), nullptr);
  // By identity there is a role instead of a key to send with.
  options.identity_based = true;
  const auto by_identity = desired_resources(workspace_with(options));
  EXPECT_EQ(find_resource(by_identity, keys::kSendPolicy), nullptr);
  EXPECT_NE(find_resource(by_identity, keys::kSenderRole), nullptr);
  EXPECT_EQ(json::serialize(find_resource(by_identity, keys::kRouting)->body).find("${event-hub"),
            std::string::npos);
}

TEST(DesiredResources, BasicIsRefusedAndFreeHasTwoPartitions) {
  WorkspaceOptions options;
  options.sku = "B1";
  EXPECT_EQ(check_options(options).error().code, Code::invalid_argument);
  options.sku = "S3";
  options.units = 11;
  EXPECT_FALSE(check_options(options));
  options = {};
  EXPECT_TRUE(check_options(options));
  options.sku = "F1";
  EXPECT_TRUE(check_options(options));
  EXPECT_EQ(hub_limits(options).partitions, 2);
}

TEST(DesiredResources, ANameThatIsTakenIsFollowedByTheNextWithinTheRules) {
  auto workspace = workspace_with({});
  ASSERT_TRUE(take_next_name(workspace, keys::kIotHub));
  EXPECT_EQ(workspace.names.iot_hub, "plant-a-abcdefgh-2");
  ASSERT_TRUE(take_next_name(workspace, keys::kIotHub));
  EXPECT_EQ(workspace.names.iot_hub, "plant-a-abcdefgh-3");
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(take_next_name(workspace, keys::kIotHub));
  EXPECT_EQ(take_next_name(workspace, keys::kIotHub).error().code, Code::conflict);

  Workspace longest = workspace_with({});
  longest.name = std::string(32, 'z');
  longest.names = azure_names(longest.id, longest.name);
  ASSERT_EQ(longest.names.storage_account.size(), 24U);
  ASSERT_TRUE(take_next_name(longest, keys::kStorageAccount));
  EXPECT_EQ(longest.names.storage_account.size(), 24U);
  EXPECT_TRUE(longest.names.storage_account.ends_with("abcdefgh2"));
}

}  // namespace
}  // namespace ferry::fleet
