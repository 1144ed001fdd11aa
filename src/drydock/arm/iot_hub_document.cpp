// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/iot_hub_document.hpp"

#include <array>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"
#include "drydock/arm/hub_routing_document.hpp"
#include "drydock/arm/keys.hpp"
#include "drydock/arm/locations.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

struct Sku {
  std::string_view name;
  std::string_view tier;
  std::int64_t max_units;
};
constexpr std::array kSkus = {Sku{"F1", "Free", 1},       Sku{"S1", "Standard", 200},
                              Sku{"S2", "Standard", 200}, Sku{"S3", "Standard", 10},
                              Sku{"B1", "Basic", 200},    Sku{"B2", "Basic", 200},
                              Sku{"B3", "Basic", 10}};

Outcome<json::object> make_sku(const json::object& body) {
  const json::object& wanted = object_of(body, "sku");
  const std::string name = string_or(wanted, "name", "");
  const auto* sku = std::ranges::find(kSkus, name, &Sku::name);
  if (sku == kSkus.end()) {
    return refuse_hub(400020, fmt::format("The SKU '{}' is not one of F1, S1, S2, S3, B1, B2 and "
                                          "B3.",
                                          name));
  }
  const std::int64_t units = int_or(wanted, "capacity", 1);
  if (units < 1 || units > sku->max_units) {
    return refuse_hub(400021, fmt::format("The capacity {} is not between 1 and {} for SKU {}.",
                                          units, sku->max_units, name));
  }
  return json::object{{"name", name}, {"tier", sku->tier}, {"capacity", units}};
}

// Free hubs stay free, and Standard ones do not become Basic: both would lose what they hold.
Outcome<void> check_sku_change(const json::object& sku, const Resource& hub) {
  const std::string before = string_or(object_of(hub.document, "sku"), "tier", "");
  const std::string after = string_or(sku, "tier", "");
  if (before.empty() || before == after) return {};
  if (before == "Free" || after == "Free" || after == "Basic") {
    return refuse_hub(
        400022, fmt::format("A hub cannot change from the {} to the {} tier.", before, after));
  }
  return {};
}

// The built-in endpoint. Name and address are made once; the partition count is fixed by then.
Outcome<json::object> make_event_endpoints(const json::object& properties, std::string_view sku,
                                           const Resource& hub) {
  const json::object& endpoints = object_of(properties, "eventHubEndpoints");
  const json::object& wanted = object_of(endpoints, "events");
  const bool free_sku = sku == "F1";
  const std::int64_t most = free_sku ? 2 : 32;
  const std::int64_t usual = int_or(hub.hidden, "partitionCount", free_sku ? 2 : 4);
  const std::int64_t partitions = int_or(wanted, "partitionCount", usual);
  if (partitions < 2 || partitions > most) {
    return refuse_hub(400016, fmt::format("Invalid PartitionCount {}: the value must be between 2 "
                                          "and {}.",
                                          partitions, most));
  }
  const std::int64_t days = int_or(wanted, "retentionTimeInDays", 1);
  if (days < 1 || days > 7) {
    return refuse_hub(400017, fmt::format("Invalid RetentionTimeInDays {}: the value must be "
                                          "between 1 and 7.",
                                          days));
  }
  if (int_or(hub.hidden, "partitionCount", partitions) != partitions) {
    return refuse_hub(400018, "The partition count of a hub cannot be changed.");
  }
  json::array ids;
  for (std::int64_t i = 0; i < partitions; ++i) ids.push_back(json::string(std::to_string(i)));
  return json::object{
      {"events", json::object{{"retentionTimeInDays", days},
                              {"partitionCount", partitions},
                              {"partitionIds", std::move(ids)},
                              {"path", string_or(hub.hidden, "path", "")},
                              {"endpoint", string_or(hub.hidden, "endpoint", "")}}}};
}

Outcome<json::object> make_storage_endpoints(const json::object& properties, HubSecrets& secrets) {
  json::object storage{
      {"sasTtlAsIso8601", "PT1H"}, {"connectionString", ""}, {"containerName", ""}};
  const json::object& wanted = object_of(object_of(properties, "storageEndpoints"), "$default");
  for (const auto& member : wanted) storage[member.key()] = member.value();
  auto taken = take_secret(storage, "storageEndpoints/$default", secrets);
  if (!taken) return fail(std::move(taken).error());
  return json::object{{"$default", std::move(storage)}};
}

// What hubs are created with when nothing else is said.
json::object default_properties() {
  json::object feedback{
      {"lockDurationAsIso8601", "PT1M"}, {"ttlAsIso8601", "PT1H"}, {"maxDeliveryCount", 10}};
  return {{"messagingEndpoints", json::object{{"fileNotifications", feedback}}},
          {"enableFileUploadNotifications", false},
          {"cloudToDevice",
           json::object{
               {"maxDeliveryCount", 10}, {"defaultTtlAsIso8601", "PT1H"}, {"feedback", feedback}}},
          {"features", "None"},
          {"publicNetworkAccess", "Enabled"},
          {"disableLocalAuth", false},
          {"disableDeviceSAS", false},
          {"disableModuleSAS", false},
          {"enableDataResidency", false},
          {"ipFilterRules", json::array()},
          {"allowedFqdnList", json::array()}};
}

