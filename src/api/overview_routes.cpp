// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

Answer whoami(control::Control&, const Call& call) {
  return json_response(200, json::object{{"user", call.caller.user},
                                         {"role", std::string(fleet::to_string(call.caller.role))},
                                         {"organization", call.caller.organization.name}});
}

Answer list_organizations(control::Control& control, const Call& call) {
  auto organizations = control.access.organizations(call.caller);
  if (!organizations) return fail(std::move(organizations).error());
  return json_response(200, collection(*organizations));
}

Answer list_operations(control::Control& control, const Call&) {
  auto operations = control.operations.newest();
  if (!operations) return fail(std::move(operations).error());
  return json_response(200, collection(*operations));
}

Answer get_operation(control::Control& control, const Call& call) {
  auto operation = control.operations.get(call.at("operation"));
  if (!operation) return fail(std::move(operation).error());
  return json_response(200, to_json(*operation));
}

Answer cancel_operation(control::Control& control, const Call& call) {
  auto operation = control.operations.cancel(call.at("operation"));
  if (!operation) return fail(std::move(operation).error());
  return json_response(202, json::object{{"operation", to_json(*operation)}});
}

}  // namespace

void add_overview_routes(Routes& routes) {
  using fleet::Role;
  routes.add("GET", "/whoami", Role::viewer, whoami);
  routes.add("GET", "/organizations", Role::viewer, list_organizations);
  routes.add("GET", "/operations", Role::viewer, list_operations);
  routes.add("GET", "/operations/{operation}", Role::viewer, get_operation);
  routes.add("POST", "/operations/{operation}/cancel", Role::operator_, cancel_operation);
}

}  // namespace ferry::api
