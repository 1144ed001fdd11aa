// SPDX-License-Identifier: Apache-2.0
#include "fleet/adoption.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "fleet/azure_id.hpp"
#include "fleet/azure_names.hpp"
#include "fleet/bicep.hpp"
#include "fleet/drift.hpp"

namespace ferry::fleet {
namespace {

constexpr const char* kHubId =
    "/subscriptions/sub-1/resourceGroups/shared/providers/Microsoft.Devices/IotHubs/our-hub";
constexpr const char* kDpsId =
    "/subscriptions/sub-1/resourceGroups/shared/providers/Microsoft.Devices/provisioningServices/d";

Workspace adopting(AdoptedResources adopted) {
  Workspace workspace;
  workspace.id = WorkspaceId("ws-abcdefghijklmnop");
  workspace.name = "plant-a";
  workspace.location = "westeurope";
  workspace.options.adopted = std::move(adopted);
  workspace.names = azure_names(workspace.id, workspace.name);
  name_after_adopted(workspace);
  return workspace;
}

json::object good_hub() {
  return {{"location", "westeurope"},
          {"sku", {{"name", "S2"}, {"capacity", 3}}},
          {"properties", {{"provisioningState", "Succeeded"}, {"minTlsVersion", "1.2"}}}};
}

std::vector<std::string> codes(const std::vector<Finding>& findings, Severity severity) {
  std::vector<std::string> found;
  for (const auto& finding : findings) {
    if (finding.severity == severity) found.push_back(finding.code);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<Finding> judge(const std::string& key, const json::object& document,
                           Workspace workspace) {
  const auto table = desired_resources(workspace);
  return judge_adopted(*find_resource(table, key), document, workspace);
}

TEST(AzureId, IsTakenApartWithoutRegardToCase) {
  auto id =
      parse_azure_id("/Subscriptions/s/RESOURCEGROUPS/g/providers/microsoft.devices/iothubs/h");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->group, "g");
  EXPECT_EQ(id->type, "microsoft.devices/iothubs");
  EXPECT_EQ(id->name, "h");
  EXPECT_EQ(parse_azure_id(kHubId)->path(),
            "/resourceGroups/shared/providers/Microsoft.Devices/IotHubs/our-hub");
}

TEST(AzureId, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "our-hub", "/subscriptions/s/resourceGroups/g", "//a/b/c/d/e/f/g/h",
        "/subscriptions/s/resourceGroups//providers/Microsoft.Devices/IotHubs/h",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/h/certificates/c",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/h?x=1",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/${x}"}) {
    EXPECT_EQ(parse_azure_id(text).error().code, Code::invalid_argument) << text;
  }
}

TEST(Adoption, IdsMustFitTypeAndSubscription) {
  EXPECT_TRUE(check_adopted_ids({.iot_hub = kHubId, .provisioning_service = kDpsId}, "SUB-1"));
  EXPECT_TRUE(check_adopted_ids({}, "sub-1"));
  EXPECT_FALSE(check_adopted_ids({.iot_hub = kDpsId}, "sub-1")) << "another type";
  EXPECT_FALSE(check_adopted_ids({.iot_hub = kHubId}, "sub-2")) << "another subscription";
}

TEST(Adoption, AnAdoptedResourceIsReadWhereItIsAndItsPartsHaveNamesOfTheirOwn) {
  const auto workspace = adopting({.iot_hub = kHubId, .provisioning_service = kDpsId});
  EXPECT_EQ(workspace.names.iot_hub, "our-hub");
  const auto table = desired_resources(workspace);
  const auto& hub = *find_resource(table, keys::kIotHub);
  EXPECT_TRUE(hub.adopted);
  EXPECT_TRUE(hub.body.empty());
  EXPECT_TRUE(hub.expectations.empty()) << "its settings are its owner's";
  EXPECT_EQ(hub.path, "/resourceGroups/shared/providers/Microsoft.Devices/IotHubs/our-hub");
  EXPECT_EQ(find_resource(table, keys::kConsumerGroup)->name, "ferry-abcdefgh");
  EXPECT_EQ(find_resource(table, keys::kPushToken)->name, "ferry-push") << "its own registry";
  const auto* link = find_resource(table, keys::kHubLink);
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->body.at("location"), "${iot-hub.location}");
  EXPECT_FALSE(find_resource(table, keys::kStorageAccount)->adopted);
  for (const auto& resource : table) {
    if (!resource.adopted) EXPECT_FALSE(resource.body.empty()) << resource.key;
  }
}

TEST(Adoption, WithNothingToMakeThereIsNoResourceGroup) {
  const std::string group = "/subscriptions/s/resourceGroups/g/providers/";
  const auto workspace =
      adopting({.iot_hub = kHubId,
                .provisioning_service = kDpsId,
                .storage_account = group + "Microsoft.Storage/storageAccounts/store",
                .registry = group + "Microsoft.ContainerRegistry/registries/images"});
  const auto table = desired_resources(workspace);
  EXPECT_EQ(find_resource(table, keys::kResourceGroup), nullptr);
  EXPECT_EQ(find_resource(table, keys::kPushToken)->name, "ferry-push-abcdefgh");
}

TEST(Adoption, AHubOfAnyGoodTierWillDo) {
  const auto workspace = adopting({.iot_hub = kHubId});
  EXPECT_TRUE(judge(keys::kIotHub, good_hub(), workspace).empty());
  auto options = workspace.options;
  take_tier(options, good_hub());
  EXPECT_EQ(options.sku, "S2");
  EXPECT_EQ(options.units, 3);
  auto basic = good_hub();
  basic["sku"] = {{"name", "B1"}, {"capacity", 1}};
  EXPECT_EQ(codes(judge(keys::kIotHub, basic, workspace), Severity::error),
            std::vector<std::string>{"sku_unsupported"});
  auto free = good_hub();
  free["sku"] = {{"name", "F1"}, {"capacity", 1}};
  EXPECT_EQ(codes(judge(keys::kIotHub, free, workspace), Severity::warning),
            std::vector<std::string>{"free_limits"});
}

TEST(Adoption, WhatFerryWouldHaveMadeOtherwiseIsSaid) {
  const auto workspace = adopting({.iot_hub = kHubId});
  auto hub = good_hub();
  hub["location"] = "North Europe";
  hub["properties"] = {{"provisioningState", "Succeeded"},
                       {"publicNetworkAccess", "Disabled"},
                       {"routing", {{"fallbackRoute", {{"isEnabled", false}}}}}};
  EXPECT_EQ(codes(judge(keys::kIotHub, hub, workspace), Severity::warning),
            (std::vector<std::string>{"adopt_elsewhere", "adopt_fallback_off", "adopt_private",
                                      "adopt_tls"}));
  hub["properties"] = {
      {"provisioningState", "Deleting"}, {"minTlsVersion", "1.2"}, {"disableLocalAuth", true}};
  EXPECT_EQ(codes(judge(keys::kIotHub, hub, workspace), Severity::error),
            (std::vector<std::string>{"adopt_keys_refused", "adopt_not_ready"}));
}

TEST(Adoption, AStorageAccountIsJudgedByKindKeysAndOpenness) {
  const auto workspace = adopting(
      {.storage_account =
           "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/store"});
  json::object account{{"location", "westeurope"},
                       {"kind", "StorageV2"},
                       {"properties",
                        {{"provisioningState", "Succeeded"},
                         {"minimumTlsVersion", "TLS1_2"},
                         {"supportsHttpsTrafficOnly", true},
                         {"allowBlobPublicAccess", false}}}};
  EXPECT_TRUE(judge(keys::kStorageAccount, account, workspace).empty());
  account["kind"] = "FileStorage";
  account["properties"] = {{"minimumTlsVersion", "TLS1_0"}, {"allowSharedKeyAccess", false}};
  const auto findings = judge(keys::kStorageAccount, account, workspace);
  EXPECT_EQ(codes(findings, Severity::error),
            (std::vector<std::string>{"adopt_keys_refused", "adopt_kind"}));
  EXPECT_EQ(codes(findings, Severity::warning),
            (std::vector<std::string>{"adopt_public_blobs", "adopt_tls"}));
}

TEST(Adoption, WhatIsGoneCannotBeMadeAgain) {
  const auto table = desired_resources(adopting({.iot_hub = kHubId}));
  const auto drift = find_drift(*find_resource(table, keys::kIotHub), std::nullopt);
  ASSERT_EQ(drift.size(), 1U);
  EXPECT_FALSE(drift[0].mendable);
}

TEST(Adoption, ATemplateRefersToItAndLeavesItAlone) {
  const auto workspace = adopting({.iot_hub = kHubId});
  const auto text = to_bicep(workspace, desired_resources(workspace));
  EXPECT_NE(text.find("resource iotHub 'Microsoft.Devices/IotHubs@2023-06-30' existing = {\n"
                      "  name: 'our-hub'\n  scope: resourceGroup('shared')\n}\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("location: iotHub.location"), std::string::npos) << "of the link";
  EXPECT_EQ(text.find("resource iotHubConsumerGroup"), std::string::npos);
  EXPECT_NE(text.find("// Consumer group 'ferry-abcdefgh': Ferry adds it to iotHub"),
            std::string::npos);
}

}  // namespace
}  // namespace ferry::fleet
