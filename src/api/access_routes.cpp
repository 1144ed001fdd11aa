// SPDX-License-Identifier: Apache-2.0
// Shutting out and letting in again; moving; leaving the cloud.
#include "api/errors.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"

namespace ferry::api {
namespace {

using control::Scope;
using control::Target;

Target target_of(const Call& call, Scope scope) {
  Target target{scope, call.at("workspace")};
  if (scope == Scope::group) target.name = call.at("group");
  if (scope == Scope::node) target.name = call.at("node");
  return target;
}

Answer revoke(control::Control& control, const Call& call, Scope scope) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  const Target target = target_of(call, scope);
  if (bool_or(*body, "plan", false)) {
    auto radius = control.revoking.plan(call.organization(), target);
    if (!radius) return fail(std::move(radius).error());
    return json_response(200, json::object{{"plan", to_json(*radius)}});
  }
  auto outcome =
      control.revoking.revoke(call.organization(), target, string_or(*body, "reason", ""),
                              optional_int(*body, "expectedNodes"), call.caller.user);
  if (!outcome) return fail(std::move(outcome).error());
  if (const auto* refused = std::get_if<control::RevocationRefused>(&*outcome)) {
    return error_response(refused->error, to_json(refused->radius));
  }
  const auto& started = std::get<control::RevocationStarted>(*outcome);
  return json_response(202, json::object{{"plan", to_json(started.radius)},
                                         {"operation", to_json(started.operation)}});
}

Answer reinstate(control::Control& control, const Call& call, Scope scope) {
  auto operation =
      control.revoking.reinstate(call.organization(), target_of(call, scope), call.caller.user);
  if (!operation) return fail(std::move(operation).error());
  return json_response(202, json::object{{"operation", to_json(*operation)}});
}

template <Scope scope>
Answer revoke_one(control::Control& control, const Call& call) {
  return revoke(control, call, scope);
}
template <Scope scope>
Answer reinstate_one(control::Control& control, const Call& call) {
  return reinstate(control, call, scope);
}

Answer list(control::Control& control, const Call& call) {
  auto page = page_of(call);
  if (!page) return fail(std::move(page).error());
  auto revocations = control.revoking.list(call.organization(), call.at("workspace"), page->after,
                                           page->limit + 1);
  if (!revocations) return fail(std::move(revocations).error());
  return json_response(200, paged(*revocations, *page,
                                  [](const control::RevocationView& last) { return last.place; }));
}

Answer move(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto group = require_string(*body, "group");
  if (!group) return fail(std::move(group).error());
  if (bool_or(*body, "plan", false)) {
    auto plan =
        control.moving.plan(call.organization(), call.at("workspace"), call.at("node"), *group);
    if (!plan) return fail(std::move(plan).error());
    return json_response(200, json::object{{"plan", to_json(*plan)}});
  }
  auto outcome = control.moving.move(call.organization(), call.at("workspace"), call.at("node"),
                                     *group, string_or(*body, "planId", ""),
                                     bool_or(*body, "allowRemovals", false), call.caller.user);
  if (!outcome) return fail(std::move(outcome).error());
  if (const auto* refused = std::get_if<control::MoveRefused>(&*outcome)) {
    return error_response(refused->error, to_json(refused->plan));
  }
  const auto& started = std::get<control::MoveStarted>(*outcome);
  return json_response(202, json::object{{"plan", to_json(started.plan)},
                                         {"operation", to_json(started.operation)}});
}

Answer deregister(control::Control& control, const Call& call) {
  auto operation = control.moving.deregister(call.organization(), call.at("workspace"),
                                             call.at("node"), call.caller.user);
  if (!operation) return fail(std::move(operation).error());
  return json_response(202, json::object{{"operation", to_json(*operation)}});
}

}  // namespace

void add_access_routes(Routes& routes) {
  using fleet::Role;
  const auto at = [](std::string_view rest) {
    return fmt::format("/workspaces/{{workspace}}/{}", rest);
  };
  routes.add("POST", at("nodes/{node}/revoke"), Role::operator_, revoke_one<Scope::node>);
  routes.add("POST", at("nodes/{node}/reinstate"), Role::operator_, reinstate_one<Scope::node>);
  routes.add("POST", at("groups/{group}/revoke"), Role::operator_, revoke_one<Scope::group>);
  routes.add("POST", at("groups/{group}/reinstate"), Role::operator_, reinstate_one<Scope::group>);
  routes.add("POST", at("revoke"), Role::owner, revoke_one<Scope::workspace>);
  routes.add("POST", at("reinstate"), Role::owner, reinstate_one<Scope::workspace>);
  routes.add("GET", at("revocations"), Role::viewer, list);
  routes.add("POST", at("nodes/{node}/move"), Role::operator_, move);
  routes.add("POST", at("nodes/{node}/deregister"), Role::operator_, deregister);
}

}  // namespace ferry::api
