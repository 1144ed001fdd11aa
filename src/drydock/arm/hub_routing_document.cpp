// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/hub_routing_document.hpp"

#include <array>

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "drydock/arm/access.hpp"
#include "drydock/arm/keys.hpp"
#include "drydock/arm/providers.hpp"
#include "drydock/event_hubs/endpoint.hpp"
#include "drydock/iot_hub/routing.hpp"

namespace drydock::arm {

using namespace ferry;

tl::unexpected<Refusal> refuse_hub(int code, std::string_view message) {
  return refuse(devices_error(code, message, StatusForm::number));
}

Outcome<void> take_secret(json::object& holder, const std::string& key, HubSecrets& secrets) {
  const std::string text = string_or(holder, "connectionString", "");
  if (text.empty()) return {};
  std::string secret = text;
  if (is_masked(text)) {
    secret = string_or(secrets.before, key, "");
    if (secret.empty()) {
      return refuse_hub(400142,
                        fmt::format("The connection string of '{}' is masked, and there is none "
                                    "stored that it could stand for.",
                                    key));
    }
  }
  secrets.secrets[key] = secret;
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

namespace {

constexpr std::array<std::string_view, 5> kEndpointKinds = {"eventHubs", "serviceBusQueues",
                                                            "serviceBusTopics", "storageContainers",
                                                            "cosmosDBSqlContainers"};
constexpr std::string_view kEventHubs = "eventHubs";

struct Limits {
  std::size_t endpoints = 10;
  std::size_t routes = 100;
  std::size_t enrichments = 10;
};

Limits limits_of(std::string_view tier) {
  if (tier == "Free") return {1, 5, 2};
  return {};
}

bool valid_name(std::string_view name) {
  const bool characters = std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
  });
  return !name.empty() && name.size() <= 64 && characters;
}

bool valid_endpoint_name(std::string_view name) {
  return valid_name(name) && name != "events" && name != "fileNotifications" && name != "$default";
}

// "sb://name.servicebus...:5671/" to the host alone.
std::string host_of(std::string_view uri) {
  const auto scheme = uri.find("://");
  if (scheme != std::string_view::npos) uri.remove_prefix(scheme + 3);
  return to_lower(uri.substr(0, uri.find_first_of(":/")));
}

RoutingEndpoint read_endpoint(const json::object& document, std::string_view kind,
                              const std::string& secret, std::string_view principal) {
  RoutingEndpoint endpoint;
  endpoint.id = string_or(document, "id", "");
  endpoint.name = string_or(document, "name", "");
  endpoint.kind = std::string(kind);
  endpoint.identity_based =
      equals_ignore_case(string_or(document, "authenticationType", ""), "identityBased");
  if (endpoint.identity_based) {
    endpoint.host = host_of(string_or(document, "endpointUri", ""));
    endpoint.event_hub = string_or(document, "entityPath", "");
    endpoint.principal = std::string(principal);
    return endpoint;
  }
  ConnectionString parts = parse_connection_string(secret);
  endpoint.host = host_of(parts["endpoint"]);
  endpoint.event_hub = parts["entitypath"];
  endpoint.rule = parts["sharedaccesskeyname"];
  endpoint.key = Secret(parts["sharedaccesskey"]);
  return endpoint;
}

const json::object* find_stored(const Resource& hub, std::string_view kind, std::string_view name) {
  const json::object& routing = object_of(object_of(hub.document, "properties"), "routing");
  const json::array* list = find_array(object_of(routing, "endpoints"), kind);
  if (list == nullptr) return nullptr;
  for (const json::value& item : *list) {
    if (string_or(item.get_object(), "name", "") == name) return &item.get_object();
  }
  return nullptr;
}

// The service tries an event hub before it takes the endpoint. One that is as it was stays, even
// when what it leads to has gone since: its health tells. Namespaces of other clouds cannot be
// tried.
Outcome<void> try_event_hub(Context& context, const json::object& wanted,
                            const RoutingEndpoint& endpoint, const Resource& hub) {
  const json::object* stored = find_stored(hub, kEventHubs, endpoint.name);
  if (stored != nullptr) {
    const bool same_identity =
        endpoint.identity_based &&
        string_or(*stored, "endpointUri", "") == string_or(wanted, "endpointUri", "") &&
        string_or(*stored, "entityPath", "") == string_or(wanted, "entityPath", "");
    if (same_identity || is_masked(string_or(wanted, "connectionString", ""))) return {};
  }
  if (endpoint.host.empty() || endpoint.event_hub.empty()) {
    return refuse_hub(400140, fmt::format("The endpoint '{}' names no event hub: a connection "
                                          "string needs EntityPath, an identity endpointUri and "
                                          "entityPath.",
                                          endpoint.name));
  }
  if (!name_from_host(endpoint.host, Endpoints::kServiceBusSuffix)) return {};
  auto reachable = probe_endpoint(context, endpoint);
  if (reachable) return {};
  return refuse_hub(400143, fmt::format("The endpoint '{}' cannot be used: {}.", endpoint.name,
                                        reachable.error().message));
}

Outcome<json::object> make_endpoint(Context& context, const json::value& item,
                                    std::string_view kind, std::string_view principal,
                                    const Resource& hub, HubSecrets& secrets) {
  if (!item.is_object()) return refuse_hub(400005, "A routing endpoint is not an object.");
  const json::object& wanted = item.get_object();
  json::object endpoint = wanted;
  const std::string name = string_or(endpoint, "name", "");
  const std::string key = fmt::format("{}/{}", kind, name);
  auto taken = take_secret(endpoint, key, secrets);
  if (!taken) return fail(std::move(taken).error());
  if (!secrets.endpoint_ids.contains(key)) secrets.endpoint_ids[key] = random_uuid();
  endpoint["id"] = secrets.endpoint_ids[key];
  if (kind == kEventHubs) {
    if (!endpoint.contains("authenticationType")) endpoint["authenticationType"] = "keyBased";
    auto tried = try_event_hub(
        context, wanted,
        read_endpoint(endpoint, kind, string_or(secrets.secrets, key, ""), principal), hub);
    if (!tried) return fail(std::move(tried).error());
  }
  return endpoint;
}

Outcome<json::object> make_endpoints(Context& context, const json::object& routing,
                                     std::size_t most, std::string_view principal,
                                     const Resource& hub, HubSecrets& secrets) {
  const json::object& wanted = object_of(routing, "endpoints");
  json::object result;
  std::vector<std::string> names;
  for (const std::string_view kind : kEndpointKinds) {
    json::array list;
    const json::array* given = find_array(wanted, kind);
    for (const json::value& item : given == nullptr ? json::array() : *given) {
      const std::string name =
          item.is_object() ? string_or(item.get_object(), "name", "") : std::string();
      if (!valid_endpoint_name(name) || std::ranges::find(names, name) != names.end()) {
        return refuse_hub(400133, fmt::format("The routing endpoint name '{}' is invalid, reserved "
                                              "or used twice.",
                                              name));
      }
      names.push_back(name);
      auto endpoint = make_endpoint(context, item, kind, principal, hub, secrets);
      if (!endpoint) return fail(std::move(endpoint).error());
      list.push_back(*std::move(endpoint));
    }
    result[kind] = std::move(list);
  }
  if (names.size() > most) {
    return refuse_hub(400134, fmt::format("A hub of this SKU can have {} custom endpoints.", most));
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

Outcome<void> check_target(const json::object& holder, std::string_view what,
                           const json::object& endpoints) {
  const json::array* targets = find_array(holder, "endpointNames");
  if (targets == nullptr || targets->size() != 1 || !targets->front().is_string()) {
    return refuse_hub(400132, fmt::format("{} must name exactly one endpoint.", what));
  }
  const std::string target(targets->front().get_string());
  if (has_endpoint(endpoints, target)) return {};
  return refuse_hub(
      400131, fmt::format("{} names the endpoint '{}', which is not declared.", what, target));
}

// As the service writes it; "" when there is no such source. Callers' case does not matter:
// azure-cli documents and sends "devicemessages".
std::string_view route_source(std::string_view wanted) {
  static constexpr std::array<std::string_view, 7> kSources = {"DeviceMessages",
                                                               "TwinChangeEvents",
                                                               "DeviceLifecycleEvents",
                                                               "DeviceJobLifecycleEvents",
                                                               "DeviceConnectionStateEvents",
                                                               "DigitalTwinChangeEvents",
                                                               "MqttBrokerMessages"};
  for (const std::string_view source : kSources) {
    if (equals_ignore_case(source, wanted)) return source;
  }
  return "";
}

Outcome<void> check_route(const json::value& item, const json::object& endpoints) {
  if (!item.is_object()) return refuse_hub(400005, "A route is not an object.");
  const json::object& route = item.get_object();
  const std::string name = string_or(route, "name", "");
  const std::string source = string_or(route, "source", "");
  if (!valid_name(name) || route_source(source).empty()) {
    return refuse_hub(400132, fmt::format("Route '{}' has an invalid name or the unknown source "
                                          "'{}'.",
                                          name, source));
  }
  auto condition = iot_hub::routing::parse_condition(string_or(route, "condition", "true"));
  if (!condition) {
    return refuse_hub(400136, fmt::format("The condition of route '{}' cannot be read: {}.", name,
                                          condition.error().message));
  }
  return check_target(route, fmt::format("Route '{}'", name), endpoints);
}

Outcome<json::array> make_routes(const json::object& routing, std::size_t most,
                                 const json::object& endpoints) {
  json::array routes;
  if (const json::array* given = find_array(routing, "routes")) routes = *given;
  if (routes.size() > most) {
    return refuse_hub(400135, fmt::format("A hub of this SKU can have {} routes.", most));
  }
  std::vector<std::string> names;
  for (json::value& item : routes) {
    auto valid = check_route(item, endpoints);
    if (!valid) return fail(std::move(valid).error());
    json::object& route = item.get_object();
    const std::string name = to_lower(string_or(route, "name", ""));
    if (std::ranges::find(names, name) != names.end()) {
      return refuse_hub(400132, fmt::format("There are two routes named '{}'.", name));
    }
    names.push_back(name);
    route["source"] = route_source(string_or(route, "source", ""));
    if (!route.contains("condition")) route["condition"] = "true";
    if (!route.contains("isEnabled")) route["isEnabled"] = true;
  }
  return routes;
}

Outcome<json::array> make_enrichments(const json::object& routing, std::size_t most,
                                      const json::object& endpoints) {
  json::array enrichments;
  if (const json::array* given = find_array(routing, "enrichments")) enrichments = *given;
  if (enrichments.size() > most) {
    return refuse_hub(400130, fmt::format("A hub of this SKU can have {} enrichments.", most));
  }
  for (const json::value& item : enrichments) {
    const json::object enrichment = item.is_object() ? item.get_object() : json::object();
    const json::array* targets = find_array(enrichment, "endpointNames");
    if (string_or(enrichment, "key", "").empty() || !enrichment.contains("value") ||
        targets == nullptr || targets->empty()) {
      return refuse_hub(400129, "An enrichment needs key, value and endpointNames.");
    }
    for (const json::value& target : *targets) {
      if (target.is_string() && has_endpoint(endpoints, target.get_string())) continue;
      return refuse_hub(400131,
                        fmt::format("The enrichment '{}' names the endpoint {}, which is "
                                    "not declared.",
                                    string_or(enrichment, "key", ""), json::serialize(target)));
    }
  }
  return enrichments;
}

Outcome<json::object> make_fallback(const json::object& routing, const json::object& endpoints) {
  json::object fallback{{"name", "$fallback"},
                        {"source", "DeviceMessages"},
                        {"condition", "true"},
                        {"endpointNames", json::array{"events"}},
                        {"isEnabled", true}};
  const json::object* wanted = find_object(routing, "fallbackRoute");
  if (wanted == nullptr) return fallback;
  for (const auto& member : *wanted) fallback[member.key()] = member.value();
  if (string_or(fallback, "source", "") != "DeviceMessages") {
    return refuse_hub(400137, "The source of the fallback route is DeviceMessages.");
  }
  auto target = check_target(fallback, "The fallback route", endpoints);
  if (!target) return fail(std::move(target).error());
  return fallback;
}

}  // namespace

Result<void> probe_endpoint(Context& context, const RoutingEndpoint& endpoint) {
  const event_hubs::FindNamespace find =
      [&](std::string_view name) -> std::optional<EventHubNamespaceInfo> {
    auto space = context.store.find_named(kNamespaceType, name);
    if (!space || !*space) return std::nullopt;
    return read_event_hub_namespace(context, **space);
  };
  const event_hubs::MaySend may_send = [&](std::string_view principal, std::string_view scope) {
    auto granted = context.access->permissions(principal, scope);
    return granted && grants_data(*granted, event_hubs::kSendAction);
  };
  auto target = event_hubs::resolve(endpoint, find, may_send);
  if (!target) return fail(std::move(target).error());
  return {};
}

Outcome<json::object> make_routing(Context& context, const json::object& properties,
                                   std::string_view tier, const json::object& identity,
                                   const Resource& hub, HubSecrets& secrets) {
  const json::object& wanted = object_of(properties, "routing");
  const Limits limits = limits_of(tier);
  auto endpoints = make_endpoints(context, wanted, limits.endpoints,
                                  string_or(identity, "principalId", ""), hub, secrets);
  if (!endpoints) return fail(std::move(endpoints).error());
  auto routes = make_routes(wanted, limits.routes, *endpoints);
  if (!routes) return fail(std::move(routes).error());
  auto enrichments = make_enrichments(wanted, limits.enrichments, *endpoints);
  if (!enrichments) return fail(std::move(enrichments).error());
  auto fallback = make_fallback(wanted, *endpoints);
  if (!fallback) return fail(std::move(fallback).error());
  json::object routing{{"endpoints", *std::move(endpoints)},
                       {"routes", *std::move(routes)},
                       {"fallbackRoute", *std::move(fallback)}};
  if (!enrichments->empty()) routing["enrichments"] = *std::move(enrichments);
  return routing;
}

HubRouting read_routing(const Resource& hub) {
  HubRouting result;
  const json::object& routing = object_of(object_of(hub.document, "properties"), "routing");
  const json::object& secrets = object_of(hub.hidden, "secrets");
  const std::string principal = string_or(object_of(hub.document, "identity"), "principalId", "");
  for (const auto& kind : object_of(routing, "endpoints")) {
    for (const json::value& item : kind.value().get_array()) {
      const json::object& endpoint = item.get_object();
      const std::string key =
          fmt::format("{}/{}", std::string_view(kind.key()), string_or(endpoint, "name", ""));
      result.endpoints.push_back(
          read_endpoint(endpoint, kind.key(), string_or(secrets, key, ""), principal));
    }
  }
  const auto first_target = [](const json::object& holder) {
    const json::array* targets = find_array(holder, "endpointNames");
    const bool named = targets != nullptr && !targets->empty() && targets->front().is_string();
    return named ? std::string(targets->front().get_string()) : std::string();
  };
  if (const json::array* routes = find_array(routing, "routes")) {
    for (const json::value& item : *routes) {
      const json::object& route = item.get_object();
      result.routes.push_back({string_or(route, "name", ""), string_or(route, "source", ""),
                               string_or(route, "condition", ""), first_target(route),
                               bool_or(route, "isEnabled", true)});
    }
  }
  if (const json::array* enrichments = find_array(routing, "enrichments")) {
    for (const json::value& item : *enrichments) {
      const json::object& enrichment = item.get_object();
      HubEnrichment read{string_or(enrichment, "key", ""), string_or(enrichment, "value", ""), {}};
      for (const json::value& target : *find_array(enrichment, "endpointNames")) {
        read.endpoints.emplace_back(target.get_string());
      }
      result.enrichments.push_back(std::move(read));
    }
  }
  result.fallback_enabled = bool_or(object_of(routing, "fallbackRoute"), "isEnabled", true);
  return result;
}

}  // namespace drydock::arm
