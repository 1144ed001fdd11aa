// SPDX-License-Identifier: Apache-2.0
// How a route is written: a function from an authenticated call to a response or an Error. One .cpp
// per noun adds its routes.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "control/control.hpp"
#include "net/router.hpp"

namespace ferry::api {

// One request whose caller is known.
struct Call {
  net::HttpRequest request;
  net::RouteParameters parameters;
  control::Identity caller;

  const std::string& at(std::string_view parameter) const { return parameters.at(parameter); }
  const fleet::OrganizationId& organization() const { return caller.organization.id; }
};

using Answer = Result<net::HttpResponse>;

class Routes {
 public:
  using Plain = Answer (*)(control::Control&, const Call&);
  using Waiting = net::Task<Answer> (*)(control::Control&, Call);

  // Both outlive this and the router's last request.
  Routes(net::Router& router, control::Control& control) : router_(router), control_(control) {}

  // `pattern` below /api/v1. `least`: the least role that may call it.
  void add(std::string method, std::string_view pattern, fleet::Role least, Plain function);
  void add(std::string method, std::string_view pattern, fleet::Role least, Waiting function);

 private:
  template <class Function>
  void add_handler(std::string method, std::string_view pattern, fleet::Role least,
                   Function function);
  net::Router& router_;
  control::Control& control_;
};

// The request's body as an object; an empty body is an empty object. The content type does not
// matter.
Result<json::object> body_of(const Call& call);

void add_overview_routes(Routes& routes);  // whoami, organizations, operations
void add_cloud_account_routes(Routes& routes);
void add_workspace_routes(Routes& routes);  // with resources
void add_certificate_routes(Routes& routes);
void add_rollover_routes(Routes& routes);
void add_group_routes(Routes& routes);
void add_node_routes(Routes& routes);
void add_token_routes(Routes& routes);       // with many nodes at once, replacement, the trail
void add_access_routes(Routes& routes);      // revocation, moving, deregistration
void add_enrollment_routes(Routes& routes);  // with requests and policies
void add_component_routes(Routes& routes);   // with images
void add_deployment_routes(Routes& routes);
void add_event_routes(Routes& routes);  // server-sent events of operations and workspaces
void add_plan_routes(Routes& routes);
void add_rollout_routes(Routes& routes);
void add_configuration_routes(Routes& routes);  // with labels and capabilities

// What the member "rollout" of a body asks for; nothing without it.
Result<std::optional<control::RolloutRequest>> rollout_of(const Call& call,
                                                          const json::object& body);
// 202 with what was applied, or the rollout that has begun; a refusal is an error with the plan as
// its details, so that the caller sees what is in the way.
Answer outcome_response(Result<control::ApplyOutcome> outcome);

// Paths whose request bodies are files; all others take at most 1 MiB.
bool is_upload(std::string_view method, std::string_view path);

// Adds what is below /auth/ and /registration/, which needs no API token.
void add_installer_routes(net::Router& router, control::Control& control);

// Adds what is below /.well-known/est/, where devices show their certificates.
void add_est_routes(net::Router& router, control::Control& control);

// Adds /auth/session, where a browser exchanges an API token for a cookie.
void add_session_routes(net::Router& router, control::Control& control, const Clock& clock);

}  // namespace ferry::api
