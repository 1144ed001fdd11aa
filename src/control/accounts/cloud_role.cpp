// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/cloud_role.hpp"

#include <string_view>

#include <fmt/format.h>

namespace ferry::control {
namespace {

constexpr std::string_view kBasics[] = {
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/operationresults/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.Resources/subscriptions/resourceGroups/resources/read",

    "Microsoft.Devices/operationresults/Read",
    "Microsoft.Devices/locations/operationresults/Read",
    "Microsoft.Devices/iotHubs/Read",
    "Microsoft.Devices/iotHubs/Write",
    "Microsoft.Devices/iotHubs/Delete",
    "Microsoft.Devices/iotHubs/iotHubKeys/listkeys/Action",
    "Microsoft.Devices/iotHubs/eventHubEndpoints/consumerGroups/Read",
    "Microsoft.Devices/iotHubs/eventHubEndpoints/consumerGroups/Write",
    "Microsoft.Devices/iotHubs/eventHubEndpoints/consumerGroups/Delete",
    "Microsoft.Devices/provisioningServices/Read",
    "Microsoft.Devices/provisioningServices/Write",
    "Microsoft.Devices/provisioningServices/Delete",
    "Microsoft.Devices/provisioningServices/operationresults/Read",
    "Microsoft.Devices/provisioningServices/keys/listkeys/Action",
    "Microsoft.Devices/provisioningServices/certificates/Read",
    "Microsoft.Devices/provisioningServices/certificates/Write",
    "Microsoft.Devices/provisioningServices/certificates/Delete",
    "Microsoft.Devices/provisioningServices/certificates/generateVerificationCode/Action",
    "Microsoft.Devices/provisioningServices/certificates/verify/Action",

    "Microsoft.Storage/storageAccounts/read",
    "Microsoft.Storage/storageAccounts/write",
    "Microsoft.Storage/storageAccounts/delete",
    "Microsoft.Storage/storageAccounts/listkeys/action",
    "Microsoft.Storage/storageAccounts/regeneratekey/action",

    "Microsoft.ContainerRegistry/registries/read",
    "Microsoft.ContainerRegistry/registries/write",
    "Microsoft.ContainerRegistry/registries/delete",
    "Microsoft.ContainerRegistry/registries/operationStatuses/read",
    "Microsoft.ContainerRegistry/registries/scopeMaps/read",
    "Microsoft.ContainerRegistry/registries/scopeMaps/write",
    "Microsoft.ContainerRegistry/registries/scopeMaps/delete",
    "Microsoft.ContainerRegistry/registries/scopeMaps/operationStatuses/read",
    "Microsoft.ContainerRegistry/registries/tokens/read",
    "Microsoft.ContainerRegistry/registries/tokens/write",
    "Microsoft.ContainerRegistry/registries/tokens/delete",
    "Microsoft.ContainerRegistry/registries/tokens/operationStatuses/read",
    "Microsoft.ContainerRegistry/registries/generateCredentials/action",
};

constexpr std::string_view kChecks[] = {
    "Microsoft.Resources/subscriptions/locations/read",
    "Microsoft.Resources/subscriptions/providers/read",
    "Microsoft.Resources/tags/read",
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Authorization/locks/read",
    "Microsoft.Devices/checkNameAvailability/Action",
    "Microsoft.Devices/usages/Read",
    "Microsoft.Devices/iotHubs/quotaMetrics/Read",
    "Microsoft.Storage/checknameavailability/read",
    "Microsoft.Storage/locations/usages/read",
    "Microsoft.ContainerRegistry/checkNameAvailability/read",
};

constexpr std::string_view kEventHubs[] = {
    "Microsoft.EventHub/namespaces/read",
    "Microsoft.EventHub/namespaces/write",
    "Microsoft.EventHub/namespaces/delete",
    "Microsoft.EventHub/namespaces/operationresults/read",
    "Microsoft.EventHub/namespaces/eventhubs/read",
    "Microsoft.EventHub/namespaces/eventhubs/write",
    "Microsoft.EventHub/namespaces/eventhubs/Delete",
    "Microsoft.EventHub/namespaces/eventhubs/authorizationRules/read",
    "Microsoft.EventHub/namespaces/eventhubs/authorizationRules/write",
    "Microsoft.EventHub/namespaces/eventhubs/authorizationRules/delete",
    "Microsoft.EventHub/namespaces/eventhubs/authorizationRules/listkeys/action",
    "Microsoft.EventHub/namespaces/eventhubs/authorizationRules/regenerateKeys/action",
    "Microsoft.EventHub/namespaces/eventHubs/consumergroups/read",
    "Microsoft.EventHub/namespaces/eventHubs/consumergroups/write",
    "Microsoft.EventHub/namespaces/eventHubs/consumergroups/Delete",
};

constexpr std::string_view kEventHubChecks[] = {
    "Microsoft.EventHub/checkNameAvailability/action",
    "Microsoft.Devices/iotHubs/routingEndpointsHealth/Read",
    "Microsoft.Devices/iotHubs/routing/$testall/Action",
    "Microsoft.Devices/iotHubs/routing/$testnew/Action",
};

constexpr std::string_view kAssignments[] = {
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleAssignments/delete",
};

constexpr std::string_view kRegistrations[] = {
    "Microsoft.Devices/register/action",
    "Microsoft.Storage/register/action",
    "Microsoft.ContainerRegistry/register/action",
};

}  // namespace

std::vector<NeededAction> needed_actions(const RoleFeatures& features) {
  std::vector<NeededAction> needed;
  const auto add = [&](const auto& actions, bool required) {
    for (const auto action : actions) needed.push_back({std::string(action), required});
  };
  add(kBasics, true);
  if (features.event_hubs) add(kEventHubs, true);
  if (features.event_hubs && features.identity_based) add(kAssignments, true);
  add(kChecks, false);
  if (features.event_hubs) add(kEventHubChecks, false);
  if (features.register_providers) {
    add(kRegistrations, false);
    if (features.event_hubs) needed.push_back({"Microsoft.EventHub/register/action", false});
  }
  return needed;
}

CustomRole custom_role(const std::string& subscription, const RoleFeatures& features) {
  CustomRole role{.name = fmt::format("Ferry ({})", subscription),
                  .description = "What Ferry needs to provision and run workspaces, no more.",
                  .actions = {},
                  .data_actions = {},
                  .assignable_scopes = {"/subscriptions/" + subscription}};
  for (auto& needed : needed_actions(features)) role.actions.push_back(std::move(needed.action));
  return role;
}

}  // namespace ferry::control
