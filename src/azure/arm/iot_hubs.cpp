// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/iot_hubs.hpp"

#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kType = "Microsoft.Devices/IotHubs";
constexpr const char* kVersion = "2023-06-30";

json::object write_hub(const IotHubSpec& spec) {
  const json::object fallback{{"name", "$fallback"},
                              {"source", "DeviceMessages"},
                              {"condition", "true"},
                              {"endpointNames", json::array{"events"}},
                              {"isEnabled", true}};
  json::object events{{"retentionTimeInDays", spec.retention_days},
                      {"partitionCount", spec.partitions}};
  json::object hub{{"location", spec.location},
                   {"tags", write_tags(spec.tags)},
                   {"sku", {{"name", spec.sku}, {"capacity", spec.units}}},
                   {"properties",
                    {{"minTlsVersion", "1.2"},
                     {"publicNetworkAccess", "Enabled"},
                     {"eventHubEndpoints", {{"events", std::move(events)}}},
                     {"routing", {{"fallbackRoute", fallback}}},
                     {"features", "None"}}}};
  if (spec.identity) hub["identity"] = {{"type", "SystemAssigned"}};
  return hub;
}

Result<IotHub> read_hub(const json::object& object, std::string id, std::string name) {
  const auto& properties = properties_of(object);
  IotHub hub;
  hub.id = std::move(id);
  hub.name = std::move(name);
  hub.location = string_or(object, "location", "");
  hub.state = string_or(properties, "state", provisioning_state(object));
  hub.host_name = string_or(properties, "hostName", "");
  hub.etag = string_or(object, "etag", "");
  const auto* endpoints = find_object(properties, "eventHubEndpoints");
  if (const auto* events = endpoints ? find_object(*endpoints, "events") : nullptr) {
    hub.event_path = string_or(*events, "path", "");
    hub.event_endpoint = string_or(*events, "endpoint", "");
    hub.partitions = int_or(*events, "partitionCount", 0);
    hub.retention_days = int_or(*events, "retentionTimeInDays", 0);
  }
  if (const auto* sku = find_object(object, "sku")) {
    hub.sku = string_or(*sku, "name", "");
    hub.units = int_or(*sku, "capacity", 0);
  }
  if (const auto* identity = find_object(object, "identity")) {
    hub.principal_id = string_or(*identity, "principalId", "");
  }
  return hub;
}

}  // namespace

net::Task<Result<IotHub>> ensure_iot_hub(ArmClient& arm, IotHubSpec spec, Progress progress) {
  const std::string id = arm.resource_id(spec.group, kType, spec.name);
  json::object body = write_hub(spec);
  auto hub = co_await ensure_resource(arm, id, kVersion, std::move(body), std::move(progress));
  if (!hub) co_return fail(std::move(hub).error().with("create IoT hub {}", spec.name));
  auto read = read_hub(*hub, id, spec.name);
  if (read && read->host_name.empty()) {
    co_return fail(Code::unavailable, "IoT hub {} is made but has no host name", spec.name);
  }
  co_return read;
}

net::Task<Result<IotHub>> get_iot_hub(ArmClient& arm, std::string group, std::string name) {
  const std::string id = arm.resource_id(group, kType, name);
  auto hub = co_await arm.get(id, kVersion);
  if (!hub) co_return fail(std::move(hub).error().with("read IoT hub {}", name));
  co_return read_hub(*hub, id, name);
}

net::Task<Result<std::vector<SasKey>>> list_iot_hub_keys(ArmClient& arm, IotHub hub) {
  co_return co_await list_policies(arm, hub.id, kVersion, hub.host_name);
}

net::Task<Result<SasKey>> get_iot_hub_key(ArmClient& arm, IotHub hub, std::string policy) {
  const std::string id = hub.id + "/IotHubKeys/" + percent_encode(policy) + "/listkeys";
  auto answer = co_await arm.post(id, kVersion, {});
  if (!answer) {
    co_return fail(std::move(answer).error().with("read key '{}' of IoT hub {}", policy, hub.name));
  }
  co_return read_policy(*answer, hub.host_name);
}

net::Task<Result<void>> remove_iot_hub(ArmClient& arm, std::string group, std::string name,
                                       Progress progress) {
  auto removed =
      co_await arm.remove(arm.resource_id(group, kType, name), kVersion, std::move(progress));
  if (!removed) co_return fail(std::move(removed).error().with("delete IoT hub {}", name));
  co_return removed;
}

net::Task<Result<NameAvailability>> check_iot_hub_name(ArmClient& arm, std::string name) {
  json::object body{{"name", name}};
  co_return co_await arm.check_name("Microsoft.Devices/checkNameAvailability", kVersion,
                                    std::move(body));
}

}  // namespace ferry::azure::arm
