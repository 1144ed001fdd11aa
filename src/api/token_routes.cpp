// SPDX-License-Identifier: Apache-2.0
// One-time tokens: many at once, the open ones, new ones, void ones; and the trail of what happened
// to nodes.
#include <charconv>

#include "api/errors.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"

namespace ferry::api {
namespace {

control::TokenOptions options_of(const Call& call, const json::object& body) {
  control::TokenOptions options;
  options.actor = call.caller.user;
  if (const auto hours = optional_int(body, "tokenHours"))
    options.life = std::chrono::hours(*hours);
  return options;
}

Result<std::vector<control::NewNode>> rows_of(const json::object& body) {
  auto array = require_array(body, "nodes");
  if (!array) return fail(std::move(array).error());
  std::vector<control::NewNode> rows;
  for (const auto& item : *array) {
    const auto* row = item.if_object();
    if (!row) return fail(Code::invalid_argument, "each of 'nodes' must be an object");
    auto name = require_string(*row, "name");
    if (!name) return fail(std::move(name).error());
    auto group = require_string(*row, "group");
    if (!group) return fail(std::move(group).error());
    rows.push_back({*std::move(name), *std::move(group)});
  }
  return rows;
}

Answer create_many(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  const auto options = options_of(call, *body);
  auto rows = rows_of(*body);
  if (!rows) return fail(std::move(rows).error());
  auto made = control.nodes.create_many(call.organization(), call.at("workspace"), *rows,
                                        bool_or(*body, "again", false), options);
  if (!made) return fail(std::move(made).error());
  return json_response(200, collection(*made));
}

Answer issue(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  const auto options = options_of(call, *body);
  auto ticket = control.nodes.issue_token(call.organization(), call.at("workspace"),
                                          call.at("node"), options);
  if (!ticket) return fail(std::move(ticket).error());
  return json_response(201, to_json(*ticket));
}

Answer replace(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  const auto options = options_of(call, *body);
  auto ticket =
      control.nodes.replace(call.organization(), call.at("workspace"), call.at("node"), options);
  if (!ticket) return fail(std::move(ticket).error());
  return json_response(201, to_json(*ticket));
}

Answer revoke(control::Control& control, const Call& call) {
  auto revoked = control.nodes.revoke_token(call.organization(), call.at("workspace"),
                                            call.at("node"), call.caller.user);
  if (!revoked) return fail(std::move(revoked).error());
  return no_content();
}

Answer list(control::Control& control, const Call& call) {
  auto page = page_of(call);
  if (!page) return fail(std::move(page).error());
  auto tokens = control.nodes.open_tokens(call.organization(), call.at("workspace"), page->after,
                                          page->limit + 1);
  if (!tokens) return fail(std::move(tokens).error());
  return json_response(
      200, paged(*tokens, *page, [](const control::OpenTokenView& last) { return last.node; }));
}

Answer events_of(control::Control& control, const Call& call, const std::string& node) {
  auto page = page_of(call);
  if (!page) return fail(std::move(page).error());
  std::int64_t before = 0;
  std::from_chars(page->after.data(), page->after.data() + page->after.size(), before);
  auto events = control.nodes.events(call.organization(), call.at("workspace"), node, before,
                                     page->limit + 1);
  if (!events) return fail(std::move(events).error());
  return json_response(200, paged(*events, *page, [](const store::NodeEvent& last) {
                         return std::to_string(last.number);
                       }));
}

Answer node_events(control::Control& control, const Call& call) {
  return events_of(control, call, call.at("node"));
}
Answer workspace_events(control::Control& control, const Call& call) {
  return events_of(control, call, "");
}

}  // namespace

void add_token_routes(Routes& routes) {
  using fleet::Role;
  routes.add("POST", "/workspaces/{workspace}/node-batches", Role::operator_, create_many);
  routes.add("GET", "/workspaces/{workspace}/tokens", Role::operator_, list);
  routes.add("POST", "/workspaces/{workspace}/nodes/{node}/token", Role::operator_, issue);
  routes.add("DELETE", "/workspaces/{workspace}/nodes/{node}/token", Role::operator_, revoke);
  routes.add("POST", "/workspaces/{workspace}/nodes/{node}/replace", Role::operator_, replace);
  routes.add("GET", "/workspaces/{workspace}/nodes/{node}/history", Role::viewer, node_events);
  routes.add("GET", "/workspaces/{workspace}/history", Role::viewer, workspace_events);
}

}  // namespace ferry::api
