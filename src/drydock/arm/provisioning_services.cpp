// SPDX-License-Identifier: Apache-2.0
// Microsoft.Devices/provisioningServices, api-version 2022-12-12 (and 2021-10-15).
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "drydock/arm/keys.hpp"
#include "drydock/arm/locations.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

tl::unexpected<Refusal> refuse_call(int code, std::string_view message) {
  return refuse(devices_error(code, message, StatusForm::word));
}

bool valid_name(std::string_view name) {
  if (equals_ignore_case(name, "global")) return false;  // the device endpoint of all instances
  if (name.size() < 3 || name.size() > 64 || name.starts_with('-') || name.ends_with('-')) {
    return false;
  }
  return std::ranges::all_of(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; });
}

void add_async_headers(const Context& context, const Call& call, const Resource& service,
                       const std::string& operation, bool with_location, HttpResponse& response) {
  const std::string path = fmt::format(
      "/providers/Microsoft.Devices/locations/{}/provisioningserviceoperationresults/{}",
      string_or(service.document, "location", ""), operation);
  response.headers.set("Azure-AsyncOperation", polling_url(context, path, call, "&asyncinfo"));
  if (with_location) response.headers.set("Location", polling_url(context, path, call));
  add_retry_after(context, response);
}

// The policy that a linked hub's connection string names must allow all of what assigning devices
// needs, and its key must be right.
Outcome<void> check_hub_credentials(Context& context, const ConnectionString& parts,
                                    const std::string& hub_name) {
  auto resource = context.store.find_named(kHubType, hub_name);
  if (!resource) return fail(std::move(resource).error());
  const auto hub = *resource ? read_hub(context, **resource) : std::nullopt;
  if (!hub) {
    return refuse_call(400053, fmt::format("The linked IoT hub '{}' does not exist or is not "
                                           "active.",
                                           hub_name));
  }
  const auto name = parts.find("sharedaccesskeyname");
  const auto key = parts.find("sharedaccesskey");
  for (const SharedAccessPolicy& policy : hub->policies) {
    if (name == parts.end() || key == parts.end() || policy.name != name->second) continue;
    if (policy.primary_key.reveal() != key->second &&
        policy.secondary_key.reveal() != key->second) {
      continue;
    }
    for (const std::string_view right : {"RegistryWrite", "ServiceConnect", "DeviceConnect"}) {
      if (policy.rights.find(right) == std::string::npos) {
        return refuse_call(400054, fmt::format("The policy '{}' of IoT hub '{}' lacks {}.",
                                               policy.name, hub_name, right));
      }
    }
    return {};
  }
  return refuse_call(400055, fmt::format("The policy name or key for the linked IoT hub '{}' is "
                                         "wrong.",
                                         hub_name));
}

// One entry of properties.iotHubs. `secrets` gets the connection string under the hub's host name.
Outcome<json::object> link_hub(Context& context, const json::value& item,
                               const json::object& before, json::object& secrets) {
  const json::object wanted = item.is_object() ? item.get_object() : json::object();
  std::string text = string_or(wanted, "connectionString", "");
  const Location* location = find_location(string_or(wanted, "location", ""));
  ConnectionString parts = parse_connection_string(text);
  const std::string host = to_lower(parts["hostname"]);
  const auto hub_name = name_from_host(host, Endpoints::kHubSuffix);
  if (!hub_name || location == nullptr) {
    return refuse_call(400050,
                       "A linked IoT hub needs a location and a connection string with "
                       "HostName, SharedAccessKeyName and SharedAccessKey.");
  }
  if (is_masked(text)) {
    text = string_or(before, host, "");
    parts = parse_connection_string(text);
  }
  auto checked = check_hub_credentials(context, parts, *hub_name);
  if (!checked) return fail(std::move(checked).error());
  secrets[host] = text;
  json::object linked{
      {"name", host}, {"connectionString", masked(text)}, {"location", location->name}};
  for (const std::string_view member : {"allocationWeight", "applyAllocationPolicy"}) {
    const auto value = wanted.find(member);
    if (value != wanted.end()) linked[member] = value->value();
  }
  return linked;
}

Outcome<json::array> link_hubs(Context& context, const json::object& properties,
                               Resource& service) {
  constexpr std::size_t kMostHubs = 50;
  const json::object before = object_of(service.hidden, "secrets");
  json::object secrets;
  json::array hubs;
  const json::array* given = find_array(properties, "iotHubs");
  if (given != nullptr) {
    if (given->size() > kMostHubs) {
      return refuse_call(400056, fmt::format("At most {} hubs can be linked.", kMostHubs));
    }
    for (const json::value& item : *given) {
      auto hub = link_hub(context, item, before, secrets);
      if (!hub) return fail(std::move(hub).error());
      hubs.push_back(*std::move(hub));
    }
  }
  service.hidden["secrets"] = std::move(secrets);
  return hubs;
}

