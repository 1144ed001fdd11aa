// SPDX-License-Identifier: Apache-2.0
// Microsoft.Devices/IotHubs, api-version 2023-06-30.
#include "base/encoding.hpp"
#include "drydock/arm/hub_routing_document.hpp"
#include "drydock/arm/iot_hub_document.hpp"
#include "drydock/arm/keys.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

tl::unexpected<Refusal> refuse_call(int code, std::string_view message) {
  return refuse(devices_error(code, message, StatusForm::number));
}

void add_async_headers(const Context& context, const Call& call, const Resource& hub,
                       const std::string& operation, bool with_location, HttpResponse& response) {
  const std::string path =
      fmt::format("/providers/Microsoft.Devices/locations/{}/operationResults/{}",
                  string_or(hub.document, "location", ""), operation);
  response.headers.set("Azure-AsyncOperation",
                       polling_url(context, path, call, "&operationSource=os_ih&asyncinfo"));
  if (with_location) {
    response.headers.set("Location", polling_url(context, path, call, "&operationSource=os_ih"));
  }
  add_retry_after(context, response);
}

// What stands in the header is an ETag, unless it is no such thing at all: azure-cli 2.45 writes a
// Python dictionary there, "{'IF-MATCH': '...'}", and the service takes its requests. Then the ETag
// that the body repeats counts.
std::string wanted_etag(const Call& call) {
  std::string header = call.request.headers.get_or("If-Match", "");
  if (!header.starts_with('{')) return header;
  return string_or(call.body, "etag", "");
}

Outcome<void> check_etag(const Call& call, const std::optional<Resource>& existing) {
  const std::string wanted = wanted_etag(call);
  if (wanted.empty() || (wanted == "*" && existing)) return {};
  if (existing && string_or(existing->document, "etag", "") == wanted) return {};
  return refuse(devices_error(412001, "Invalid ETag supplied.", StatusForm::word));
}

// As the service answers a write: accepted, and not yet telling where the hub will be.
json::object accepted(const Resource& hub) {
  json::object document = hub.document;
  json::object& properties = document["properties"].get_object();
  properties["provisioningState"] = "Accepted";
  for (const std::string_view member : {"state", "hostName", "locations"}) {
    properties.erase(member);
  }
  return document;
}

// A subscription can have one free hub and 50 others.
Outcome<void> check_hub_count(Context& context, const json::object& body) {
  const bool free_one = string_or(object_of(body, "sku"), "name", "") == "F1";
  const std::ptrdiff_t most = free_one ? 1 : 50;
  auto hubs = context.store.list(kHubType, "");
  if (!hubs) return fail(std::move(hubs).error());
  const auto count = std::ranges::count_if(*hubs, [&](const Resource& hub) {
    return (string_or(object_of(hub.document, "sku"), "name", "") == "F1") == free_one;
  });
  if (count < most) return {};
  return refuse_call(403004, fmt::format("The subscription has {} {} IoT hubs already, which is "
                                         "the limit.",
                                         count, free_one ? "free" : "paid"));
}

Answer put(Context& context, const Call& call) {
  auto target = prepare_write(context, call, kHubType);
  if (!target) return fail(std::move(target).error());
  const std::string& name = call.path.at("name");
  auto etag = check_etag(call, target->existing);
  if (!etag) return fail(std::move(etag).error());
  Resource hub;
  if (target->existing) {
    hub = *std::move(target->existing);
    auto free = refuse_while_running(context, hub);
    if (!free) return fail(std::move(free).error());
  } else {
    if (!valid_hub_name(name)) {
      return refuse_call(400030, fmt::format("The hub name '{}' is invalid.", name));
    }
    auto taken = context.store.find_named(kHubType, name);
    if (!taken) return fail(std::move(taken).error());
    if (*taken) {
      return refuse_call(409001, fmt::format("The IotHub name '{}' is not available.", name));
    }
    auto room = check_hub_count(context, call.body);
    if (!room) return fail(std::move(room).error());
    hub.id = resource_id(context, target->group.name, kHubType, name);
    hub.type = std::string(kHubType);
    hub.group = target->group.name;
    hub.name = name;
    hub.document["location"] = target->location;
  }
  const bool live = bool_or(hub.hidden, "live", false);
  auto applied = apply_hub_body(context, call.body, hub);
  if (!applied) return fail(std::move(applied).error());
  if (live) complete_hub(context, hub);
  json::object& properties = hub.document["properties"].get_object();
  properties["state"] = live ? "Transitioning" : "Activating";
  properties["provisioningState"] = live ? "Transitioning" : "Activating";
  auto saved = context.store.save(hub);
  if (!saved) return fail(std::move(saved).error());
  auto operation = context.start(OperationKind::write, hub.id);
  if (!operation) return fail(std::move(operation).error());
  HttpResponse response = json_response(201, accepted(hub));
  add_async_headers(context, call, hub, *operation, false, response);
  return response;
}

