// SPDX-License-Identifier: Apache-2.0
// Trying routes without sending anything, and the health of routing endpoints.
#include "base/encoding.hpp"
#include "drydock/arm/hub_routing_document.hpp"
#include "drydock/arm/providers.hpp"
#include "drydock/iot_hub/routing.hpp"

namespace drydock::arm {

using namespace ferry;
namespace routing = iot_hub::routing;
namespace query = iot_hub::query;

namespace {

routing::Message read_message(const json::object& body) {
  const json::object& given = object_of(body, "message");
  routing::Message message;
  message.body = string_or(given, "body", "");
  message.application = object_of(given, "appProperties");
  for (const auto& property : object_of(given, "systemProperties")) {
    std::string_view name = property.key();
    if (name.starts_with('$')) name.remove_prefix(1);
    message.system[name] = property.value();
  }
  message.twin = object_of(body, "twin");
  return message;
}

std::string_view word_of(query::Truth truth) {
  if (truth == query::Truth::yes) return "true";
  return truth == query::Truth::no ? "false" : "undefined";
}

json::object compilation_error(const Error& error) {
  const json::object place{{"line", 1}, {"column", 1}};
  return {{"message", error.message},
          {"severity", "error"},
          {"location", json::object{{"start", place}, {"end", place}}}};
}

// POST routing/routes/$testnew: one route, which need not belong to the hub.
Answer test_new(Context& context, const Call& call) {
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return fail(std::move(hub).error());
  const json::object* route = find_object(call.body, "route");
  if (route == nullptr) return refuse_hub(400005, "The test needs a route.");
  auto condition = routing::parse_condition(string_or(*route, "condition", "true"));
  if (!condition) {
    return json_response(
        200, json::object{
                 {"result", "undefined"},
                 {"details", json::object{{"compilationErrors",
                                           json::array{compilation_error(condition.error())}}}}});
  }
  const query::Truth truth = routing::evaluate(*condition, read_message(call.body));
  return json_response(
      200, json::object{{"result", word_of(truth)},
                        {"details", json::object{{"compilationErrors", json::array()}}}});
}

// POST routing/routes/$testall: those of the hub's routes that would take the message.
Answer test_all(Context& context, const Call& call) {
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return fail(std::move(hub).error());
  const std::string source = string_or(call.body, "routingSource", "DeviceMessages");
  const routing::Message message = read_message(call.body);
  const json::object& stored = object_of(object_of(hub->document, "properties"), "routing");
  json::array taken;
  if (const json::array* routes = find_array(stored, "routes")) {
    for (const json::value& item : *routes) {
      const json::object& route = item.get_object();
      if (!equals_ignore_case(string_or(route, "source", ""), source)) continue;
      if (!bool_or(route, "isEnabled", true)) continue;
      auto condition = routing::parse_condition(string_or(route, "condition", "true"));
      if (!condition || routing::evaluate(*condition, message) != query::Truth::yes) continue;
      taken.push_back(json::object{{"properties", route}});
    }
  }
  const json::object& fallback = object_of(stored, "fallbackRoute");
  const bool falls_back = taken.empty() && bool_or(fallback, "isEnabled", true) &&
                          equals_ignore_case(source, routing::kDeviceMessages);
  if (falls_back) taken.push_back(json::object{{"properties", fallback}});
  return json_response(200, json::object{{"routes", std::move(taken)}});
}

// The service gives an endpoint up after it has refused for an hour.
constexpr auto kGivesUpAfter = std::chrono::hours(1);

json::object health_of(Context& context, const Resource& hub, const RoutingEndpoint& endpoint) {
  const EndpointRecord record = context.hub_gauge == nullptr
                                    ? EndpointRecord()
                                    : context.hub_gauge->endpoint_record(hub.name, endpoint.name);
  auto reachable = probe_endpoint(context, endpoint);
  json::object health{{"endpointId", endpoint.name}};
  const Timestamp now = context.clock.now();
  const bool other_cloud =
      endpoint.kind == "eventHubs" && !name_from_host(endpoint.host, Endpoints::kServiceBusSuffix);
  if (reachable) {
    health["healthStatus"] = "healthy";
  } else if (reachable.error().code == Code::unsupported || other_cloud) {
    health["healthStatus"] = "unknown";
  } else {
    const bool given_up = record.failing_since && now - *record.failing_since >= kGivesUpAfter;
    health["healthStatus"] = given_up ? "dead" : "unhealthy";
  }
  if (!reachable) {
    health["lastKnownError"] = reachable.error().message;
    health["lastKnownErrorTime"] = format_rfc1123(record.failing_since.value_or(now));
  }
  if (record.last_success) {
    health["lastSuccessfulSendAttemptTime"] = format_rfc1123(*record.last_success);
  }
  if (record.last_attempt) health["lastSendAttemptTime"] = format_rfc1123(*record.last_attempt);
  return health;
}

Answer endpoints_health(Context& context, const Call& call) {
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return fail(std::move(hub).error());
  json::array values{json::object{{"endpointId", "events"}, {"healthStatus", "healthy"}}};
  for (const RoutingEndpoint& endpoint : read_routing(*hub).endpoints) {
    values.push_back(health_of(context, *hub, endpoint));
  }
  return page_response(context, call, std::move(values));
}

}  // namespace

void add_hub_routing_routes(Context& context, Routes& routes) {
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  routes.add_resource("POST", kHubType, "/routing/routes/$testnew", bind(test_new));
  routes.add_resource("POST", kHubType, "/routing/routes/$testall", bind(test_all));
  routes.add_resource("GET", kHubType, "/routingEndpointsHealth", bind(endpoints_health));
}

}  // namespace drydock::arm
