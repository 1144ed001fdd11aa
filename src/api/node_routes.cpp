// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "api/errors.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"
#include "control/nodes/node_health.hpp"

namespace ferry::api {
namespace {

constexpr int kDefaultTail = 100;
constexpr int kLongestTail = 5000;

std::optional<std::chrono::hours> hours_in(const json::object& body) {
  const auto hours = optional_int(body, "tokenHours");
  if (!hours) return std::nullopt;
  return std::chrono::hours(*hours);
}

Answer create(control::Control& control, const Call& call) {
  auto body = body_of(call);
  if (!body) return fail(std::move(body).error());
  auto name = require_string(*body, "name");
  if (!name) return fail(std::move(name).error());
  auto group = require_string(*body, "group");
  if (!group) return fail(std::move(group).error());
  auto ticket = control.nodes.create(call.organization(), call.at("workspace"), *name, *group,
                                     {.life = hours_in(*body), .actor = call.caller.user});
  if (!ticket) return fail(std::move(ticket).error());
  return json_response(201, to_json(*ticket));
}

Result<control::NodeSelection> selection_of(const Call& call) {
  control::NodeSelection selection{.search = call.request.query_value("search").value_or(""),
                                   .group = call.request.query_value("group").value_or(""),
                                   .health = {}};
  if (const auto text = call.request.query_value("health")) {
    auto health = control::parse_node_health(*text);
    if (!health) return fail(std::move(health).error());
    selection.health = *health;
  }
  return selection;
}

net::Task<Answer> list(control::Control& control, Call call) {
  auto page = page_of(call);
  if (!page) co_return fail(std::move(page).error());
  auto selection = selection_of(call);
  if (!selection) co_return fail(std::move(selection).error());
  auto nodes =
      co_await control.observing.nodes(call.organization(), call.at("workspace"),
                                       *std::move(selection), page->after, page->limit + 1);
  if (!nodes) co_return fail(std::move(nodes).error());
  co_return json_response(
      200, paged(*nodes, *page, [](const control::NodeView& last) { return last.name; }));
}

net::Task<Answer> summary(control::Control& control, Call call) {
  auto selection = selection_of(call);
  if (!selection) co_return fail(std::move(selection).error());
  auto summary = co_await control.observing.summary(call.organization(), call.at("workspace"),
                                                    *std::move(selection));
  if (!summary) co_return fail(std::move(summary).error());
  json::object by_health;
  for (const auto& [health, count] : summary->by_health) by_health[to_string(health)] = count;
  co_return json_response(
      200, json::object{{"total", summary->total}, {"byHealth", std::move(by_health)}});
}

net::Task<Answer> get(control::Control& control, Call call) {
  auto node =
      co_await control.observing.node(call.organization(), call.at("workspace"), call.at("node"));
  if (!node) co_return fail(std::move(node).error());
  co_return json_response(200, to_json(*node));
}

Answer remove(control::Control& control, const Call& call) {
  auto operation = control.nodes.remove(call.organization(), call.at("workspace"), call.at("node"),
                                        call.caller.user);
  if (!operation) return fail(std::move(operation).error());
  return json_response(202, json::object{{"operation", to_json(*operation)}});
}

Result<int> tail_of(const Call& call) {
  const auto text = call.request.query_value("tail");
  if (!text) return kDefaultTail;
  int tail = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), tail);
  if (error != std::errc() || end != text->data() + text->size() || tail < 1 ||
      tail > kLongestTail) {
    return fail(Code::invalid_argument, "tail must be a number from 1 to {}", kLongestTail);
  }
  return tail;
}

net::Task<Answer> logs(control::Control& control, Call call) {
  auto tail = tail_of(call);
  if (!tail) co_return fail(std::move(tail).error());
  auto log = co_await control.observing.module_logs(call.organization(), call.at("workspace"),
                                                    call.at("node"), call.at("module"), *tail);
  if (!log) co_return fail(std::move(log).error());
  net::HttpResponse response;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.body = *std::move(log);
  co_return response;
}

}  // namespace

void add_node_routes(Routes& routes) {
  using fleet::Role;
  routes.add("POST", "/workspaces/{workspace}/nodes", Role::operator_, create);
  routes.add("GET", "/workspaces/{workspace}/nodes", Role::viewer, list);
  routes.add("GET", "/workspaces/{workspace}/fleet", Role::viewer, summary);
  routes.add("GET", "/workspaces/{workspace}/nodes/{node}", Role::viewer, get);
  routes.add("DELETE", "/workspaces/{workspace}/nodes/{node}", Role::operator_, remove);
  routes.add("GET", "/workspaces/{workspace}/nodes/{node}/modules/{module}/logs", Role::viewer,
             logs);
}

}  // namespace ferry::api
