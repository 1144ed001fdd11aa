// SPDX-License-Identifier: Apache-2.0
// Microsoft.EventHub/namespaces/eventhubs and their consumer groups, api-version 2024-01-01. All
// answers are synchronous, and a PUT is 200 whether or not it made something.
#include "drydock/arm/event_hubs.hpp"

#include "base/encoding.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

// What a tier of namespaces allows.
struct Limits {
  std::int64_t partitions = 32;
  std::int64_t retention_hours = 7 * 24;
  std::size_t consumer_groups = 20;  // of one event hub, $Default among them
  std::size_t event_hubs = 10;
};

Limits limits_of(std::string_view tier) {
  if (tier == "Basic") return {32, 24, 1, 10};
  if (tier == "Premium") return {100, 90 * 24, 100, 100};
  return {};
}

bool valid_name(std::string_view name, std::size_t longest) {
  const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  if (name.empty() || name.size() > longest || !word(name.front()) || !word(name.back())) {
    return false;
  }
  return std::ranges::all_of(name,
                             [&](char c) { return word(c) || c == '-' || c == '.' || c == '_'; });
}

std::string event_hub_id(const Resource& space, std::string_view name) {
  return fmt::format("{}/eventhubs/{}", space.id, name);
}

Outcome<std::int64_t> read_retention(const json::object& wanted, const json::object& before,
                                     const Limits& limits) {
  std::int64_t hours = int_or(object_of(before, "retentionDescription"), "retentionTimeInHours",
                              std::min<std::int64_t>(limits.retention_hours, 7 * 24));
  if (const auto days = optional_int(wanted, "messageRetentionInDays")) hours = *days * 24;
  const json::object& described = object_of(wanted, "retentionDescription");
  hours = int_or(described, "retentionTimeInHours", hours);
  if (hours >= 1 && hours <= limits.retention_hours) return hours;
  return refuse_event_hubs(
      400, "MessagingGatewayBadRequest",
      fmt::format("The retention of {} hours is not between 1 and {} hours for the namespace's "
                  "tier.",
                  hours, limits.retention_hours));
}

Outcome<void> apply_body(Context& context, const json::object& body, const Limits& limits,
                         Resource& hub) {
  const json::object& wanted = object_of(body, "properties");
  const json::object before = object_of(hub.document, "properties");
  auto hours = read_retention(wanted, before, limits);
  if (!hours) return fail(std::move(hours).error());
  const std::int64_t had = int_or(before, "partitionCount", 4);
  const std::int64_t partitions = int_or(wanted, "partitionCount", had);
  if (partitions < 1 || partitions > limits.partitions) {
    return refuse_event_hubs(400, "MessagingGatewayBadRequest",
                             fmt::format("The partition count {} is not between 1 and {}.",
                                         partitions, limits.partitions));
  }
  if (!before.empty() && partitions != had) {
    return refuse_event_hubs(400, "MessagingGatewayBadRequest",
                             "The partition count of an event hub cannot be changed.");
  }
  json::array ids;
  for (std::int64_t i = 0; i < partitions; ++i) ids.push_back(json::string(std::to_string(i)));
  json::object properties{
      {"messageRetentionInDays", (*hours + 23) / 24},
      {"retentionDescription",
       json::object{{"cleanupPolicy", "Delete"}, {"retentionTimeInHours", *hours}}},
      {"status", string_or(wanted, "status", string_or(before, "status", "Active"))},
      {"createdAt", string_or(hub.hidden, "created", "")},
      {"updatedAt", format_rfc3339(context.clock.now())},
      {"partitionCount", partitions},
      {"partitionIds", std::move(ids)}};
  const std::string metadata =
      string_or(wanted, "userMetadata", string_or(before, "userMetadata", ""));
  if (!metadata.empty()) properties["userMetadata"] = metadata;
  hub.document["properties"] = std::move(properties);
  return {};
}

Answer put(Context& context, const Call& call) {
  auto space = require_namespace(context, call);
  if (!space) return fail(std::move(space).error());
  const std::string& name = call.path.at("hub");
  auto existing = context.store.find(event_hub_id(*space, name));
  if (!existing) return fail(std::move(existing).error());
  const Limits limits = limits_of(tier_of(*space));
  const bool is_new = !existing->has_value();
  if (is_new) {
    if (!valid_name(name, 256)) {
      return refuse_event_hubs(400, "BadRequest",
                               fmt::format("The event hub name '{}' is invalid.", name));
    }
    auto siblings = context.store.list_children(space->id, kEventHubType);
    if (!siblings) return fail(std::move(siblings).error());
    if (siblings->size() >= limits.event_hubs) {
      return refuse_event_hubs(
          403, "Forbidden",
          fmt::format("The namespace can have {} event hubs.", limits.event_hubs));
    }
  }
  Resource hub = is_new ? event_hub_child(context, *space, kEventHubType, "eventhubs", name)
                        : **std::move(existing);
  auto applied = apply_body(context, call.body, limits, hub);
  if (!applied) return fail(std::move(applied).error());
  auto saved = context.store.save(hub);
  if (!saved) return fail(std::move(saved).error());
  if (is_new) {
    auto grouped = create_default_consumer_group(context, hub);
    if (!grouped) return fail(std::move(grouped).error());
  }
  return json_response(200, hub.document);
}

Answer remove(Context& context, const Call& call) {
  auto space = require_namespace(context, call);
  if (!space) return fail(std::move(space).error());
  auto hub = context.store.find(event_hub_id(*space, call.path.at("hub")));
  if (!hub) return fail(std::move(hub).error());
  if (!*hub) return empty_response(204);
  auto removed = context.remove(**hub);
  if (!removed) return fail(std::move(removed).error());
  return empty_response(200);
}

