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
  auto stored = context.store.deployments.put(workspace, deployment, now);
  if (!stored) return fail(std::move(stored).error());
  return deployment;
}

}  // namespace

Result<std::vector<fleet::Deployment>> record_change(Context& context,
                                                     const fleet::WorkspaceId& workspace,
                                                     const std::vector<fleet::Deployment>& live,
                                                     const fleet::Change& change) {
  std::vector<fleet::Deployment> recorded;
  for (const auto& edit : change) {
    auto deployment =
        record_edit(context, workspace, edit, fleet::find_deployment(live, edit.deployment));
    if (!deployment) return fail(std::move(deployment).error());
    recorded.push_back(*std::move(deployment));
  }
  return recorded;
}

}  // namespace ferry::control
