// SPDX-License-Identifier: Apache-2.0
#include "control/observing.hpp"

#include <algorithm>
#include <charconv>

#include "base/log.hpp"
#include "control/lookup.hpp"

namespace ferry::control {
namespace {

constexpr std::chrono::seconds kFreshness{3};
constexpr std::chrono::seconds kPatience{3};
constexpr std::string_view kReportsQuery =
    "select * from devices.modules where moduleId = '$edgeAgent'";
constexpr int kLongestTail = 5000;

std::shared_ptr<WorkspaceReports> reports_of(Context& context, const fleet::WorkspaceId& id) {
  auto& reports = context.reports[id.str()];
  if (!reports) reports = std::make_shared<WorkspaceReports>(context.loop.executor());
  return reports;
}

// "grp-...-12" is composition 12 of that group.
std::int64_t version_of(const std::string& configuration, const fleet::NodeGroupId& group) {
  const std::string prefix = group.str() + "-";
  if (!configuration.starts_with(prefix)) return 0;
  std::int64_t version = 0;
  const char* end = configuration.data() + configuration.size();
  const auto read = std::from_chars(configuration.data() + prefix.size(), end, version);
  return read.ec == std::errc() && read.ptr == end ? version : 0;
}

net::Task<Result<void>> read_reports(std::shared_ptr<WorkspaceConnection> connection,
                                     std::map<std::string, NodeReport>& by_device) {
  auto rows = co_await connection->hub.query(std::string(kReportsQuery));
  if (!rows) co_return fail(std::move(rows).error());
  std::map<std::string, NodeReport> fresh;
  for (const auto& row : *rows) {
    auto twin = azure::read_twin(row);
    if (!twin) continue;
    auto report = read_node_report(*twin);
    // While a device works on something newer it still has what it had.
    const auto known = by_device.find(twin->device_id);
    if (report.configuration.empty() && known != by_device.end()) {
      report.configuration = known->second.configuration;
    }
    fresh[twin->device_id] = std::move(report);
  }
  by_device = std::move(fresh);
  co_return Result<void>();
}

// Goes on by itself, however long the hub takes.
net::Task<void> read_in_background(Context& context, fleet::Workspace workspace,
                                   std::shared_ptr<WorkspaceReports> reports) {
  auto connection = context.clouds.workspace(workspace);
  if (connection) {  // else it is not provisioned, and no device can have reported
    auto read = co_await read_reports(*connection, reports->by_device);
    if (!read) {
      log::warning("observing", "workspace {}: {}", workspace.name, read.error().describe());
    }
  }
  reports->read_at = context.clock.now();
  reports->reading = false;
  reports->has_read.notify();
}

// Whoever comes while one reads waits for that reading instead of asking again, and nobody waits
// long for a hub that does not answer: the last state is better than none.
net::Task<void> refresh(Context& context, const fleet::Workspace& workspace,
                        std::shared_ptr<WorkspaceReports> reports) {
  const Timestamp now = context.clock.now();
  if (reports->read_at && now - *reports->read_at < kFreshness) co_return;
  if (!reports->reading) {
    reports->reading = true;
    context.loop.spawn(read_in_background(context, workspace, reports));
  }
  if (reports->reading) co_await reports->has_read.wait_for(kPatience);
}

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
  if (found == reports.end()) return view;
  const auto& report = found->second;
  view.connected = report.connected;
  view.last_reported_at = report.last_reported_at;
  view.composition_version = version_of(report.configuration, node.group);
  view.desired_status = report.desired_status;
  view.modules = report.modules;
  return view;
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
                                                          std::string workspace_name) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto reports = reports_of(context_, workspace->id);
  co_await refresh(context_, *workspace, reports);
  auto groups = context_.store.groups.list(workspace->id);
  if (!groups) co_return fail(std::move(groups).error());
  std::map<std::string, std::string> group_names;
  for (const auto& group : *groups) group_names[group.id.str()] = group.name;
  auto nodes = context_.store.nodes.list(workspace->id);
  if (!nodes) co_return fail(std::move(nodes).error());
  std::vector<NodeView> views;
  views.reserve(nodes->size());
  for (const auto& node : *nodes) {
    views.push_back(view_of(node, group_names[node.group.str()], reports->by_device));
  }
  co_return views;
}

net::Task<Result<NodeView>> Observing::node(fleet::OrganizationId organization,
                                            std::string workspace_name, std::string name) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto known = find_node(context_, *workspace, name);
  if (!known) co_return fail(std::move(known).error());
  auto reports = reports_of(context_, workspace->id);
  co_await refresh(context_, *workspace, reports);
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
  auto answer =
      co_await (*connection)->hub.call_method({node->registration_id, "$edgeAgent"}, call);
  if (!answer && answer.error().code == Code::not_found) {
    co_return fail(Error{Code::unavailable, fmt::format("node '{}' is not connected", node->name),
                         node->registered_at ? "see that the device is on and has a network"
                                             : "register the device first"});
  }
  if (!answer) co_return fail(std::move(answer).error());
  co_return log_of(*answer, module, node->name);
}

}  // namespace ferry::control
