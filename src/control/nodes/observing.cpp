// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/observing.hpp"

#include <algorithm>

#include "control/lookup.hpp"
#include "control/nodes/node_health.hpp"
#include "control/nodes/reports.hpp"

namespace ferry::control {
namespace {

constexpr int kLongestTail = 5000;
constexpr std::size_t kScanned = 5000;  // keys that are looked at in one go

NodeView view_of(const fleet::Node& node, const std::string& group,
                 const std::map<std::string, NodeReport>& reports) {
  NodeView view;
  view.id = node.id;
  view.name = node.name;
  view.group = group;
  view.registration_id = node.registration_id;
  view.registered = node.registered_at.has_value();
  view.registered_at = node.registered_at;
  view.created_at = node.created_at;
  const auto found = reports.find(node.registration_id);
  view.health = health_of(view.registered, found == reports.end() ? nullptr : &found->second);
  if (found == reports.end()) return view;
  const auto& report = found->second;
  view.connected = report.connected;
  view.last_reported_at = report.last_reported_at;
  view.composition_version = composition_of(report, node.group);
  view.desired_status = report.desired_status;
  view.modules = report.modules;
  return view;
}

NodeHealth health_in(const store::NodeKey& key, const WorkspaceReports& reports) {
  const auto found = reports.by_device.find(key.registration_id);
  return health_of(key.registered, found == reports.by_device.end() ? nullptr : &found->second);
}

Result<store::NodeFilter> filter_of(const Context& context, const fleet::Workspace& workspace,
                                    const NodeSelection& selection) {
  store::NodeFilter filter{.workspace = workspace.id, .search = selection.search, .group = {}};
  if (selection.group.empty()) return filter;
  auto group = find_group(context, workspace, selection.group);
  if (!group) return fail(std::move(group).error());
  filter.group = group->id;
  return filter;
}

// Only keys are looked at for those that are not wanted.
Result<std::vector<fleet::Node>> nodes_with(Context& context, const store::NodeFilter& filter,
                                            NodeHealth health, const WorkspaceReports& reports,
                                            std::string after, int limit) {
  std::vector<fleet::Node> found;
  while (true) {
    auto keys = context.store.nodes.keys_by_name(filter, after, kScanned);
    if (!keys) return fail(std::move(keys).error());
    for (const auto& key : *keys) {
      if (health_in(key, reports) != health) continue;
      auto node = context.store.nodes.find_named(filter.workspace, key.name);
      if (!node) return fail(std::move(node).error());
      if (*node) found.push_back(**std::move(node));
      if (static_cast<int>(found.size()) == limit) return found;
    }
    if (keys->size() < kScanned) return found;
    after = keys->back().name;
  }
}

Result<std::string> log_of(const azure::MethodResult& answer, const std::string& module,
                           const std::string& node) {
  if (answer.status != 200) {
    std::string said;
    if (answer.payload.is_object()) said = string_or(answer.payload.as_object(), "message", "");
    return fail(answer.status == 400 ? Code::invalid_argument : Code::unavailable,
                "node '{}' did not give the logs of '{}': {} {}", node, module, answer.status,
                said);
  }
  if (answer.payload.is_array()) {
    for (const auto& item : answer.payload.as_array()) {
      if (!item.is_object()) continue;
      // The id in the request is a pattern, so other modules may be in the answer.
      if (string_or(item.as_object(), "id", "") == module) {
        return string_or(item.as_object(), "payload", "");
      }
    }
  }
  return fail(Error{Code::not_found, fmt::format("node '{}' runs no '{}'", node, module),
                    "ferry status shows what it runs"});
}

}  // namespace

net::Task<Result<std::vector<NodeView>>> Observing::nodes(fleet::OrganizationId organization,
                                                          std::string workspace_name,
                                                          NodeSelection selection,
                                                          std::string after, int limit) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  const auto reports = co_await fresh_reports(context_, *workspace);
  auto filter = filter_of(context_, *workspace, selection);
  if (!filter) co_return fail(std::move(filter).error());
  auto groups = context_.store.groups.list(workspace->id);
  if (!groups) co_return fail(std::move(groups).error());
  std::map<std::string, std::string> group_names;
  for (const auto& group : *groups) group_names[group.id.str()] = group.name;
  auto nodes = selection.health
                   ? nodes_with(context_, *filter, *selection.health, *reports, after, limit)
                   : context_.store.nodes.page_by_name(*filter, after, limit);
  if (!nodes) co_return fail(std::move(nodes).error());
  std::vector<NodeView> views;
  views.reserve(nodes->size());
  for (const auto& node : *nodes) {
    views.push_back(view_of(node, group_names[node.group.str()], reports->by_device));
  }
  co_return views;
}

net::Task<Result<FleetSummary>> Observing::summary(fleet::OrganizationId organization,
                                                   std::string workspace_name,
                                                   NodeSelection selection) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  const auto reports = co_await fresh_reports(context_, *workspace);
  auto filter = filter_of(context_, *workspace, selection);
  if (!filter) co_return fail(std::move(filter).error());
  FleetSummary summary;
  for (const auto health : kNodeHealths) summary.by_health[health] = 0;
  std::string after;
  while (true) {
    auto keys = context_.store.nodes.keys_by_name(*filter, after, kScanned);
    if (!keys) co_return fail(std::move(keys).error());
    for (const auto& key : *keys) ++summary.by_health[health_in(key, *reports)];
    summary.total += static_cast<std::int64_t>(keys->size());
    if (keys->size() < kScanned) co_return summary;
    after = keys->back().name;
  }
}

net::Task<Result<NodeView>> Observing::node(fleet::OrganizationId organization,
                                            std::string workspace_name, std::string name) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto known = find_node(context_, *workspace, name);
  if (!known) co_return fail(std::move(known).error());
  const auto reports = co_await fresh_reports(context_, *workspace);
  auto node = find_node(context_, *workspace, name);
  if (!node) co_return fail(std::move(node).error());
  auto group = load_group(context_, node->group);
  if (!group) co_return fail(std::move(group).error());
  co_return view_of(*node, group->name, reports->by_device);
}

net::Task<Result<std::string>> Observing::module_logs(fleet::OrganizationId organization,
                                                      std::string workspace_name,
                                                      std::string node_name, std::string module,
                                                      int tail) {
  if (tail < 1 || tail > kLongestTail) {
    co_return fail(Code::invalid_argument, "'tail' must be 1 to {}", kLongestTail);
  }
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto node = find_node(context_, *workspace, node_name);
  if (!node) co_return fail(std::move(node).error());
  auto connection = context_.clouds.workspace(*workspace);
  if (!connection) co_return fail(std::move(connection).error());
  json::object item{{"id", module}, {"filter", json::object{{"tail", tail}}}};
  azure::MethodCall call;
  call.name = "GetModuleLogs";
  json::array items;
  items.push_back(std::move(item));
  call.payload = json::object{{"schemaVersion", "1.0"},
                              {"items", std::move(items)},
                              {"encoding", "none"},
                              {"contentType", "text"}};
  auto group = load_group(context_, node->group);
  if (!group) co_return fail(std::move(group).error());
  auto& hub = (*connection)->hub_of(*group);
  auto answer = co_await hub.call_method({node->registration_id, "$edgeAgent"}, call);
  if (!answer && answer.error().code == Code::not_found) {
    co_return fail(Error{Code::unavailable, fmt::format("node '{}' is not connected", node->name),
                         node->registered_at ? "see that the device is on and has a network"
                                             : "register the device first"});
  }
  if (!answer) co_return fail(std::move(answer).error());
  co_return log_of(*answer, module, node->name);
}

}  // namespace ferry::control