// "P1DT2H30M10S"; the service takes no years, months or weeks here.
std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  if (!text.starts_with('P') || text.size() < 3) return std::nullopt;
  std::chrono::seconds total(0);
  std::int64_t number = -1;
  bool in_time = false;
  for (const char c : text.substr(1)) {
    if (c >= '0' && c <= '9') {
      number = std::max<std::int64_t>(number, 0) * 10 + (c - '0');
      if (number > 1'000'000'000) return std::nullopt;
      continue;
    }
    if (c == 'T' && !in_time && number < 0) {
      in_time = true;
      continue;
    }
    const std::int64_t unit = !in_time   ? (c == 'D' ? 86'400 : 0)
                              : c == 'H' ? 3600
                              : c == 'M' ? 60
                              : c == 'S' ? 1
                                         : 0;
    if (unit == 0 || number < 0) return std::nullopt;
    total += std::chrono::seconds(number * unit);
    number = -1;
  }
  if (number >= 0) return std::nullopt;
  return total;
}

std::chrono::seconds duration_or(const json::object& object, std::string_view name,
                                 std::chrono::seconds fallback) {
  return parse_duration(string_or(object, name, "")).value_or(fallback);
}

Outcome<void> apply_policies(const json::object& properties, json::object& hidden) {
  constexpr std::size_t kMostPolicies = 16;
  const json::array* given = find_array(properties, "authorizationPolicies");
  if (given == nullptr) return {};
  if (given->size() > kMostPolicies) {
    return refuse_hub(400023, fmt::format("A hub has at most {} policies.", kMostPolicies));
  }
  json::array policies;
  for (const json::value& item : *given) {
    const json::object wanted = item.is_object() ? item.get_object() : json::object();
    const std::string name = string_or(wanted, "keyName", "");
    const std::string rights = string_or(wanted, "rights", "");
    if (name.empty() || rights.empty()) {
      return refuse_hub(400024, "A policy needs keyName and rights.");
    }
    json::object policy = new_policy(name, rights);
    for (const std::string_view key : {"primaryKey", "secondaryKey"}) {
      const auto value = optional_string(wanted, key);
      if (!value) continue;
      if (!base64_decode(*value)) {
        return refuse_hub(400025, fmt::format("{} of policy '{}' is not base64.", key, name));
      }
      policy[key] = *value;
    }
    policies.push_back(std::move(policy));
  }
  hidden["policies"] = std::move(policies);
  return {};
}

// Made once per hub: policies, and name and address of the built-in endpoint.
void make_hidden(Resource& hub) {
  hub.hidden["policies"] = json::array{
      new_policy("iothubowner", "RegistryWrite, ServiceConnect, DeviceConnect"),
      new_policy("service", "ServiceConnect"), new_policy("device", "DeviceConnect"),
      new_policy("registryRead", "RegistryRead"), new_policy("registryReadWrite", "RegistryWrite")};
  const std::string name = to_lower(hub.name);
  const std::string tail = hex_encode(random_bytes(5));
  hub.hidden["path"] = fmt::format("{}-{}", name.substr(0, 40), tail.substr(0, 6));
  std::string space = name.substr(0, 10);
  while (space.ends_with('-')) space.pop_back();
  hub.hidden["endpoint"] = fmt::format(
      "sb://{}/", Endpoints::service_bus_host(fmt::format("iothub-ns-{}-{}", space, tail)));
}

// Without secrets and without the members that are made here or read-only.
void copy_plain_members(const json::object& wanted, json::object& properties) {
  static constexpr std::array<std::string_view, 9> kOwn = {
      "eventHubEndpoints", "routing",  "storageEndpoints", "authorizationPolicies",     "state",
      "provisioningState", "hostName", "locations",        "privateEndpointConnections"};
  for (const auto& member : wanted) {
    const bool own = std::ranges::find(kOwn, std::string_view(member.key())) != kOwn.end();
    if (!own && !member.value().is_null()) properties[member.key()] = member.value();
  }
}

Outcome<json::object> make_properties(Context& context, const json::object& body,
                                      const json::object& sku, const json::object& identity,
                                      Resource& hub) {
  const json::object& wanted = object_of(body, "properties");
  const auto tls = optional_string(wanted, "minTlsVersion");
  if (tls && *tls != "1.2") {
    return refuse_hub(400089, fmt::format("The minimum TLS version '{}' is not supported.", *tls));
  }
  auto policies = apply_policies(wanted, hub.hidden);
  if (!policies) return fail(std::move(policies).error());
  HubSecrets secrets{object_of(hub.hidden, "secrets"), {}, object_of(hub.hidden, "endpointIds")};
  json::object properties = default_properties();
  copy_plain_members(wanted, properties);
  auto events = make_event_endpoints(wanted, string_or(sku, "name", ""), hub);
  if (!events) return fail(std::move(events).error());
  auto routing = make_routing(context, wanted, string_or(sku, "tier", ""), identity, hub, secrets);
  if (!routing) return fail(std::move(routing).error());
  auto storage = make_storage_endpoints(wanted, secrets);
  if (!storage) return fail(std::move(storage).error());
  hub.hidden["secrets"] = std::move(secrets.secrets);
  hub.hidden["endpointIds"] = std::move(secrets.endpoint_ids);
  hub.hidden["partitionCount"] = object_of(*events, "events").at("partitionCount");
  properties["eventHubEndpoints"] = *std::move(events);
  properties["routing"] = *std::move(routing);
  properties["storageEndpoints"] = *std::move(storage);
  return properties;
}

}  // namespace

