// SPDX-License-Identifier: Apache-2.0
#include "azure/limits.hpp"

#include <charconv>

#include "base/encoding.hpp"

namespace ferry::azure {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSecond{1'000};
constexpr milliseconds kMinute{60'000};
constexpr milliseconds kFiveMinutes{300'000};
constexpr milliseconds kHour{3'600'000};

constexpr const char* kReads = "reads";
constexpr const char* kWrites = "writes";
constexpr const char* kDeletes = "deletes";
constexpr const char* kStorageReads = "Microsoft.Storage reads";
constexpr const char* kStorageLists = "Microsoft.Storage lists";
constexpr const char* kStorageWrites = "Microsoft.Storage writes";
constexpr const char* kNamespaceWrites = "Microsoft.EventHub namespace writes";

constexpr const char* kRegistry = "identity registry";
constexpr const char* kConfigurations = "configurations";
constexpr const char* kQueries = "queries";
constexpr const char* kTwinReads = "twin reads";
constexpr const char* kTwinUpdates = "twin updates";

constexpr const char* kOperations = "operations";

std::string_view kind_of(std::string_view method) {
  if (method == "GET" || method == "HEAD") return kReads;
  return method == "DELETE" ? kDeletes : kWrites;
}

// What follows "/providers/Microsoft.Storage/" (any case); nothing for other providers.
std::optional<std::string> within(std::string_view path, std::string_view provider) {
  const std::string lower = to_lower(path);
  const std::string mark = "/providers/" + to_lower(provider) + "/";
  const auto at = lower.rfind(mark);
  if (at == std::string::npos) return std::nullopt;
  return lower.substr(at + mark.size());
}

void add_storage(std::vector<BudgetId>& budgets, const std::string& scope, std::string_view method,
                 std::string_view rest) {
  if (method == "GET") {
    const bool list = split(rest, '/').size() % 2 == 1;  // a type without a name
    budgets.push_back({scope, list ? kStorageLists : kStorageReads});
  } else if (method == "PUT" || method == "PATCH" || method == "DELETE") {
    budgets.push_back({scope, kStorageWrites});
  }
}

}  // namespace

std::string arm_scope(std::string_view subscription, std::string_view principal) {
  return fmt::format("subscription {} as {}", subscription,
                     principal.empty() ? "its identity" : principal);
}

void define_arm_limits(Throttle& throttle, const std::string& scope) {
  // Token buckets, as the x-ms-ratelimit-remaining-subscription-* headers count them.
  throttle.define({scope, kReads}, {.count = 25, .window = kSecond, .burst = 250});
  throttle.define({scope, kWrites}, {.count = 10, .window = kSecond, .burst = 200});
  throttle.define({scope, kDeletes}, {.count = 10, .window = kSecond, .burst = 200});
  throttle.define({scope, kStorageReads}, {.count = 800, .window = kFiveMinutes});
  throttle.define({scope, kStorageLists}, {.count = 100, .window = kFiveMinutes});
  throttle.define({scope, kStorageWrites}, {.count = 1'200, .window = kHour});
  throttle.define({scope, kNamespaceWrites}, {.count = 50, .window = kFiveMinutes});
}

std::vector<BudgetId> arm_budgets(const std::string& scope, std::string_view method,
                                  std::string_view path) {
  std::vector<BudgetId> budgets = {{scope, std::string(kind_of(method))}};
  if (const auto storage = within(path, "Microsoft.Storage")) {
    add_storage(budgets, scope, method, *storage);
  }
  const auto event_hub = within(path, "Microsoft.EventHub");
  if (event_hub && method == "PUT" && split(*event_hub, '/').size() == 2) {
    budgets.push_back({scope, kNamespaceWrites});
  }
  return budgets;
}

void observe_arm_limits(Throttle& throttle, const std::string& scope,
                        const net::HttpResponse& response) {
  for (const char* kind : {kReads, kWrites, kDeletes}) {
    const auto value =
        response.headers.get(fmt::format("x-ms-ratelimit-remaining-subscription-{}", kind));
    if (!value) continue;
    std::int64_t remaining = 0;
    const auto [end, error] =
        std::from_chars(value->data(), value->data() + value->size(), remaining);
    if (error == std::errc() && remaining >= 0) throttle.observe({scope, kind}, remaining);
  }
}

std::string hub_scope(std::string_view host) {
  return fmt::format("IoT hub {}", host);
}

// "Reference - IoT Hub quotas and throttling".
void define_hub_limits(Throttle& throttle, const std::string& scope, std::string_view sku,
                       std::int64_t units) {
  const std::int64_t n = std::max<std::int64_t>(1, units);
  const bool largest = equals_ignore_case(sku, "S3");
  throttle.define({scope, kConfigurations}, {.count = 20 * n, .window = kMinute});
  throttle.define({scope, kQueries}, {.count = (largest ? 1'000 : 20) * n, .window = kMinute});
  throttle.define({scope, kRegistry}, {.count = (largest ? 5'000 : 100) * n, .window = kMinute});
  throttle.define({scope, kTwinReads},
                  {.count = std::max<std::int64_t>(100, 10 * n), .window = kSecond});
  throttle.define({scope, kTwinUpdates},
                  {.count = std::max<std::int64_t>(50, 5 * n), .window = kSecond});
}

std::vector<BudgetId> hub_budgets(const std::string& scope, std::string_view method,
                                  std::string_view path) {
  if (path.starts_with("/configurations")) return {{scope, kConfigurations}};
  if (path == "/devices/query") return {{scope, kQueries}};
  if (path.ends_with("/methods")) return {};  // limited by bytes a second, far above Ferry's use
  if (path.starts_with("/twins")) return {{scope, method == "GET" ? kTwinReads : kTwinUpdates}};
  return {{scope, kRegistry}};
}

std::string dps_scope(std::string_view host) {
  return fmt::format("DPS {}", host);
}

void define_dps_limits(Throttle& throttle, const std::string& scope) {
  throttle.define({scope, kOperations}, {.count = 1'000, .window = kMinute});
}

std::vector<BudgetId> dps_budgets(const std::string& scope) {
  return {{scope, kOperations}};
}

std::string registry_scope(std::string_view login_server) {
  return fmt::format("registry {}", login_server);
}

// "Azure Container Registry service tiers": operations a minute.
void define_registry_limits(Throttle& throttle, const std::string& scope, std::string_view sku) {
  const bool standard = equals_ignore_case(sku, "Standard");
  const bool premium = equals_ignore_case(sku, "Premium");
  throttle.define({scope, kReads}, {.count = premium    ? 10'000
                                             : standard ? 3'000
                                                        : 1'000,
                                    .window = kMinute});
  throttle.define({scope, kWrites}, {.count = premium    ? 2'000
                                              : standard ? 500
                                                         : 100,
                                     .window = kMinute});
}

std::vector<BudgetId> registry_budgets(const std::string& scope, std::string_view method) {
  const bool read = method == "GET" || method == "HEAD";
  return {{scope, read ? kReads : kWrites}};
}

}  // namespace ferry::azure
