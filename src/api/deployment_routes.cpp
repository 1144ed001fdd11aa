// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"
#include "fleet/plan.hpp"

namespace ferry::api {
namespace {

Result<control::DeploymentContent> read_content(const json::object& body) {
  control::DeploymentContent content;
  auto components = require_array(body, "components");
  if (!components) return fail(std::move(components).error());
  for (const auto& item : *components) {
    const auto* component = item.if_object();
    if (!component) {
      return fail(Code::invalid_argument,
                  R"('components' must hold {{"name", "version"}} objects)");
    }
    auto name = require_string(*component, "name");
    if (!name) return fail(std::move(name).error().with("components"));
    auto version = require_string(*component, "version");
    if (!version) return fail(std::move(version).error().with("components"));
    content.components.push_back({*std::move(name), *std::move(version)});
  }
  auto groups = require_array(body, "groups");
  if (!groups) return fail(std::move(groups).error());
  for (const auto& group : *groups) {
    if (!group.is_string()) return fail(Code::invalid_argument, "'groups' must hold group names");
    content.groups.emplace_back(group.get_string());
  }
  return content;
}

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

Answer plan(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto content = read_content(*body);
  if (!content) return fail(std::move(content).error());
  auto planned = control.deployments.plan(call.organization(), call.at("workspace"),
                                          call.at("deployment"), *content);
  if (!planned) return fail(std::move(planned).error());
  return json_response(200, fleet::to_json(*planned));
}

// A refusal has the plan as its details, so that the caller sees what is in the way.
Answer outcome_response(Result<control::ApplyOutcome> outcome) {
  if (!outcome) return fail(std::move(outcome).error());
  if (const auto* refused = std::get_if<control::Refused>(&*outcome)) {
    return error_response(refused->error, fleet::to_json(refused->plan));
  }
  const auto& applied = std::get<control::Applied>(*outcome);
  return json_response(202, json::object{{"deployment", to_json(applied.deployment)},
                                         {"plan", fleet::to_json(applied.plan)},
                                         {"operation", to_json(applied.operation)}});
}

Answer apply(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto content = read_content(*body);
  if (!content) return fail(std::move(content).error());
  return outcome_response(control.deployments.apply(call.organization(), call.at("workspace"),
                                                    call.at("deployment"), *content,
                                                    bool_or(*body, "allowRemovals", false)));
}

Answer remove(control::Control& control, const Call& call) {
  const bool allow = call.request.query_value("allowRemovals") == "true";
  return outcome_response(control.deployments.remove(call.organization(), call.at("workspace"),
                                                     call.at("deployment"), allow));
}

}  // namespace

void add_deployment_routes(Routes& routes) {
  using fleet::Role;
  const std::string all = "/workspaces/{workspace}/deployments";
  const std::string one = all + "/{deployment}";
  routes.add("GET", all, Role::viewer, list);
  routes.add("GET", one, Role::viewer, get);
  routes.add("POST", one + "/plan", Role::viewer, plan);
  routes.add("PUT", one, Role::operator_, apply);
  routes.add("DELETE", one, Role::operator_, remove);
}

}  // namespace ferry::api
