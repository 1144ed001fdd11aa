// SPDX-License-Identifier: Apache-2.0
// Bits that the typed resources share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "azure/arm/client.hpp"
#include "azure/arm/resource_groups.hpp"
#include "azure/sas.hpp"

namespace ferry::azure::arm {

inline json::object write_tags(const Tags& tags) {
  json::object object;
  for (const auto& [name, value] : tags) object[name] = value;
  return object;
}

// "West Europe" and "westeurope" are one place; services write either.
inline bool same_location(std::string_view a, std::string_view b) {
  const auto plain = [](std::string_view text) {
    std::string kept;
    for (char c : to_lower(text)) {
      if (c != ' ') kept += c;
    }
    return kept;
  };
  return plain(a) == plain(b);
}

inline const json::object& properties_of(const json::object& resource) {
  static const json::object none;
  const auto* properties = find_object(resource, "properties");
  return properties ? *properties : none;
}

// The names of a list's items.
std::vector<std::string> names_of(const json::array& items);

inline bool is_ready(const json::object& resource) {
  return equals_ignore_case(provisioning_state(resource), "Succeeded");
}

// The "ensure" of every resource. What is there and ready stays as it is; what is still being made
// is waited for; what is absent, or ended otherwise than well, is put. Code::conflict when it is
// there in another location.
net::Task<Result<json::object>> ensure_resource(ArmClient& arm, std::string id,
                                                std::string api_version, json::object body,
                                                Progress progress);

// A policy in the answers of listkeys.
Result<SasKey> read_policy(const json::object& object, std::string host);
net::Task<Result<std::vector<SasKey>>> list_policies(ArmClient& arm, std::string id,
                                                     std::string api_version, std::string host);

}  // namespace ferry::azure::arm