bool valid_hub_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 50 || name.starts_with('-') || name.ends_with('-')) {
    return false;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !std::ranges::all_of(name, is_digit) && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
  });
}

Outcome<void> apply_hub_body(Context& context, const json::object& body, Resource& hub) {
  if (!hub.hidden.contains("policies")) make_hidden(hub);
  auto sku = make_sku(body);
  if (!sku) return fail(std::move(sku).error());
  auto allowed = check_sku_change(*sku, hub);
  if (!allowed) return fail(std::move(allowed).error());
  json::object identity = make_identity(context, body, hub.document);
  auto properties = make_properties(context, body, *sku, identity, hub);
  if (!properties) return fail(std::move(properties).error());

  json::object document{{"id", hub.id},
                        {"name", hub.name},
                        {"type", kHubType},
                        {"location", string_or(hub.document, "location", "")},
                        {"tags", object_of(body, "tags")},
                        {"subscriptionid", context.account.subscription_id},
                        {"resourcegroup", hub.group},
                        {"etag", new_etag()},
                        {"properties", *std::move(properties)},
                        {"sku", *std::move(sku)}};
  if (identity.empty()) identity = {{"type", "None"}};
  document["identity"] = std::move(identity);
  const json::object* system = find_object(hub.document, "systemData");
  document["systemData"] = system != nullptr ? *system : system_data(context);
  hub.document = std::move(document);
  return {};
}

CloudToDeviceSettings read_cloud_to_device(const Resource& hub) {
  const json::object& stored = object_of(object_of(hub.document, "properties"), "cloudToDevice");
  const json::object& feedback = object_of(stored, "feedback");
  CloudToDeviceSettings settings;
  settings.max_delivery_count =
      static_cast<int>(int_or(stored, "maxDeliveryCount", settings.max_delivery_count));
  settings.default_time_to_live =
      duration_or(stored, "defaultTtlAsIso8601", settings.default_time_to_live);
  settings.feedback_lock = duration_or(feedback, "lockDurationAsIso8601", settings.feedback_lock);
  settings.feedback_time_to_live =
      duration_or(feedback, "ttlAsIso8601", settings.feedback_time_to_live);
  settings.feedback_max_delivery_count =
      static_cast<int>(int_or(feedback, "maxDeliveryCount", settings.feedback_max_delivery_count));
  return settings;
}

std::string built_in_host(const Resource& hub) {
  constexpr std::string_view kScheme = "sb://";
  std::string host = string_or(hub.hidden, "endpoint", "");
  if (host.starts_with(kScheme)) host.erase(0, kScheme.size());
  while (host.ends_with('/')) host.pop_back();
  return host;
}

BuiltInEndpoint read_built_in(Context& context, const Resource& hub) {
  const json::object& events =
      object_of(object_of(object_of(hub.document, "properties"), "eventHubEndpoints"), "events");
  BuiltInEndpoint endpoint;
  endpoint.host = built_in_host(hub);
  endpoint.path = string_or(hub.hidden, "path", "");
  endpoint.partitions = static_cast<int>(int_or(events, "partitionCount", endpoint.partitions));
  endpoint.retention_hours = 24 * int_or(events, "retentionTimeInDays", 1);
  auto groups = context.store.list_children(hub.id, kHubConsumerGroupType);
  if (groups) {
    for (const Resource& group : *groups) endpoint.consumer_groups.push_back(group.name);
  }
  return endpoint;
}

void complete_hub(const Context&, Resource& hub) {
  json::object& properties = hub.document["properties"].get_object();
  properties["state"] = "Active";
  properties["provisioningState"] = "Succeeded";
  properties["hostName"] = Endpoints::hub_host(hub.name);
  const Location* location = find_location(string_or(hub.document, "location", ""));
  const Location* pair = location == nullptr ? nullptr : find_location(location->paired);
  json::array locations;
  if (location != nullptr) {
    locations.push_back(json::object{{"location", location->display_name}, {"role", "primary"}});
  }
  if (pair != nullptr) {
    locations.push_back(json::object{{"location", pair->display_name}, {"role", "secondary"}});
  }
  properties["locations"] = std::move(locations);
  hub.hidden["live"] = true;
}

}  // namespace drydock::arm