Outcome<void> apply_body(Context& context, const json::object& body, Resource& service) {
  const json::object& sku = object_of(body, "sku");
  if (string_or(sku, "name", "") != "S1") {
    return refuse_call(400020, "The SKU of a provisioning service is S1.");
  }
  const json::object& wanted = object_of(body, "properties");
  const std::string policy = string_or(wanted, "allocationPolicy", "Hashed");
  if (policy != "Hashed" && policy != "GeoLatency" && policy != "Static") {
    return refuse_call(400051, fmt::format("The allocation policy '{}' is not one of Hashed, "
                                           "GeoLatency and Static.",
                                           policy));
  }
  if (!service.hidden.contains("policies")) {
    service.hidden["policies"] = json::array{
        new_policy("provisioningserviceowner", "ServiceConfig, EnrollmentWrite, DeviceConnect")};
    service.hidden["idScope"] = "0ne" + hex_encode_upper(random_bytes(4));
  }
  auto hubs = link_hubs(context, wanted, service);
  if (!hubs) return fail(std::move(hubs).error());
  json::object properties{{"iotHubs", *std::move(hubs)},
                          {"allocationPolicy", policy},
                          {"enableDataResidency", bool_or(wanted, "enableDataResidency", false)}};
  const json::object* system = find_object(service.document, "systemData");
  service.document = {{"id", service.id},
                      {"name", service.name},
                      {"type", kProvisioningType},
                      {"location", string_or(service.document, "location", "")},
                      {"tags", object_of(body, "tags")},
                      {"etag", new_etag()},
                      {"resourcegroup", service.group},
                      {"subscriptionid", context.account.subscription_id},
                      {"properties", std::move(properties)},
                      {"sku", json::object{{"name", "S1"},
                                           {"tier", "Standard"},
                                           {"capacity", int_or(sku, "capacity", 1)}}},
                      {"systemData", system != nullptr ? *system : system_data(context)}};
  return {};
}

void complete(Resource& service) {
  json::object& properties = service.document["properties"].get_object();
  properties["state"] = "Active";
  properties["provisioningState"] = "Succeeded";
  properties["idScope"] = service.hidden["idScope"];
  properties["serviceOperationsHostName"] = Endpoints::provisioning_service_host(service.name);
  properties["deviceProvisioningHostName"] = Endpoints::provisioning_host();
  properties["portalOperationsHostName"] =
      fmt::format("{}.services.{}", to_lower(service.name), Endpoints::kProvisioningSuffix);
  service.hidden["live"] = true;
}

// As the service answers a write.
json::object accepted(const Resource& service, bool live) {
  json::object document = service.document;
  json::object& properties = document["properties"].get_object();
  properties["state"] = live ? "Transitioning" : "Activating";
  properties["provisioningState"] = "Accepted";
  properties["idScope"] = nullptr;
  for (const std::string_view member :
       {"serviceOperationsHostName", "deviceProvisioningHostName", "portalOperationsHostName"}) {
    properties.erase(member);
  }
  return document;
}

Answer put(Context& context, const Call& call) {
  auto target = prepare_write(context, call, kProvisioningType);
  if (!target) return fail(std::move(target).error());
  const std::string& name = call.path.at("name");
  Resource service;
  if (target->existing) {
    service = *std::move(target->existing);
    auto free = refuse_while_running(context, service);
    if (!free) return fail(std::move(free).error());
  } else {
    auto taken = context.store.find_named(kProvisioningType, name);
    if (!taken) return fail(std::move(taken).error());
    if (*taken) {
      return refuse_call(409001, fmt::format("The name '{}' is not available.", name));
    }
    if (!valid_name(name)) {
      return refuse_call(400030, fmt::format("The name '{}' is invalid.", name));
    }
    service.id = resource_id(context, target->group.name, kProvisioningType, name);
    service.type = std::string(kProvisioningType);
    service.group = target->group.name;
    service.name = name;
    service.document["location"] = target->location;
  }
  auto applied = apply_body(context, call.body, service);
  if (!applied) return fail(std::move(applied).error());
  const bool live = bool_or(service.hidden, "live", false);
  if (live) complete(service);
  json::object& properties = service.document["properties"].get_object();
  properties["state"] = live ? "Transitioning" : "Activating";
  properties["provisioningState"] = live ? "Transitioning" : "Activating";
  auto saved = context.store.save(service);
  if (!saved) return fail(std::move(saved).error());
  auto operation = context.start(OperationKind::write, service.id);
  if (!operation) return fail(std::move(operation).error());
  HttpResponse response = json_response(201, accepted(service, live));
  add_async_headers(context, call, service, *operation, false, response);
  return response;
}

