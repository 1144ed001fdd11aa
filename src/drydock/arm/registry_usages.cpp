// SPDX-License-Identifier: Apache-2.0
// GET registries/{name}/listUsages: the limits of the SKU and what is used of them.
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

struct Limits {
  std::int64_t bytes;
  std::int64_t webhooks;
  std::int64_t tokens;  // and scope maps
};

Limits limits_of(std::string_view sku) {
  constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;
  if (sku == "Basic") return {10 * kGibibyte, 2, 100};
  if (sku == "Standard") return {100 * kGibibyte, 10, 500};
  return {500 * kGibibyte, 500, 50'000};
}

json::object usage(std::string_view name, std::int64_t limit, std::int64_t current,
                   std::string_view unit) {
  return {{"name", name}, {"limit", limit}, {"currentValue", current}, {"unit", unit}};
}

// How much its images take is not counted here.
Answer list_usages(Context& context, const Call& call) {
  auto registry = require_resource(context, call, kRegistryType);
  if (!registry) return fail(std::move(registry).error());
  auto maps = context.store.list_children(registry->id, kScopeMapType);
  if (!maps) return fail(std::move(maps).error());
  auto tokens = context.store.list_children(registry->id, kTokenType);
  if (!tokens) return fail(std::move(tokens).error());
  const auto own_maps = std::ranges::count_if(*maps, [](const Resource& map) {
    return string_or(object_of(map.document, "properties"), "type", "") == "UserDefined";
  });
  const Limits limits = limits_of(string_or(object_of(registry->document, "sku"), "name", ""));
  return json_response(
      200, json::object{
               {"value", json::array{usage("Size", limits.bytes, 0, "Bytes"),
                                     usage("Webhooks", limits.webhooks, 0, "Count"),
                                     usage("ScopeMaps", limits.tokens, own_maps, "Count"),
                                     usage("Tokens", limits.tokens,
                                           static_cast<std::int64_t>(tokens->size()), "Count")}}});
}

}  // namespace

void add_registry_usage_routes(Context& context, Routes& routes) {
  routes.add_resource("GET", kRegistryType, "/listUsages",
                      [&context](const Call& call) { return list_usages(context, call); });
}

}  // namespace drydock::arm
