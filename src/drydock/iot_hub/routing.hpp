// SPDX-License-Identifier: Apache-2.0
// IoT Hub message routing, the rules alone: which endpoints a message goes to, and what is added to
// it on the way. Pure; Resource Manager tests routes with it, the hub sends by it.
#pragma once

#include <map>

#include "drydock/directory.hpp"
#include "drydock/iot_hub/query.hpp"

namespace drydock::iot_hub::routing {

namespace json = ferry::json;

inline constexpr std::string_view kBuiltIn = "events";
inline constexpr std::string_view kDeviceMessages = "DeviceMessages";

// What conditions and enrichments look at.
struct Message {
  json::object application;  // application properties, all strings
  json::object system;       // "contentType", "connectionDeviceId", ...: without the '$' of queries
  std::string body;
  json::object twin;  // {"tags", "properties": {"desired", "reported"}}
};

// The condition of a route; the empty one is true. Code::invalid_argument or Code::unsupported.
ferry::Result<query::Expression> parse_condition(std::string_view text);
// undefined: a property is missing, the types differ, or the body is not JSON in UTF-8 by its
// content type and encoding.
query::Truth evaluate(const query::Expression& condition, const Message& message);

// A hub's routes, ready to be applied.
class Table {
 public:
  // Routes whose condition cannot be read take nothing; Resource Manager lets none in.
  explicit Table(const HubRouting& routing);

  bool has_route_for(std::string_view source) const;
  // Names of endpoints, each once, in the order of the routes. The fallback takes messages of
  // devices that no route takes.
  std::vector<std::string> endpoints_of(std::string_view source, const Message& message) const;
  // What is added to the message's application properties for the endpoint.
  std::map<std::string, std::string> enrichments_of(std::string_view endpoint, std::string_view hub,
                                                    const Message& message) const;
  const RoutingEndpoint* find_endpoint(std::string_view name) const;

 private:
  struct CompiledRoute {
    HubRoute route;
    query::Expression condition;
  };
  std::vector<CompiledRoute> routes_;
  std::vector<HubEnrichment> enrichments_;
  std::vector<RoutingEndpoint> endpoints_;
  bool fallback_ = true;
};

// "a=1&%24.ct=application%2Fjson", as it stands in an MQTT topic, taken apart. `$.ct` becomes
// contentType among the system properties, unknown ones keep their name.
void read_property_bag(std::string_view bag, Message& message);

}  // namespace drydock::iot_hub::routing
