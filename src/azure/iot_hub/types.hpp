// SPDX-License-Identifier: Apache-2.0
// The values of IoT Hub's service REST.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/secret.hpp"

namespace ferry::azure {

enum class AuthenticationType { sas, self_signed, certificate_authority, none };

struct DeviceAuthentication {
  AuthenticationType type = AuthenticationType::sas;
  std::string primary_thumbprint;  // hex, SHA-1 or SHA-256; for self_signed
  std::string secondary_thumbprint;
  Secret primary_key;  // base64; for sas; empty on creation: the hub makes one
  Secret secondary_key;
};

struct DeviceIdentity {
  std::string device_id;
  std::string generation_id;
  std::string etag;
  std::string status = "enabled";  // or "disabled"
  std::string status_reason;
  std::string connection_state;  // not an authority; for edge devices look at $edgeAgent
  bool iot_edge = false;
  DeviceAuthentication authentication;
};

struct ModuleIdentity {
  std::string device_id;
  std::string module_id;
  std::string generation_id;
  std::string etag;
  std::string managed_by;
  std::string connection_state;
  DeviceAuthentication authentication;
};

// A device twin, or a module twin when `module` is set.
struct TwinAddress {
  std::string device;
  std::string module = {};
};

struct Twin {
  std::string device_id;
  std::string module_id;
  std::string etag;
  std::string status;
  std::string connection_state;
  std::int64_t version = 0;
  json::object tags;
  json::object desired;   // with $metadata and $version
  json::object reported;  // with $metadata and $version
  // Configuration id to "Targeted" or "Applied"; on the twins that automatic deployments touch.
  std::map<std::string, std::string> configurations;
};

struct QueryPage {
  std::vector<json::object> rows;
  std::string continuation;
};

struct Configuration {
  std::string id;  // at most 128 of a-z 0-9 - + % _ * ! '
  std::string schema_version = "1.0";
  std::map<std::string, std::string> labels;
  json::object content;          // {"modulesContent":{...}} for edge devices
  std::string target_condition;  // "tags.group='g-1'"; "*" is all, "" none
  std::int64_t priority = 0;
  std::map<std::string, std::string> metric_queries;
  std::string etag;
  std::string created;  // RFC 3339, as the hub wrote it
  std::string last_updated;
  std::map<std::string, std::int64_t> system_metrics;  // targetedCount, appliedCount, ...
  std::map<std::string, std::int64_t> metrics;
};

struct MethodCall {
  std::string name;
  json::value payload;
  std::chrono::seconds response_timeout{30};  // 5 to 300
  std::chrono::seconds connect_timeout{0};    // above 0: waits for the device to come online
};

struct MethodResult {
  std::int64_t status = 0;  // the device's own
  json::value payload;
};

struct HubStatistics {
  std::int64_t total_devices = 0;
  std::int64_t enabled_devices = 0;
  std::int64_t disabled_devices = 0;
  std::int64_t connected_devices = 0;
};

// Readers are lenient: members that are absent stay empty. Code::internal when an id is missing.
Result<DeviceIdentity> read_device(const json::object& object);
Result<ModuleIdentity> read_module(const json::object& object);
Result<Twin> read_twin(const json::object& object);
Result<Configuration> read_configuration(const json::object& object);
json::object write_device(const DeviceIdentity& device);
json::object write_bulk_update(const DeviceIdentity& device);  // an item of POST /devices
json::object write_module(const ModuleIdentity& module);
json::object write_configuration(const Configuration& configuration);

}  // namespace ferry::azure
