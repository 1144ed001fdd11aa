// SPDX-License-Identifier: Apache-2.0
// Deploying: plan a change, apply it, and let nothing happen that the plan did not show.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "control/deployments/rollout_start.hpp"
#include "control/deployments/rollouts.hpp"
#include "control/workflow/operations.hpp"
#include "fleet/plan.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct PlanView {
  std::string id;
  fleet::Change change;
  json::object shown;  // the plan, as fleet::to_json has it
  Timestamp created_at;
  Timestamp expires_at;
  std::optional<std::string> operation;  // that applied it
};

struct Applied {
  std::vector<fleet::Deployment> deployments;  // that were edited, as they stand after it
  fleet::Plan plan;
  OperationView operation;
};

// Nothing was sent. `error` is Code::conflict (versions conflict, or a removal lacks consent),
// Code::invalid_argument (limits, unknown groups or versions) or Code::precondition_failed (the
// world has moved since it was planned); `plan` is its details, as things are now.
struct Refused {
  Error error;
  fleet::Plan plan;
};

// The change comes in waves; the deployments are edited when it has arrived everywhere.
struct RolledOut {
  RolloutView rollout;
  fleet::Plan plan;
};

using ApplyOutcome = std::variant<Applied, Refused, RolledOut>;

class Deployments {
 public:
  explicit Deployments(Context& context) : context_(context) {}

  Result<std::vector<fleet::Deployment>> list(const fleet::OrganizationId& organization,
                                              const std::string& workspace) const;
  Result<fleet::Deployment> get(const fleet::OrganizationId& organization,
                                const std::string& workspace, const std::string& deployment) const;
  // Every revision, newest first; also of a deployment that has gone.
  Result<std::vector<fleet::Deployment>> history(const fleet::OrganizationId& organization,
                                                 const std::string& workspace,
                                                 const std::string& deployment) const;

  // Changes nothing but the list of plans, of which the newest 200 of a workspace are kept. The
  // deployments that it names need not exist. A plan can be applied for a day.
  net::Task<Result<PlanView>> plan(fleet::OrganizationId organization, std::string workspace,
                                   fleet::Change change);
  // Back to an earlier revision (the one before the present when it is 0).
  net::Task<Result<PlanView>> plan_rollback(fleet::OrganizationId organization,
                                            std::string workspace, std::string deployment,
                                            std::int64_t revision);
  // A group back to a composition that it ran before.
  net::Task<Result<PlanView>> plan_restore(fleet::OrganizationId organization,
                                           std::string workspace, std::string group,
                                           std::int64_t composition);
  Result<std::vector<PlanView>> plans(const fleet::OrganizationId& organization,
                                      const std::string& workspace) const;
  Result<PlanView> get_plan(const fleet::OrganizationId& organization, const std::string& workspace,
                            const std::string& plan) const;

  // Applies exactly what the plan promises, or refuses because the world has moved. Applying it
  // once more answers with the operation that did it. With `rollout` in waves, else to everybody at
  // once. Refused while a rollout of one of its groups goes on.
  net::Task<Result<ApplyOutcome>> apply_plan(fleet::OrganizationId organization,
                                             std::string workspace, std::string plan,
                                             bool allow_removals,
                                             std::optional<RolloutRequest> rollout = {});
  // Plans and applies at once. Records the new revisions and starts the operation that brings them
  // to the cloud.
  net::Task<Result<ApplyOutcome>> apply(fleet::OrganizationId organization, std::string workspace,
                                        fleet::Change change, bool allow_removals,
                                        std::optional<RolloutRequest> rollout = {});

 private:
  net::Task<Result<PlanView>> plan_change(fleet::Workspace workspace, fleet::Change change);
  // `plan`: whose promise must hold; empty for none.
  Result<ApplyOutcome> commit_change(const fleet::Workspace& workspace, const fleet::Change& change,
                                     bool allow_removals, const std::string& plan,
                                     const std::optional<RolloutRequest>& rollout);
  Context& context_;
};

}  // namespace ferry::control
