// SPDX-License-Identifier: Apache-2.0
// Finding things by name or id, with errors that say what to do next.
#pragma once

#include "control/context.hpp"
#include "control/workflow/operations.hpp"

namespace ferry::control {

Result<fleet::Workspace> find_workspace(const Context& context,
                                        const fleet::OrganizationId& organization,
                                        const std::string& name);
// Code::conflict while it is being provisioned or deleted, or when that failed.
Result<fleet::Workspace> find_ready_workspace(const Context& context,
                                              const fleet::OrganizationId& organization,
                                              const std::string& name);
Result<fleet::NodeGroup> find_group(const Context& context, const fleet::Workspace& workspace,
                                    const std::string& name);
// Code::conflict while it is being made or deleted, or when that failed.
Result<fleet::NodeGroup> find_ready_group(const Context& context, const fleet::Workspace& workspace,
                                          const std::string& name);
Result<fleet::Node> find_node(const Context& context, const fleet::Workspace& workspace,
                              const std::string& name);
Result<fleet::ComponentVersion> find_version(const Context& context,
                                             const fleet::Workspace& workspace,
                                             const std::string& component,
                                             const std::string& version);
Result<fleet::Deployment> find_deployment(const Context& context, const fleet::Workspace& workspace,
                                          const std::string& name);
// What the database must hold; Code::internal when it does not.
Result<fleet::Workspace> load_workspace(const Context& context, const fleet::WorkspaceId& id);
Result<fleet::NodeGroup> load_group(const Context& context, const fleet::NodeGroupId& id);

OperationView to_view(const store::Operation& operation);

}  // namespace ferry::control
