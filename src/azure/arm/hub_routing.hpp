// SPDX-License-Identifier: Apache-2.0
// Message routing of an IoT hub: custom endpoints, routes, enrichments, the fallback route, their
// health, and the consumer groups of the built-in endpoint. Routing is part of the hub's one
// document, which is read, changed and put back under its ETag.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "azure/arm/client.hpp"
#include "base/secret.hpp"

namespace ferry::azure::arm {

inline constexpr std::string_view kBuiltInEndpoint = "events";

// An event hub that the hub sends to. By key: `connection_string` of an event hub's policy with the
// right Send, with EntityPath. By identity: `endpoint_uri` and `entity_path`; the hub's principal
// needs the role Azure Event Hubs Data Sender first.
struct EventHubEndpoint {
  std::string name;  // 1-64 letters, digits, . _ -; unique among all endpoints
  std::string group;
  std::string subscription;
  Secret connection_string;  // when read: masked by the service
  std::string endpoint_uri;  // "sb://{namespace}.servicebus.windows.net"
  std::string entity_path;
  std::string id;  // given by the service
  bool identity_based() const { return !endpoint_uri.empty(); }
};

struct Route {
  std::string name;
  std::string source = "DeviceMessages";
  std::string condition = "true";
  std::string endpoint;
  bool enabled = true;
  friend bool operator==(const Route&, const Route&) = default;
};

// Stamped on each message that goes to these endpoints. `value`: text, "$iothubname", or
// "$twin.tags.x".
struct Enrichment {
  std::string key;
  std::string value;
  std::vector<std::string> endpoints;
  friend bool operator==(const Enrichment&, const Enrichment&) = default;
};

struct Routing {
  std::vector<EventHubEndpoint> event_hubs;
  std::vector<Route> routes;
  std::vector<Enrichment> enrichments;
  bool fallback = false;  // messages that no route takes go to the built-in endpoint
};

net::Task<Result<Routing>> get_routing(ArmClient& arm, std::string group, std::string hub);

// Adds what is named in `wanted` and replaces what is there under the same name but differs; the
// rest of the hub stays. Sends nothing when all is there. A key that the service masks cannot be
// compared: `rewrite_keys` sends it again (after a key was renewed). The fallback route is switched
// on when `wanted` says so, never off.
net::Task<Result<void>> ensure_routing(ArmClient& arm, std::string group, std::string hub,
                                       Routing wanted, bool rewrite_keys = false,
                                       Progress progress = {});
// Takes endpoints, and every route and enrichment that names one of them, out of the hub.
net::Task<Result<void>> remove_routing(ArmClient& arm, std::string group, std::string hub,
                                       std::vector<std::string> endpoints, Progress progress = {});

// Reads the hub's document, lets `edit` change it and puts it back under its ETag; again from the
// start, five times at most, when somebody else was faster. `edit` returns false when nothing is to
// be changed; then nothing is sent. Keys in the document are masked ("****"), which the service
// takes as "unchanged". Returns the document as it is in the end.
net::Task<Result<json::object>> update_iot_hub(ArmClient& arm, std::string group, std::string hub,
                                               std::function<bool(json::object&)> edit,
                                               Progress progress = {});

// Gives the hub a system-assigned identity when it lacks one; returns its principal id.
net::Task<Result<std::string>> ensure_iot_hub_identity(ArmClient& arm, std::string group,
                                                       std::string hub, Progress progress = {});

struct EndpointHealth {
  std::string endpoint_id;
  std::string status;  // "healthy", "unhealthy", "degraded", "dead", "unknown"
  std::string last_error;
  std::string last_error_at;    // as the service writes it; empty when there was none
  std::string last_success_at;  // of a send
};
net::Task<Result<std::vector<EndpointHealth>>> get_endpoint_health(ArmClient& arm,
                                                                   std::string group,
                                                                   std::string hub);

struct TestMessage {
  std::string body;
  std::vector<std::pair<std::string, std::string>> app_properties;
  std::vector<std::pair<std::string, std::string>> system_properties;
};
struct RouteTest {
  std::string result;                 // "true", "false" or "undefined"
  std::vector<std::string> problems;  // compilation errors, with their place
};
// What `route` would do with `message`, without changing anything.
net::Task<Result<RouteTest>> test_route(ArmClient& arm, std::string group, std::string hub,
                                        Route route, TestMessage message);
// Names of the hub's routes that would take `message`.
net::Task<Result<std::vector<std::string>>> test_all_routes(ArmClient& arm, std::string group,
                                                            std::string hub, TestMessage message,
                                                            std::string source = "DeviceMessages");

// Of the built-in endpoint; "$Default" is always there. 20 at most.
net::Task<Result<void>> ensure_hub_consumer_group(ArmClient& arm, std::string group,
                                                  std::string hub, std::string name);
net::Task<Result<std::vector<std::string>>> list_hub_consumer_groups(ArmClient& arm,
                                                                     std::string group,
                                                                     std::string hub);
net::Task<Result<void>> remove_hub_consumer_group(ArmClient& arm, std::string group,
                                                  std::string hub, std::string name);

}  // namespace ferry::azure::arm
