// SPDX-License-Identifier: Apache-2.0
// Authorities that follow one another: rollovers, and what is brought from outside.
#include "api/certificate_views.hpp"
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

Answer started_response(Result<control::RolloverStarted> started) {
  if (!started) return fail(std::move(started).error());
  return json_response(202, json::object{{"rollover", to_json(started->rollover)},
                                         {"operation", to_json(started->operation)}});
}

Answer view_response(Result<control::RolloverView> view) {
  if (!view) return fail(std::move(view).error());
  return json_response(200, to_json(*view));
}

Answer start(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  const control::AuthorityTarget target{string_or(*body, "workspace", ""),
                                        string_or(*body, "group", "")};
  return started_response(control.rollovers.start(
      call.organization(), target, int_or(*body, "nodesPerMinute", control::kNodesPerMinute),
      bool_or(*body, "own", false)));
}

Answer list(control::Control& control, const Call& call) {
  auto views = control.rollovers.list(call.organization(),
                                      call.request.query_value("workspace").value_or(""));
  if (!views) return fail(std::move(views).error());
  return json_response(200, collection(*views));
}

Answer get(control::Control& control, const Call& call) {
  return view_response(control.rollovers.get(call.organization(), call.at("rollover")));
}

Answer cancel(control::Control& control, const Call& call) {
  return view_response(control.rollovers.cancel(call.organization(), call.at("rollover")));
}

Answer force(control::Control& control, const Call& call) {
  return view_response(control.rollovers.force(call.organization(), call.at("rollover")));
}

Answer retry(control::Control& control, const Call& call) {
  return started_response(control.rollovers.retry(call.organization(), call.at("rollover")));
}

net::Task<Answer> export_request(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto pending = co_await control.external_authorities.export_request(
      call.organization(), string_or(*body, "workspace", ""));
  if (!pending) co_return fail(std::move(pending).error());
  co_return json_response(201, to_json(*pending));
}

Answer list_requests(control::Control& control, const Call& call) {
  auto pending = control.external_authorities.pending(call.organization());
  if (!pending) return fail(std::move(pending).error());
  return json_response(200, collection(*pending));
}

Answer abandon(control::Control& control, const Call& call) {
  auto done = control.external_authorities.abandon(
      call.organization(), call.request.query_value("workspace").value_or(""));
  if (!done) return fail(std::move(done).error());
  return net::HttpResponse{.status = 204};
}

Answer import(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto chain = require_string(*body, "chain");
  if (!chain) return fail(std::move(chain).error());
  const auto workspace = string_or(*body, "workspace", "");
  const auto key = optional_string(*body, "privateKey");
  if (!key) {
    return started_response(
        control.external_authorities.import_chain(call.organization(), workspace, *chain));
  }
  return started_response(control.external_authorities.import_authority(
      call.organization(), workspace, *chain, Secret(*key)));
}

}  // namespace

void add_rollover_routes(Routes& routes) {
  using fleet::Role;
  routes.add("POST", "/rollovers", Role::owner, start);
  routes.add("GET", "/rollovers", Role::viewer, list);
  routes.add("GET", "/rollovers/{rollover}", Role::viewer, get);
  routes.add("POST", "/rollovers/{rollover}/cancel", Role::owner, cancel);
  routes.add("POST", "/rollovers/{rollover}/force", Role::owner, force);
  routes.add("POST", "/rollovers/{rollover}/retry", Role::owner, retry);
  routes.add("POST", "/certificate-authorities/requests", Role::owner, export_request);
  routes.add("GET", "/certificate-authorities/requests", Role::viewer, list_requests);
  routes.add("DELETE", "/certificate-authorities/requests", Role::owner, abandon);
  routes.add("POST", "/certificate-authorities", Role::owner, import);
}

}  // namespace ferry::api