// Takes tags only, and replaces them all.
Answer patch(Context& context, const Call& call) {
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return fail(std::move(hub).error());
  auto free = refuse_while_running(context, *hub);
  if (!free) return fail(std::move(free).error());
  hub->document["tags"] = object_of(call.body, "tags");
  hub->document["etag"] = new_etag();
  auto saved = context.store.save(*hub);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, hub->document);
}

Answer remove(Context& context, const Call& call) {
  auto group = require_group(context, call);
  if (!group) return fail(std::move(group).error());
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return empty_response(204);
  auto free = refuse_while_running(context, *hub);
  if (!free) return fail(std::move(free).error());
  json::object& properties = hub->document["properties"].get_object();
  properties["state"] = "Deleting";
  properties["provisioningState"] = "Deleting";
  hub->hidden["live"] = false;
  auto saved = context.store.save(*hub);
  if (!saved) return fail(std::move(saved).error());
  auto operation = context.start(OperationKind::remove, hub->id);
  if (!operation) return fail(std::move(operation).error());
  HttpResponse response = empty_response(202);
  add_async_headers(context, call, *hub, *operation, true, response);
  return response;
}

Outcome<Resource> require_live(Context& context, const Call& call) {
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return hub;
  if (bool_or(hub->hidden, "live", false)) return hub;
  return refuse_call(409002, fmt::format("The hub '{}' is not active.", hub->name));
}

// Says "Invalid" as the reason even when the name is free: a quirk of the service.
Answer check_name(Context& context, const Call& call) {
  const std::string name = string_or(call.body, "name", "");
  auto taken = context.store.find_named(kHubType, name);
  if (!taken) return fail(std::move(taken).error());
  const bool valid = valid_hub_name(name);
  std::string message;
  if (!valid) message = fmt::format("The IoT hub name '{}' is not valid.", name);
  if (*taken) message = fmt::format("IotHub name '{}' is not available", name);
  return json_response(200, json::object{{"nameAvailable", valid && !*taken},
                                         {"reason", *taken ? "AlreadyExists" : "Invalid"},
                                         {"message", message}});
}

}  // namespace

void add_iot_hub_routes(Context& context, Routes& routes) {
  context.on_completion(std::string(kHubType),
                        [&context](Resource& hub) { complete_hub(context, hub); });
  add_read_routes(context, routes, kHubType);
  routes.add_resource("PUT", kHubType, "", [&context](const Call& c) { return put(context, c); });
  routes.add_resource("PATCH", kHubType, "",
                      [&context](const Call& c) { return patch(context, c); });
  routes.add_resource("DELETE", kHubType, "",
                      [&context](const Call& c) { return remove(context, c); });
  routes.add_resource("POST", kHubType, "/listkeys", [&context](const Call& call) -> Answer {
    auto hub = require_live(context, call);
    if (!hub) return fail(std::move(hub).error());
    return list_policies(hub->hidden);
  });
  routes.add_resource("POST", kHubType, "/IotHubKeys/{key}/listkeys",
                      [&context](const Call& call) -> Answer {
                        auto hub = require_live(context, call);
                        if (!hub) return fail(std::move(hub).error());
                        return find_policy(hub->hidden, call.path.at("key"), StatusForm::number);
                      });
  routes.add("POST",
             fmt::format("{}/providers/Microsoft.Devices/checkNameAvailability", kSubscription),
             [&context](const Call& c) { return check_name(context, c); });
}

std::optional<HubInfo> read_hub(Context& context, const Resource& hub) {
  if (!bool_or(hub.hidden, "live", false)) return std::nullopt;
  HubInfo info;
  info.name = hub.name;
  info.host_name = Endpoints::hub_host(hub.name);
  info.sku = string_or(object_of(hub.document, "sku"), "name", "");
  info.policies = read_policies(hub.hidden);
  info.routing = read_routing(hub);
  info.cloud_to_device = read_cloud_to_device(hub);
  info.events = read_built_in(context, hub);
  info.created = parse_rfc3339(string_or(object_of(hub.document, "systemData"), "createdAt", ""))
                     .value_or(Timestamp());
  info.id = hub.id;
  auto certificates = read_certificates(context, hub, kHubCertificateType);
  if (!certificates) return std::nullopt;
  info.certificates = *std::move(certificates);
  const json::object& properties = object_of(hub.document, "properties");
  info.local_auth = !bool_or(properties, "disableLocalAuth", false);
  info.device_sas = !bool_or(properties, "disableDeviceSAS", false);
  info.module_sas = !bool_or(properties, "disableModuleSAS", false);
  return info;
}

}  // namespace drydock::arm
