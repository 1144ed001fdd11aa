// SPDX-License-Identifier: Apache-2.0
// The routing part of an IoT hub's document, as JSON. Pure.
#pragma once

#include "azure/arm/hub_routing.hpp"

namespace ferry::azure::arm {

Routing read_routing(const json::object& hub);
// Both return whether `hub` was changed.
bool merge_routing(json::object& hub, const Routing& wanted, bool rewrite_keys);
bool drop_endpoints(json::object& hub, const std::vector<std::string>& endpoints);
json::object write_route(const Route& route);

}  // namespace ferry::azure::arm
