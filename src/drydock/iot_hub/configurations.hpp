// SPDX-License-Identifier: Apache-2.0
// Automatic deployments and configurations as the service API takes and gives them.
#pragma once

#include "drydock/iot_hub/hub.hpp"

namespace drydock::iot_hub {

inline constexpr std::size_t kConfigurationLimit = 100;
inline constexpr std::size_t kMetricLimit = 5;

// The body of PUT /configurations/{id}. 400402, 400401 or 400404 for content, condition or metrics
// that the hub does not take.
Outcome<Configuration> parse_configuration(const std::string& id, const json::object& body,
                                           ferry::Timestamp now);
// Labels, priority, condition and metrics of `wanted` for `current`; 400403 for another content.
Outcome<Configuration> update_configuration(const Configuration& current, Configuration wanted);

// The desired properties of each module in {"modulesContent": {...}}, which must be a whole
// deployment.
Outcome<std::map<std::string, json::object>> desired_of(const json::object& content);

// The queries behind systemMetrics, in the hub's spelling.
json::object system_queries(const Configuration& configuration);
// With the metrics as they are now.
json::object configuration_json(const Hub& hub, const Configuration& configuration);
// Errors of conditions and metric queries, by name; for POST /configurations/testQueries.
json::object test_queries(const json::object& body);

json::object to_storage(const Configuration& configuration);
Outcome<Configuration> configuration_from_storage(const json::object& stored);

}  // namespace drydock::iot_hub
