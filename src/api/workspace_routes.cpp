// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"
#include "api/workspace_options.hpp"

namespace ferry::api {
namespace {

Answer started_response(Result<control::WorkspaceStarted> started) {
  if (!started) return fail(std::move(started).error());
  return json_response(202, json::object{{"workspace", to_json(started->workspace)},
                                         {"operation", to_json(started->operation)}});
}

// A member of a wrong type must not be taken for an absent one: money depends on it.
Result<int> read_number(const json::object& body, std::string_view name, int otherwise) {
  const auto* value = body.if_contains(name);
  if (!value || value->is_null()) return otherwise;
  auto number = require_int(body, name);
  if (!number) return fail(std::move(number).error());
  if (*number < 0 || *number > 1'000'000) {
    return fail(Code::invalid_argument, "'{}' is out of range", name);
  }
  return static_cast<int>(*number);
}

Result<fleet::WorkspaceOptions> read_options(const json::object& body) {
  fleet::WorkspaceOptions options;
  if (body.contains("sku") && !body.at("sku").is_null()) {
    auto sku = require_string(body, "sku");
    if (!sku) return fail(std::move(sku).error());
    options.sku = *std::move(sku);
  }
  auto units = read_number(body, "units", options.units);
  if (!units) return fail(std::move(units).error());
  options.units = *units;
  options.identity_based = bool_or(body, "identityBased", false);
  auto adopted = read_adopted(body);
  if (!adopted) return fail(std::move(adopted).error());
  options.adopted = *std::move(adopted);
  if (!body.contains("eventHubs") || body.at("eventHubs").is_null()) return options;
  auto hubs = require_object(body, "eventHubs");
  if (!hubs) return fail(std::move(hubs).error());
  options.event_hubs.emplace();
  auto partitions = read_number(*hubs, "partitions", options.event_hubs->partitions);
  if (!partitions) return fail(std::move(partitions).error());
  options.event_hubs->partitions = *partitions;
  auto hours = read_number(*hubs, "retentionHours", options.event_hubs->retention_hours);
  if (!hours) return fail(std::move(hours).error());
  options.event_hubs->retention_hours = *hours;
  return options;
}

Result<control::NewWorkspace> read_new(const json::object& body) {
  auto name = require_string(body, "name");
  if (!name) return fail(std::move(name).error());
  auto location = require_string(body, "location");
  if (!location) return fail(std::move(location).error());
  auto options = read_options(body);
  if (!options) return fail(std::move(options).error());
  return control::NewWorkspace{*std::move(name), *std::move(location),
                               string_or(body, "cloudAccount", ""), *std::move(options)};
}

net::Task<Answer> create(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto wanted = read_new(*body);
  if (!wanted) co_return fail(std::move(wanted).error());
  if (!bool_or(*body, "plan", false)) {
    co_return started_response(control.workspaces.create(call.organization(), *std::move(wanted)));
  }
  auto plan = co_await control.workspaces.plan(call.organization(), *std::move(wanted));
  if (!plan) co_return fail(std::move(plan).error());
  co_return json_response(200, json::object{{"plan", to_json(*plan)}});
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

Answer verify(control::Control& control, const Call& call) {
  return started_response(control.workspaces.verify(call.organization(), call.at("workspace")));
}

Answer repair(control::Control& control, const Call& call) {
  return started_response(control.workspaces.repair(call.organization(), call.at("workspace")));
}

Answer export_template(control::Control& control, const Call& call) {
  auto text = control.workspaces.bicep(call.organization(), call.at("workspace"));
  if (!text) return fail(std::move(text).error());
  net::HttpResponse response;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.body = *std::move(text);
  return response;
}

net::Task<Answer> deletion(control::Control& control, Call call) {
  auto items = co_await control.workspaces.deletion(call.organization(), call.at("workspace"));
  if (!items) co_return fail(std::move(items).error());
  co_return json_response(200, collection(*items));
}

net::Task<Answer> routing(control::Control& control, Call call) {
  auto view = co_await control.workspaces.routing(call.organization(), call.at("workspace"));
  if (!view) co_return fail(std::move(view).error());
  co_return json_response(200, to_json(*view));
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
  routes.add("POST", "/workspaces/{workspace}/verify", Role::operator_, verify);
  routes.add("POST", "/workspaces/{workspace}/repair", Role::owner, repair);
  routes.add("GET", "/workspaces/{workspace}/bicep", Role::viewer, export_template);
  routes.add("GET", "/workspaces/{workspace}/deletion", Role::viewer, deletion);
  routes.add("GET", "/workspaces/{workspace}/routing", Role::viewer, routing);
}

}  // namespace ferry::api
