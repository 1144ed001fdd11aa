// SPDX-License-Identifier: Apache-2.0
// What in the cloud is not as Ferry left it: deleted or changed by hand. Pure: compares what the
// table says (desired_resources.hpp) with what a GET answered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "fleet/desired_resources.hpp"

namespace ferry::fleet {

enum class DriftKind {
  missing,     // it is not there
  changed,     // a property has another value
  unlinked,    // the provisioning service does not know the hub
  key_changed  // the key that Ferry keeps is not the one that the service has
};
std::string_view to_string(DriftKind kind);
Result<DriftKind> parse_drift_kind(std::string_view text);

struct Drift {
  std::string key;  // of the resource in the table
  DriftKind kind = DriftKind::changed;
  std::string property;  // dotted path, for `changed`
  std::string expected;  // as JSON, for `changed`
  std::string actual;
  bool mendable = true;  // false: fixed when the resource was made
  std::string message;   // for people: "IoT Hub plant-a-x: ... is 7, not 1"
  friend bool operator==(const Drift&, const Drift&) = default;
};

// `document`: what the GET answered; nothing for 404.
std::vector<Drift> find_drift(const DesiredResource& wanted,
                              const std::optional<json::object>& document);

// The members that a PUT must say for `wanted` to hold again, laid over what stands: an IoT hub's
// document is replaced as a whole, so what others added (routes, endpoints) is kept.
json::object mended(const DesiredResource& wanted, json::object document);

json::object to_json(const Drift& drift);
Result<Drift> drift_from_json(const json::value& value);
// A list as it is kept.
std::string write_drift(const std::vector<Drift>& found);
Result<std::vector<Drift>> read_drift(const std::string& text);

}  // namespace ferry::fleet
