// SPDX-License-Identifier: Apache-2.0
#include "azure/iot_hub/types.hpp"

#include "base/encoding.hpp"

namespace ferry::azure {
namespace {

std::string_view to_text(AuthenticationType type) {
  switch (type) {
    case AuthenticationType::sas:
      return "sas";
    case AuthenticationType::self_signed:
      return "selfSigned";
    case AuthenticationType::certificate_authority:
      return "certificateAuthority";
    case AuthenticationType::none:
      return "none";
  }
  return "none";
}

AuthenticationType type_from(std::string_view text) {
  for (auto type : {AuthenticationType::sas, AuthenticationType::self_signed,
                    AuthenticationType::certificate_authority}) {
    if (equals_ignore_case(text, to_text(type))) return type;
  }
  return AuthenticationType::none;
}

DeviceAuthentication read_authentication(const json::object& identity) {
  DeviceAuthentication authentication;
  const auto* object = find_object(identity, "authentication");
  if (!object) return authentication;
  authentication.type = type_from(string_or(*object, "type", "sas"));
  if (const auto* keys = find_object(*object, "symmetricKey")) {
    authentication.primary_key = Secret(string_or(*keys, "primaryKey", ""));
    authentication.secondary_key = Secret(string_or(*keys, "secondaryKey", ""));
  }
  if (const auto* prints = find_object(*object, "x509Thumbprint")) {
    authentication.primary_thumbprint = string_or(*prints, "primaryThumbprint", "");
    authentication.secondary_thumbprint = string_or(*prints, "secondaryThumbprint", "");
  }
  return authentication;
}

json::object write_authentication(const DeviceAuthentication& authentication) {
  json::object object{{"type", to_text(authentication.type)}};
  const auto or_null = [](const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
  };
  if (authentication.type == AuthenticationType::sas) {
    object["symmetricKey"] = {{"primaryKey", or_null(authentication.primary_key.reveal())},
                              {"secondaryKey", or_null(authentication.secondary_key.reveal())}};
  } else if (authentication.type == AuthenticationType::self_signed) {
    object["x509Thumbprint"] = {
        {"primaryThumbprint", or_null(authentication.primary_thumbprint)},
        {"secondaryThumbprint", or_null(authentication.secondary_thumbprint)}};
  }
  return object;
}

std::map<std::string, std::string> read_strings(const json::object* object) {
  std::map<std::string, std::string> strings;
  if (!object) return strings;
  for (const auto& [name, value] : *object) {
    if (value.is_string()) strings.emplace(name, std::string(value.get_string()));
  }
  return strings;
}

std::map<std::string, std::int64_t> read_counts(const json::object& configuration,
                                                std::string_view kind) {
  std::map<std::string, std::int64_t> counts;
  const auto* metrics = find_object(configuration, kind);
  const auto* results = metrics ? find_object(*metrics, "results") : nullptr;
  if (!results) return counts;
  for (const auto& [name, value] : *results) {
    if (const auto count = optional_int(*results, name)) counts.emplace(name, *count);
  }
  return counts;
}

json::object write_strings(const std::map<std::string, std::string>& strings) {
  json::object object;
  for (const auto& [name, value] : strings) object[name] = value;
  return object;
}

Error without_id(std::string_view what) {
  return Error{Code::internal, fmt::format("IoT Hub sent {} without its id", what)};
}

}  // namespace

Result<DeviceIdentity> read_device(const json::object& object) {
  DeviceIdentity device;
  device.device_id = string_or(object, "deviceId", "");
  if (device.device_id.empty()) return fail(without_id("a device"));
  device.generation_id = string_or(object, "generationId", "");
  device.etag = string_or(object, "etag", "");
  device.status = string_or(object, "status", "enabled");
  device.status_reason = string_or(object, "statusReason", "");
  device.connection_state = string_or(object, "connectionState", "");
  if (const auto* capabilities = find_object(object, "capabilities")) {
    device.iot_edge = bool_or(*capabilities, "iotEdge", false);
  }
  device.authentication = read_authentication(object);
  return device;
}

json::object write_device(const DeviceIdentity& device) {
  json::object object{{"deviceId", device.device_id},
                      {"status", device.status},
                      {"authentication", write_authentication(device.authentication)},
                      {"capabilities", {{"iotEdge", device.iot_edge}}}};
  if (!device.status_reason.empty()) object["statusReason"] = device.status_reason;
  if (!device.etag.empty()) object["etag"] = device.etag;
  return object;
}

json::object write_bulk_update(const DeviceIdentity& device) {
  json::object object = write_device(device);
  object.erase("deviceId");
  object.erase("etag");
  object["id"] = device.device_id;
  object["importMode"] = "update";
  return object;
}

Result<ModuleIdentity> read_module(const json::object& object) {
  ModuleIdentity module;
  module.device_id = string_or(object, "deviceId", "");
  module.module_id = string_or(object, "moduleId", "");
  if (module.module_id.empty()) return fail(without_id("a module"));
  module.generation_id = string_or(object, "generationId", "");
  module.etag = string_or(object, "etag", "");
  module.managed_by = string_or(object, "managedBy", "");
  module.connection_state = string_or(object, "connectionState", "");
  module.authentication = read_authentication(object);
  return module;
}

json::object write_module(const ModuleIdentity& module) {
  json::object object{{"deviceId", module.device_id},
                      {"moduleId", module.module_id},
                      {"authentication", write_authentication(module.authentication)}};
  if (!module.managed_by.empty()) object["managedBy"] = module.managed_by;
  if (!module.etag.empty()) object["etag"] = module.etag;
  return object;
}

Result<Twin> read_twin(const json::object& object) {
  Twin twin;
  twin.device_id = string_or(object, "deviceId", "");
  if (twin.device_id.empty()) return fail(without_id("a twin"));
  twin.module_id = string_or(object, "moduleId", "");
  twin.etag = string_or(object, "etag", "");
  twin.status = string_or(object, "status", "");
  twin.connection_state = string_or(object, "connectionState", "");
  twin.version = int_or(object, "version", 0);
  if (const auto* tags = find_object(object, "tags")) twin.tags = *tags;
  if (const auto* properties = find_object(object, "properties")) {
    if (const auto* desired = find_object(*properties, "desired")) twin.desired = *desired;
    if (const auto* reported = find_object(*properties, "reported")) twin.reported = *reported;
  }
  if (const auto* configurations = find_object(object, "configurations")) {
    for (const auto& [id, mark] : *configurations) {
      const auto* entry = mark.if_object();
      if (entry) twin.configurations.emplace(id, string_or(*entry, "status", ""));
    }
  }
  return twin;
}

Result<Configuration> read_configuration(const json::object& object) {
  Configuration configuration;
  configuration.id = string_or(object, "id", "");
  if (configuration.id.empty()) return fail(without_id("a configuration"));
  configuration.schema_version = string_or(object, "schemaVersion", "1.0");
  configuration.labels = read_strings(find_object(object, "labels"));
  if (const auto* content = find_object(object, "content")) configuration.content = *content;
  configuration.target_condition = string_or(object, "targetCondition", "");
  configuration.priority = int_or(object, "priority", 0);
  configuration.etag = string_or(object, "etag", "");
  configuration.created = string_or(object, "createdTimeUtc", "");
  configuration.last_updated = string_or(object, "lastUpdatedTimeUtc", "");
  configuration.system_metrics = read_counts(object, "systemMetrics");
  configuration.metrics = read_counts(object, "metrics");
  if (const auto* metrics = find_object(object, "metrics")) {
    configuration.metric_queries = read_strings(find_object(*metrics, "queries"));
  }
  return configuration;
}

json::object write_configuration(const Configuration& configuration) {
  json::object object{{"id", configuration.id},
                      {"schemaVersion", configuration.schema_version},
                      {"labels", write_strings(configuration.labels)},
                      {"content", configuration.content},
                      {"targetCondition", configuration.target_condition},
                      {"priority", configuration.priority},
                      {"metrics", {{"queries", write_strings(configuration.metric_queries)}}}};
  if (!configuration.etag.empty()) object["etag"] = configuration.etag;
  return object;
}

}  // namespace ferry::azure
