// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

Answer started_response(Result<control::WorkspaceStarted> started) {
  if (!started) return fail(std::move(started).error());
  return json_response(202, json::object{{"workspace", to_json(started->workspace)},
                                         {"operation", to_json(started->operation)}});
}

Answer create(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto name = require_string(*body, "name");
  if (!name) return fail(std::move(name).error());
  auto location = require_string(*body, "location");
  if (!location) return fail(std::move(location).error());
  return started_response(control.workspaces.create(
      call.organization(),
      {*std::move(name), *std::move(location), string_or(*body, "cloudAccount", "")}));
}

Answer list(control::Control& control, const Call& call) {
  auto workspaces = control.workspaces.list(call.organization());
  if (!workspaces) return fail(std::move(workspaces).error());
  return json_response(200, collection(*workspaces));
}

Answer get(control::Control& control, const Call& call) {
  auto workspace = control.workspaces.get(call.organization(), call.at("workspace"));
  if (!workspace) return fail(std::move(workspace).error());
  return json_response(200, to_json(*workspace));
}

Answer retry(control::Control& control, const Call& call) {
  return started_response(control.workspaces.retry(call.organization(), call.at("workspace")));
}

Answer remove(control::Control& control, const Call& call) {
  return started_response(control.workspaces.remove(call.organization(), call.at("workspace")));
}

Answer resources(control::Control& control, const Call& call) {
  auto list = control.workspaces.resources(call.organization(), call.at("workspace"));
  if (!list) return fail(std::move(list).error());
  return json_response(200, collection(*list));
}

}  // namespace

void add_workspace_routes(Routes& routes) {
  using fleet::Role;
  routes.add("POST", "/workspaces", Role::owner, create);
  routes.add("GET", "/workspaces", Role::viewer, list);
  routes.add("GET", "/workspaces/{workspace}", Role::viewer, get);
  routes.add("POST", "/workspaces/{workspace}/retry", Role::owner, retry);
  routes.add("DELETE", "/workspaces/{workspace}", Role::owner, remove);
  routes.add("GET", "/workspaces/{workspace}/resources", Role::viewer, resources);
}

}  // namespace ferry::api
