// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/hub_document.hpp"

#include <algorithm>

#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

// The member, made when it is absent or of another type.
json::object& object_in(json::object& parent, std::string_view name) {
  auto& member = parent[name];
  return member.is_object() ? member.get_object() : member.emplace_object();
}

json::array& array_in(json::object& parent, std::string_view name) {
  auto& member = parent[name];
  return member.is_array() ? member.get_array() : member.emplace_array();
}

json::object& routing_in(json::object& hub) {
  return object_in(object_in(hub, "properties"), "routing");
}

std::vector<std::string> strings_of(const json::object& object, std::string_view name) {
  std::vector<std::string> strings;
  if (const auto* values = find_array(object, name)) {
    for (const auto& value : *values) {
      if (value.is_string()) strings.emplace_back(value.get_string());
    }
  }
  return strings;
}

EventHubEndpoint read_endpoint(const json::object& object) {
  return {.name = string_or(object, "name", ""),
          .group = string_or(object, "resourceGroup", ""),
          .subscription = string_or(object, "subscriptionId", ""),
          .connection_string = Secret(string_or(object, "connectionString", "")),
          .endpoint_uri = string_or(object, "endpointUri", ""),
          .entity_path = string_or(object, "entityPath", ""),
          .id = string_or(object, "id", "")};
}

json::object write_endpoint(const EventHubEndpoint& endpoint) {
  json::object object{{"name", endpoint.name},
                      {"resourceGroup", endpoint.group},
                      {"subscriptionId", endpoint.subscription}};
  if (endpoint.identity_based()) {
    object["authenticationType"] = "identityBased";
    object["endpointUri"] = endpoint.endpoint_uri;
    object["entityPath"] = endpoint.entity_path;
  } else {
    object["authenticationType"] = "keyBased";
    object["connectionString"] = endpoint.connection_string.reveal();
  }
  return object;
}

Route read_route(const json::object& object) {
  const auto endpoints = strings_of(object, "endpointNames");
  return {.name = string_or(object, "name", ""),
          .source = string_or(object, "source", ""),
          .condition = string_or(object, "condition", "true"),
          .endpoint = endpoints.empty() ? "" : endpoints.front(),
          .enabled = bool_or(object, "isEnabled", true)};
}

Enrichment read_enrichment(const json::object& object) {
  return {string_or(object, "key", ""), string_or(object, "value", ""),
          strings_of(object, "endpointNames")};
}

json::object write_enrichment(const Enrichment& enrichment) {
  return {{"key", enrichment.key},
          {"value", enrichment.value},
          {"endpointNames", json::array(enrichment.endpoints.begin(), enrichment.endpoints.end())}};
}

// "Endpoint=sb://ns...:5671/;...;EntityPath=telemetry" -> "ns.../telemetry": what a masked
// connection string still tells. The service adds a port when it shows one.
std::string target_of(const EventHubEndpoint& endpoint) {
  std::string host = endpoint.endpoint_uri;
  std::string path = endpoint.entity_path;
  for (const auto& part : split(endpoint.connection_string.reveal(), ';')) {
    if (part.starts_with("Endpoint=")) host = part.substr(9);
    if (part.starts_with("EntityPath=")) path = part.substr(11);
  }
  if (host.starts_with("sb://")) host.erase(0, 5);
  host = host.substr(0, host.find_first_of(":/"));
  return to_lower(host) + "/" + to_lower(path);
}

bool same_endpoint(const EventHubEndpoint& a, const EventHubEndpoint& b) {
  return a.identity_based() == b.identity_based() && target_of(a) == target_of(b) &&
         equals_ignore_case(a.subscription, b.subscription) && equals_ignore_case(a.group, b.group);
}

// Replaces the item that `matches`, or appends.
template <class Matches>
void place(json::array& items, json::object item, Matches matches) {
  for (auto& present : items) {
    if (present.is_object() && matches(present.get_object())) {
      present = std::move(item);
      return;
    }
  }
  items.push_back(std::move(item));
}

template <class Matches>
const json::object* find_item(const json::array& items, Matches matches) {
  for (const auto& item : items) {
    if (item.is_object() && matches(item.get_object())) return &item.get_object();
  }
  return nullptr;
}

bool merge_fallback(json::object& routing) {
  const auto* present = find_object(routing, "fallbackRoute");
  if (present && bool_or(*present, "isEnabled", false)) return false;
  auto& fallback = object_in(routing, "fallbackRoute");
  fallback = write_route({.name = "$fallback", .endpoint = std::string(kBuiltInEndpoint)});
  return true;
}

