// SPDX-License-Identifier: Apache-2.0
// What resources cost a month by Azure's published list prices, where a SKU has a fixed one. An
// orientation, not an offer: US dollars, pay as you go, without what is paid by use (storage,
// traffic, provisioning operations), as the price pages said in November 2026. Pure.
#pragma once

#include <optional>
#include <string>

#include "fleet/desired_resources.hpp"

namespace ferry::fleet {

struct MonthlyEstimate {
  double amount = 0;
  std::string currency = "USD";
  std::string basis;  // "S1, 1 unit"
  friend bool operator==(const MonthlyEstimate&, const MonthlyEstimate&) = default;
};

// Nothing for what is paid by use alone, or is part of something else.
std::optional<MonthlyEstimate> monthly_estimate(const DesiredResource& resource);

}  // namespace ferry::fleet
