// SPDX-License-Identifier: Apache-2.0
// What nodes report, in the words of the rules of rollouts. The one place where rollouts read
// reports, wherever these come from.
#pragma once

#include "control/context.hpp"
#include "fleet/rollout_verdict.hpp"

namespace ferry::control {

// Of a node of `group`, known to the hub as `device`.
fleet::NodeObservation observe_node(const WorkspaceReports& reports, const std::string& device,
                                    const fleet::NodeGroupId& group);

struct FreshReports {
  std::shared_ptr<const WorkspaceReports> reports;
  bool current = false;  // else they are of an earlier time: the hub does not answer
};
net::Task<FreshReports> read_for_rollout(Context& context, fleet::Workspace workspace);

// The verdicts as `reports` has them; `since` moves where the verdict does. Returns the positions
// of those that have changed.
std::vector<std::size_t> judge_nodes(
    const WorkspaceReports& reports,
    const std::map<fleet::NodeGroupId, fleet::RolloutTarget>& targets,
    std::vector<store::RolloutNodeRecord>& nodes, Timestamp now);

// With group names, as the rules take them.
std::vector<fleet::RolloutNode> as_rollout_nodes(const std::vector<store::RolloutNodeRecord>& nodes,
                                                 const std::vector<store::RolloutGroup>& groups);

}  // namespace ferry::control