Answer patch(Context& context, const Call& call) {
  auto service = require_resource(context, call, kProvisioningType);
  if (!service) return fail(std::move(service).error());
  service->document["tags"] = object_of(call.body, "tags");
  service->document["etag"] = new_etag();
  auto saved = context.store.save(*service);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, service->document);
}

Answer remove(Context& context, const Call& call) {
  auto group = require_group(context, call);
  if (!group) return fail(std::move(group).error());
  auto service = require_resource(context, call, kProvisioningType);
  if (!service) return empty_response(204);
  auto free = refuse_while_running(context, *service);
  if (!free) return fail(std::move(free).error());
  json::object& properties = service->document["properties"].get_object();
  properties["state"] = "Deleting";
  properties["provisioningState"] = "Deleting";
  service->hidden["live"] = false;
  auto saved = context.store.save(*service);
  if (!saved) return fail(std::move(saved).error());
  auto operation = context.start(OperationKind::remove, service->id);
  if (!operation) return fail(std::move(operation).error());
  HttpResponse response = json_response(202, nullptr);
  add_async_headers(context, call, *service, *operation, true, response);
  return response;
}

Answer check_name(Context& context, const Call& call) {
  const std::string name = string_or(call.body, "name", "");
  auto taken = context.store.find_named(kProvisioningType, name);
  if (!taken) return fail(std::move(taken).error());
  json::object body{{"nameAvailable", valid_name(name) && !*taken},
                    {"reason", *taken ? "AlreadyExists" : "Invalid"},
                    {"message", nullptr}};
  if (!valid_name(name)) body["message"] = fmt::format("The name '{}' is not valid.", name);
  if (*taken) body["message"] = fmt::format("The name '{}' is not available.", name);
  return json_response(200, body);
}

Outcome<Resource> require_live(Context& context, const Call& call) {
  auto service = require_resource(context, call, kProvisioningType);
  if (!service) return service;
  if (bool_or(service->hidden, "live", false)) return service;
  return refuse_call(409002,
                     fmt::format("The provisioning service '{}' is not active.", service->name));
}

}  // namespace

void add_provisioning_service_routes(Context& context, Routes& routes) {
  context.on_completion(std::string(kProvisioningType), complete);
  add_read_routes(context, routes, kProvisioningType);
  routes.add_resource("PUT", kProvisioningType, "",
                      [&context](const Call& c) { return put(context, c); });
  routes.add_resource("PATCH", kProvisioningType, "",
                      [&context](const Call& c) { return patch(context, c); });
  routes.add_resource("DELETE", kProvisioningType, "",
                      [&context](const Call& c) { return remove(context, c); });
  routes.add_resource("POST", kProvisioningType, "/listkeys",
                      [&context](const Call& call) -> Answer {
                        auto service = require_live(context, call);
                        if (!service) return fail(std::move(service).error());
                        return list_policies(service->hidden);
                      });
  routes.add_resource("POST", kProvisioningType, "/keys/{key}/listkeys",
                      [&context](const Call& call) -> Answer {
                        auto service = require_live(context, call);
                        if (!service) return fail(std::move(service).error());
                        return find_policy(service->hidden, call.path.at("key"), StatusForm::word);
                      });
  routes.add("POST",
             fmt::format("{}/providers/Microsoft.Devices/checkProvisioningServiceNameAvailability",
                         kSubscription),
             [&context](const Call& c) { return check_name(context, c); });
}

std::optional<ProvisioningServiceInfo> read_provisioning_service(Context& context,
                                                                 const Resource& service) {
  if (!bool_or(service.hidden, "live", false)) return std::nullopt;
  ProvisioningServiceInfo info;
  info.name = service.name;
  info.host_name = Endpoints::provisioning_service_host(service.name);
  info.id_scope = string_or(service.hidden, "idScope", "");
  const json::object& properties = object_of(service.document, "properties");
  info.allocation_policy = string_or(properties, "allocationPolicy", "Hashed");
  if (const json::array* hubs = find_array(properties, "iotHubs")) {
    for (const json::value& hub : *hubs) {
      info.linked_hubs.push_back(string_or(hub.get_object(), "name", ""));
    }
  }
  info.policies = read_policies(service.hidden);
  auto certificates = read_certificates(context, service, kProvisioningCertificateType);
  if (!certificates) return std::nullopt;
  info.certificates = *std::move(certificates);
  return info;
}

}  // namespace drydock::arm
