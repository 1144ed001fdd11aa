// SPDX-License-Identifier: Apache-2.0
// Node groups: CA, DPS enrollment group, pull credential and standing IoT Edge deployment.
#pragma once

#include <string>
#include <vector>

#include "control/workflow/operations.hpp"
#include "fleet/types.hpp"

namespace ferry::control {

struct GroupView {
  fleet::NodeGroupId id;
  std::string name;
  fleet::LifeState state = fleet::LifeState::provisioning;
  std::int64_t node_count = 0;
  std::string enrollment_group;
  std::string pull_credential;  // name of the registry token, never its password
  std::string configuration;
  std::int64_t composition_version = 0;
  Timestamp created_at;
};

struct CompositionComponent {
  std::string name;
  std::string version;
  std::string image;
};

struct CompositionView {
  std::int64_t version = 0;
  std::vector<CompositionComponent> components;
  std::string configuration;
  bool current = false;
  Timestamp created_at;
};

struct GroupStarted {
  GroupView group;
  OperationView operation;
};

class Groups {
 public:
  explicit Groups(Context& context) : context_(context) {}

  // When creating it failed before, the same call goes on with it.
  Result<GroupStarted> create(const fleet::OrganizationId& organization,
                              const std::string& workspace, const std::string& name);
  Result<std::vector<GroupView>> list(const fleet::OrganizationId& organization,
                                      const std::string& workspace) const;
  Result<GroupView> get(const fleet::OrganizationId& organization, const std::string& workspace,
                        const std::string& group) const;
  // Code::conflict while it has nodes or deployments.
  Result<GroupStarted> remove(const fleet::OrganizationId& organization,
                              const std::string& workspace, const std::string& group);
  Result<std::vector<CompositionView>> compositions(const fleet::OrganizationId& organization,
                                                    const std::string& workspace,
                                                    const std::string& group) const;

 private:
  Result<GroupStarted> create_again(const fleet::Workspace& workspace, fleet::NodeGroup group);
  Context& context_;
};

}  // namespace ferry::control
