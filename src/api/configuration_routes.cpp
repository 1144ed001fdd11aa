// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

Answer list(control::Control& control, const Call& call) {
  auto settings = control.configuration.list(call.organization(), call.at("workspace"));
  if (!settings) return fail(std::move(settings).error());
  return json_response(200, collection(*settings));
}

Answer effective(control::Control& control, const Call& call) {
  auto settings = control.configuration.effective(call.organization(), call.at("workspace"),
                                                  call.request.query_value("group").value_or(""),
                                                  call.request.query_value("node").value_or(""));
  if (!settings) return fail(std::move(settings).error());
  return json_response(200, collection(*settings));
}

Answer group_traits(control::Control& control, const Call& call) {
  auto traits =
      control.configuration.traits(call.organization(), call.at("workspace"), call.at("group"), "");
  if (!traits) return fail(std::move(traits).error());
  return json_response(200, to_json(*traits));
}

Answer node_traits(control::Control& control, const Call& call) {
  auto traits =
      control.configuration.traits(call.organization(), call.at("workspace"), "", call.at("node"));
  if (!traits) return fail(std::move(traits).error());
  return json_response(200, to_json(*traits));
}

}  // namespace

void add_configuration_routes(Routes& routes) {
  using fleet::Role;
  const std::string workspace = "/workspaces/{workspace}";
  routes.add("GET", workspace + "/configuration", Role::viewer, list);
  routes.add("GET", workspace + "/configuration/effective", Role::viewer, effective);
  routes.add("GET", workspace + "/groups/{group}/traits", Role::viewer, group_traits);
  routes.add("GET", workspace + "/nodes/{node}/traits", Role::viewer, node_traits);
}

}  // namespace ferry::api
