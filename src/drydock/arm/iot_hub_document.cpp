// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/iot_hub_document.hpp"

#include <array>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"
#include "drydock/arm/keys.hpp"
#include "drydock/arm/locations.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

tl::unexpected<Refusal> refuse_body(int code, std::string_view message) {
  return refuse(devices_error(code, message, StatusForm::number));
}

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
    return refuse_body(400020, fmt::format("The SKU '{}' is not one of F1, S1, S2, S3, B1, B2 and "
                                           "B3.",
                                           name));
  }
  const std::int64_t units = int_or(wanted, "capacity", 1);
  if (units < 1 || units > sku->max_units) {
    return refuse_body(400021, fmt::format("The capacity {} is not between 1 and {} for SKU {}.",
                                           units, sku->max_units, name));
  }
  return json::object{{"name", name}, {"tier", sku->tier}, {"capacity", units}};
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
    return refuse_body(400016, fmt::format("Invalid PartitionCount {}: the value must be between 2 "
                                           "and {}.",
                                           partitions, most));
  }
  const std::int64_t days = int_or(wanted, "retentionTimeInDays", 1);
  if (days < 1 || days > 7) {
    return refuse_body(400017, fmt::format("Invalid RetentionTimeInDays {}: the value must be "
                                           "between 1 and 7.",
                                           days));
  }
  if (int_or(hub.hidden, "partitionCount", partitions) != partitions) {
    return refuse_body(400018, "The partition count of a hub cannot be changed.");
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

constexpr std::array<std::string_view, 5> kEndpointKinds = {"eventHubs", "serviceBusQueues",
                                                            "serviceBusTopics", "storageContainers",
                                                            "cosmosDBSqlContainers"};

bool valid_endpoint_name(std::string_view name) {
  const bool characters = std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
  });
  return !name.empty() && name.size() <= 64 && characters && name != "events" &&
         name != "fileNotifications" && name != "$default";
}

// Stores the secret of one connection string under `key` and masks it in the document; a masked one
// keeps what is stored.
Outcome<void> take_secret(json::object& holder, const std::string& key, const json::object& before,
                          json::object& secrets) {
  const std::string text = string_or(holder, "connectionString", "");
  if (text.empty()) return {};
  std::string secret = text;
  if (is_masked(text)) {
    secret = string_or(before, key, "");
    if (secret.empty()) {
      return refuse_body(400142,
                         fmt::format("The connection string of '{}' is masked, and there is "
                                     "none stored that it could stand for.",
                                     key));
    }
  }
  secrets[key] = secret;
  std::string shown = masked(secret);
  // The service names the AMQP port in what it shows of Event Hubs endpoints.
  const auto slash = shown.find("/;");
  if (shown.starts_with("Endpoint=sb://") && slash != std::string::npos &&
      shown.find(":5671") == std::string::npos) {
    shown.insert(slash, ":5671");
  }
  holder["connectionString"] = shown;
  return {};
}

Outcome<json::object> make_endpoints(const json::object& routing, const json::object& before,
                                     json::object& secrets, json::object& ids) {
  const json::object& wanted = object_of(routing, "endpoints");
  json::object result;
  std::vector<std::string> names;
  for (const std::string_view kind : kEndpointKinds) {
    json::array list;
    const json::array* given = find_array(wanted, kind);
    for (const json::value& item : given == nullptr ? json::array() : *given) {
      if (!item.is_object()) return refuse_body(400005, "A routing endpoint is not an object.");
      json::object endpoint = item.get_object();
      const std::string name = string_or(endpoint, "name", "");
      if (!valid_endpoint_name(name) || std::ranges::find(names, name) != names.end()) {
        return refuse_body(400133,
                           fmt::format("The routing endpoint name '{}' is invalid, reserved "
                                       "or used twice.",
                                       name));
      }
      names.push_back(name);
      const std::string key = fmt::format("{}/{}", kind, name);
      auto taken = take_secret(endpoint, key, before, secrets);
      if (!taken) return fail(std::move(taken).error());
      if (!ids.contains(key)) ids[key] = random_uuid();
      endpoint["id"] = ids[key];
      list.push_back(std::move(endpoint));
    }
    result[kind] = std::move(list);
  }
  return result;
}

bool has_endpoint(const json::object& endpoints, std::string_view name) {
  if (name == "events") return true;
  for (const auto& kind : endpoints) {
    for (const json::value& endpoint : kind.value().get_array()) {
      if (string_or(endpoint.get_object(), "name", "") == name) return true;
    }
  }
  return false;
}

