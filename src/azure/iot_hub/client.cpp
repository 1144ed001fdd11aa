// SPDX-License-Identifier: Apache-2.0
#include "azure/iot_hub/client.hpp"

#include "azure/limits.hpp"

namespace ferry::azure {
namespace {

constexpr std::string_view kVersion = "api-version=2021-04-12";

std::string device_path(std::string_view device) {
  return "/devices/" + percent_encode(device);
}

std::string module_path(std::string_view device, std::string_view module) {
  return device_path(device) + "/modules/" + percent_encode(module);
}

std::string twin_path(const TwinAddress& address) {
  std::string path = "/twins/" + percent_encode(address.device);
  if (!address.module.empty()) path += "/modules/" + percent_encode(address.module);
  return path;
}

std::string configuration_path(std::string_view id) {
  return "/configurations/" + percent_encode(id);
}

// IoT Hub takes entity tags in quotes, the star too.
std::string entity_tag(std::string_view etag) {
  if (!etag.empty() && etag.front() == '"') return std::string(etag);
  return fmt::format("\"{}\"", etag);
}

// A name, or its number.
std::string bulk_error_code(const json::object& error) {
  const auto number = optional_int(error, "errorCode");
  if (number == 404001) return "DeviceNotFound";
  return number ? std::to_string(*number) : string_or(error, "errorCode", "");
}

template <class T, class Read>
Result<std::vector<T>> read_all(const json::array& items, Read read) {
  std::vector<T> values;
  values.reserve(items.size());
  for (const auto& item : items) {
    const auto* object = item.if_object();
    if (!object) return fail(Code::internal, "IoT Hub sent a list item that is no object");
    auto value = read(*object);
    if (!value) return fail(std::move(value).error());
    values.push_back(std::move(*value));
  }
  return values;
}

}  // namespace

IotHubClient::IotHubClient(Pipeline& pipeline, SasKey key)
    : pipeline_(pipeline),
      key_(std::move(key)),
      authorize_(authorize_with_sas(key_, pipeline_.clock())) {}

Request IotHubClient::request(std::string method, std::string path, std::string query) const {
  Request request;
  request.budgets = hub_budgets(hub_scope(key_.host), method, path);
  request.share = key_.host;
  request.call.method = std::move(method);
  request.call.url = fmt::format("https://{}{}?{}{}", key_.host, path, kVersion, query);
  request.call.headers.set("Accept", "application/json");
  request.authorize = authorize_;
  return request;
}

net::Task<Result<json::object>> IotHubClient::object(Request request) {
  if (!request.call.body.empty()) {
    request.call.headers.set("Content-Type", "application/json; charset=utf-8");
  }
  const std::string what = describe_call(request.call);
  auto value = co_await pipeline_.send_json(std::move(request));
  if (!value) co_return fail(std::move(value).error());
  if (!value->is_object()) co_return fail(Code::internal, "{}: the answer is no object", what);
  co_return std::move(value->as_object());
}

net::Task<Result<json::array>> IotHubClient::array(Request request) {
  const std::string what = describe_call(request.call);
  auto value = co_await pipeline_.send_json(std::move(request));
  if (!value) co_return fail(std::move(value).error());
  if (!value->is_array()) co_return fail(Code::internal, "{}: the answer is no list", what);
  co_return std::move(value->as_array());
}

net::Task<Result<json::object>> IotHubClient::put(std::string path, json::object body,
                                                  std::string if_match) {
  Request put = request("PUT", std::move(path));
  put.call.body = json::serialize(body);
  if (!if_match.empty()) put.call.headers.set("If-Match", entity_tag(if_match));
  co_return co_await object(std::move(put));
}

net::Task<Result<void>> IotHubClient::remove(std::string path, bool with_etag) {
  Request remove = request("DELETE", std::move(path));
  if (with_etag) remove.call.headers.set("If-Match", entity_tag("*"));
  auto response = co_await pipeline_.send(std::move(remove));
  if (!response && response.error().code != Code::not_found) {
    co_return fail(std::move(response).error());
  }
  co_return Result<void>();
}

net::Task<Result<DeviceIdentity>> IotHubClient::get_device(std::string device) {
  auto found = co_await object(request("GET", device_path(device)));
  if (!found) co_return fail(std::move(found).error());
  co_return read_device(*found);
}

net::Task<Result<std::vector<DeviceIdentity>>> IotHubClient::list_devices(int top) {
  auto items = co_await array(request("GET", "/devices", fmt::format("&top={}", top)));
  if (!items) co_return fail(std::move(items).error());
  co_return read_all<DeviceIdentity>(*items, read_device);
}

net::Task<Result<DeviceIdentity>> IotHubClient::create_device(DeviceIdentity device) {
  device.etag.clear();
  json::object body = write_device(device);
  auto made = co_await put(device_path(device.device_id), std::move(body), "");
  if (!made) co_return fail(std::move(made).error());
  co_return read_device(*made);
}

net::Task<Result<DeviceIdentity>> IotHubClient::update_device(DeviceIdentity device,
                                                              std::string if_match) {
  json::object body = write_device(device);
  auto made = co_await put(device_path(device.device_id), std::move(body), std::move(if_match));
  if (!made) co_return fail(std::move(made).error());
  co_return read_device(*made);
}

net::Task<Result<void>> IotHubClient::update_devices(std::vector<DeviceIdentity> devices) {
  Request bulk = request("POST", "/devices");
  bulk.idempotent = true;
  json::array items;
  for (const auto& device : devices) items.push_back(write_bulk_update(device));
  bulk.call.body = json::serialize(items);
  bulk.call.headers.set("Content-Type", "application/json; charset=utf-8");
  const std::string what = describe_call(bulk.call);
  auto response = co_await pipeline_.exchange(std::move(bulk));
  if (!response) co_return fail(std::move(response).error());
  if (response->status < 400) co_return Result<void>();
  // 400 when any of them failed; the body says which, and why.
  const auto body = parse_json_object(response->body);
  const auto* errors = body ? find_array(*body, "errors") : nullptr;
  if (response->status != 400 || !errors) {
    co_return fail(to_error(read_service_error(*response), what));
  }
  for (const auto& item : *errors) {
    const auto* error = item.if_object();
    const std::string code = error ? bulk_error_code(*error) : "unknown";
    if (code == "DeviceNotFound") continue;
    co_return fail(Code::conflict, "{}: {}: {} {}", what,
                   error ? string_or(*error, "deviceId", "") : "", code,
                   error ? string_or(*error, "errorStatus", "") : "");
  }
  co_return Result<void>();
}

net::Task<Result<void>> IotHubClient::delete_device(std::string device) {
  co_return co_await remove(device_path(device), true);
}

net::Task<Result<std::vector<ModuleIdentity>>> IotHubClient::list_modules(std::string device) {
  auto items = co_await array(request("GET", device_path(device) + "/modules"));
  if (!items) co_return fail(std::move(items).error());
  co_return read_all<ModuleIdentity>(*items, read_module);
}

net::Task<Result<ModuleIdentity>> IotHubClient::get_module(std::string device, std::string module) {
  auto found = co_await object(request("GET", module_path(device, module)));
  if (!found) co_return fail(std::move(found).error());
  co_return read_module(*found);
}

net::Task<Result<ModuleIdentity>> IotHubClient::create_module(ModuleIdentity module) {
  module.etag.clear();
  json::object body = write_module(module);
  auto made = co_await put(module_path(module.device_id, module.module_id), std::move(body), "");
  if (!made) co_return fail(std::move(made).error());
  co_return read_module(*made);
}

net::Task<Result<void>> IotHubClient::delete_module(std::string device, std::string module) {
  co_return co_await remove(module_path(device, module), true);
}

net::Task<Result<Twin>> IotHubClient::get_twin(TwinAddress address) {
  auto found = co_await object(request("GET", twin_path(address)));
  if (!found) co_return fail(std::move(found).error());
  co_return read_twin(*found);
}

net::Task<Result<Twin>> IotHubClient::patch_twin(TwinAddress address, json::object patch,
                                                 std::string if_match) {
  Request change = request("PATCH", twin_path(address));
  change.call.body = json::serialize(patch);
  change.call.headers.set("If-Match", entity_tag(if_match));
  // A merge patch may be applied twice, but not against a certain version.
  change.idempotent = if_match == "*";
  auto changed = co_await object(std::move(change));
  if (!changed) co_return fail(std::move(changed).error());
  co_return read_twin(*changed);
}

net::Task<Result<QueryPage>> IotHubClient::query_page(std::string query, std::string continuation,
                                                      int page_size) {
  Request ask = request("POST", "/devices/query");
  json::object body{{"query", query}};
  ask.call.body = json::serialize(body);
  ask.call.headers.set("Content-Type", "application/json; charset=utf-8");
  ask.call.headers.set("x-ms-max-item-count", std::to_string(page_size));
  if (!continuation.empty()) ask.call.headers.set("x-ms-continuation", continuation);
  ask.idempotent = true;
  auto response = co_await pipeline_.send(std::move(ask));
  if (!response) co_return fail(std::move(response).error().with("query '{}'", query));
  auto rows = parse_json(response->body);
  if (!rows || !rows->is_array()) {
    co_return fail(Code::internal, "query '{}': the answer is no list", query);
  }
  QueryPage page;
  page.continuation = response->headers.get_or("x-ms-continuation", "");
  for (auto& row : rows->as_array()) {
    if (row.is_object()) page.rows.push_back(std::move(row.as_object()));
  }
  co_return page;
}

net::Task<Result<std::vector<json::object>>> IotHubClient::query(std::string query,
                                                                 std::size_t limit) {
  std::vector<json::object> rows;
  std::string continuation;
  do {
    auto page = co_await query_page(query, continuation);
    if (!page) co_return fail(std::move(page).error());
    for (auto& row : page->rows) rows.push_back(std::move(row));
    if (rows.size() > limit) {
      co_return fail(Code::resource_exhausted, "query '{}' has more than {} rows", query, limit);
    }
    continuation = std::move(page->continuation);
  } while (!continuation.empty());
  co_return rows;
}

net::Task<Result<Configuration>> IotHubClient::create_configuration(Configuration configuration) {
  configuration.etag.clear();
  json::object body = write_configuration(configuration);
  auto made = co_await put(configuration_path(configuration.id), std::move(body), "");
  if (!made) co_return fail(std::move(made).error().with("create deployment {}", configuration.id));
  co_return read_configuration(*made);
}

net::Task<Result<Configuration>> IotHubClient::update_configuration(Configuration configuration) {
  json::object body = write_configuration(configuration);
  auto made =
      co_await put(configuration_path(configuration.id), std::move(body), configuration.etag);
  if (!made) co_return fail(std::move(made).error().with("update deployment {}", configuration.id));
  co_return read_configuration(*made);
}

net::Task<Result<Configuration>> IotHubClient::get_configuration(std::string id) {
  auto found = co_await object(request("GET", configuration_path(id)));
  if (!found) co_return fail(std::move(found).error());
  co_return read_configuration(*found);
}

net::Task<Result<std::vector<Configuration>>> IotHubClient::list_configurations(int top) {
  auto items = co_await array(request("GET", "/configurations", fmt::format("&top={}", top)));
  if (!items) co_return fail(std::move(items).error());
  co_return read_all<Configuration>(*items, read_configuration);
}

net::Task<Result<void>> IotHubClient::delete_configuration(std::string id) {
  co_return co_await remove(configuration_path(id), true);
}

net::Task<Result<MethodResult>> IotHubClient::call_method(TwinAddress address, MethodCall method) {
  Request invoke = request("POST", twin_path(address) + "/methods");
  json::object body{{"methodName", method.name},
                    {"payload", method.payload},
                    {"responseTimeoutInSeconds", method.response_timeout.count()},
                    {"connectTimeoutInSeconds", method.connect_timeout.count()}};
  invoke.call.body = json::serialize(body);
  // The service holds the answer back for as long as the device may take.
  invoke.call.timeout = method.response_timeout + method.connect_timeout + std::chrono::seconds(15);
  invoke.deadline = invoke.call.timeout + std::chrono::seconds(60);
  auto answer = co_await object(std::move(invoke));
  if (!answer) {
    co_return fail(
        std::move(answer).error().with("call method {} on {}", method.name, address.device));
  }
  MethodResult result;
  result.status = int_or(*answer, "status", 0);
  if (const auto* payload = answer->if_contains("payload")) result.payload = *payload;
  co_return result;
}

net::Task<Result<HubStatistics>> IotHubClient::statistics() {
  auto devices = co_await object(request("GET", "/statistics/devices"));
  if (!devices) co_return fail(std::move(devices).error());
  auto service = co_await object(request("GET", "/statistics/service"));
  if (!service) co_return fail(std::move(service).error());
  co_return HubStatistics(
      int_or(*devices, "totalDeviceCount", 0), int_or(*devices, "enabledDeviceCount", 0),
      int_or(*devices, "disabledDeviceCount", 0), int_or(*service, "connectedDeviceCount", 0));
}

}  // namespace ferry::azure
