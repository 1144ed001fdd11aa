// SPDX-License-Identifier: Apache-2.0
// A node that changes its group, and one that leaves the cloud without leaving Ferry.
#pragma once

#include <string>
#include <variant>

#include "control/workflow/operations.hpp"
#include "fleet/plan.hpp"

namespace ferry::control {

struct Context;

// What the move means for the node: what runs there, and what it is known by.
struct MovePlan {
  std::string id;  // follows from all that is below: the same plan has the same id
  std::string node;
  std::string from;
  std::string to;
  bool registered = false;
  std::vector<fleet::ComponentRef> added;
  std::vector<fleet::PlannedUpdate> updated;
  std::vector<fleet::ComponentRef> removed;
  std::vector<fleet::ComponentRef> unchanged;
};

struct MoveStarted {
  MovePlan plan;
  OperationView operation;
};

// Nothing was done: components would be removed and nobody agreed (Code::conflict), or the plan
// that was to be applied is not what would happen now (Code::precondition_failed). `plan`, as
// things are now, is the error's details.
struct MoveRefused {
  Error error;
  MovePlan plan;
};

class Moving {
 public:
  explicit Moving(Context& context) : context_(context) {}

  Result<MovePlan> plan(const fleet::OrganizationId& organization, const std::string& workspace,
                        const std::string& node, const std::string& group) const;
  // `plan_id`: the plan that somebody has seen and wants, that one or none; empty: whatever it is.
  // Twin tags make the new group's standing deployment the node's; the device is asked to renew, so
  // that its certificate comes from the new group's CA. Code::conflict when it is in that group, or
  // is being deleted, or the group is not ready.
  Result<std::variant<MoveStarted, MoveRefused>> move(
      const fleet::OrganizationId& organization, const std::string& workspace,
      const std::string& node, const std::string& group, const std::string& plan_id,
      bool allow_removals, const std::string& actor);
  // Takes the node out of the cloud and makes its certificates worthless; the node stays in Ferry
  // and may be registered again with a new token. Code::conflict when it is not registered.
  Result<OperationView> deregister(const fleet::OrganizationId& organization,
                                   const std::string& workspace, const std::string& node,
                                   const std::string& actor);

 private:
  Context& context_;
};

}  // namespace ferry::control
