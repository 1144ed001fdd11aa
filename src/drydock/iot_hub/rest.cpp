// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/rest.hpp"

#include <charconv>

namespace drydock::iot_hub {
namespace {

constexpr unsigned kRead = kRegistryRead;
constexpr unsigned kWrite = kRegistryWrite;
constexpr unsigned kTwins = kServiceConnect;
constexpr unsigned kDevice = kDeviceConnect;

constexpr Operation kOperations[] = {
    {"POST", "/devices/query", kRead | kTwins, "twins/read", false, query_devices},
    {"GET", "/devices", kRead, "devices/read", false, list_devices},
    {"POST", "/devices", kWrite, "devices/write", false, bulk_devices},
    {"GET", "/devices/{device}", kRead, "devices/read", true, get_device},
    {"PUT", "/devices/{device}", kWrite, "devices/write", false, put_device},
    {"DELETE", "/devices/{device}", kWrite, "devices/delete", false, delete_device},
    {"GET", "/devices/{device}/modules", kRead, "devices/read", true, list_modules},
    {"GET", "/devices/{device}/modules/{module}", kRead, "devices/read", true, get_module},
    {"PUT", "/devices/{device}/modules/{module}", kWrite, "devices/write", true, put_module},
    {"DELETE", "/devices/{device}/modules/{module}", kWrite, "devices/delete", true, delete_module},
    {"POST", "/devices/{device}/applyConfigurationContent", kWrite | kTwins,
     "configurations/applyToEdgeDevice/action", false, apply_configuration_content},
    {"GET", "/statistics/devices", kRead, "statistics/read", false, device_statistics},
    {"GET", "/statistics/service", kRead | kTwins, "statistics/read", false, service_statistics},
    {"GET", "/twins/{device}", kRead | kTwins, "twins/read", false, get_twin},
    {"PATCH", "/twins/{device}", kTwins, "twins/write", false, patch_twin},
    {"PUT", "/twins/{device}", kTwins, "twins/write", false, replace_twin},
    {"GET", "/twins/{device}/modules/{module}", kRead | kTwins, "twins/read", false, get_twin},
    {"PATCH", "/twins/{device}/modules/{module}", kTwins, "twins/write", false, patch_twin},
    {"PUT", "/twins/{device}/modules/{module}", kTwins, "twins/write", false, replace_twin},
    {"POST", "/twins/{device}/methods", kTwins, "directMethods/invoke/action", false, nullptr,
     invoke_method},
    {"POST", "/twins/{device}/modules/{module}/methods", kTwins, "directMethods/invoke/action",
     false, nullptr, invoke_method},
    {"POST", "/devices/{device}/messages/events", kDevice, "", true, nullptr, send_event},
    {"POST", "/devices/{device}/modules/{module}/messages/events", kDevice, "", true, nullptr,
     send_event},
    {"GET", "/devices/{device}/messages/devicebound", kDevice, "", true, receive_message},
    {"DELETE", "/devices/{device}/messages/devicebound/{lock}", kDevice, "", true, settle_message},
    {"POST", "/devices/{device}/messages/devicebound/{lock}/abandon", kDevice, "", true,
     abandon_message},
    {"DELETE", "/devices/{device}/commands", kTwins, "cloudToDeviceMessages/queue/purge/action",
     false, purge_messages},
    {"GET", "/messages/servicebound/feedback", kTwins, "cloudToDeviceMessages/feedback/action",
     false, receive_feedback},
    {"DELETE", "/messages/servicebound/feedback/{lock}", kTwins,
     "cloudToDeviceMessages/feedback/action", false, settle_feedback},
    {"POST", "/messages/servicebound/feedback/{lock}/abandon", kTwins,
     "cloudToDeviceMessages/feedback/action", false, abandon_feedback},
    {"GET", "/jobs/v2/query", kTwins, "jobs/read", false, query_jobs},
    {"GET", "/jobs/v2/{job}", kTwins, "jobs/read", false, get_job},
    {"PUT", "/jobs/v2/{job}", kTwins, "jobs/write", false, schedule_job},
    {"POST", "/jobs/v2/{job}/cancel", kTwins, "jobs/delete", false, cancel_job},
    {"GET", "/configurations", kRead, "configurations/read", false, list_configurations},
    {"POST", "/configurations/testQueries", kRead, "configurations/testQueries/action", false,
     test_configuration},
    {"GET", "/configurations/{id}", kRead, "configurations/read", false, get_configuration},
    {"PUT", "/configurations/{id}", kWrite, "configurations/write", false, put_configuration},
    {"DELETE", "/configurations/{id}", kWrite, "configurations/delete", false,
     delete_configuration},
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

Outcome<std::size_t> Call::page_size() const {
  std::size_t size = 100;
  const auto wanted = request.headers.get("x-ms-max-item-count");
  if (!wanted) return size;
  const auto parsed = std::from_chars(wanted->data(), wanted->data() + wanted->size(), size);
  if (parsed.ec != std::errc() || size == 0) {
    return refuse(400004, "x-ms-max-item-count is not a number above 0");
  }
  return std::min<std::size_t>(size, 1000);
}

Outcome<json::object> Call::body() const {
  auto body = ferry::parse_json_object(request.body);
  if (!body) return refuse(400006, "the body is not a JSON object: {}", body.error().message);
  return *std::move(body);
}

}  // namespace drydock::iot_hub
