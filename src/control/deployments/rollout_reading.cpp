// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/rollout_reading.hpp"

#include "control/nodes/reports.hpp"

namespace ferry::control {

fleet::NodeObservation observe_node(const WorkspaceReports& reports, const std::string& device,
                                    const fleet::NodeGroupId& group) {
  fleet::NodeObservation node;
  const auto found = reports.by_device.find(device);
  if (found == reports.by_device.end()) return node;
  const auto& report = found->second;
  node.reported = report.desired_status.has_value();
  node.connected = report.connected;
  node.composition = composition_of(report, group);
  node.returned_from = composition_of(report.returned_from, group);
  node.returned_because = report.returned_because;
  if (report.desired_status) {
    node.code = report.desired_status->code;
    node.description = report.desired_status->description;
  }
  for (const auto& module : report.modules) {
    node.modules.push_back({module.name, module.runtime_status, module.description,
                            module.exit_code, module.restart_count});
  }
  return node;
}

net::Task<FreshReports> read_for_rollout(Context& context, fleet::Workspace workspace) {
  // fresh_reports() asks again after 3 seconds only.
  constexpr std::chrono::seconds kCurrent{4};
  const auto began = context.clock.now();
  auto reports = co_await fresh_reports(context, std::move(workspace));
  const bool current = reports->succeeded_at && *reports->succeeded_at >= began - kCurrent;
  co_return FreshReports{std::move(reports), current};
}

std::vector<std::size_t> judge_nodes(
    const WorkspaceReports& reports,
    const std::map<fleet::NodeGroupId, fleet::RolloutTarget>& targets,
    std::vector<store::RolloutNodeRecord>& nodes, Timestamp now) {
  std::vector<std::size_t> changed;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    auto& node = nodes[i];
    const auto target = targets.find(node.group);
    if (target == targets.end()) continue;
    auto finding = fleet::judge_node(target->second, observe_node(reports, node.device, node.group),
                                     node.bad_before);
    if (finding == node.finding) continue;
    if (finding.verdict != node.finding.verdict) node.since = now;
    node.finding = std::move(finding);
    changed.push_back(i);
  }
  return changed;
}

std::vector<fleet::RolloutNode> as_rollout_nodes(const std::vector<store::RolloutNodeRecord>& nodes,
                                                 const std::vector<store::RolloutGroup>& groups) {
  std::map<fleet::NodeGroupId, std::string> names;
  for (const auto& group : groups) names[group.group] = group.name;
  std::vector<fleet::RolloutNode> result;
  result.reserve(nodes.size());
  for (const auto& node : nodes) {
    result.push_back(
        {node.name, names[node.group], node.wave, node.finding.verdict, node.since, node.forgiven});
  }
  return result;
}

}  // namespace ferry::control
