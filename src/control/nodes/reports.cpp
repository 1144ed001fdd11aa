// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/reports.hpp"

#include <charconv>

#include "base/log.hpp"

namespace ferry::control {
namespace {

constexpr std::chrono::seconds kFreshness{3};
constexpr std::chrono::seconds kPatience{3};
constexpr std::string_view kReportsQuery =
    "select * from devices.modules where moduleId = '$edgeAgent'";
std::shared_ptr<WorkspaceReports> reports_of(Context& context, const fleet::WorkspaceId& id) {
  auto& reports = context.reports[id.str()];
  if (!reports) reports = std::make_shared<WorkspaceReports>(context.loop.executor());
  return reports;
}

net::Task<Result<void>> read_reports(std::shared_ptr<WorkspaceConnection> connection,
                                     std::map<std::string, NodeReport>& by_device) {
  std::vector<json::object> all;
  const auto hubs = connection->hubs();
  for (auto* hub : hubs) {
    auto rows = co_await hub->query(std::string(kReportsQuery));
    if (!rows) co_return fail(std::move(rows).error());
    std::move(rows->begin(), rows->end(), std::back_inserter(all));
  }
  std::map<std::string, NodeReport> fresh;
  for (const auto& row : all) {
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
    if (read) reports->succeeded_at = context.clock.now();
    if (!read) {
      log::warning("observing", "workspace {}: {}", workspace.name, read.error().describe());
    }
  }
  reports->read_at = context.clock.now();
  reports->reading = false;
  reports->has_read.notify();
}

}  // namespace

// Whoever comes while one reads waits for that reading instead of asking again, and nobody waits
// long for a hub that does not answer: the last state is better than none.
net::Task<std::shared_ptr<const WorkspaceReports>> fresh_reports(Context& context,
                                                                 fleet::Workspace workspace) {
  auto reports = reports_of(context, workspace.id);
  const Timestamp now = context.clock.now();
  if (reports->read_at && now - *reports->read_at < kFreshness) co_return reports;
  if (!reports->reading) {
    reports->reading = true;
    context.loop.spawn(read_in_background(context, workspace, reports));
  }
  if (reports->reading) co_await reports->has_read.wait_for(kPatience);
  co_return reports;
}

std::shared_ptr<const WorkspaceReports> known_reports(Context& context,
                                                      const fleet::WorkspaceId& workspace) {
  return reports_of(context, workspace);
}

std::int64_t composition_of(const NodeReport& report, const fleet::NodeGroupId& group) {
  return composition_of(report.configuration, group);
}

// "grp-...-12" is composition 12 of that group.
std::int64_t composition_of(const std::string& configuration, const fleet::NodeGroupId& group) {
  const std::string prefix = group.str() + "-";
  if (!configuration.starts_with(prefix)) return 0;
  std::int64_t version = 0;
  const char* end = configuration.data() + configuration.size();
  const auto read = std::from_chars(configuration.data() + prefix.size(), end, version);
  return read.ec == std::errc() && read.ptr == end ? version : 0;
}

}  // namespace ferry::control
