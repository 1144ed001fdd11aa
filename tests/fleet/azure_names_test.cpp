// SPDX-License-Identifier: Apache-2.0
#include "fleet/azure_names.hpp"

#include <regex>

#include <gtest/gtest.h>

#include "fleet/names.hpp"

namespace ferry::fleet {
namespace {

void expect_matches(const std::string& name, const char* rule) {
  EXPECT_TRUE(std::regex_match(name, std::regex(rule))) << name;
}

TEST(AzureNames, FollowAzuresRulesForShortAndLongWorkspaceNames) {
  const std::string names[] = {"aa", "7x", "plant-a", "a--b", std::string(32, 'z')};
  for (const auto& name : names) {
    ASSERT_TRUE(check_workspace_name(name)) << name;
    const auto azure = azure_names(WorkspaceId(random_id("ws")), name);
    expect_matches(azure.resource_group, "^[-\\w._()]{0,89}[-\\w_()]$");
    expect_matches(azure.iot_hub, "^(?![0-9]+$)(?!-)[a-zA-Z0-9-]{2,49}[a-zA-Z0-9]$");
    expect_matches(azure.provisioning_service, "^[a-zA-Z0-9-]{2,63}[a-zA-Z0-9]$");
    expect_matches(azure.storage_account, "^[a-z0-9]{3,24}$");
    expect_matches(azure.container, "^[a-z0-9](-?[a-z0-9]){2,62}$");
    expect_matches(azure.registry, "^[a-zA-Z0-9]{5,50}$");
    expect_matches(azure.ca_certificate, "^[A-Za-z0-9._-]{1,64}$");
  }
}

TEST(AzureNames, AreTheSameForTheSameWorkspaceAndDifferForAnother) {
  const WorkspaceId id("ws-abcdefghijklmnop");
  EXPECT_EQ(azure_names(id, "plant-a").iot_hub, "plant-a-abcdefgh");
  EXPECT_EQ(azure_names(id, "plant-a").storage_account, "plantaabcdefgh");
  EXPECT_EQ(azure_names(id, "plant-a").container, "ws-abcdefghijklmnop");
  EXPECT_NE(azure_names(WorkspaceId(random_id("ws")), "plant-a").registry,
            azure_names(WorkspaceId(random_id("ws")), "plant-a").registry);
}

TEST(AzureNames, OfAGroupFitTokensAndConfigurations) {
  const NodeGroupId group(random_id("grp"));
  expect_matches(token_name(group), "^[a-zA-Z0-9-]{5,50}$");
  expect_matches(scope_map_name(group), "^[a-zA-Z0-9-_]{5,50}$");
  expect_matches(configuration_name(group, 17), "^[a-z0-9-+%_*!']{1,128}$");
  EXPECT_EQ(target_condition(NodeGroupId("grp-a")), "tags.ferry.nodeGroup='grp-a'");
}

TEST(AzureNames, RegistrationIdsFitACommonName) {
  const NodeId node("node-abcdefghijklmnop");
  EXPECT_EQ(registration_id("pump-7", node), "pump-7-abcdefghijklmnop");
  const auto longest = registration_id(std::string(63, 'a'), node);
  EXPECT_LE(longest.size(), 64U);
  EXPECT_TRUE(longest.ends_with("-abcdefghijklmnop"));
  const auto hyphens = registration_id("a" + std::string(61, '-') + "b", node);
  EXPECT_EQ(hyphens, "a-abcdefghijklmnop");
}

TEST(AzureNames, FilesLieWhereTheProductSays) {
  EXPECT_EQ(component_blob("sampler", "1.0.0", "bin/sampler"),
            "components/sampler/1.0.0/src/bin/sampler");
  EXPECT_EQ(image_repository("sampler"), "components/sampler");
  EXPECT_EQ(image_tag("1.0.0+build.7"), "1.0.0_build.7");
}

}  // namespace
}  // namespace ferry::fleet
