// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "base/encoding.hpp"
#include "drydock/iot_hub/rest.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::net::HttpResponse;

HttpResponse identity_response(const Hub& hub, const Entity& entity) {
  auto response = json_response(200, identity_json(hub, entity));
  response.headers.set("ETag", fmt::format("\"{}\"", registry_etag(entity.identity.etag)));
  return response;
}

HttpResponse no_content() {
  HttpResponse response;
  response.status = 204;
  return response;
}

Outcome<HttpResponse> respond(const Hub& hub, Outcome<Entity*> entity) {
  if (!entity) return refuse(std::move(entity).error());
  return identity_response(hub, **entity);
}

Outcome<HttpResponse> put_identity(Call& call, const EntityKey& key) {
  auto body = call.body();
  if (!body) return refuse(std::move(body).error());
  if (ferry::string_or(*body, "deviceId", key.device) != key.device ||
      ferry::string_or(*body, "moduleId", key.module) != key.module) {
    return refuse(400004, "the ids in the body and in the URL differ");
  }
  auto request = parse_identity_request(*body);
  if (!request) return refuse(std::move(request).error());
  const std::string if_match = call.if_match();
  if (!if_match.empty()) return respond(call.hub, call.hub.update(key, *request, if_match));
  if (key.module.empty()) return respond(call.hub, call.hub.create_device(key.device, *request));
  return respond(call.hub, call.hub.create_module(key, *request));
}

// One item of a bulk operation (createOrUpdate... modes fall back to update when it is there).
Outcome<void> bulk_item(Hub& hub, const EntityKey& key, const json::object& item) {
  const std::string mode = ferry::to_lower(ferry::string_or(item, "importMode", "create"));
  std::string etag = ferry::string_or(item, "etag", "");
  std::erase(etag, '"');
  const std::string if_match = mode.ends_with("ifmatchetag") ? etag : "*";
  if (mode.starts_with("delete")) {
    return key.module.empty() ? hub.remove_device(key.device, if_match)
                              : hub.remove_module(key, if_match);
  }
  auto request = parse_identity_request(item);
  if (!request) return refuse(std::move(request).error());
  const bool update =
      mode.starts_with("update") || (mode.starts_with("createorupdate") && hub.find(key));
  auto done = update               ? hub.update(key, *request, if_match)
              : key.module.empty() ? hub.create_device(key.device, *request)
                                   : hub.create_module(key, *request);
  if (!done) return refuse(std::move(done).error());
  return {};
}

}  // namespace

Outcome<HttpResponse> get_device(Call& call) {
  return respond(call.hub, call.hub.require(call.key()));
}
Outcome<HttpResponse> put_device(Call& call) {
  return put_identity(call, call.key());
}
Outcome<HttpResponse> get_module(Call& call) {
  return respond(call.hub, call.hub.require(call.key()));
}
Outcome<HttpResponse> put_module(Call& call) {
  return put_identity(call, call.key());
}

Outcome<HttpResponse> delete_device(Call& call) {
  auto removed = call.hub.remove_device(call.parameters.at("device"), call.if_match());
  if (!removed) return refuse(std::move(removed).error());
  return no_content();
}

Outcome<HttpResponse> delete_module(Call& call) {
  auto removed = call.hub.remove_module(call.key(), call.if_match());
  if (!removed) return refuse(std::move(removed).error());
  return no_content();
}

Outcome<HttpResponse> list_devices(Call& call) {
  std::size_t top = 1000;
  if (const auto wanted = call.request.query_value("top")) {
    const auto parsed = std::from_chars(wanted->data(), wanted->data() + wanted->size(), top);
    if (parsed.ec != std::errc() || top == 0) return refuse(400004, "top is not a number above 0");
    top = std::min<std::size_t>(top, 1000);
  }
  json::array devices;
  for (const auto& [id, device] : call.hub.devices()) {
    if (devices.size() >= top) break;
    devices.push_back(identity_json(call.hub, device.self));
  }
  return json_response(200, devices);
}

Outcome<HttpResponse> list_modules(Call& call) {
  const std::string& id = call.parameters.at("device");
  const Device* device = call.hub.find_device(id);
  if (!device) return refuse(404001, "there is no device {}", id);
  json::array modules;
  for (const auto& [name, module] : device->modules)
    modules.push_back(identity_json(call.hub, module));
  return json_response(200, modules);
}

Outcome<HttpResponse> bulk_devices(Call& call) {
  const auto items = ferry::parse_json(call.request.body);
  if (!items || !items->is_array()) return refuse(400006, "the body is not a JSON array");
  if (items->get_array().size() > 100) return refuse(400004, "at most 100 items at once");
  json::array errors;
  for (const json::value& item : items->get_array()) {
    if (!item.is_object()) return refuse(400006, "an item is not an object");
    const EntityKey key{ferry::string_or(item.get_object(), "id", ""),
                        ferry::string_or(item.get_object(), "moduleId", "")};
    const auto done = bulk_item(call.hub, key, item.get_object());
    if (done) continue;
    errors.push_back(json::object{{"deviceId", key.device},
                                  {"errorCode", done.error().name()},
                                  {"errorStatus", done.error().message}});
  }
  const bool good = errors.empty();
  return json_response(good ? 200 : 400, json::object{{"isSuccessful", good},
                                                      {"errors", std::move(errors)},
                                                      {"warnings", json::array()}});
}

Outcome<HttpResponse> device_statistics(Call& call) {
  std::int64_t enabled = 0;
  for (const auto& [id, device] : call.hub.devices()) enabled += device.self.identity.enabled;
  const auto total = static_cast<std::int64_t>(call.hub.devices().size());
  return json_response(200, json::object{{"totalDeviceCount", total},
                                         {"enabledDeviceCount", enabled},
                                         {"disabledDeviceCount", total - enabled}});
}

Outcome<HttpResponse> service_statistics(Call& call) {
  return json_response(200, json::object{{"connectedDeviceCount", call.hub.connected_count()}});
}

}  // namespace drydock::iot_hub
