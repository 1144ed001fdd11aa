// SPDX-License-Identifier: Apache-2.0
#include "control/nodes/groups.hpp"

#include <algorithm>

#include "control/lookup.hpp"
#include "control/workspaces/provisioning.hpp"
#include "fleet/azure_names.hpp"
#include "fleet/hubs.hpp"
#include "fleet/names.hpp"

namespace ferry::control {
namespace {

GroupView view_of(const fleet::NodeGroup& group, std::int64_t nodes) {
  return {group.id,
          group.name,
          group.state,
          nodes,
          group.enrollment_group,
          group.pull_token,
          group.configuration,
          group.composition_version,
          group.created_at};
}

Result<GroupStarted> started(Context& context, const fleet::NodeGroup& group,
                             const store::Operation& operation) {
  auto nodes = context.store.nodes.count_in_group(group.id);
  if (!nodes) return fail(std::move(nodes).error());
  context.engine.launch(operation);
  return GroupStarted{view_of(group, *nodes), to_view(operation)};
}

NewOperation operation_of(const fleet::Workspace& workspace, const fleet::NodeGroup& group,
                          std::string kind) {
  return {.organization = workspace.organization,
          .kind = std::move(kind),
          .target = fmt::format("{}/{}", workspace.name, group.name),
          .subject = group.id.str(),
          .lane = workspace.id.str()};
}

struct PlacedHub {
  std::string key;
  bool stands = false;
};

// Chooses the hub of a new group; a further one is recorded with everything that it takes. In the
// caller's transaction.
Result<PlacedHub> place(Context& context, const fleet::Workspace& known) {
  auto workspace = load_workspace(context, known.id);
  if (!workspace) return fail(std::move(workspace).error());
  auto groups = context.store.groups.list(known.id);
  if (!groups) return fail(std::move(groups).error());
  auto placement = fleet::place_group(*workspace, *groups);
  if (!placement) return fail(std::move(placement).error());
  if (placement->is_new) {
    auto updated = context.store.workspaces.update(*workspace);
    if (!updated) return fail(std::move(updated).error());
    auto planned = plan_resources(context, *workspace);
    if (!planned) return fail(std::move(planned).error());
  }
  auto rows = context.store.resources.list(known.id);
  if (!rows) return fail(std::move(rows).error());
  const auto desired = fleet::desired_resources(*workspace);
  const bool stands = std::all_of(rows->begin(), rows->end(), [&](const fleet::Resource& row) {
    const auto* resource = fleet::find_resource(desired, row.key);
    const bool of_hub = resource && (row.key == placement->hub || resource->hub == placement->hub ||
                                     resource->parent == placement->hub);
    // What verification calls a failure is repair's; only what was never finished is ours.
    return !of_hub || placement->hub == fleet::keys::kIotHub ||
           row.state == fleet::ResourceState::ready;
  });
  return PlacedHub{placement->hub, stands};
}

// Names of the deployments that target it.
Result<std::vector<std::string>> deployments_of(const Context& context,
                                                const fleet::NodeGroup& group) {
  auto deployments = context.store.deployments.list(group.workspace);
  if (!deployments) return fail(std::move(deployments).error());
  std::vector<std::string> names;
  for (const auto& deployment : *deployments) {
    const auto& groups = deployment.groups;
    if (std::find(groups.begin(), groups.end(), group.name) != groups.end()) {
      names.push_back(deployment.name);
    }
  }
  return names;
}

}  // namespace

Result<GroupStarted> Groups::create(const fleet::OrganizationId& organization,
                                    const std::string& workspace_name, const std::string& name) {
  auto name_is_good = fleet::check_group_name(name);
  if (!name_is_good) return fail(std::move(name_is_good).error());
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto existing = context_.store.groups.find_named(workspace->id, name);
  if (!existing) return fail(std::move(existing).error());
  if (*existing) return create_again(*workspace, **existing);

  fleet::NodeGroup group;
  group.id = fleet::NodeGroupId(random_id("grp"));
  group.workspace = workspace->id;
  group.name = name;
  group.enrollment_group = fleet::enrollment_group_name(group.id);
  group.pull_token = fleet::token_name(group.id);
  group.created_at = context_.clock.now();
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto hub = place(context_, *workspace);
  if (!hub) return fail(std::move(hub).error());
  group.hub = hub->key;
  auto inserted = context_.store.groups.insert(group);
  if (!inserted) return fail(std::move(inserted).error());
  auto request = operation_of(*workspace, group, "group.create");
  if (!hub->stands) request.input["newHub"] = hub->key;
  auto operation = context_.engine.prepare(std::move(request));
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return started(context_, group, *operation);
}

Result<GroupStarted> Groups::create_again(const fleet::Workspace& workspace,
                                          fleet::NodeGroup group) {
  auto last = context_.store.operations.find_newest(group.id.str());
  if (!last) return fail(std::move(last).error());
  const bool resumable = group.state == fleet::LifeState::failed && *last &&
                         (*last)->kind == "group.create" &&
                         (*last)->status == fleet::RunState::failed;
  if (!resumable) {
    return fail(Error{
        Code::conflict,
        fmt::format("workspace '{}' has a node group '{}' already", workspace.name, group.name),
        "ferry group list shows them"});
  }
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  group.state = fleet::LifeState::provisioning;
  auto updated = context_.store.groups.update(group);
  if (!updated) return fail(std::move(updated).error());
  auto operation = context_.engine.prepare_again(**last);
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return started(context_, group, *operation);
}

Result<std::vector<GroupView>> Groups::list(const fleet::OrganizationId& organization,
                                            const std::string& workspace_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto groups = context_.store.groups.list(workspace->id);
  if (!groups) return fail(std::move(groups).error());
  auto counts = context_.store.groups.node_counts(workspace->id);
  if (!counts) return fail(std::move(counts).error());
  std::vector<GroupView> views;
  for (const auto& group : *groups) views.push_back(view_of(group, (*counts)[group.id.str()]));
  return views;
}

Result<GroupView> Groups::get(const fleet::OrganizationId& organization,
                              const std::string& workspace_name, const std::string& name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto group = find_group(context_, *workspace, name);
  if (!group) return fail(std::move(group).error());
  auto nodes = context_.store.nodes.count_in_group(group->id);
  if (!nodes) return fail(std::move(nodes).error());
  return view_of(*group, *nodes);
}

Result<GroupStarted> Groups::remove(const fleet::OrganizationId& organization,
                                    const std::string& workspace_name, const std::string& name) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto group = find_group(context_, *workspace, name);
  if (!group) return fail(std::move(group).error());
  if (group->state == fleet::LifeState::deleting) {
    return fail(Code::conflict, "node group '{}' is being deleted already", group->name);
  }
  auto nodes = context_.store.nodes.count_in_group(group->id);
  if (!nodes) return fail(std::move(nodes).error());
  if (*nodes > 0) {
    return fail(Error{Code::conflict,
                      fmt::format("node group '{}' has {} nodes", group->name, *nodes),
                      "delete its nodes first"});
  }
  auto deployments = deployments_of(context_, *group);
  if (!deployments) return fail(std::move(deployments).error());
  if (!deployments->empty()) {
    return fail(Error{
        Code::conflict,
        fmt::format("deployment '{}' targets node group '{}'", deployments->front(), group->name),
        "take the group out of its deployments first"});
  }
  auto rollout = context_.store.rollouts.running_for(group->id);
  if (!rollout) return fail(std::move(rollout).error());
  if (*rollout) {
    return fail(Error{Code::conflict,
                      fmt::format("rollout {} reaches node group '{}'", **rollout, group->name),
                      fmt::format("ferry rollout abort {}", **rollout)});
  }
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  group->state = fleet::LifeState::deleting;
  auto updated = context_.store.groups.update(*group);
  if (!updated) return fail(std::move(updated).error());
  auto operation = context_.engine.prepare(operation_of(*workspace, *group, "group.delete"));
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return started(context_, *group, *operation);
}

Result<std::vector<CompositionView>> Groups::compositions(const fleet::OrganizationId& organization,
                                                          const std::string& workspace_name,
                                                          const std::string& name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto group = find_group(context_, *workspace, name);
  if (!group) return fail(std::move(group).error());
  auto records = context_.store.compositions.list(group->id);
  if (!records) return fail(std::move(records).error());
  std::vector<CompositionView> views;
  for (const auto& record : *records) {
    if (!record.stood) continue;
    CompositionView view;
    view.version = record.version;
    for (const auto& module : record.modules) {
      view.components.push_back({module.name, module.version, module.image});
    }
    view.configuration = record.configuration;
    view.current = record.version == group->composition_version;
    view.created_at = record.created_at;
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace ferry::control
