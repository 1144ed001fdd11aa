// SPDX-License-Identifier: Apache-2.0
#include "fleet/prices.hpp"

#include <array>
#include <string_view>

namespace ferry::fleet {
namespace {

struct ListPrice {
  std::string_view type;
  std::string_view sku;
  double per_unit;  // and month of 730 hours
  std::string_view unit;
};

constexpr std::array kListPrices{
    ListPrice{"Microsoft.Devices/IotHubs", "F1", 0, "unit"},
    ListPrice{"Microsoft.Devices/IotHubs", "S1", 25, "unit"},
    ListPrice{"Microsoft.Devices/IotHubs", "S2", 250, "unit"},
    ListPrice{"Microsoft.Devices/IotHubs", "S3", 2500, "unit"},
    ListPrice{"Microsoft.ContainerRegistry/registries", "Basic", 5, "registry"},
    ListPrice{"Microsoft.ContainerRegistry/registries", "Standard", 20, "registry"},
    ListPrice{"Microsoft.ContainerRegistry/registries", "Premium", 50, "registry"},
    ListPrice{"Microsoft.EventHub/namespaces", "Standard", 21.90, "throughput unit"},
};

}  // namespace

std::optional<MonthlyEstimate> monthly_estimate(const DesiredResource& resource) {
  if (resource.adopted) return std::nullopt;  // paid for already
  for (const auto& price : kListPrices) {
    if (price.type != resource.type || price.sku != resource.sku) continue;
    const auto* capacity = find_path(resource.body, "sku.capacity");
    const auto units = capacity && capacity->is_int64() ? capacity->as_int64() : 1;
    return MonthlyEstimate{
        .amount = price.per_unit * static_cast<double>(units),
        .basis = fmt::format("{}, {} {}{}", price.sku, units, price.unit, units == 1 ? "" : "s")};
  }
  return std::nullopt;
}

}  // namespace ferry::fleet
