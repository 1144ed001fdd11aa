// SPDX-License-Identifier: Apache-2.0
// The rate limits of Azure's services as Microsoft publishes them, and which of them a request
// counts against. Where a service scales with units or tier, so does the limit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "azure/throttle.hpp"

namespace ferry::azure {

// Resource Manager counts per subscription and principal; some resource providers count besides.
std::string arm_scope(std::string_view subscription, std::string_view principal);
void define_arm_limits(Throttle& throttle, const std::string& scope);
// `path` is that of the URL, without query.
std::vector<BudgetId> arm_budgets(const std::string& scope, std::string_view method,
                                  std::string_view path);
// Counts what is left, as the answer's headers tell.
void observe_arm_limits(Throttle& throttle, const std::string& scope,
                        const net::HttpResponse& response);

// IoT Hub, service side: `host` is the hub's, `sku` such as "S1".
std::string hub_scope(std::string_view host);
void define_hub_limits(Throttle& throttle, const std::string& scope, std::string_view sku,
                       std::int64_t units);
std::vector<BudgetId> hub_budgets(const std::string& scope, std::string_view method,
                                  std::string_view path);

// Device Provisioning Service, service side.
std::string dps_scope(std::string_view host);
void define_dps_limits(Throttle& throttle, const std::string& scope);
std::vector<BudgetId> dps_budgets(const std::string& scope);

// Container Registry; `sku`: "Basic", "Standard", "Premium".
std::string registry_scope(std::string_view login_server);
void define_registry_limits(Throttle& throttle, const std::string& scope, std::string_view sku);
std::vector<BudgetId> registry_budgets(const std::string& scope, std::string_view method);

}  // namespace ferry::azure
