// SPDX-License-Identifier: Apache-2.0
#include "control/workspaces/routing.hpp"

#include <algorithm>

#include "azure/arm/hub_routing.hpp"
#include "control/workspaces/provisioning_site.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;

std::string problem_of(const RoutingView& view, const RoutingView::Route& route) {
  if (!route.enabled) return "it is switched off";
  const auto endpoint = std::find_if(view.endpoints.begin(), view.endpoints.end(),
                                     [&](const auto& each) { return each.name == route.endpoint; });
  if (endpoint == view.endpoints.end()) {
    return fmt::format("its endpoint {} does not exist", route.endpoint);
  }
  if (endpoint->health == "dead" || endpoint->health == "unhealthy") {
    return fmt::format("its endpoint {} is {}: messages wait, or are lost after the retry period",
                       route.endpoint, endpoint->health);
  }
  return {};
}

}  // namespace

net::Task<Result<RoutingView>> look_at_routing(Context& context, fleet::WorkspaceId id) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  const auto place = site->place_of(fleet::keys::kIotHub);
  auto& client = site->arm;
  auto routing = co_await arm::get_routing(client, place.group, place.name);
  if (!routing) co_return fail(std::move(routing).error().with("read the hub's routes"));
  auto health = co_await arm::get_endpoint_health(client, place.group, place.name);
  if (!health) co_return fail(std::move(health).error().with("read the health of endpoints"));

  RoutingView view;
  view.fallback = routing->fallback;
  const auto describe = [&](std::string name, std::string kind, const std::string& endpoint_id) {
    RoutingView::Endpoint endpoint{std::move(name), std::move(kind), "unknown", {}, {}};
    for (const auto& each : *health) {
      if (!equals_ignore_case(each.endpoint_id, endpoint_id)) continue;
      endpoint.health = each.status;
      endpoint.last_error = each.last_error;
      endpoint.last_success_at = each.last_success_at;
    }
    view.endpoints.push_back(std::move(endpoint));
  };
  describe(std::string(arm::kBuiltInEndpoint), "built-in", std::string(arm::kBuiltInEndpoint));
  for (const auto& endpoint : routing->event_hubs) {
    describe(endpoint.name, "event-hub", endpoint.id);
  }
  for (const auto& route : routing->routes) {
    RoutingView::Route shown{route.name,     route.source,  route.condition,
                             route.endpoint, route.enabled, {}};
    shown.problem = problem_of(view, shown);
    view.routes.push_back(std::move(shown));
  }
  co_return view;
}

}  // namespace ferry::control
