// SPDX-License-Identifier: Apache-2.0
// Microsoft.Devices/IotHubs, api-version 2023-06-30.
#pragma once

#include <string>
#include <vector>

#include "azure/arm/client.hpp"
#include "azure/arm/resource_groups.hpp"
#include "azure/sas.hpp"

namespace ferry::azure::arm {

struct IotHub {
  std::string id;
  std::string name;
  std::string location;
  std::string state;           // properties.state: "Active", "Activating", ...
  std::string host_name;       // of MQTT and service REST
  std::string event_path;      // Event Hub-compatible name of the built-in endpoint
  std::string event_endpoint;  // "sb://.../"
  std::string etag;
  std::string sku;  // "S1"
  std::int64_t units = 0;
  std::int64_t partitions = 0;  // of the built-in endpoint
  std::int64_t retention_days = 0;
  std::string principal_id;  // of its system-assigned identity; empty without one
};

struct IotHubSpec {
  std::string group;
  std::string name;
  std::string location;
  std::string sku = "S1";  // Basic tiers have neither twins nor edge deployments
  int units = 1;
  int partitions = 4;  // of the built-in endpoint; fixed after creation
  int retention_days = 1;
  bool identity = false;  // with a system-assigned identity
  Tags tags;
};

// A hub that is there and ready is returned as it is: its settings are not touched. One that is
// still being made is waited for; one whose creation failed is put again.
net::Task<Result<IotHub>> ensure_iot_hub(ArmClient& arm, IotHubSpec spec, Progress progress = {});
net::Task<Result<IotHub>> get_iot_hub(ArmClient& arm, std::string group, std::string name);
// The shared access policies with their primary keys: iothubowner, service, device, registryRead,
// registryReadWrite.
net::Task<Result<std::vector<SasKey>>> list_iot_hub_keys(ArmClient& arm, IotHub hub);
net::Task<Result<SasKey>> get_iot_hub_key(ArmClient& arm, IotHub hub, std::string policy);
net::Task<Result<void>> remove_iot_hub(ArmClient& arm, std::string group, std::string name,
                                       Progress progress = {});
net::Task<Result<NameAvailability>> check_iot_hub_name(ArmClient& arm, std::string name);

}  // namespace ferry::azure::arm
