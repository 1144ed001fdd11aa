// SPDX-License-Identifier: Apache-2.0
// Provisioning: a workspace and its cloud resources, in dependency order, resumable, undone by
// delete.
#pragma once

#include <string>
#include <vector>

#include "control/operations.hpp"
#include "fleet/types.hpp"

namespace ferry::control {

struct NewWorkspace {
  std::string name;
  std::string location;
  std::string cloud_account;  // may be empty when the organization has exactly one
};

struct WorkspaceView {
  fleet::WorkspaceId id;
  std::string name;
  std::string location;
  std::string cloud_account;  // name
  fleet::LifeState state = fleet::LifeState::provisioning;
  Timestamp created_at;
};

struct ResourceView {
  std::string type;
  std::string name;
  std::string azure_id;
  std::string region;
  fleet::ResourceState state = fleet::ResourceState::planned;
  std::string portal_url;
  Timestamp created_at;
};

struct WorkspaceStarted {
  WorkspaceView workspace;
  OperationView operation;
};

class Workspaces {
 public:
  explicit Workspaces(Context& context) : context_(context) {}

  Result<WorkspaceStarted> create(const fleet::OrganizationId& organization, NewWorkspace request);
  // Goes on where a provisioning (or a deletion) failed. Code::conflict when nothing failed.
  Result<WorkspaceStarted> retry(const fleet::OrganizationId& organization,
                                 const std::string& workspace);
  // Takes groups, nodes and every cloud resource away, in reverse order.
  Result<WorkspaceStarted> remove(const fleet::OrganizationId& organization,
                                  const std::string& workspace);
  Result<std::vector<WorkspaceView>> list(const fleet::OrganizationId& organization) const;
  // By name or id; Code::not_found says how to list them.
  Result<WorkspaceView> get(const fleet::OrganizationId& organization,
                            const std::string& workspace) const;
  Result<std::vector<ResourceView>> resources(const fleet::OrganizationId& organization,
                                              const std::string& workspace) const;

 private:
  Context& context_;
};

}  // namespace ferry::control
