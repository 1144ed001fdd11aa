// SPDX-License-Identifier: Apache-2.0
// What a rollout needs before it begins, and what it keeps others from.
#pragma once

#include "control/context.hpp"
#include "fleet/plan.hpp"

namespace ferry::control {

struct RolloutRequest {
  fleet::RolloutPolicy policy;
  std::string actor;  // who asks for it
};

// Why this change has to wait for a rollout that is under way: it touches a group, or edits a
// deployment, of that. Nothing when it need not.
Result<std::optional<Error>> held_by_rollout(const Context& context,
                                             const fleet::Workspace& workspace,
                                             const fleet::Plan& plan, const fleet::Change& change);

struct NewRollout {
  const fleet::Workspace& workspace;
  const fleet::Plan& plan;
  const fleet::Change& change;
  const std::vector<fleet::Deployment>& live;  // that matter to the change
  const RolloutRequest& request;
  std::string plan_id;  // empty when nobody has seen the plan
};
// Records it; in the transaction of the consent. Code::invalid_argument when there is nothing to
// roll out or a canary is none of its nodes, Code::conflict when a group does not run yet what its
// deployments say.
Result<store::RolloutRecord> record_rollout(Context& context, const NewRollout& wanted);

}  // namespace ferry::control
