// SPDX-License-Identifier: Apache-2.0
#include "control/lookup.hpp"

namespace ferry::control {
namespace {

// A found value, or the error that explains its absence.
template <class T>
Result<T> demand(Result<std::optional<T>> found, Error absent) {
  if (!found) return fail(std::move(found).error());
  if (!*found) return fail(std::move(absent));
  return **std::move(found);
}

}  // namespace

Result<fleet::Workspace> find_workspace(const Context& context,
                                        const fleet::OrganizationId& organization,
                                        const std::string& name) {
  return demand(context.store.workspaces.find_named(organization, name),
                Error{Code::not_found, fmt::format("there is no workspace '{}'", name),
                      "ferry workspace list shows them"});
}

Result<fleet::Workspace> find_ready_workspace(const Context& context,
                                              const fleet::OrganizationId& organization,
                                              const std::string& name) {
  auto workspace = find_workspace(context, organization, name);
  if (!workspace || workspace->state == fleet::LifeState::ready) return workspace;
  const std::string next =
      workspace->state == fleet::LifeState::failed
          ? fmt::format("ferry workspace retry {} goes on with it", workspace->name)
          : fmt::format("ferry workspace show {} says how far it is", workspace->name);
  return fail(Error{Code::conflict,
                    fmt::format("workspace '{}' is not ready: it is {}", workspace->name,
                                to_string(workspace->state)),
                    next});
}

Result<fleet::NodeGroup> find_group(const Context& context, const fleet::Workspace& workspace,
                                    const std::string& name) {
  return demand(
      context.store.groups.find_named(workspace.id, name),
      Error{Code::not_found,
            fmt::format("there is no node group '{}' in workspace '{}'", name, workspace.name),
            "ferry group list shows them"});
}

Result<fleet::NodeGroup> find_ready_group(const Context& context, const fleet::Workspace& workspace,
                                          const std::string& name) {
  auto group = find_group(context, workspace, name);
  if (!group || group->state == fleet::LifeState::ready) return group;
  return fail(Error{
      Code::conflict,
      fmt::format("node group '{}' is not ready: it is {}", group->name, to_string(group->state)),
      fmt::format("ferry group create {} goes on with one that failed", group->name)});
}

Result<fleet::Node> find_node(const Context& context, const fleet::Workspace& workspace,
                              const std::string& name) {
  return demand(context.store.nodes.find_named(workspace.id, name),
                Error{Code::not_found,
                      fmt::format("there is no node '{}' in workspace '{}'", name, workspace.name),
                      "ferry node list shows them"});
}

Result<fleet::ComponentVersion> find_version(const Context& context,
                                             const fleet::Workspace& workspace,
                                             const std::string& component,
                                             const std::string& version) {
  return demand(context.store.components.find(workspace.id, component, version),
                Error{Code::not_found,
                      fmt::format("component '{}' has no version '{}' in workspace '{}'", component,
                                  version, workspace.name),
                      "ferry component list shows them"});
}

Result<fleet::Deployment> find_deployment(const Context& context, const fleet::Workspace& workspace,
                                          const std::string& name) {
  return demand(
      context.store.deployments.find_named(workspace.id, name),
      Error{Code::not_found,
            fmt::format("there is no deployment '{}' in workspace '{}'", name, workspace.name),
            "ferry deployment list shows them"});
}

Result<fleet::Workspace> load_workspace(const Context& context, const fleet::WorkspaceId& id) {
  return demand(context.store.workspaces.find(id),
                Error{Code::internal, fmt::format("workspace {} is gone", id)});
}

Result<fleet::NodeGroup> load_group(const Context& context, const fleet::NodeGroupId& id) {
  return demand(context.store.groups.find(id),
                Error{Code::internal, fmt::format("node group {} is gone", id)});
}

OperationView to_view(const store::Operation& operation) {
  OperationView view;
  view.id = operation.id;
  view.kind = operation.kind;
  view.target = operation.target;
  view.status = operation.status;
  for (const auto& step : operation.steps) {
    view.steps.push_back({step.name, step.depends_on, step.status, step.detail, step.attempt,
                          step.retry_at, step.started_at, step.finished_at});
  }
  view.cancel_requested = operation.cancel_requested;
  view.error = operation.error;
  view.created_at = operation.created_at;
  view.finished_at = operation.finished_at;
  return view;
}

}  // namespace ferry::control
