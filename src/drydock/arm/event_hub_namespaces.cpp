// SPDX-License-Identifier: Apache-2.0
// Microsoft.EventHub/namespaces, api-version 2024-01-01. A new one is answered with 200 and no
// polling header: clients look at the namespace until it has succeeded.
#include <array>

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "drydock/arm/event_hubs.hpp"
#include "drydock/arm/locations.hpp"

namespace drydock::arm {

using namespace ferry;

tl::unexpected<Refusal> refuse_event_hubs(int status, std::string_view code,
                                          std::string_view message) {
  return refuse(
      arm_error(status, code, fmt::format("{} CorrelationId: {}", message, random_uuid())));
}

std::string tier_of(const Resource& space) {
  return string_or(object_of(space.document, "sku"), "tier", "Standard");
}

Outcome<Resource> require_namespace(Context& context, const Call& call) {
  auto space = require_resource(context, call, kNamespaceType);
  if (!space) return space;
  const std::string state =
      string_or(object_of(space->document, "properties"), "provisioningState", "");
  if (state == "Succeeded" || call.request.method == "GET") return space;
  return refuse_event_hubs(409, "Conflict",
                           fmt::format("Namespace '{}' provisioning in transition.", space->name));
}

Resource event_hub_child(const Context& context, const Resource& parent, std::string_view type,
                         std::string_view kind, std::string_view name) {
  Resource child;
  child.id = fmt::format("{}/{}/{}", parent.id, kind, name);
  child.type = std::string(type);
  child.group = parent.group;
  child.name = std::string(name);
  child.parent = parent.id;
  child.document = {{"id", child.id}, {"name", name}, {"type", type}};
  const std::string location = string_or(parent.document, "location", "");
  if (!location.empty()) child.document["location"] = location;
  child.hidden = {{"created", format_rfc3339(context.clock.now())}};
  return child;
}

namespace {

bool valid_name(std::string_view name) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  if (name.size() < 6 || name.size() > 50 || !letter(name.front()) || !word(name.back())) {
    return false;
  }
  return !name.ends_with("-sb") && !name.ends_with("-mgmt") &&
         std::ranges::all_of(name, [&](char c) { return word(c) || c == '-'; });
}

Outcome<json::object> make_sku(const json::object& body, const json::object& before) {
  static constexpr std::array<std::string_view, 3> kTiers = {"Basic", "Standard", "Premium"};
  const json::object& wanted = object_of(body, "sku");
  const json::object& had = object_of(before, "sku");
  const std::string name = string_or(wanted, "name", string_or(had, "name", "Standard"));
  const auto* tier = std::ranges::find(kTiers, name);
  if (tier == kTiers.end()) {
    return refuse_event_hubs(
        400, "InvalidSkuName",
        fmt::format("The SKU '{}' is not one of Basic, Standard and Premium.", name));
  }
  const std::int64_t units = int_or(wanted, "capacity", int_or(had, "capacity", 1));
  const std::int64_t most = name == "Premium" ? 16 : 40;
  if (units < 1 || units > most) {
    return refuse_event_hubs(
        400, "InvalidSkuCapacity",
        fmt::format("The capacity {} is not between 1 and {} for SKU {}.", units, most, name));
  }
  return json::object{{"name", name}, {"tier", *tier}, {"capacity", units}};
}

json::object default_properties(std::string_view tier) {
  return {{"minimumTlsVersion", "1.2"},     {"publicNetworkAccess", "Enabled"},
          {"disableLocalAuth", false},      {"zoneRedundant", tier == "Premium"},
          {"isAutoInflateEnabled", false},  {"maximumThroughputUnits", 0},
          {"kafkaEnabled", tier != "Basic"}};
}

// Lays the body over what there was, for PUT and PATCH alike.
Outcome<void> apply_body(Context& context, const json::object& body, std::string_view state,
                         Resource& space) {
  auto sku = make_sku(body, space.document);
  if (!sku) return fail(std::move(sku).error());
  const json::object* before = find_object(space.document, "properties");
  json::object properties =
      before != nullptr ? *before : default_properties(string_or(*sku, "tier", ""));
  for (const auto& member : object_of(body, "properties")) {
    if (!member.value().is_null()) properties[member.key()] = member.value();
  }
  properties["provisioningState"] = state;
  properties["status"] = state == "Succeeded" ? "Active" : "Activating";
  properties["metricId"] =
      fmt::format("{}:{}", context.account.subscription_id, to_lower(space.name));
  properties["createdAt"] = string_or(space.hidden, "created", "");
  properties["updatedAt"] = format_rfc3339(context.clock.now());
  properties["serviceBusEndpoint"] = fmt::format(
      "https://{}:{}/", Endpoints::service_bus_host(space.name), context.endpoints.https_port);
  const json::object* tags = find_object(body, "tags");
  json::object document{{"id", space.id},
                        {"name", space.name},
                        {"type", kNamespaceType},
                        {"location", string_or(space.document, "location", "")},
                        {"tags", tags != nullptr ? *tags : object_of(space.document, "tags")},
                        {"sku", *std::move(sku)},
                        {"properties", std::move(properties)}};
  const json::object identity = make_identity(context, body, space.document);
  if (!identity.empty()) document["identity"] = identity;
  space.document = std::move(document);
  return {};
}

Answer create(Context& context, const Call& call, const WriteTarget& target) {
  const std::string& name = call.path.at("name");
  if (!valid_name(name)) {
    return refuse_event_hubs(400, "BadRequest",
                             fmt::format("The specified name '{}' is not allowed.", name));
  }
  auto taken = context.store.find_named(kNamespaceType, name);
  if (!taken) return fail(std::move(taken).error());
  if (*taken) {
    return refuse_event_hubs(
        409, "NamespaceUnavailable",
        fmt::format("Namespace name '{}' is not available. Reason: NameInUse.", name));
  }
  Resource space;
  space.id = resource_id(context, target.group.name, "Microsoft.EventHub/namespaces", name);
  space.type = std::string(kNamespaceType);
  space.group = target.group.name;
  space.name = name;
  space.document["location"] = find_location(target.location)->display_name;
  space.hidden = {{"created", format_rfc3339(context.clock.now())}};
  auto applied = apply_body(context, call.body, "Created", space);
  if (!applied) return fail(std::move(applied).error());
  auto saved = context.store.save(space);
  if (!saved) return fail(std::move(saved).error());
  auto ruled = create_root_rule(context, space);
  if (!ruled) return fail(std::move(ruled).error());
  auto operation = context.start(OperationKind::write, space.id);
  if (!operation) return fail(std::move(operation).error());
  return json_response(200, space.document);
}

Answer change(Context& context, const Call& call, Resource space) {
  auto free = refuse_while_running(context, space);
  if (!free) return fail(std::move(free).error());
  auto applied = apply_body(context, call.body, "Succeeded", space);
  if (!applied) return fail(std::move(applied).error());
  auto saved = context.store.save(space);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, space.document);
}

