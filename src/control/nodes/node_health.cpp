// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/node_health.hpp"

#include <algorithm>

#include "control/nodes/node_report.hpp"

namespace ferry::control {
namespace {

constexpr std::int64_t kTaken = 200;  // lastDesiredStatus.code of $edgeAgent

bool as_wanted(const ModuleStatus& module) {
  return module.runtime_status == "running" ||
         (module.status == "stopped" && module.runtime_status == "stopped");
}

bool is_broken(const ModuleStatus& module) {
  return module.runtime_status == "backoff" || module.runtime_status == "failed" ||
         module.runtime_status == "unhealthy";
}

}  // namespace

std::string_view to_string(NodeHealth health) {
  switch (health) {
    case NodeHealth::not_registered:
      return "not-registered";
    case NodeHealth::offline:
      return "offline";
    case NodeHealth::refused:
      return "refused";
    case NodeHealth::failing:
      return "failing";
    case NodeHealth::changing:
      return "changing";
    case NodeHealth::online:
      return "online";
  }
  return "";
}

Result<NodeHealth> parse_node_health(std::string_view text) {
  std::string known;
  for (const auto health : kNodeHealths) {
    if (to_string(health) == text) return health;
    known += fmt::format("{}'{}'", known.empty() ? "" : ", ", to_string(health));
  }
  return fail(Code::invalid_argument, "'{}' is no health of a node; there are {}", text, known);
}

NodeHealth health_of(bool registered, const NodeReport* report) {
  if (!registered) return NodeHealth::not_registered;
  if (!report || !report->connected) return NodeHealth::offline;
  if (report->desired_status && report->desired_status->code != kTaken) return NodeHealth::refused;
  if (std::ranges::any_of(report->modules, is_broken)) return NodeHealth::failing;
  return std::ranges::all_of(report->modules, as_wanted) ? NodeHealth::online
                                                         : NodeHealth::changing;
}

}  // namespace ferry::control
