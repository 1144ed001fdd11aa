// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/recording.hpp"

namespace ferry::control {
namespace {

Result<fleet::Deployment> record_edit(Context& context, const fleet::WorkspaceId& workspace,
                                      const fleet::Edit& edit, const fleet::Deployment* live) {
  fleet::Deployment deployment;
  if (live) deployment = *live;
  if (edit.removes()) {
    if (live) {
      auto removed = context.store.deployments.remove(deployment.id);
      if (!removed) return fail(std::move(removed).error());
    }
    deployment.name = edit.deployment;
    return deployment;
  }
  // The same content again is no new revision; it only makes sure that the cloud has it.
  if (live && fleet::edit_of(deployment) == edit) return deployment;
  const Timestamp now = context.clock.now();
  if (!live) {
    deployment.id = fleet::DeploymentId(random_id("dep"));
    deployment.name = edit.deployment;
    deployment.created_at = now;
  }
  deployment.revision += 1;
  deployment.components = edit.components;
  deployment.groups = edit.groups;
  deployment.selector = edit.selector;
  deployment.settings = edit.settings;
  auto stored = context.store.deployments.put(workspace, deployment, now);
  if (!stored) return fail(std::move(stored).error());
  return deployment;
}

// What the plan has found is there; anything else is a bug, and nothing is recorded.
Result<fleet::NodeGroupId> group_id(const Context& context, const fleet::WorkspaceId& workspace,
                                    const std::string& name) {
  auto group = context.store.groups.find_named(workspace, name);
  if (!group) return fail(std::move(group).error());
  if (!*group) return fail(Code::internal, "the planned node group '{}' is gone", name);
  return (*group)->id;
}

Result<fleet::NodeId> node_id(const Context& context, const fleet::WorkspaceId& workspace,
                              const std::string& name) {
  auto node = context.store.nodes.find_named(workspace, name);
  if (!node) return fail(std::move(node).error());
  if (!*node) return fail(Code::internal, "the planned node '{}' is gone", name);
  return (*node)->id;
}

Result<void> record_setting(Context& context, const fleet::WorkspaceId& workspace,
                            const fleet::SettingEdit& edit) {
  store::SettingOwner owner{workspace, std::nullopt, std::nullopt};
  if (edit.layer == fleet::Layer::group) {
    auto id = group_id(context, workspace, edit.owner);
    if (!id) return fail(std::move(id).error());
    owner.group = *id;
  } else if (edit.layer == fleet::Layer::node) {
    auto id = node_id(context, workspace, edit.owner);
    if (!id) return fail(std::move(id).error());
    owner.node = *id;
  }
  return context.store.layers.put_setting(owner, edit.component, edit.setting, edit.value);
}

Result<void> record_capability(Context& context, const fleet::WorkspaceId& workspace,
                               const fleet::CapabilityEdit& edit) {
  if (edit.node.empty()) {
    auto id = group_id(context, workspace, edit.group);
    if (!id) return fail(std::move(id).error());
    return context.store.layers.put_capability(*id, edit.capability, edit.present);
  }
  auto id = node_id(context, workspace, edit.node);
  if (!id) return fail(std::move(id).error());
  return context.store.layers.put_capability(*id, edit.capability, edit.present);
}

Result<void> record_layers(Context& context, const fleet::WorkspaceId& workspace,
                           const fleet::Change& change) {
  for (const auto& edit : change.settings) {
    auto recorded = record_setting(context, workspace, edit);
    if (!recorded) return recorded;
  }
  for (const auto& edit : change.labels) {
    auto id = group_id(context, workspace, edit.group);
    if (!id) return fail(std::move(id).error());
    auto recorded = context.store.layers.put_label(*id, edit.label, edit.value);
    if (!recorded) return recorded;
  }
  for (const auto& edit : change.capabilities) {
    auto recorded = record_capability(context, workspace, edit);
    if (!recorded) return recorded;
  }
  return {};
}

}  // namespace

Result<std::vector<fleet::Deployment>> record_change(Context& context,
                                                     const fleet::WorkspaceId& workspace,
                                                     const std::vector<fleet::Deployment>& live,
                                                     const fleet::Change& change) {
  std::vector<fleet::Deployment> recorded;
  for (const auto& edit : change.edits) {
    auto deployment =
        record_edit(context, workspace, edit, fleet::find_deployment(live, edit.deployment));
    if (!deployment) return fail(std::move(deployment).error());
    recorded.push_back(*std::move(deployment));
  }
  auto layers = record_layers(context, workspace, change);
  if (!layers) return fail(std::move(layers).error());
  return recorded;
}

}  // namespace ferry::control
