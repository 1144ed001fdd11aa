// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

Answer started_response(Result<control::GroupStarted> started) {
  if (!started) return fail(std::move(started).error());
  return json_response(202, json::object{{"group", to_json(started->group)},
                                         {"operation", to_json(started->operation)}});
}

Answer create(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto name = require_string(*body, "name");
  if (!name) return fail(std::move(name).error());
  return started_response(control.groups.create(call.organization(), call.at("workspace"), *name));
}

Answer list(control::Control& control, const Call& call) {
  auto groups = control.groups.list(call.organization(), call.at("workspace"));
  if (!groups) return fail(std::move(groups).error());
  return json_response(200, collection(*groups));
}

Answer get(control::Control& control, const Call& call) {
  auto group = control.groups.get(call.organization(), call.at("workspace"), call.at("group"));
  if (!group) return fail(std::move(group).error());
  return json_response(200, to_json(*group));
}

Answer remove(control::Control& control, const Call& call) {
  return started_response(
      control.groups.remove(call.organization(), call.at("workspace"), call.at("group")));
}

Answer compositions(control::Control& control, const Call& call) {
  auto list =
      control.groups.compositions(call.organization(), call.at("workspace"), call.at("group"));
  if (!list) return fail(std::move(list).error());
  return json_response(200, collection(*list));
}

}  // namespace

void add_group_routes(Routes& routes) {
  using fleet::Role;
  routes.add("POST", "/workspaces/{workspace}/groups", Role::operator_, create);
  routes.add("GET", "/workspaces/{workspace}/groups", Role::viewer, list);
  routes.add("GET", "/workspaces/{workspace}/groups/{group}", Role::viewer, get);
  routes.add("DELETE", "/workspaces/{workspace}/groups/{group}", Role::operator_, remove);
  routes.add("GET", "/workspaces/{workspace}/groups/{group}/compositions", Role::viewer,
             compositions);
}

}  // namespace ferry::api
