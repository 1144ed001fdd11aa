// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"
#include "fleet/plan.hpp"

namespace ferry::api {
namespace {

using net::Task;

Answer list(control::Control& control, const Call& call) {
  auto deployments = control.deployments.list(call.organization(), call.at("workspace"));
  if (!deployments) return fail(std::move(deployments).error());
  return json_response(200, collection(*deployments));
}

Answer get(control::Control& control, const Call& call) {
  auto deployment =
      control.deployments.get(call.organization(), call.at("workspace"), call.at("deployment"));
  if (!deployment) return fail(std::move(deployment).error());
  return json_response(200, to_json(*deployment));
}

Answer history(control::Control& control, const Call& call) {
  auto revisions =
      control.deployments.history(call.organization(), call.at("workspace"), call.at("deployment"));
  if (!revisions) return fail(std::move(revisions).error());
  return json_response(200, collection(*revisions));
}

// What a deployment says of its components stays with those that stay, when nothing is said of it.
void keep_configuration(control::Control& control, const Call& call, json::object& body) {
  if (body.contains("configuration")) return;
  auto live =
      control.deployments.get(call.organization(), call.at("workspace"), call.at("deployment"));
  if (!live) return;  // it is new
  json::object kept;
  const auto configuration = fleet::to_json(live->settings);
  const auto* components = find_array(body, "components");
  for (std::size_t i = 0; components && i < components->size(); ++i) {
    const auto* component = (*components)[i].if_object();
    const auto name = component ? string_or(*component, "name", "") : std::string();
    if (const auto* values = configuration.if_contains(name)) kept[name] = *values;
  }
  if (!kept.empty()) body["configuration"] = std::move(kept);
}

// {"components", "groups", "selector", "configuration"} for the deployment in the path.
Result<fleet::Change> change_of(control::Control& control, const Call& call, json::object body) {
  body["deployment"] = call.at("deployment");
  keep_configuration(control, call, body);
  json::array edits;
  edits.emplace_back(std::move(body));
  return fleet::change_from_json(json::object{{"edits", std::move(edits)}});
}

Task<Answer> plan(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto change = change_of(control, call, *std::move(body));
  if (!change) co_return fail(std::move(change).error());
  auto planned = co_await control.deployments.plan(call.organization(), call.at("workspace"),
                                                   *std::move(change));
  if (!planned) co_return fail(std::move(planned).error());
  co_return json_response(200, to_json(*planned));
}

Task<Answer> apply(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  const bool allow_removals = bool_or(*body, "allowRemovals", false);
  auto rollout = rollout_of(call, *body);
  if (!rollout) co_return fail(std::move(rollout).error());
  auto change = change_of(control, call, *std::move(body));
  if (!change) co_return fail(std::move(change).error());
  if (change->edits.front().removes()) {
    co_return fail(
        Error{Code::invalid_argument, "a deployment needs components and node groups",
              fmt::format("to take deployment '{}' away, delete it", call.at("deployment"))});
  }
  auto outcome =
      co_await control.deployments.apply(call.organization(), call.at("workspace"),
                                         *std::move(change), allow_removals, *std::move(rollout));
  co_return outcome_response(std::move(outcome));
}

Task<Answer> remove(control::Control& control, Call call) {
  const bool allow_removals = call.request.query_value("allowRemovals") == "true";
  auto deployment =
      control.deployments.get(call.organization(), call.at("workspace"), call.at("deployment"));
  if (!deployment) co_return fail(std::move(deployment).error());
  auto outcome =
      co_await control.deployments.apply(call.organization(), call.at("workspace"),
                                         {fleet::Edit{deployment->name, {}, {}}}, allow_removals);
  co_return outcome_response(std::move(outcome));
}

}  // namespace

void add_deployment_routes(Routes& routes) {
  using fleet::Role;
  const std::string all = "/workspaces/{workspace}/deployments";
  const std::string one = all + "/{deployment}";
  routes.add("GET", all, Role::viewer, list);
  routes.add("GET", one, Role::viewer, get);
  routes.add("GET", one + "/history", Role::viewer, history);
  routes.add("POST", one + "/plan", Role::viewer, plan);
  routes.add("PUT", one, Role::operator_, apply);
  routes.add("DELETE", one, Role::operator_, remove);
}

}  // namespace ferry::api
