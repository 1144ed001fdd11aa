// SPDX-License-Identifier: Apache-2.0
// What the data plane sees of a namespace and its event hubs.
#include "drydock/arm/event_hubs.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

std::string join_rights(const Resource& rule) {
  std::string text;
  const json::array* rights = find_array(object_of(rule.document, "properties"), "rights");
  for (const json::value& right : rights == nullptr ? json::array() : *rights) {
    if (!text.empty()) text += ", ";
    text += std::string_view(right.get_string());
  }
  return text;
}

std::vector<SharedAccessPolicy> read_rules(Context& context, const Resource& owner,
                                           std::string_view type) {
  std::vector<SharedAccessPolicy> rules;
  auto children = context.store.list_children(owner.id, type);
  if (!children) return rules;
  for (const Resource& rule : *children) {
    rules.push_back({rule.name, Secret(string_or(rule.hidden, "primaryKey", "")),
                     Secret(string_or(rule.hidden, "secondaryKey", "")), join_rights(rule)});
  }
  return rules;
}

EventHubInfo read_event_hub(Context& context, const Resource& hub) {
  const json::object& properties = object_of(hub.document, "properties");
  EventHubInfo info;
  info.name = hub.name;
  info.partitions = static_cast<int>(int_or(properties, "partitionCount", 4));
  info.retention_hours =
      int_or(object_of(properties, "retentionDescription"), "retentionTimeInHours", 168);
  info.created = parse_rfc3339(string_or(properties, "createdAt", "")).value_or(Timestamp());
  info.rules = read_rules(context, hub, kEventHubRuleType);
  auto groups = context.store.list_children(hub.id, kConsumerGroupType);
  if (groups) {
    for (const Resource& group : *groups) info.consumer_groups.push_back(group.name);
  }
  return info;
}

}  // namespace

std::optional<EventHubNamespaceInfo> read_event_hub_namespace(Context& context,
                                                              const Resource& space) {
  const json::object& properties = object_of(space.document, "properties");
  if (string_or(properties, "provisioningState", "") != "Succeeded") return std::nullopt;
  EventHubNamespaceInfo info;
  info.id = space.id;
  info.name = space.name;
  info.host_name = Endpoints::service_bus_host(space.name);
  info.local_auth = !bool_or(properties, "disableLocalAuth", false);
  info.rules = read_rules(context, space, kNamespaceRuleType);
  auto hubs = context.store.list_children(space.id, kEventHubType);
  if (!hubs) return std::nullopt;
  for (const Resource& hub : *hubs) info.event_hubs.push_back(read_event_hub(context, hub));
  return info;
}

}  // namespace drydock::arm
