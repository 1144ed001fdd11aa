// SPDX-License-Identifier: Apache-2.0
#include "fleet/bicep.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/azure_names.hpp"
#include "fleet/prices.hpp"

namespace ferry::fleet {
namespace {

using testing::HasSubstr;
using testing::Not;

Workspace some_workspace(bool event_hubs, bool identity) {
  Workspace workspace;
  workspace.id = WorkspaceId("ws-abcdefgh");
  workspace.name = "plant-a";
  workspace.location = "westeurope";
  workspace.names = azure_names(workspace.id, workspace.name);
  if (event_hubs) workspace.options.event_hubs.emplace();
  workspace.options.identity_based = identity;
  return workspace;
}

std::string bicep_of(const Workspace& workspace) {
  return to_bicep(workspace, desired_resources(workspace));
}

TEST(Bicep, SaysEveryResourceWithItsVersionAndName) {
  const auto workspace = some_workspace(false, false);
  const auto text = bicep_of(workspace);
  EXPECT_THAT(text, HasSubstr("param location string = 'westeurope'"));
  EXPECT_THAT(text,
              HasSubstr("resource iotHub 'Microsoft.Devices/IotHubs@2023-06-30' = {\n  name: '" +
                        workspace.names.iot_hub + "'"));
  EXPECT_THAT(text, HasSubstr("location: location"));
  EXPECT_THAT(text,
              HasSubstr("'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01'"));
  EXPECT_THAT(text, HasSubstr("name: '" + workspace.names.storage_account + "/default/" +
                              workspace.names.container + "'"));
  EXPECT_THAT(text, HasSubstr("dependsOn: [\n    storageAccount\n  ]"));
}

TEST(Bicep, AsksForSecretsInsteadOfHoldingThem) {
  const auto text = bicep_of(some_workspace(true, false));
  EXPECT_THAT(text, HasSubstr("SharedAccessKey=${filter(iotHub.listkeys().value"));
  EXPECT_THAT(text, HasSubstr("eventHubSend.listKeys().primaryConnectionString"));
  EXPECT_THAT(text, HasSubstr("certificate: workspaceCaCertificate"));
  EXPECT_THAT(text, Not(HasSubstr("${iot-hub"))) << "no reference of the table is left";
  EXPECT_THAT(text, HasSubstr("'$twin.tags.ferry.nodeGroup'"));
}

TEST(Bicep, WithAnIdentityTheRoleComesBeforeTheRouting) {
  const auto text = bicep_of(some_workspace(true, true));
  EXPECT_THAT(text, HasSubstr("principalId: iotHub.identity.principalId"));
  EXPECT_THAT(text, HasSubstr("scope: eventHub"));
  EXPECT_THAT(text, HasSubstr("// Message routing goes into the IoT hub once"));
}

TEST(Prices, AreKnownForWhatHasAFixedOne) {
  auto workspace = some_workspace(true, false);
  workspace.options.units = 3;
  const auto resources = desired_resources(workspace);
  const auto hub = monthly_estimate(*find_resource(resources, keys::kIotHub));
  ASSERT_TRUE(hub);
  EXPECT_EQ(hub->amount, 75);
  EXPECT_EQ(hub->basis, "S1, 3 units");
  EXPECT_TRUE(monthly_estimate(*find_resource(resources, keys::kRegistry)));
  EXPECT_FALSE(monthly_estimate(*find_resource(resources, keys::kStorageAccount)));
  EXPECT_FALSE(monthly_estimate(*find_resource(resources, keys::kConsumerGroup)));
}

}  // namespace
}  // namespace ferry::fleet
