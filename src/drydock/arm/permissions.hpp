// SPDX-License-Identifier: Apache-2.0
// Azure's role-based access control, the rules alone: which action a request is, and whether a set
// of permissions grants it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace drydock::arm {

// One entry of a role definition. Actions are patterns: '*' stands for any characters, case does
// not matter.
struct Permission {
  std::vector<std::string> actions;
  std::vector<std::string> not_actions = {};
  std::vector<std::string> data_actions = {};
  std::vector<std::string> not_data_actions = {};
};

ferry::json::object to_json(const Permission& permission);
Permission permission_from_json(const ferry::json::object& object);

// Granted by an entry whose actions match and whose notActions do not; entries add up.
bool grants(const std::vector<Permission>& permissions, std::string_view action);
bool grants_data(const std::vector<Permission>& permissions, std::string_view data_action);

// What a request is to access control: "Microsoft.Devices/IotHubs/listkeys/action" on the id of
// what it is about. Nothing for requests that need no right of their own: the lists of tenants and
// subscriptions, and the polling of operations whose URLs Azure signs.
struct Demand {
  std::string action;
  std::string scope;  // without a slash at the end
};
std::optional<Demand> demand_of(std::string_view method, std::string_view path);

// Whether `scope` is `ancestor` or lies below it; ids compare without case.
bool is_within(std::string_view scope, std::string_view ancestor);

}  // namespace drydock::arm