template <class Unwanted>
bool erase_items(json::object& parent, std::string_view name, Unwanted unwanted) {
  auto* member = parent.if_contains(name);
  if (!member || !member->is_array()) return false;
  auto& items = member->get_array();
  json::array kept;
  for (auto& item : items) {
    if (!item.is_object() || !unwanted(item.get_object())) kept.push_back(std::move(item));
  }
  const bool changed = kept.size() != items.size();
  items = std::move(kept);
  return changed;
}

}  // namespace

json::object write_route(const Route& route) {
  return {{"name", route.name},
          {"source", route.source},
          {"condition", route.condition},
          {"endpointNames", json::array{route.endpoint}},
          {"isEnabled", route.enabled}};
}

Routing read_routing(const json::object& hub) {
  Routing routing;
  const auto* source = find_object(properties_of(hub), "routing");
  if (!source) return routing;
  const auto each = [](const json::object& parent, std::string_view name, const auto& take) {
    if (const auto* items = find_array(parent, name)) {
      for (const auto& item : *items) {
        if (item.is_object()) take(item.get_object());
      }
    }
  };
  if (const auto* endpoints = find_object(*source, "endpoints")) {
    each(*endpoints, "eventHubs",
         [&](const json::object& item) { routing.event_hubs.push_back(read_endpoint(item)); });
  }
  each(*source, "routes",
       [&](const json::object& item) { routing.routes.push_back(read_route(item)); });
  each(*source, "enrichments",
       [&](const json::object& item) { routing.enrichments.push_back(read_enrichment(item)); });
  if (const auto* fallback = find_object(*source, "fallbackRoute")) {
    routing.fallback = bool_or(*fallback, "isEnabled", false);
  }
  return routing;
}

bool merge_routing(json::object& hub, const Routing& wanted, bool rewrite_keys) {
  bool changed = false;
  auto& routing = routing_in(hub);
  auto& endpoints = array_in(object_in(routing, "endpoints"), "eventHubs");
  for (const auto& endpoint : wanted.event_hubs) {
    const auto named = [&](const json::object& item) {
      return equals_ignore_case(string_or(item, "name", ""), endpoint.name);
    };
    const auto* present = find_item(endpoints, named);
    const bool rewrite = rewrite_keys && !endpoint.identity_based();
    if (present && !rewrite && same_endpoint(read_endpoint(*present), endpoint)) continue;
    auto item = write_endpoint(endpoint);
    if (present && present->contains("id")) item["id"] = present->at("id");
    place(endpoints, std::move(item), named);
    changed = true;
  }
  auto& routes = array_in(routing, "routes");
  for (const auto& route : wanted.routes) {
    const auto named = [&](const json::object& item) {
      return equals_ignore_case(string_or(item, "name", ""), route.name);
    };
    const auto* present = find_item(routes, named);
    if (present && read_route(*present) == route) continue;
    place(routes, write_route(route), named);
    changed = true;
  }
  auto& enrichments = array_in(routing, "enrichments");
  for (const auto& enrichment : wanted.enrichments) {
    const auto keyed = [&](const json::object& item) {
      return string_or(item, "key", "") == enrichment.key;
    };
    const auto* present = find_item(enrichments, keyed);
    if (present && read_enrichment(*present) == enrichment) continue;
    place(enrichments, write_enrichment(enrichment), keyed);
    changed = true;
  }
  if (wanted.fallback) changed |= merge_fallback(routing);
  return changed;
}

bool drop_endpoints(json::object& hub, const std::vector<std::string>& endpoints) {
  const auto unwanted_name = [&](std::string_view name) {
    return std::any_of(endpoints.begin(), endpoints.end(),
                       [&](const auto& endpoint) { return equals_ignore_case(endpoint, name); });
  };
  auto& routing = routing_in(hub);
  bool changed = erase_items(routing, "routes", [&](const json::object& route) {
    return unwanted_name(read_route(route).endpoint);
  });
  if (auto* enrichments = routing.if_contains("enrichments");
      enrichments && enrichments->is_array()) {
    for (auto& item : enrichments->get_array()) {
      if (!item.is_object()) continue;
      auto enrichment = read_enrichment(item.get_object());
      const auto gone = std::erase_if(enrichment.endpoints, unwanted_name);
      if (gone == 0) continue;
      item = write_enrichment(enrichment);
      changed = true;
    }
    erase_items(routing, "enrichments", [](const json::object& enrichment) {
      return read_enrichment(enrichment).endpoints.empty();
    });
  }
  changed |= erase_items(
      object_in(routing, "endpoints"), "eventHubs",
      [&](const json::object& item) { return unwanted_name(string_or(item, "name", "")); });
  return changed;
}

}  // namespace ferry::azure::arm
