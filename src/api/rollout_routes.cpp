// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/errors.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

Answer list(control::Control& control, const Call& call) {
  auto rollouts = control.rollouts.list(call.organization(), call.at("workspace"));
  if (!rollouts) return fail(std::move(rollouts).error());
  return json_response(200, collection(*rollouts));
}

Answer get(control::Control& control, const Call& call) {
  auto rollout =
      control.rollouts.get(call.organization(), call.at("workspace"), call.at("rollout"));
  if (!rollout) return fail(std::move(rollout).error());
  return json_response(200, to_json(*rollout));
}

// By wave, then name: also the order of these texts.
std::string key_of(const control::RolloutNodeView& node) {
  return fmt::format("{:04}-{}", node.wave, node.name);
}

Answer nodes(control::Control& control, const Call& call) {
  auto page = page_of(call);
  if (!page) return fail(std::move(page).error());
  auto all = control.rollouts.nodes(call.organization(), call.at("workspace"), call.at("rollout"));
  if (!all) return fail(std::move(all).error());
  std::optional<fleet::NodeVerdict> wanted;
  if (const auto text = call.request.query_value("verdict")) {
    auto verdict = fleet::parse_node_verdict(*text);
    if (!verdict) return fail(std::move(verdict).error());
    wanted = *verdict;
  }
  std::vector<control::RolloutNodeView> found;
  for (auto& node : *all) {
    if (found.size() > static_cast<std::size_t>(page->limit)) break;
    if (key_of(node) <= page->after || (wanted && node.verdict != wanted)) continue;
    found.push_back(std::move(node));
  }
  return json_response(200, paged(std::move(found), *page, key_of));
}

template <fleet::RolloutOrder order>
Answer obey(control::Control& control, const Call& call) {
  auto rollout = control.rollouts.order(call.organization(), call.at("workspace"),
                                        call.at("rollout"), order, call.caller.user);
  if (!rollout) return fail(std::move(rollout).error());
  return json_response(200, to_json(*rollout));
}

}  // namespace

void add_rollout_routes(Routes& routes) {
  using fleet::Role;
  using fleet::RolloutOrder;
  const std::string all = "/workspaces/{workspace}/rollouts";
  const std::string one = all + "/{rollout}";
  routes.add("GET", all, Role::viewer, list);
  routes.add("GET", one, Role::viewer, get);
  routes.add("GET", one + "/nodes", Role::viewer, nodes);
  routes.add("POST", one + "/pause", Role::operator_, obey<RolloutOrder::pause>);
  routes.add("POST", one + "/resume", Role::operator_, obey<RolloutOrder::resume>);
  routes.add("POST", one + "/promote", Role::operator_, obey<RolloutOrder::promote>);
  routes.add("POST", one + "/abort", Role::operator_, obey<RolloutOrder::abort>);
}

}  // namespace ferry::api
