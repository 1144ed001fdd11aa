// SPDX-License-Identifier: Apache-2.0
// Making a node group in the cloud, and taking it away.
#include "azure/arm/registries.hpp"
#include "control/certificates/authority.hpp"
#include "control/certificates/ca_keys.hpp"
#include "control/deployments/delivery.hpp"
#include "control/lookup.hpp"
#include "control/nodes/enrollment_groups.hpp"
#include "control/workspaces/resource_types.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;

struct GroupSite {
  fleet::Workspace workspace;
  fleet::NodeGroup group;
  std::shared_ptr<WorkspaceConnection> connection;
  azure::arm::ArmClient arm;  // on behalf of the workspace
  std::string registry_id;    // of the container registry
};

Result<GroupSite> load_site(Context& context, const fleet::NodeGroupId& id) {
  auto group = load_group(context, id);
  if (!group) return fail(std::move(group).error());
  auto workspace = load_workspace(context, group->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  auto connection = context.clouds.workspace(*workspace);
  if (!connection) return fail(std::move(connection).error());
  const auto& names = workspace->names;
  std::string registry_id =
      (*connection)->cloud->arm.resource_id(names.resource_group, kRegistryType, names.registry);
  auto client = (*connection)->cloud->arm.as(throttle_share(workspace->id));
  return GroupSite{*std::move(workspace), *std::move(group), *std::move(connection),
                   std::move(client), std::move(registry_id)};
}

using GroupStep = net::Task<Result<void>> (*)(Context&, GroupSite, StepContext&);

net::Task<Result<void>> make_ca(Context& context, GroupSite site, StepContext& step) {
  auto prepared = co_await prepare_key(context, group_shape(site.workspace, site.group));
  if (!prepared) co_return prepared;
  auto ca = ensure_group_ca(context, site.workspace, site.group);
  if (!ca) co_return fail(std::move(ca).error());
  step.detail(ca->subject);
  co_return Result<void>();
}

net::Task<Result<void>> make_enrollment_group(Context& context, GroupSite site, StepContext& step) {
  auto ca = ensure_group_ca(context, site.workspace, site.group);
  if (!ca) co_return fail(std::move(ca).error());
  const std::string id = site.group.enrollment_group;
  auto written =
      co_await write_enrollment_group(context, std::move(site.workspace), std::move(site.group));
  if (!written) co_return written;
  step.detail(id);
  co_return Result<void>();
}

net::Task<Result<void>> make_pull_credential(Context& context, GroupSite site, StepContext& step) {
  auto& client = site.arm;
  // What components are published to, and nothing else; pull only.
  auto scope_map =
      co_await arm::ensure_scope_map(client, site.registry_id, fleet::scope_map_name(site.group.id),
                                     arm::pull_actions(fleet::image_repository("*")));
  if (!scope_map) co_return fail(std::move(scope_map).error());
  auto token =
      co_await arm::ensure_token(client, site.registry_id, site.group.pull_token, *scope_map);
  if (!token) co_return fail(std::move(token).error());
  auto credential = co_await arm::generate_credentials(client, site.registry_id, *token);
  if (!credential) co_return fail(std::move(credential).error());
  step.detail(site.group.pull_token);
  co_return context.store.secrets.put(site.group.id.str(), secret_names::kPullPassword,
                                      credential->password);
}

net::Task<Result<void>> make_standing_deployment(Context& context, GroupSite site,
                                                 StepContext& step) {
  co_return co_await deliver_composition(context, site.group.id, step);
}

net::Task<Result<void>> drop_standing_deployment(Context& context, GroupSite site, StepContext&) {
  co_return co_await withdraw_compositions(context, site.group.id);
}

net::Task<Result<void>> drop_enrollment_group(Context&, GroupSite site, StepContext&) {
  co_return co_await site.connection->dps.delete_group(site.group.enrollment_group);
}

net::Task<Result<void>> drop_pull_credential(Context&, GroupSite site, StepContext&) {
  auto& client = site.arm;
  auto token = co_await arm::remove_token(client, site.registry_id, site.group.pull_token);
  if (!token) co_return token;
  co_return co_await arm::remove_scope_map(client, site.registry_id,
                                           fleet::scope_map_name(site.group.id));
}

Step group_step(Context& context, const fleet::NodeGroupId& id, std::string name, GroupStep work) {
  return {std::move(name), [&context, id, work](StepContext& step) -> net::Task<Result<void>> {
            auto site = load_site(context, id);
            if (!site) co_return fail(std::move(site).error());
            co_return co_await work(context, *std::move(site), step);
          }};
}

Result<void> set_group_state(Context& context, const fleet::NodeGroupId& id,
                             fleet::LifeState state) {
  auto group = load_group(context, id);
  if (!group) return fail(std::move(group).error());
  group->state = state;
  return context.store.groups.update(*group);
}

// The end of a creation says nothing about a group that is meant to go by now.
Result<void> end_creation(Context& context, const fleet::NodeGroupId& id, fleet::LifeState state) {
  auto group = load_group(context, id);
  if (!group) return fail(std::move(group).error());
  if (group->state == fleet::LifeState::deleting) return {};
  return set_group_state(context, id, state);
}

Workflow make_group(Context& context, const fleet::NodeGroupId& id) {
  return {
      .steps = {group_step(context, id, "Group CA", make_ca),
                group_step(context, id, "Enrollment group", make_enrollment_group),
                group_step(context, id, "Pull credential", make_pull_credential),
                group_step(context, id, "Standing deployment", make_standing_deployment)},
      .succeeded = [&context, id] { return end_creation(context, id, fleet::LifeState::ready); },
      .failed = [&context,
                 id](const Error&) { return end_creation(context, id, fleet::LifeState::failed); }};
}

Result<void> forget_group(Context& context, const fleet::NodeGroupId& id) {
  auto secrets = context.store.secrets.remove_all(id.str());
  if (!secrets) return secrets;
  auto authorities = forget_authorities(context, id.str());
  if (!authorities) return authorities;
  return context.store.groups.remove(id);
}

Workflow remove_group(Context& context, const fleet::NodeGroupId& id) {
  return {.steps = {group_step(context, id, "Standing deployment", drop_standing_deployment),
                    group_step(context, id, "Pull credential", drop_pull_credential),
                    group_step(context, id, "Enrollment group", drop_enrollment_group)},
          .succeeded = [&context, id] { return forget_group(context, id); },
          .failed =
              [&context, id](const Error&) {
                return set_group_state(context, id, fleet::LifeState::failed);
              }};
}

}  // namespace

void define_group_workflows(Context& context) {
  context.engine.define("group.create",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return make_group(context, fleet::NodeGroupId(operation.subject));
                        });
  context.engine.define("group.delete",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return remove_group(context, fleet::NodeGroupId(operation.subject));
                        });
}

}  // namespace ferry::control
