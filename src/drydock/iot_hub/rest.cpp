// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/rest.hpp"

#include "drydock/iot_hub/authorization.hpp"

namespace drydock::iot_hub {
namespace {

constexpr unsigned kRead = kRegistryRead;
constexpr unsigned kWrite = kRegistryWrite;
constexpr unsigned kTwins = kServiceConnect;

constexpr Operation kOperations[] = {
    {"POST", "/devices/query", kRead | kTwins, false, query_devices},
    {"GET", "/devices", kRead, false, list_devices},
    {"POST", "/devices", kWrite, false, bulk_devices},
    {"GET", "/devices/{device}", kRead, true, get_device},
    {"PUT", "/devices/{device}", kWrite, false, put_device},
    {"DELETE", "/devices/{device}", kWrite, false, delete_device},
    {"GET", "/devices/{device}/modules", kRead, true, list_modules},
    {"GET", "/devices/{device}/modules/{module}", kRead, true, get_module},
    {"PUT", "/devices/{device}/modules/{module}", kWrite, true, put_module},
    {"DELETE", "/devices/{device}/modules/{module}", kWrite, true, delete_module},
    {"POST", "/devices/{device}/applyConfigurationContent", kWrite | kTwins, false,
     apply_configuration_content},
    {"GET", "/statistics/devices", kRead, false, device_statistics},
    {"GET", "/statistics/service", kRead | kTwins, false, service_statistics},
    {"GET", "/twins/{device}", kRead | kTwins, false, get_twin},
    {"PATCH", "/twins/{device}", kTwins, false, patch_twin},
    {"PUT", "/twins/{device}", kTwins, false, replace_twin},
    {"GET", "/twins/{device}/modules/{module}", kRead | kTwins, false, get_twin},
    {"PATCH", "/twins/{device}/modules/{module}", kTwins, false, patch_twin},
    {"PUT", "/twins/{device}/modules/{module}", kTwins, false, replace_twin},
    {"POST", "/twins/{device}/methods", kTwins, false, nullptr},
    {"POST", "/twins/{device}/modules/{module}/methods", kTwins, false, nullptr},
    {"GET", "/configurations", kRead, false, list_configurations},
    {"POST", "/configurations/testQueries", kRead, false, test_configuration},
    {"GET", "/configurations/{id}", kRead, false, get_configuration},
    {"PUT", "/configurations/{id}", kWrite, false, put_configuration},
    {"DELETE", "/configurations/{id}", kWrite, false, delete_configuration},
};

}  // namespace

std::span<const Operation> operations() {
  return kOperations;
}

EntityKey Call::key() const {
  return {parameters.at("device"), has_module ? parameters.at("module") : ""};
}

std::string Call::if_match() const {
  std::string value = request.headers.get_or("If-Match", "");
  if (value.starts_with("W/")) value.erase(0, 2);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

Outcome<json::object> Call::body() const {
  auto body = ferry::parse_json_object(request.body);
  if (!body) return refuse(400006, "the body is not a JSON object: {}", body.error().message);
  return *std::move(body);
}

}  // namespace drydock::iot_hub
