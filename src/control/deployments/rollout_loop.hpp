// SPDX-License-Identifier: Apache-2.0
// Runs rollouts. A rollout is a status in the database; whoever runs it makes the cloud as the
// status says, asks what the nodes report, decides (fleet/rollout.hpp) and records the next status.
// Every turn begins from what is recorded and may be cut short anywhere.
#pragma once

#include "control/context.hpp"

namespace ferry::control {

struct RolloutWake {
  explicit RolloutWake(net::Executor executor) : woken(executor) {}
  std::uint64_t signals = 0;
  bool timer = false;   // somebody wakes it later by itself
  Timestamp looked_at;  // when the hub was last seen to be as it is recorded
  net::Notifier woken;
};

// Runs it until it is over; after the commit that records it.
void launch_rollout(Context& context, const std::string& id);
// At start: all that are not over.
Result<void> resume_rollouts(Context& context);
// Its status has been changed by somebody else: look now.
void wake_rollout(Context& context, const std::string& id);

// Records a status and what is to be said of it; for whoever changes one.
Result<void> record_status(Context& context, store::RolloutRecord& rollout,
                           fleet::RolloutStatus status);

}  // namespace ferry::control
