// SPDX-License-Identifier: Apache-2.0
// The subscription itself: its state, locations, resource providers and quotas; tags of anything.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "azure/arm/client.hpp"
#include "azure/arm/resource_groups.hpp"

namespace ferry::azure::arm {

struct Subscription {
  std::string id;  // GUID
  std::string name;
  std::string state;  // "Enabled", "Disabled", "PastDue", "Warned", "Deleted"
  std::string tenant;
};
net::Task<Result<Subscription>> get_subscription(ArmClient& arm);
// What the credential sees; does not need a subscription in the client's options.
net::Task<Result<std::vector<Subscription>>> list_subscriptions(ArmClient& arm);

struct Location {
  std::string name;          // "westeurope"
  std::string display_name;  // "West Europe"
  std::string geography;     // "Europe"; may be empty
};
net::Task<Result<std::vector<Location>>> list_locations(ArmClient& arm);

struct ResourceProvider {
  std::string name;                                       // "Microsoft.Devices"
  std::string state;                                      // "Registered", "NotRegistered", ...
  std::map<std::string, std::vector<std::string>> types;  // lower case -> display names of regions
  bool registered() const;
  // Whether the type ("IotHubs", any case) is offered in `location`, in either spelling. True when
  // the provider names no regions for it.
  bool offers(std::string_view type, std::string_view location) const;
};
net::Task<Result<ResourceProvider>> get_resource_provider(ArmClient& arm, std::string name);

// Something that is counted and limited.
struct Usage {
  std::string name;  // as the service calls it: "IotHub.S1", "StorageAccounts"
  std::int64_t current = 0;
  std::int64_t limit = 0;
};
// Of IoT hubs in the subscription, and of messages and devices of one hub.
net::Task<Result<std::vector<Usage>>> list_iot_hub_usages(ArmClient& arm);
net::Task<Result<std::vector<Usage>>> get_iot_hub_quota(ArmClient& arm, std::string group,
                                                        std::string hub);
// Of storage accounts of the subscription in one location.
net::Task<Result<std::vector<Usage>>> list_storage_usages(ArmClient& arm, std::string location);

// Tags of the resource (or group, or subscription) with this id.
net::Task<Result<Tags>> get_tags(ArmClient& arm, std::string id);

}  // namespace ferry::azure::arm
