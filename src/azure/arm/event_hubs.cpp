// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/event_hubs.hpp"

#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kType = "Microsoft.EventHub/namespaces";
constexpr const char* kVersion = "2024-01-01";

std::string child_id(std::string_view parent, std::string_view kind, std::string_view name) {
  return fmt::format("{}/{}/{}", parent, kind, percent_encode(name));
}

json::object write_namespace(const EventHubNamespaceSpec& spec) {
  return {{"location", spec.location},
          {"tags", write_tags(spec.tags)},
          {"sku", {{"name", spec.sku}, {"tier", spec.sku}, {"capacity", spec.throughput_units}}},
          {"properties",
           {{"minimumTlsVersion", "1.2"},
            {"publicNetworkAccess", "Enabled"},
            {"disableLocalAuth", false},
            {"isAutoInflateEnabled", false}}}};
}

EventHubNamespace read_namespace(const json::object& object, std::string id, std::string name) {
  const auto& properties = properties_of(object);
  EventHubNamespace space;
  space.id = std::move(id);
  space.name = std::move(name);
  space.location = string_or(object, "location", "");
  space.state = string_or(properties, "status", provisioning_state(object));
  space.endpoint = string_or(properties, "serviceBusEndpoint", "");
  if (const auto* sku = find_object(object, "sku")) {
    space.sku = string_or(*sku, "name", "");
    space.throughput_units = int_or(*sku, "capacity", 0);
  }
  return space;
}

EventHub read_event_hub(const json::object& object, std::string id, std::string name) {
  const auto& properties = properties_of(object);
  EventHub hub{std::move(id), std::move(name), string_or(properties, "status", ""),
               int_or(properties, "partitionCount", 0),
               int_or(properties, "messageRetentionInDays", 0) * 24};
  if (const auto* retention = find_object(properties, "retentionDescription")) {
    hub.retention_hours = int_or(*retention, "retentionTimeInHours", hub.retention_hours);
  }
  return hub;
}

EventHubPolicy read_rights(const json::object& object, std::string name) {
  EventHubPolicy policy{std::move(name), {}};
  if (const auto* rights = find_array(properties_of(object), "rights")) {
    for (const auto& right : *rights) {
      if (right.is_string()) policy.rights.emplace_back(right.get_string());
    }
  }
  return policy;
}

Result<EventHubKeys> read_keys(Result<json::object> answer, const std::string& policy) {
  if (!answer) return fail(std::move(answer).error());
  const auto secret = [&](std::string_view name) { return Secret(string_or(*answer, name, "")); };
  EventHubKeys keys{policy, secret("primaryKey"), secret("secondaryKey"),
                    secret("primaryConnectionString"), secret("secondaryConnectionString")};
  if (keys.primary_connection_string.empty()) {
    return fail(Code::unavailable, "policy {} came without a connection string", policy);
  }
  return keys;
}

}  // namespace

net::Task<Result<EventHubNamespace>> ensure_event_hub_namespace(ArmClient& arm,
                                                                EventHubNamespaceSpec spec,
                                                                Progress progress) {
  const std::string id = arm.resource_id(spec.group, kType, spec.name);
  json::object body = write_namespace(spec);
  auto made = co_await ensure_resource(arm, id, kVersion, std::move(body), std::move(progress));
  if (!made) {
    co_return fail(std::move(made).error().with("create Event Hubs namespace {}", spec.name));
  }
  co_return read_namespace(*made, id, spec.name);
}

net::Task<Result<EventHubNamespace>> get_event_hub_namespace(ArmClient& arm, std::string group,
                                                             std::string name) {
  const std::string id = arm.resource_id(group, kType, name);
  auto found = co_await arm.get(id, kVersion);
  if (!found) co_return fail(std::move(found).error().with("read Event Hubs namespace {}", name));
  co_return read_namespace(*found, id, name);
}

net::Task<Result<void>> remove_event_hub_namespace(ArmClient& arm, std::string group,
                                                   std::string name, Progress progress) {
  auto removed =
      co_await arm.remove(arm.resource_id(group, kType, name), kVersion, std::move(progress));
  if (!removed) {
    co_return fail(std::move(removed).error().with("delete Event Hubs namespace {}", name));
  }
  co_return removed;
}

net::Task<Result<NameAvailability>> check_event_hub_namespace_name(ArmClient& arm,
                                                                   std::string name) {
  json::object body{{"name", name}};
  co_return co_await arm.check_name("Microsoft.EventHub/checkNameAvailability", kVersion,
                                    std::move(body));
}

