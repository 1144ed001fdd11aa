// SPDX-License-Identifier: Apache-2.0
// Deploying: plan an edit, apply it, and let nothing happen that the plan did not show.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "control/operations.hpp"
#include "fleet/plan.hpp"

namespace ferry::control {

struct DeploymentContent {
  std::vector<fleet::ComponentRef> components;
  std::vector<std::string> groups;
};

struct Applied {
  fleet::Deployment deployment;  // as it stands after the edit; after a removal, as it was
  fleet::Plan plan;
  OperationView operation;
};

// Nothing was sent. `error` is Code::conflict (versions conflict, or a removal lacks consent) or
// Code::invalid_argument (limits, unknown groups or versions); `plan` is its details.
struct Refused {
  Error error;
  fleet::Plan plan;
};

using ApplyOutcome = std::variant<Applied, Refused>;

class Deployments {
 public:
  explicit Deployments(Context& context) : context_(context) {}

  Result<std::vector<fleet::Deployment>> list(const fleet::OrganizationId& organization,
                                              const std::string& workspace) const;
  Result<fleet::Deployment> get(const fleet::OrganizationId& organization,
                                const std::string& workspace, const std::string& deployment) const;
  // Changes nothing; `deployment` need not exist.
  Result<fleet::Plan> plan(const fleet::OrganizationId& organization, const std::string& workspace,
                           const std::string& deployment, const DeploymentContent& content) const;
  // Records the new revision and starts the operation that brings it to the cloud.
  Result<ApplyOutcome> apply(const fleet::OrganizationId& organization,
                             const std::string& workspace, const std::string& deployment,
                             const DeploymentContent& content, bool allow_removals);
  Result<ApplyOutcome> remove(const fleet::OrganizationId& organization,
                              const std::string& workspace, const std::string& deployment,
                              bool allow_removals);

 private:
  Result<ApplyOutcome> commit_edit(const fleet::Workspace& workspace, const fleet::Edit& edit,
                                   bool allow_removals);
  Result<void> record_edit(const fleet::Workspace& workspace, const fleet::Edit& edit,
                           fleet::Deployment& deployment, bool exists);
  Context& context_;
};

}  // namespace ferry::control
