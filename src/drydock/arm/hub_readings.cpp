// SPDX-License-Identifier: Apache-2.0
// What hubs tell of themselves: quotas, statistics, SKUs, and the subscription's usage of hubs and
// provisioning services.
#include <array>

#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

struct SkuFacts {
  std::string_view name;
  std::string_view tier;
  std::int64_t most_units;
  std::int64_t messages;  // a day and unit
};
constexpr std::array kSkus = {
    SkuFacts{"F1", "Free", 1, 8'000},           SkuFacts{"B1", "Basic", 200, 400'000},
    SkuFacts{"B2", "Basic", 200, 6'000'000},    SkuFacts{"B3", "Basic", 10, 300'000'000},
    SkuFacts{"S1", "Standard", 200, 400'000},   SkuFacts{"S2", "Standard", 200, 6'000'000},
    SkuFacts{"S3", "Standard", 10, 300'000'000}};

HubNumbers numbers_of(const Context& context, const Resource& hub) {
  return context.hub_gauge == nullptr ? HubNumbers() : context.hub_gauge->numbers(hub.name);
}

json::object quota(std::string_view name, std::int64_t current, std::int64_t most) {
  return {{"name", name}, {"currentValue", current}, {"maxValue", most}};
}

Answer quota_metrics(Context& context, const Call& call) {
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return fail(std::move(hub).error());
  const json::object& sku = object_of(hub->document, "sku");
  const std::string name = string_or(sku, "name", "");
  const auto* facts = std::ranges::find(kSkus, name, &SkuFacts::name);
  const std::int64_t daily = facts == kSkus.end() ? 0 : facts->messages;
  const std::int64_t devices = name == "F1" ? 500 : 1'000'000;
  const HubNumbers numbers = numbers_of(context, *hub);
  return json_response(
      200,
      json::object{{"value", json::array{quota("TotalMessages", numbers.messages_today,
                                               daily * int_or(sku, "capacity", 1)),
                                         quota("TotalDeviceCount", numbers.devices, devices)}}});
}

Answer statistics(Context& context, const Call& call) {
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return fail(std::move(hub).error());
  const HubNumbers numbers = numbers_of(context, *hub);
  return json_response(
      200, json::object{{"totalDeviceCount", numbers.devices},
                        {"enabledDeviceCount", numbers.enabled_devices},
                        {"disabledDeviceCount", numbers.devices - numbers.enabled_devices}});
}

// What the hub could change to: free ones nothing, others anything paid.
Answer skus(Context& context, const Call& call) {
  auto hub = require_resource(context, call, kHubType);
  if (!hub) return fail(std::move(hub).error());
  const bool is_free = string_or(object_of(hub->document, "sku"), "tier", "") == "Free";
  json::array values;
  for (const SkuFacts& facts : kSkus) {
    if ((facts.tier == "Free") != is_free || facts.tier == "Basic") continue;
    values.push_back(json::object{
        {"resourceType", kHubType},
        {"sku", json::object{{"name", facts.name}, {"tier", facts.tier}, {"capacity", 1}}},
        {"capacity", json::object{{"minimum", 1},
                                  {"maximum", facts.most_units},
                                  {"default", 1},
                                  {"scaleType", is_free ? "None" : "Manual"}}}});
  }
  return json_response(200, json::object{{"value", std::move(values)}});
}

Answer provisioning_skus(Context& context, const Call& call) {
  auto service = require_resource(context, call, kProvisioningType);
  if (!service) return fail(std::move(service).error());
  return json_response(200, json::object{{"value", json::array{json::object{{"name", "S1"}}}}});
}

Answer usages(Context& context, const Call&) {
  auto hubs = context.store.list(kHubType, "");
  if (!hubs) return fail(std::move(hubs).error());
  const auto free_hubs = std::ranges::count_if(*hubs, [](const Resource& hub) {
    return string_or(object_of(hub.document, "sku"), "tier", "") == "Free";
  });
  const auto usage = [&](std::string_view name, std::int64_t current, std::int64_t limit) {
    return json::object{
        {"id", fmt::format("/subscriptions/{}/providers/Microsoft.Devices/usages/{}",
                           context.account.subscription_id, name)},
        {"type", "Microsoft.Devices/usages"},
        {"unit", "Count"},
        {"currentValue", current},
        {"limit", limit},
        {"name", json::object{{"value", name}, {"localizedValue", name}}}};
  };
  const auto all = static_cast<std::int64_t>(hubs->size());
  return json_response(200, json::object{{"value", json::array{usage("F1", free_hubs, 1),
                                                               usage("S1", all - free_hubs, 50)}}});
}

}  // namespace

void add_hub_reading_routes(Context& context, Routes& routes) {
  const auto bind = [&context](Answer (*run)(Context&, const Call&)) {
    return [&context, run](const Call& call) { return run(context, call); };
  };
  routes.add_resource("GET", kHubType, "/quotaMetrics", bind(quota_metrics));
  routes.add_resource("GET", kHubType, "/IotHubStats", bind(statistics));
  routes.add_resource("GET", kHubType, "/skus", bind(skus));
  routes.add_resource("GET", kProvisioningType, "/skus", bind(provisioning_skus));
  routes.add("GET", fmt::format("{}/providers/Microsoft.Devices/usages", kSubscription),
             bind(usages));
}

}  // namespace drydock::arm