Answer put(Context& context, const Call& call) {
  auto target = prepare_write(context, call, kNamespaceType);
  if (!target) return fail(std::move(target).error());
  if (target->existing) return change(context, call, *target->existing);
  return create(context, call, *target);
}

Answer patch(Context& context, const Call& call) {
  auto space = require_resource(context, call, kNamespaceType);
  if (!space) return fail(std::move(space).error());
  return change(context, call, *std::move(space));
}

std::string deletion_url(const Context& context, const Call& call, const Resource& space) {
  const Location* location = find_location(string_or(space.document, "location", ""));
  return polling_url(context,
                     fmt::format("/providers/Microsoft.EventHub/locations/{}/operationStatus/{}",
                                 location == nullptr ? "" : location->name, space.name),
                     call, "&resourceType=Namespace");
}

HttpResponse deleting(const Context& context, const Call& call, const Resource& space) {
  HttpResponse response = empty_response(202);
  response.headers.set("Location", deletion_url(context, call, space));
  add_retry_after(context, response);
  return response;
}

Answer remove(Context& context, const Call& call) {
  auto group = require_group(context, call);
  if (!group) return fail(std::move(group).error());
  auto space = require_resource(context, call, kNamespaceType);
  if (!space) return empty_response(204);
  auto running = context.store.running_operation(space->id);
  if (!running) return fail(std::move(running).error());
  if (*running && (*running)->kind == OperationKind::remove) return deleting(context, call, *space);
  auto free = refuse_while_running(context, *space);
  if (!free) return fail(std::move(free).error());
  json::object& properties = space->document["properties"].get_object();
  properties["status"] = "Removing";
  properties["provisioningState"] = "Deleting";
  auto saved = context.store.save(*space);
  if (!saved) return fail(std::move(saved).error());
  auto operation = context.start(OperationKind::remove, space->id);
  if (!operation) return fail(std::move(operation).error());
  return deleting(context, call, *space);
}

// The operation is named by the namespace: 202 while it is there, 204 when it is gone.
Answer poll_deletion(Context& context, const Call& call) {
  auto space = context.store.find_named(kNamespaceType, call.path.at("operation"));
  if (!space) return fail(std::move(space).error());
  if (!*space) return empty_response(204);
  auto running = context.store.running_operation((*space)->id);
  if (!running) return fail(std::move(running).error());
  if (*running) return deleting(context, call, **space);
  return refuse_event_hubs(409, "Conflict",
                           fmt::format("Namespace '{}' could not be deleted.", (*space)->name));
}

Answer check_name(Context& context, const Call& call) {
  const std::string name = string_or(call.body, "name", "");
  auto taken = context.store.find_named(kNamespaceType, name);
  if (!taken) return fail(std::move(taken).error());
  json::object body{
      {"nameAvailable", valid_name(name) && !*taken}, {"reason", "None"}, {"message", nullptr}};
  if (!valid_name(name)) {
    body["reason"] = "InvalidName";
    body["message"] = "The specified name is not allowed.";
  } else if (*taken) {
    body["reason"] = "NameInUse";
    body["message"] = "The specified name is not available.";
  }
  return json_response(200, body);
}

}  // namespace

void add_namespace_routes(Context& context, Routes& routes) {
  context.on_completion(std::string(kNamespaceType), [](Resource& space) {
    json::object& properties = space.document["properties"].get_object();
    properties["provisioningState"] = "Succeeded";
    properties["status"] = "Active";
  });
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  add_read_routes(context, routes, kNamespaceType);
  routes.add_resource("PUT", kNamespaceType, "", bind(put));
  routes.add_resource("PATCH", kNamespaceType, "", bind(patch));
  routes.add_resource("DELETE", kNamespaceType, "", bind(remove));
  routes.add("GET",
             fmt::format("{}/providers/Microsoft.EventHub/locations/{{location}}/operationStatus/"
                         "{{operation}}",
                         kSubscription),
             bind(poll_deletion));
  routes.add("POST",
             fmt::format("{}/providers/Microsoft.EventHub/checkNameAvailability", kSubscription),
             bind(check_name));
}

}  // namespace drydock::arm
