// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

using net::Task;

Answer list(control::Control& control, const Call& call) {
  auto plans = control.deployments.plans(call.organization(), call.at("workspace"));
  if (!plans) return fail(std::move(plans).error());
  return json_response(200, collection(*plans));
}

Answer get(control::Control& control, const Call& call) {
  auto plan =
      control.deployments.get_plan(call.organization(), call.at("workspace"), call.at("plan"));
  if (!plan) return fail(std::move(plan).error());
  return json_response(200, to_json(*plan));
}

Task<Result<control::PlanView>> plan_of(control::Control& control, Call call, json::object body) {
  auto& deployments = control.deployments;
  if (const auto* rollback = find_object(body, "rollback")) {
    auto deployment = require_string(*rollback, "deployment");
    if (!deployment) co_return fail(std::move(deployment).error());
    co_return co_await deployments.plan_rollback(call.organization(), call.at("workspace"),
                                                 *std::move(deployment),
                                                 int_or(*rollback, "revision", 0));
  }
  if (const auto* restore = find_object(body, "restore")) {
    auto group = require_string(*restore, "group");
    if (!group) co_return fail(std::move(group).error());
    auto composition = require_int(*restore, "composition");
    if (!composition) co_return fail(std::move(composition).error());
    co_return co_await deployments.plan_restore(call.organization(), call.at("workspace"),
                                                *std::move(group), *composition);
  }
  auto change = fleet::change_from_json(body);
  if (!change) {
    co_return fail(
        std::move(change).error().advise("a plan is made of edits of deployments, settings, labels "
                                         "and capabilities, or a rollback, or "
                                         "a restore; docs/api.md has their shapes"));
  }
  co_return co_await deployments.plan(call.organization(), call.at("workspace"),
                                      *std::move(change));
}

Task<Answer> create(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto plan = co_await plan_of(control, std::move(call), *std::move(body));
  if (!plan) co_return fail(std::move(plan).error());
  co_return json_response(201, to_json(*plan));
}

Task<Answer> apply(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto rollout = rollout_of(call, *body);
  if (!rollout) co_return fail(std::move(rollout).error());
  auto outcome = co_await control.deployments.apply_plan(
      call.organization(), call.at("workspace"), call.at("plan"),
      bool_or(*body, "allowRemovals", false), *std::move(rollout));
  co_return outcome_response(std::move(outcome));
}

Result<std::vector<control::Simulating::Tried>> tried_changes(const json::object& body) {
  auto changes = require_array(body, "changes");
  if (!changes) return fail(std::move(changes).error());
  std::vector<control::Simulating::Tried> tried;
  for (const auto& value : *changes) {
    const auto* object = value.if_object();
    if (!object) return fail(Code::invalid_argument, "'changes' must hold objects");
    if (auto plan = optional_string(*object, "plan")) {
      tried.emplace_back(*std::move(plan));
      continue;
    }
    auto change = fleet::change_from_json(*object);
    if (!change) return fail(std::move(change).error().with("change {}", tried.size() + 1));
    tried.emplace_back(*std::move(change));
  }
  return tried;
}

Task<Answer> simulate(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto tried = tried_changes(*body);
  if (!tried) co_return fail(std::move(tried).error());
  auto plans =
      co_await control.simulating.run(call.organization(), call.at("workspace"), *std::move(tried));
  if (!plans) co_return fail(std::move(plans).error());
  json::array value;
  for (const auto& plan : *plans) value.push_back(fleet::to_json(plan));
  co_return json_response(200, json::object{{"value", std::move(value)}});
}

}  // namespace

Result<std::optional<control::RolloutRequest>> rollout_of(const Call& call,
                                                          const json::object& body) {
  const auto* wanted = body.if_contains("rollout");
  if (!wanted || wanted->is_null()) return std::optional<control::RolloutRequest>();
  if (!wanted->is_object()) return fail(Code::invalid_argument, "'rollout' is no object");
  auto policy = fleet::policy_from_json(wanted->get_object());
  if (!policy) return fail(std::move(policy).error());
  return control::RolloutRequest{*std::move(policy), call.caller.user};
}

Answer outcome_response(Result<control::ApplyOutcome> outcome) {
  if (!outcome) return fail(std::move(outcome).error());
  if (const auto* refused = std::get_if<control::Refused>(&*outcome)) {
    return error_response(refused->error, fleet::to_json(refused->plan));
  }
  if (const auto* begun = std::get_if<control::RolledOut>(&*outcome)) {
    return json_response(202, json::object{{"rollout", to_json(begun->rollout)},
                                           {"plan", fleet::to_json(begun->plan)}});
  }
  const auto& applied = std::get<control::Applied>(*outcome);
  json::array deployments;
  for (const auto& deployment : applied.deployments) deployments.emplace_back(to_json(deployment));
  return json_response(
      202, json::object{{"deployment", deployments.empty() ? json::value() : deployments.at(0)},
                        {"deployments", deployments},
                        {"plan", fleet::to_json(applied.plan)},
                        {"operation", to_json(applied.operation)}});
}

void add_plan_routes(Routes& routes) {
  using fleet::Role;
  const std::string all = "/workspaces/{workspace}/plans";
  routes.add("GET", all, Role::viewer, list);
  routes.add("POST", all, Role::viewer, create);
  routes.add("GET", all + "/{plan}", Role::viewer, get);
  routes.add("POST", all + "/{plan}/apply", Role::operator_, apply);
  routes.add("POST", "/workspaces/{workspace}/simulations", Role::viewer, simulate);
}

}  // namespace ferry::api
