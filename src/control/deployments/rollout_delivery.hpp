// SPDX-License-Identifier: Apache-2.0
// What stands of a rollout in the IoT Hub: per group one configuration beside the standing one, of
// higher priority, whose target condition lets the waves in one after the other. To widen it is one
// change of one condition, whatever the number of nodes; to go back is to delete it.
#pragma once

#include "control/context.hpp"
#include "fleet/rollout_waves.hpp"

namespace ferry::control {

struct RolloutSite {
  store::RolloutRecord rollout;
  fleet::Workspace workspace;
  std::shared_ptr<WorkspaceConnection> connection;
  std::vector<store::RolloutGroup> groups;                  // by name
  std::vector<store::RolloutNodeRecord> nodes;              // empty before it is prepared
  std::map<fleet::NodeGroupId, azure::IotHubClient*> hubs;  // that each group is in
};
Result<RolloutSite> load_rollout_site(Context& context, store::RolloutRecord rollout);

// Whether the rollout changes what the group runs; the others are only kept from other changes.
inline bool changes(const store::RolloutGroup& group) {
  return group.composition != group.previous;
}

// Who is there: every registered node of the groups that change and that the hub knows, with its
// ring, which is written into its twin when it is not there yet.
struct RolloutMembers {
  std::vector<fleet::RolloutMember> members;
  std::vector<store::RolloutNodeRecord> nodes;  // of each, without its wave
};
net::Task<Result<RolloutMembers>> gather_members(Context& context, RolloutSite site);

// Makes the hub as `target` has it for one of the site's groups, and notes that. Asks for nothing
// when it is recorded to be so, unless `look`: then what somebody has changed by hand is mended.
// May run again at any point.
net::Task<Result<void>> bring_to(Context& context, const RolloutSite& site,
                                 store::RolloutGroup group, fleet::CloudTarget target,
                                 bool look = false);

}  // namespace ferry::control
