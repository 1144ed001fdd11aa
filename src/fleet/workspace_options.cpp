// SPDX-License-Identifier: Apache-2.0
// What a workspace's hub may be, and what it then allows.
#include <set>

#include "fleet/desired_resources.hpp"

namespace ferry::fleet {
namespace {

bool is_basic(std::string_view sku) {
  return sku == "B1" || sku == "B2" || sku == "B3";
}

}  // namespace

Result<void> check_tier(const WorkspaceOptions& options) {
  static const std::set<std::string, std::less<>> kSkus{"F1", "S1", "S2", "S3"};
  if (is_basic(options.sku)) {
    return fail(Error{Code::invalid_argument,
                      fmt::format("a hub of the Basic tier ({}) has neither device twins nor IoT "
                                  "Edge deployments, which Ferry works with",
                                  options.sku),
                      "choose S1, S2 or S3 (or F1 to try it out)"});
  }
  if (!kSkus.contains(options.sku)) {
    return fail(Error{Code::invalid_argument,
                      fmt::format("there is no IoT Hub SKU '{}'", options.sku),
                      "choose S1, S2 or S3 (or F1 to try it out)"});
  }
  const int most = options.sku == "F1" ? 1 : options.sku == "S3" ? 10 : 200;
  if (options.units < 1 || options.units > most) {
    return fail(Code::invalid_argument, "a hub of SKU {} has 1 to {} units, not {}", options.sku,
                most, options.units);
  }
  return {};
}

Result<void> check_options(const WorkspaceOptions& options) {
  auto tier_is_good = check_tier(options);
  if (!tier_is_good) return tier_is_good;
  if (options.identity_based && !options.event_hubs) {
    return fail(Code::invalid_argument,
                "identityBased says how the hub reaches the event hub: it needs eventHubs");
  }
  if (!options.event_hubs) return {};
  if (options.event_hubs->partitions < 1 || options.event_hubs->partitions > 32) {
    return fail(Code::invalid_argument, "an event hub has 1 to 32 partitions, not {}",
                options.event_hubs->partitions);
  }
  if (options.event_hubs->retention_hours < 1 || options.event_hubs->retention_hours > 168) {
    return fail(Code::invalid_argument, "an event hub keeps messages for 1 to 168 hours, not {}",
                options.event_hubs->retention_hours);
  }
  return {};
}

HubLimits hub_limits(const WorkspaceOptions& options) {
  if (options.sku == "F1") return {8'000, 500, 10, 1, 5, 2};
  const std::int64_t per_unit = options.sku == "S3"   ? 300'000'000
                                : options.sku == "S2" ? 6'000'000
                                                      : 400'000;
  return {per_unit * options.units, 1'000'000, 100, 10, 100, 4};
}

}  // namespace ferry::fleet