net::Task<Result<EventHub>> ensure_event_hub(ArmClient& arm, EventHubSpec spec) {
  const std::string id = child_id(spec.namespace_id, "eventhubs", spec.name);
  auto current = co_await arm.get(id, kVersion);
  if (!current && current.error().code != Code::not_found) {
    co_return fail(std::move(current).error().with("read event hub {}", spec.name));
  }
  std::int64_t partitions = spec.partitions;
  if (current) {
    auto hub = read_event_hub(*current, id, spec.name);
    if (hub.retention_hours == spec.retention_hours) co_return hub;
    partitions = hub.partitions;
  }
  json::object retention{{"cleanupPolicy", "Delete"},
                         {"retentionTimeInHours", spec.retention_hours}};
  json::object body{
      {"properties",
       {{"partitionCount", partitions}, {"retentionDescription", std::move(retention)}}}};
  auto made = co_await arm.put(id, kVersion, std::move(body));
  if (!made) co_return fail(std::move(made).error().with("create event hub {}", spec.name));
  co_return read_event_hub(*made, id, spec.name);
}

net::Task<Result<EventHub>> get_event_hub(ArmClient& arm, std::string namespace_id,
                                          std::string name) {
  const std::string id = child_id(namespace_id, "eventhubs", name);
  auto found = co_await arm.get(id, kVersion);
  if (!found) co_return fail(std::move(found).error().with("read event hub {}", name));
  co_return read_event_hub(*found, id, name);
}

net::Task<Result<void>> remove_event_hub(ArmClient& arm, std::string namespace_id,
                                         std::string name) {
  auto removed = co_await arm.remove(child_id(namespace_id, "eventhubs", name), kVersion);
  if (!removed) co_return fail(std::move(removed).error().with("delete event hub {}", name));
  co_return removed;
}

net::Task<Result<EventHubPolicy>> ensure_event_hub_policy(ArmClient& arm, std::string event_hub_id,
                                                          EventHubPolicy policy) {
  json::array rights(policy.rights.begin(), policy.rights.end());
  json::object body{{"properties", {{"rights", std::move(rights)}}}};
  auto made = co_await arm.put(child_id(event_hub_id, "authorizationRules", policy.name), kVersion,
                               std::move(body));
  if (!made) co_return fail(std::move(made).error().with("create access policy {}", policy.name));
  co_return read_rights(*made, policy.name);
}

net::Task<Result<EventHubPolicy>> get_event_hub_policy(ArmClient& arm, std::string event_hub_id,
                                                       std::string name) {
  auto found = co_await arm.get(child_id(event_hub_id, "authorizationRules", name), kVersion);
  if (!found) co_return fail(std::move(found).error().with("read access policy {}", name));
  co_return read_rights(*found, name);
}

net::Task<Result<void>> remove_event_hub_policy(ArmClient& arm, std::string event_hub_id,
                                                std::string name) {
  co_return co_await arm.remove(child_id(event_hub_id, "authorizationRules", name), kVersion);
}

net::Task<Result<EventHubKeys>> get_event_hub_keys(ArmClient& arm, std::string event_hub_id,
                                                   std::string policy) {
  const std::string id = child_id(event_hub_id, "authorizationRules", policy) + "/listKeys";
  auto answer = co_await arm.post(id, kVersion, {});
  auto keys = read_keys(std::move(answer), policy);
  if (!keys) co_return fail(std::move(keys).error().with("read the keys of policy {}", policy));
  co_return keys;
}

net::Task<Result<EventHubKeys>> regenerate_event_hub_key(ArmClient& arm, std::string event_hub_id,
                                                         std::string policy, std::string which) {
  const std::string id = child_id(event_hub_id, "authorizationRules", policy) + "/regenerateKeys";
  json::object body{{"keyType", which}};
  auto answer = co_await arm.post(id, kVersion, std::move(body));
  auto keys = read_keys(std::move(answer), policy);
  if (!keys) {
    co_return fail(std::move(keys).error().with("make a new {} for policy {}", which, policy));
  }
  co_return keys;
}

net::Task<Result<void>> ensure_event_hub_consumer_group(ArmClient& arm, std::string event_hub_id,
                                                        std::string name) {
  json::object body{{"properties", {{"userMetadata", "made by Ferry"}}}};
  auto made =
      co_await arm.put(child_id(event_hub_id, "consumergroups", name), kVersion, std::move(body));
  if (!made) co_return fail(std::move(made).error().with("create consumer group {}", name));
  co_return Result<void>();
}

net::Task<Result<std::vector<std::string>>> list_event_hub_consumer_groups(
    ArmClient& arm, std::string event_hub_id) {
  auto groups = co_await arm.list(event_hub_id + "/consumergroups", kVersion);
  if (!groups) co_return fail(std::move(groups).error().with("list consumer groups"));
  co_return names_of(*groups);
}

net::Task<Result<void>> remove_event_hub_consumer_group(ArmClient& arm, std::string event_hub_id,
                                                        std::string name) {
  co_return co_await arm.remove(child_id(event_hub_id, "consumergroups", name), kVersion);
}

}  // namespace ferry::azure::arm
