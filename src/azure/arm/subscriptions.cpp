// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/subscriptions.hpp"

#include <algorithm>

#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kSubscriptionsVersion = "2022-12-01";
constexpr const char* kResourcesVersion = "2022-09-01";

Subscription read_subscription(const json::object& object) {
  return {string_or(object, "subscriptionId", ""), string_or(object, "displayName", ""),
          string_or(object, "state", ""), string_or(object, "tenantId", "")};
}

std::string this_subscription(const ArmClient& arm) {
  return "/subscriptions/" + arm.subscription();
}

ResourceProvider read_provider(const json::object& object, std::string name) {
  ResourceProvider provider{std::move(name), string_or(object, "registrationState", ""), {}};
  const auto* types = find_array(object, "resourceTypes");
  if (!types) return provider;
  for (const auto& item : *types) {
    const auto* type = item.if_object();
    if (!type) continue;
    auto& regions = provider.types[to_lower(string_or(*type, "resourceType", ""))];
    const auto* locations = find_array(*type, "locations");
    if (!locations) continue;
    for (const auto& location : *locations) {
      if (location.is_string()) regions.emplace_back(location.get_string());
    }
  }
  return provider;
}

// Limits come as currentValue and limit, or (quotaMetrics) as currentValue and maxValue; names as
// text or as {value, localizedValue}.
Result<std::vector<Usage>> read_usages(Result<json::array> items, std::string_view what) {
  if (!items) return fail(std::move(items).error().with("read {}", what));
  std::vector<Usage> usages;
  for (const auto& item : *items) {
    const auto* usage = item.if_object();
    if (!usage) continue;
    const auto* name = find_object(*usage, "name");
    usages.push_back({name ? string_or(*name, "value", "") : string_or(*usage, "name", ""),
                      int_or(*usage, "currentValue", 0),
                      int_or(*usage, "limit", int_or(*usage, "maxValue", 0))});
  }
  return usages;
}

}  // namespace

bool ResourceProvider::registered() const {
  return equals_ignore_case(state, "Registered");
}

bool ResourceProvider::offers(std::string_view type, std::string_view location) const {
  const auto found = types.find(to_lower(type));
  if (found == types.end() || found->second.empty()) return true;
  return std::any_of(found->second.begin(), found->second.end(), [&](const auto& region) {
    return same_location(region, location) || equals_ignore_case(region, "global");
  });
}

net::Task<Result<Subscription>> get_subscription(ArmClient& arm) {
  auto found = co_await arm.get(this_subscription(arm), kSubscriptionsVersion);
  if (!found) {
    co_return fail(std::move(found).error().with("read subscription {}", arm.subscription()));
  }
  co_return read_subscription(*found);
}

net::Task<Result<std::vector<Subscription>>> list_subscriptions(ArmClient& arm) {
  auto items = co_await arm.list("/subscriptions", kSubscriptionsVersion);
  if (!items) co_return fail(std::move(items).error().with("list subscriptions"));
  std::vector<Subscription> found;
  for (const auto& item : *items) {
    if (const auto* object = item.if_object()) found.push_back(read_subscription(*object));
  }
  co_return found;
}

net::Task<Result<std::vector<Location>>> list_locations(ArmClient& arm) {
  auto items = co_await arm.list(this_subscription(arm) + "/locations", kSubscriptionsVersion);
  if (!items) co_return fail(std::move(items).error().with("list locations"));
  std::vector<Location> locations;
  for (const auto& item : *items) {
    const auto* object = item.if_object();
    if (!object) continue;
    const auto* metadata = find_object(*object, "metadata");
    // Logical places ("europe") take no resources.
    if (metadata && equals_ignore_case(string_or(*metadata, "regionType", ""), "Logical")) continue;
    locations.push_back({string_or(*object, "name", ""), string_or(*object, "displayName", ""),
                         metadata ? string_or(*metadata, "geographyGroup", "") : ""});
  }
  co_return locations;
}

net::Task<Result<ResourceProvider>> get_resource_provider(ArmClient& arm, std::string name) {
  auto found = co_await arm.get(fmt::format("{}/providers/{}", this_subscription(arm), name),
                                kResourcesVersion);
  if (!found) co_return fail(std::move(found).error().with("read resource provider {}", name));
  co_return read_provider(*found, name);
}

net::Task<Result<std::vector<Usage>>> list_iot_hub_usages(ArmClient& arm) {
  auto items = co_await arm.list(this_subscription(arm) + "/providers/Microsoft.Devices/usages",
                                 "2023-06-30");
  co_return read_usages(std::move(items), "the quota of IoT hubs");
}

net::Task<Result<std::vector<Usage>>> get_iot_hub_quota(ArmClient& arm, std::string group,
                                                        std::string hub) {
  const std::string id = arm.resource_id(group, "Microsoft.Devices/IotHubs", hub);
  auto items = co_await arm.list(id + "/quotaMetrics", "2023-06-30");
  co_return read_usages(std::move(items), "the quota of IoT hub " + hub);
}

net::Task<Result<std::vector<Usage>>> list_storage_usages(ArmClient& arm, std::string location) {
  auto items = co_await arm.list(fmt::format("{}/providers/Microsoft.Storage/locations/{}/usages",
                                             this_subscription(arm), percent_encode(location)),
                                 "2023-05-01");
  co_return read_usages(std::move(items), "the quota of storage accounts in " + location);
}

net::Task<Result<Tags>> get_tags(ArmClient& arm, std::string id) {
  auto found =
      co_await arm.get(id + "/providers/Microsoft.Resources/tags/default", kResourcesVersion);
  if (!found) co_return fail(std::move(found).error().with("read the tags of {}", id));
  Tags tags;
  if (const auto* values = find_object(properties_of(*found), "tags")) {
    for (const auto& [name, value] : *values) {
      if (value.is_string()) tags.emplace(name, value.get_string());
    }
  }
  co_return tags;
}

}  // namespace ferry::azure::arm
