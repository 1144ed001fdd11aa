// SPDX-License-Identifier: Apache-2.0
// Consumer groups of a hub's built-in endpoint.
#include "base/encoding.hpp"
#include "drydock/arm/hub_routing_document.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

constexpr std::size_t kMostGroups = 20;  // with $Default
constexpr std::string_view kDefault = "$Default";

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 50 && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
  });
}

// The hub, when the route's {endpoint} is the built-in one.
Outcome<Resource> require_hub(Context& context, const Call& call) {
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return hub;
  if (equals_ignore_case(call.path.at("endpoint"), "events")) return hub;
  return refuse_hub(404002, fmt::format("The hub has no endpoint '{}' with consumer groups.",
                                        call.path.at("endpoint")));
}

std::string group_id(const Resource& hub, std::string_view name) {
  return fmt::format("{}/eventHubEndpoints/events/ConsumerGroups/{}", hub.id, name);
}

json::object document_of(const Resource& hub, std::string_view name, std::string_view created) {
  return {{"properties",
           json::object{{"created", created}, {"properties", json::object{{"name", name}}}}},
          {"id", group_id(hub, percent_encode(name))},
          {"name", name},
          {"type", kHubConsumerGroupType},
          {"etag", nullptr}};
}

// $Default is not stored: every hub has it from the start.
json::object default_group(const Resource& hub) {
  const std::string created = string_or(object_of(hub.document, "systemData"), "createdAt", "");
  auto time = parse_rfc3339(created);
  return document_of(hub, kDefault, time ? format_rfc1123(*time) : "");
}

Answer list(Context& context, const Call& call) {
  auto hub = require_hub(context, call);
  if (!hub) return fail(std::move(hub).error());
  auto groups = context.store.list_children(hub->id, kHubConsumerGroupType);
  if (!groups) return fail(std::move(groups).error());
  json::array values{default_group(*hub)};
  for (const Resource& group : *groups) values.push_back(group.document);
  return page_response(context, call, std::move(values));
}

Answer get(Context& context, const Call& call) {
  auto hub = require_hub(context, call);
  if (!hub) return fail(std::move(hub).error());
  const std::string& name = call.path.at("group_name");
  if (equals_ignore_case(name, kDefault)) return json_response(200, default_group(*hub));
  auto group = context.store.find(group_id(*hub, name));
  if (!group) return fail(std::move(group).error());
  if (*group) return json_response(200, (*group)->document);
  return refuse_hub(404003, fmt::format("The consumer group '{}' was not found.", name));
}

Answer put(Context& context, const Call& call) {
  auto hub = require_hub(context, call);
  if (!hub) return fail(std::move(hub).error());
  const std::string& name = call.path.at("group_name");
  if (equals_ignore_case(name, kDefault)) return json_response(200, default_group(*hub));
  auto existing = context.store.find(group_id(*hub, name));
  if (!existing) return fail(std::move(existing).error());
  if (*existing) return json_response(200, (*existing)->document);
  auto siblings = context.store.list_children(hub->id, kHubConsumerGroupType);
  if (!siblings) return fail(std::move(siblings).error());
  if (!valid_name(name)) {
    return refuse_hub(400070, fmt::format("The consumer group name '{}' is invalid.", name));
  }
  if (siblings->size() + 1 >= kMostGroups) {
    return refuse_hub(403010, fmt::format("There can be {} consumer groups.", kMostGroups));
  }
  Resource group;
  group.id = group_id(*hub, name);
  group.type = std::string(kHubConsumerGroupType);
  group.group = hub->group;
  group.name = name;
  group.parent = hub->id;
  group.document = document_of(*hub, name, format_rfc1123(context.clock.now()));
  auto saved = context.store.save(group);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, group.document);
}

Answer remove(Context& context, const Call& call) {
  auto hub = require_hub(context, call);
  if (!hub) return fail(std::move(hub).error());
  const std::string& name = call.path.at("group_name");
  if (equals_ignore_case(name, kDefault)) {
    return refuse_hub(400071, "The consumer group $Default cannot be deleted.");
  }
  auto removed = context.store.remove(group_id(*hub, name));
  if (!removed) return fail(std::move(removed).error());
  return empty_response(200);
}

}  // namespace

void add_hub_consumer_group_routes(Context& context, Routes& routes) {
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  const std::string all = "/eventHubEndpoints/{endpoint}/ConsumerGroups";
  const std::string one = all + "/{group_name}";
  routes.add_resource("GET", kHubType, all, bind(list));
  routes.add_resource("GET", kHubType, one, bind(get));
  routes.add_resource("PUT", kHubType, one, bind(put));
  routes.add_resource("DELETE", kHubType, one, bind(remove));
}

}  // namespace drydock::arm