Outcome<void> check_route(const json::value& item, const json::object& endpoints) {
  static constexpr std::array<std::string_view, 7> kSources = {"DeviceMessages",
                                                               "TwinChangeEvents",
                                                               "DeviceLifecycleEvents",
                                                               "DeviceJobLifecycleEvents",
                                                               "DeviceConnectionStateEvents",
                                                               "DigitalTwinChangeEvents",
                                                               "MqttBrokerMessages"};
  if (!item.is_object()) return refuse_body(400005, "A route is not an object.");
  const json::object& route = item.get_object();
  const std::string name = string_or(route, "name", "");
  const std::string source = string_or(route, "source", "");
  if (name.empty() || std::ranges::find(kSources, source) == kSources.end()) {
    return refuse_body(
        400132, fmt::format("Route '{}' has no name or the unknown source '{}'.", name, source));
  }
  const json::array* targets = find_array(route, "endpointNames");
  if (targets == nullptr || targets->size() != 1 || !targets->front().is_string()) {
    return refuse_body(400132, fmt::format("Route '{}' must name exactly one endpoint.", name));
  }
  if (!has_endpoint(endpoints, targets->front().get_string())) {
    return refuse_body(400131, fmt::format("Route '{}' names the endpoint '{}', which is not "
                                           "declared.",
                                           name, std::string(targets->front().get_string())));
  }
  return {};
}

json::object default_fallback_route() {
  return {{"name", "$fallback"},
          {"source", "DeviceMessages"},
          {"condition", "true"},
          {"endpointNames", json::array{"events"}},
          {"isEnabled", true}};
}

Outcome<json::object> make_routing(const json::object& properties, const json::object& before,
                                   json::object& secrets, json::object& ids) {
  const json::object& wanted = object_of(properties, "routing");
  auto endpoints = make_endpoints(wanted, before, secrets, ids);
  if (!endpoints) return fail(std::move(endpoints).error());
  json::array routes;
  if (const json::array* given = find_array(wanted, "routes")) routes = *given;
  for (const json::value& route : routes) {
    auto valid = check_route(route, *endpoints);
    if (!valid) return fail(std::move(valid).error());
  }
  const json::object* fallback = find_object(wanted, "fallbackRoute");
  json::object result{{"endpoints", *std::move(endpoints)},
                      {"routes", std::move(routes)},
                      {"fallbackRoute", fallback ? *fallback : default_fallback_route()}};
  if (const json::array* given = find_array(wanted, "enrichments")) result["enrichments"] = *given;
  return result;
}

Outcome<json::object> make_storage_endpoints(const json::object& properties,
                                             const json::object& before, json::object& secrets) {
  json::object storage{
      {"sasTtlAsIso8601", "PT1H"}, {"connectionString", ""}, {"containerName", ""}};
  const json::object& wanted = object_of(object_of(properties, "storageEndpoints"), "$default");
  for (const auto& member : wanted) storage[member.key()] = member.value();
  auto taken = take_secret(storage, "storageEndpoints/$default", before, secrets);
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

Outcome<void> apply_policies(const json::object& properties, json::object& hidden) {
  constexpr std::size_t kMostPolicies = 16;
  const json::array* given = find_array(properties, "authorizationPolicies");
  if (given == nullptr) return {};
  if (given->size() > kMostPolicies) {
    return refuse_body(400023, fmt::format("A hub has at most {} policies.", kMostPolicies));
  }
  json::array policies;
  for (const json::value& item : *given) {
    const json::object wanted = item.is_object() ? item.get_object() : json::object();
    const std::string name = string_or(wanted, "keyName", "");
    const std::string rights = string_or(wanted, "rights", "");
    if (name.empty() || rights.empty()) {
      return refuse_body(400024, "A policy needs keyName and rights.");
    }
    json::object policy = new_policy(name, rights);
    for (const std::string_view key : {"primaryKey", "secondaryKey"}) {
      const auto value = optional_string(wanted, key);
      if (!value) continue;
      if (!base64_decode(*value)) {
        return refuse_body(400025, fmt::format("{} of policy '{}' is not base64.", key, name));
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

Outcome<json::object> make_properties(const json::object& body, std::string_view sku,
                                      Resource& hub) {
  const json::object& wanted = object_of(body, "properties");
  const auto tls = optional_string(wanted, "minTlsVersion");
  if (tls && *tls != "1.2") {
    return refuse_body(400089, fmt::format("The minimum TLS version '{}' is not supported.", *tls));
  }
  auto policies = apply_policies(wanted, hub.hidden);
  if (!policies) return fail(std::move(policies).error());
  const json::object before = object_of(hub.hidden, "secrets");
  json::object ids = object_of(hub.hidden, "endpointIds");
  json::object secrets;
  json::object properties = default_properties();
  copy_plain_members(wanted, properties);
  auto events = make_event_endpoints(wanted, sku, hub);
  if (!events) return fail(std::move(events).error());
  auto routing = make_routing(wanted, before, secrets, ids);
  if (!routing) return fail(std::move(routing).error());
  auto storage = make_storage_endpoints(wanted, before, secrets);
  if (!storage) return fail(std::move(storage).error());
  hub.hidden["secrets"] = std::move(secrets);
  hub.hidden["endpointIds"] = std::move(ids);
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
  auto properties = make_properties(body, string_or(*sku, "name", ""), hub);
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
  json::object identity = make_identity(context, body, hub.document);
  if (identity.empty()) identity = {{"type", "None"}};
  document["identity"] = std::move(identity);
  const json::object* system = find_object(hub.document, "systemData");
  document["systemData"] = system != nullptr ? *system : system_data(context);
  hub.document = std::move(document);
  return {};
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
