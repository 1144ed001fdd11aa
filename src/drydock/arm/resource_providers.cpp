// SPDX-License-Identifier: Apache-2.0
// Registration of the subscription with resource providers. All are registered from the start;
// unregistering one makes writes of its types fail, as on Azure. Changes take as long as an
// operation does: the setting holds the new state and when it comes into force.
#include <array>
#include <charconv>

#include "base/encoding.hpp"
#include "drydock/arm/locations.hpp"
#include "drydock/arm/providers.hpp"

namespace drydock::arm {

using namespace ferry;

namespace {

struct Provider {
  std::string_view name;
  std::span<const std::string_view> types;
  std::span<const std::string_view> versions;
};

constexpr std::array<std::string_view, 2> kDevicesTypes = {"IotHubs", "provisioningServices"};
constexpr std::array<std::string_view, 5> kDevicesVersions = {
    "2023-06-30", "2023-06-30-preview", "2022-12-12", "2022-04-30-preview", "2021-10-15"};
constexpr std::array<std::string_view, 1> kStorageTypes = {"storageAccounts"};
constexpr std::array<std::string_view, 2> kStorageVersions = {"2023-05-01", "2022-09-01"};
constexpr std::array<std::string_view, 3> kRegistryTypes = {"registries", "registries/scopeMaps",
                                                            "registries/tokens"};
constexpr std::array<std::string_view, 3> kRegistryVersions = {"2023-11-01-preview", "2023-07-01",
                                                               "2020-11-01-preview"};
constexpr std::array<std::string_view, 4> kEventHubTypes = {"namespaces", "namespaces/eventhubs",
                                                            "namespaces/authorizationrules",
                                                            "namespaces/eventhubs/consumergroups"};
constexpr std::array<std::string_view, 3> kEventHubVersions = {"2024-01-01", "2023-01-01-preview",
                                                               "2022-01-01-preview"};
constexpr std::array<std::string_view, 2> kResourcesTypes = {"resourceGroups", "resources"};
constexpr std::array<std::string_view, 2> kResourcesVersions = {"2022-09-01", "2021-04-01"};
constexpr std::array<std::string_view, 4> kAuthorizationTypes = {"permissions", "roleAssignments",
                                                                 "roleDefinitions", "locks"};
constexpr std::array<std::string_view, 2> kAuthorizationVersions = {"2022-04-01", "2020-05-01"};

constexpr std::array kProviders = {
    Provider{"Microsoft.Authorization", kAuthorizationTypes, kAuthorizationVersions},
    Provider{"Microsoft.ContainerRegistry", kRegistryTypes, kRegistryVersions},
    Provider{"Microsoft.Devices", kDevicesTypes, kDevicesVersions},
    Provider{"Microsoft.EventHub", kEventHubTypes, kEventHubVersions},
    Provider{"Microsoft.Resources", kResourcesTypes, kResourcesVersions},
    Provider{"Microsoft.Storage", kStorageTypes, kStorageVersions},
};

std::string setting_name(std::string_view provider) {
  return "provider:" + to_lower(provider);
}

// "Registered@<ms>" until then reads "Registering".
std::string state_at(std::string_view stored, Timestamp now) {
  const auto at = stored.find('@');
  const std::string_view state = stored.substr(0, at);
  if (at == std::string_view::npos) return std::string(state);
  std::int64_t due = 0;
  std::from_chars(stored.data() + at + 1, stored.data() + stored.size(), due);
  if (now.time_since_epoch().count() >= due) return std::string(state);
  return state == "Registered" ? "Registering" : "Unregistering";
}

Outcome<json::object> document(Context& context, const Provider& provider) {
  auto state = registration_state(context, provider.name);
  if (!state) return fail(std::move(state).error());
  json::array versions(provider.versions.begin(), provider.versions.end());
  json::array locations;
  for (const Location& location : all_locations())
    locations.push_back(json::string(location.display_name));
  json::array types;
  for (const std::string_view type : provider.types) {
    types.push_back(json::object{{"resourceType", type},
                                 {"locations", locations},
                                 {"apiVersions", versions},
                                 {"defaultApiVersion", provider.versions.front()},
                                 {"capabilities", "SupportsTags, SupportsLocation"}});
  }
  return json::object{{"id", fmt::format("/subscriptions/{}/providers/{}",
                                         context.account.subscription_id, provider.name)},
                      {"namespace", provider.name},
                      {"registrationPolicy", "RegistrationRequired"},
                      {"registrationState", *state},
                      {"authorizations", json::array()},
                      {"resourceTypes", std::move(types)}};
}

Outcome<const Provider*> require_provider(const Call& call) {
  const std::string& name = call.path.at("provider");
  for (const Provider& provider : kProviders) {
    if (equals_ignore_case(provider.name, name)) return &provider;
  }
  return refuse(arm_error(404, "InvalidResourceNamespace",
                          fmt::format("The resource namespace '{}' is invalid.", name)));
}

Answer answer_with(Context& context, const Provider& provider) {
  auto body = document(context, provider);
  if (!body) return fail(std::move(body).error());
  return json_response(200, *body);
}

Answer set_state(Context& context, const Call& call, std::string_view state) {
  auto provider = require_provider(call);
  if (!provider) return fail(std::move(provider).error());
  const Timestamp due = context.clock.now() + context.operation_delay();
  auto saved = context.store.set_setting(
      setting_name((*provider)->name),
      fmt::format("{}@{}", state, std::int64_t{due.time_since_epoch().count()}));
  if (!saved) return fail(std::move(saved).error());
  return answer_with(context, **provider);
}

}  // namespace

Outcome<std::string> registration_state(Context& context, std::string_view provider) {
  auto stored = context.store.setting(setting_name(provider));
  if (!stored) return fail(std::move(stored).error());
  return state_at(stored->value_or("Registered"), context.clock.now());
}

void add_provider_routes(Context& context, Routes& routes) {
  const std::string one = fmt::format("{}/providers/{{provider}}", kSubscription);
  routes.add("GET", fmt::format("{}/providers", kSubscription), [&context](const Call&) -> Answer {
    json::array values;
    for (const Provider& provider : kProviders) {
      auto item = document(context, provider);
      if (!item) return fail(std::move(item).error());
      values.push_back(*std::move(item));
    }
    return json_response(200, json::object{{"value", std::move(values)}});
  });
  routes.add("GET", one, [&context](const Call& call) -> Answer {
    auto provider = require_provider(call);
    if (!provider) return fail(std::move(provider).error());
    return answer_with(context, **provider);
  });
  routes.add("POST", one + "/register",
             [&context](const Call& call) { return set_state(context, call, "Registered"); });
  routes.add("POST", one + "/unregister",
             [&context](const Call& call) { return set_state(context, call, "Unregistered"); });
}

}  // namespace drydock::arm
