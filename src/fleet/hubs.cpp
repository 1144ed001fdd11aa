// SPDX-License-Identifier: Apache-2.0
#include "fleet/hubs.hpp"

#include <algorithm>

#include "fleet/azure_names.hpp"

namespace ferry::fleet {
namespace {

// A provisioning service takes 50 links; a workspace shall not take a subscription's 50 hubs.
constexpr std::size_t kMostHubs = 20;

}  // namespace

std::vector<std::string> hub_keys(const Workspace& workspace) {
  std::vector<std::string> all{keys::kIotHub};
  for (const auto& further : workspace.further_hubs) all.push_back(further.key);
  return all;
}

std::string hub_host(const Workspace& workspace, std::string_view key) {
  for (const auto& further : workspace.further_hubs) {
    if (further.key == key) return further.host;
  }
  return key == keys::kIotHub ? workspace.hub_host : std::string();
}

std::string hub_name(const Workspace& workspace, std::string_view key) {
  for (const auto& further : workspace.further_hubs) {
    if (further.key == key) return further.name;
  }
  return key == keys::kIotHub ? workspace.names.iot_hub : std::string();
}

void set_hub_host(Workspace& workspace, std::string_view key, std::string host) {
  for (auto& further : workspace.further_hubs) {
    if (further.key != key) continue;
    further.host = std::move(host);
    return;
  }
  if (key == keys::kIotHub) workspace.hub_host = std::move(host);
}

int groups_per_hub(const WorkspaceOptions& options) {
  const int slots = hub_limits(options).deployments;
  return slots - std::max(2, slots / 5);
}

Result<Placement> place_group(Workspace& workspace, const std::vector<NodeGroup>& groups) {
  const int room = groups_per_hub(workspace.options);
  const auto all = hub_keys(workspace);
  for (const auto& key : all) {
    const auto taken = std::count_if(groups.begin(), groups.end(),
                                     [&](const NodeGroup& group) { return group.hub == key; });
    if (taken < room) return Placement{key, false};
  }
  if (workspace.options.sku == "F1") {
    return fail(
        Error{Code::resource_exhausted,
              fmt::format("a free hub takes {} node groups, and there can be no second one", room),
              "use a workspace of tier S1"});
  }
  if (all.size() >= kMostHubs) {
    return fail(
        Error{Code::resource_exhausted,
              fmt::format("{} IoT hubs with {} node groups each are full", all.size(), room),
              "put further groups into another workspace"});
  }
  const int number = static_cast<int>(all.size()) + 1;
  workspace.further_hubs.push_back({.key = fmt::format("{}-{}", keys::kIotHub, number),
                                    .name = further_hub_name(workspace, number),
                                    .host = {}});
  return Placement{workspace.further_hubs.back().key, true};
}

}  // namespace ferry::fleet