Answer list(Context& context, const Call& call) {
  auto space = require_namespace(context, call);
  if (!space) return fail(std::move(space).error());
  auto hubs = context.store.list_children(space->id, kEventHubType);
  if (!hubs) return fail(std::move(hubs).error());
  return list_response(context, call, *hubs);
}

std::string consumer_group_id(const Resource& hub, std::string_view name) {
  return fmt::format("{}/consumergroups/{}", hub.id, name);
}

Outcome<Resource> require_consumer_group(Context& context, const Call& call) {
  auto hub = require_event_hub(context, call);
  if (!hub) return hub;
  const std::string& name = call.path.at("group_name");
  auto found = context.store.find(consumer_group_id(*hub, name));
  if (!found) return fail(std::move(found).error());
  if (*found) return **found;
  return refuse_event_hubs(
      404, "NotFound",
      fmt::format("The consumer group '{}' of '{}' was not found.", name, hub->name));
}

void fill_consumer_group(const Context& context, const json::object& wanted, Resource& group) {
  json::object properties{{"createdAt", string_or(group.hidden, "created", "")},
                          {"updatedAt", format_rfc3339(context.clock.now())}};
  if (const auto metadata = optional_string(wanted, "userMetadata")) {
    properties["userMetadata"] = *metadata;
  }
  group.document["properties"] = std::move(properties);
}

Answer put_consumer_group(Context& context, const Call& call) {
  auto space = require_namespace(context, call);
  if (!space) return fail(std::move(space).error());
  auto hub = require_event_hub(context, call);
  if (!hub) return fail(std::move(hub).error());
  const std::string& name = call.path.at("group_name");
  auto existing = context.store.find(consumer_group_id(*hub, name));
  if (!existing) return fail(std::move(existing).error());
  if (!*existing) {
    auto siblings = context.store.list_children(hub->id, kConsumerGroupType);
    if (!siblings) return fail(std::move(siblings).error());
    const std::size_t most = limits_of(tier_of(*space)).consumer_groups;
    if (!valid_name(name, 50)) {
      return refuse_event_hubs(400, "BadRequest",
                               fmt::format("The consumer group name '{}' is invalid.", name));
    }
    if (siblings->size() >= most) {
      return refuse_event_hubs(
          403, "Forbidden", fmt::format("An event hub of this tier has {} consumer groups.", most));
    }
  }
  Resource group = *existing
                       ? **std::move(existing)
                       : event_hub_child(context, *hub, kConsumerGroupType, "consumergroups", name);
  fill_consumer_group(context, object_of(call.body, "properties"), group);
  auto saved = context.store.save(group);
  if (!saved) return fail(std::move(saved).error());
  return json_response(200, group.document);
}

Answer remove_consumer_group(Context& context, const Call& call) {
  auto hub = require_event_hub(context, call);
  if (!hub) return fail(std::move(hub).error());
  const std::string& name = call.path.at("group_name");
  if (name == kDefaultConsumerGroup) {
    return refuse_event_hubs(400, "BadRequest", "$Default stays as long as its event hub.");
  }
  auto group = context.store.find(consumer_group_id(*hub, name));
  if (!group) return fail(std::move(group).error());
  if (!*group) return empty_response(204);
  auto removed = context.store.remove((*group)->id);
  if (!removed) return fail(std::move(removed).error());
  return empty_response(200);
}

}  // namespace

Outcome<Resource> require_event_hub(Context& context, const Call& call) {
  auto space = require_namespace(context, call);
  if (!space) return space;
  const std::string& name = call.path.at("hub");
  auto found = context.store.find(event_hub_id(*space, name));
  if (!found) return fail(std::move(found).error());
  if (*found) return **found;
  return refuse_event_hubs(
      404, "NotFound",
      fmt::format("The event hub '{}' of namespace '{}' was not found.", name, space->name));
}

Outcome<void> create_default_consumer_group(Context& context, const Resource& hub) {
  Resource group =
      event_hub_child(context, hub, kConsumerGroupType, "consumergroups", kDefaultConsumerGroup);
  fill_consumer_group(context, {}, group);
  auto saved = context.store.save(group);
  if (!saved) return fail(std::move(saved).error());
  return {};
}

void add_event_hub_routes(Context& context, Routes& routes) {
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  const std::string one = "/eventhubs/{hub}";
  routes.add_resource("GET", kNamespaceType, "/eventhubs", bind(list));
  routes.add_resource("PUT", kNamespaceType, one, bind(put));
  routes.add_resource("DELETE", kNamespaceType, one, bind(remove));
  routes.add_resource("GET", kNamespaceType, one, [&context](const Call& call) -> Answer {
    auto hub = require_event_hub(context, call);
    if (!hub) return fail(std::move(hub).error());
    return json_response(200, hub->document);
  });
}

void add_consumer_group_routes(Context& context, Routes& routes) {
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  const std::string all = "/eventhubs/{hub}/consumergroups";
  const std::string one = all + "/{group_name}";
  routes.add_resource("PUT", kNamespaceType, one, bind(put_consumer_group));
  routes.add_resource("DELETE", kNamespaceType, one, bind(remove_consumer_group));
  routes.add_resource("GET", kNamespaceType, one, [&context](const Call& call) -> Answer {
    auto group = require_consumer_group(context, call);
    if (!group) return fail(std::move(group).error());
    return json_response(200, group->document);
  });
  routes.add_resource("GET", kNamespaceType, all, [&context](const Call& call) -> Answer {
    auto hub = require_event_hub(context, call);
    if (!hub) return fail(std::move(hub).error());
    auto groups = context.store.list_children(hub->id, kConsumerGroupType);
    if (!groups) return fail(std::move(groups).error());
    return list_response(context, call, *groups);
  });
}

}  // namespace drydock::arm
