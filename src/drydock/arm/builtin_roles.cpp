// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/builtin_roles.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace drydock::arm {

namespace {

const std::vector<BuiltInRole>& table() {
  static const std::string kBlobs =
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/";
  static const std::string kContainers =
      "Microsoft.Storage/storageAccounts/blobServices/containers/";
  static const std::string kDelegation =
      "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action";
  static const std::string kRepositories = "Microsoft.ContainerRegistry/registries/repositories/";
  static const std::string kRegistries = "Microsoft.ContainerRegistry/registries/";
  static const std::vector<std::string> kSurroundings = {
      "Microsoft.Authorization/*/read", "Microsoft.Resources/subscriptions/resourceGroups/read",
      "Microsoft.Resources/deployments/*"};
  static const auto with_surroundings = [](std::vector<std::string> actions) {
    actions.insert(actions.end(), kSurroundings.begin(), kSurroundings.end());
    return actions;
  };
  static const std::vector<BuiltInRole> kRoles = {
      {kOwnerRole, "Owner", "Full access to all resources, and may assign roles", {{"*"}}},
      {"b24988ac-6180-42a0-ab88-20f7382dd24c",
       "Contributor",
       "Full access to all resources, but may not assign roles",
       {{"*"},
        {"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
         "Microsoft.Authorization/elevateAccess/Action"}}},
      {"acdd72a7-3385-48ef-bd42-f606fba81ae7",
       "Reader",
       "Sees all resources and changes nothing",
       {{"*/read"}}},
      {"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
       "User Access Administrator",
       "Manages access to resources",
       {{"*/read", "Microsoft.Authorization/*"}}},
      {"f58310d9-a9f6-439a-9e8d-f62e7b41a168",
       "Role Based Access Control Administrator",
       "Manages role assignments",
       {{"Microsoft.Authorization/roleAssignments/write",
         "Microsoft.Authorization/roleAssignments/delete", "*/read"}}},
      {"7f951dda-4ed3-4680-a7ca-43fe172d538d",
       "AcrPull",
       "Pulls images",
       {{kRegistries + "pull/read"}}},
      {"8311e382-0749-4cb8-b61a-304f252e45ec",
       "AcrPush",
       "Pulls and pushes images",
       {{kRegistries + "pull/read", kRegistries + "push/write"}}},
      {"c2f4ef07-c644-48eb-af81-4b1b4947fb11",
       "AcrDelete",
       "Deletes images",
       {{kRegistries + "artifacts/delete"}}},
      {"6cef56e8-d556-48e5-a04f-b8e64114680f",
       "AcrImageSigner",
       "Signs images",
       {{kRegistries + "sign/write"}, {}, {kRegistries + "trustedCollections/write"}}},
      {"b93aa761-3e63-49ed-ac28-beffa264f7ac",
       "Container Registry Repository Reader",
       "Reads repositories",
       {{}, {}, {kRepositories + "metadata/read", kRepositories + "content/read"}}},
      {"2a1e307c-b015-4ebd-883e-5b7698a07328",
       "Container Registry Repository Writer",
       "Reads and writes repositories",
       {{},
        {},
        {kRepositories + "metadata/read", kRepositories + "content/read",
         kRepositories + "metadata/write", kRepositories + "content/write"}}},
      {"2efddaa5-3f1f-4df3-97df-af3f13818f4c",
       "Container Registry Repository Contributor",
       "Reads, writes and deletes repositories",
       {{}, {}, {kRepositories + "metadata/*", kRepositories + "content/*"}}},
      {"fb382eab-e894-4461-af04-94435c366c3f",
       "Container Registry Tasks Contributor",
       "Runs and manages tasks of a registry",
       {with_surroundings({kRegistries + "read", kRegistries + "tasks/*", kRegistries + "runs/*",
                           kRegistries + "taskRuns/*", kRegistries + "scheduleRun/action",
                           kRegistries + "listBuildSourceUploadUrl/action"})}},
      {"ba92f5b4-2d11-453d-a403-e96b0029c9fe",
       "Storage Blob Data Contributor",
       "Reads, writes and deletes containers and blobs",
       {{kContainers + "delete", kContainers + "read", kContainers + "write", kDelegation},
        {},
        {kBlobs + "delete", kBlobs + "read", kBlobs + "write", kBlobs + "move/action",
         kBlobs + "add/action"}}},
      {"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
       "Storage Blob Data Reader",
       "Reads containers and blobs",
       {{kContainers + "read", kDelegation}, {}, {kBlobs + "read"}}},
      {"b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
       "Storage Blob Data Owner",
       "Full access to containers and blobs",
       {{kContainers + "*", kDelegation}, {}, {kBlobs + "*"}}},
      {"db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
       "Storage Blob Delegator",
       "Gets a user delegation key",
       {{kDelegation}}},
      {"17d1049b-9a84-46fb-8f53-869881c3d3ab",
       "Storage Account Contributor",
       "Manages storage accounts, their keys included",
       {with_surroundings({"Microsoft.Storage/storageAccounts/*"})}},
      {"81a9662b-bebf-436f-a333-f67b29880f12",
       "Storage Account Key Operator Service Role",
       "Lists and regenerates keys of storage accounts",
       {{"Microsoft.Storage/storageAccounts/listkeys/action",
         "Microsoft.Storage/storageAccounts/regeneratekey/action"}}},
      {"4fc6c259-987e-4a07-842e-c321cc9d413f",
       "IoT Hub Data Contributor",
       "Full access to the data of IoT hubs",
       {{}, {}, {"Microsoft.Devices/IotHubs/*"}}},
      {"b447c946-2db7-41ec-983d-d8bf3b1c77e3",
       "IoT Hub Data Reader",
       "Reads the data of IoT hubs",
       {{},
        {},
        {"Microsoft.Devices/IotHubs/*/read",
         "Microsoft.Devices/IotHubs/fileUpload/notifications/action"}}},
      {"4ea46cd5-c1b2-4a8e-910b-273211f9ce47",
       "IoT Hub Registry Contributor",
       "Full access to the device registry",
       {{}, {}, {"Microsoft.Devices/IotHubs/devices/*"}}},
      {"494bdba2-168f-4f31-a0a1-191d2f7c028c",
       "IoT Hub Twin Contributor",
       "Reads and writes all twins",
       {{}, {}, {"Microsoft.Devices/IotHubs/twins/*"}}},
      {"dfce44e4-17b7-4bd1-a6d1-04996ec95633",
       "Device Provisioning Service Data Contributor",
       "Full access to the data of provisioning services",
       {{}, {}, {"Microsoft.Devices/provisioningServices/*"}}},
      {"10745317-c249-44a1-a5ce-3a4353c0bbd8",
       "Device Provisioning Service Data Reader",
       "Reads the data of provisioning services",
       {{}, {}, {"Microsoft.Devices/provisioningServices/*/read"}}},
      {"f526a384-b230-433a-b45c-95f59c4a2dec",
       "Azure Event Hubs Data Owner",
       "Full access to event hubs",
       {{"Microsoft.EventHub/*"}, {}, {"Microsoft.EventHub/*"}}},
      {"2b629674-e913-4c01-ae53-ef4638d8f975",
       "Azure Event Hubs Data Sender",
       "Sends to event hubs",
       {{"Microsoft.EventHub/*/eventhubs/read"}, {}, {"Microsoft.EventHub/*/send/action"}}},
      {"a638d3c7-ab3a-418d-83e6-5f17a39d4fde",
       "Azure Event Hubs Data Receiver",
       "Receives from event hubs",
       {{"Microsoft.EventHub/*/eventhubs/consumergroups/read"},
        {},
        {"Microsoft.EventHub/*/receive/action"}}},
      {"f1a07417-d97a-45cb-824c-7a7467783830",
       "Managed Identity Operator",
       "Reads and assigns user-assigned identities",
       {with_surroundings({"Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
                           "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"})}},
      {"e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
       "Managed Identity Contributor",
       "Manages user-assigned identities",
       {with_surroundings({"Microsoft.ManagedIdentity/userAssignedIdentities/read",
                           "Microsoft.ManagedIdentity/userAssignedIdentities/write",
                           "Microsoft.ManagedIdentity/userAssignedIdentities/delete"})}}};
  return kRoles;
}

}  // namespace

std::span<const BuiltInRole> built_in_roles() {
  return table();
}

const BuiltInRole* find_built_in_role(std::string_view id) {
  const auto& roles = table();
  const auto found = std::ranges::find_if(
      roles, [&](const BuiltInRole& role) { return ferry::equals_ignore_case(role.id, id); });
  return found == roles.end() ? nullptr : &*found;
}

}  // namespace drydock::arm
