// SPDX-License-Identifier: Apache-2.0
// Microsoft.EventHub: namespaces, event hubs, their access policies and consumer groups,
// api-version 2024-01-01.
#pragma once

#include <string>
#include <vector>

#include "azure/arm/client.hpp"
#include "azure/arm/resource_groups.hpp"
#include "base/secret.hpp"

namespace ferry::azure::arm {

struct EventHubNamespace {
  std::string id;
  std::string name;
  std::string location;
  std::string state;     // properties.status: "Active", "Activating"
  std::string endpoint;  // "https://{name}.servicebus.windows.net:443/"
  std::string sku;       // "Standard"
  std::int64_t throughput_units = 0;
};

struct EventHubNamespaceSpec {
  std::string group;
  std::string name;  // 6-50 letters, digits, hyphens; starts with a letter; globally unique
  std::string location;
  std::string sku = "Standard";  // Basic has no consumer groups of one's own
  int throughput_units = 1;
  Tags tags;
};

// TLS 1.2 at least. One that is there is returned as it is.
net::Task<Result<EventHubNamespace>> ensure_event_hub_namespace(ArmClient& arm,
                                                                EventHubNamespaceSpec spec,
                                                                Progress progress = {});
net::Task<Result<EventHubNamespace>> get_event_hub_namespace(ArmClient& arm, std::string group,
                                                             std::string name);
net::Task<Result<void>> remove_event_hub_namespace(ArmClient& arm, std::string group,
                                                   std::string name, Progress progress = {});
net::Task<Result<NameAvailability>> check_event_hub_namespace_name(ArmClient& arm,
                                                                   std::string name);

struct EventHub {
  std::string id;
  std::string name;
  std::string state;            // "Active"
  std::int64_t partitions = 0;  // fixed after creation
  std::int64_t retention_hours = 0;
};

struct EventHubSpec {
  std::string namespace_id;
  std::string name;
  int partitions = 4;
  int retention_hours = 24;
};

// Creates it; one that is there keeps its partitions and gets the retention of `spec`.
net::Task<Result<EventHub>> ensure_event_hub(ArmClient& arm, EventHubSpec spec);
net::Task<Result<EventHub>> get_event_hub(ArmClient& arm, std::string namespace_id,
                                          std::string name);
net::Task<Result<void>> remove_event_hub(ArmClient& arm, std::string namespace_id,
                                         std::string name);

// An access policy of one event hub. Rights: "Listen", "Send", "Manage" (which needs the others).
struct EventHubPolicy {
  std::string name;
  std::vector<std::string> rights;
};
// Creates the policy; gives one that is there these rights. Its keys stay.
net::Task<Result<EventHubPolicy>> ensure_event_hub_policy(ArmClient& arm, std::string event_hub_id,
                                                          EventHubPolicy policy);
net::Task<Result<EventHubPolicy>> get_event_hub_policy(ArmClient& arm, std::string event_hub_id,
                                                       std::string name);
net::Task<Result<void>> remove_event_hub_policy(ArmClient& arm, std::string event_hub_id,
                                                std::string name);

struct EventHubKeys {
  std::string policy;
  Secret primary_key;
  Secret secondary_key;
  Secret primary_connection_string;  // ends with ";EntityPath={event hub}"
  Secret secondary_connection_string;
};
net::Task<Result<EventHubKeys>> get_event_hub_keys(ArmClient& arm, std::string event_hub_id,
                                                   std::string policy);
// "PrimaryKey" or "SecondaryKey": the old one is void at once.
net::Task<Result<EventHubKeys>> regenerate_event_hub_key(ArmClient& arm, std::string event_hub_id,
                                                         std::string policy, std::string which);

// "$Default" is always there.
net::Task<Result<void>> ensure_event_hub_consumer_group(ArmClient& arm, std::string event_hub_id,
                                                        std::string name);
net::Task<Result<std::vector<std::string>>> list_event_hub_consumer_groups(
    ArmClient& arm, std::string event_hub_id);
net::Task<Result<void>> remove_event_hub_consumer_group(ArmClient& arm, std::string event_hub_id,
                                                        std::string name);

}  // namespace ferry::azure::arm
