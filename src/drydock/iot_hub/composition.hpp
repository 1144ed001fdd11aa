// SPDX-License-Identifier: Apache-2.0
// What a base deployment and the layers over it make of a device's modules. Pure.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "drydock/iot_hub/hub.hpp"

namespace drydock::iot_hub {

struct Composition {
  std::map<std::string, json::object> desired;  // by module, the whole section
  // By module: the configurations of which something is left.
  std::map<std::string, std::set<std::string>> applied;
};

// `layers` in rising rank: what a later one sets replaces what lies at or below the same path.
Composition compose(const Configuration& base, const std::vector<const Configuration*>& layers);

// Puts `value` where `path` leads to; objects are made on the way. The empty path replaces all,
// when the value is an object.
void put_at(json::object& target, const query::Path& path, const json::value& value);
// Takes away what `path` leads to, and the objects on the way that are empty then.
void take_from(json::object& target, const query::Path& path);

}  // namespace drydock::iot_hub
