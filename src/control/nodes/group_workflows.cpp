// SPDX-License-Identifier: Apache-2.0
// Making a node group in the cloud, and taking it away.
#include "control/nodes/group_workflows.hpp"

#include <set>

#include "azure/arm/registries.hpp"
#include "control/certificates/authority.hpp"
#include "control/certificates/ca_keys.hpp"
#include "control/deployments/delivery.hpp"
#include "control/lookup.hpp"
#include "control/nodes/enrollment_groups.hpp"
#include "control/workspaces/provisioning.hpp"
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
  std::string registry_id = resource_id(*(*connection)->cloud, *workspace, fleet::keys::kRegistry);
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

net::Task<Result<Secret>> issue_pull_credential(GroupSite site) {
  // What components are published to, and nothing else; pull only.
  auto scope_map = co_await arm::ensure_scope_map(site.arm, site.registry_id,
                                                  fleet::scope_map_name(site.group.id),
                                                  arm::pull_actions(fleet::image_repository("*")));
  if (!scope_map) co_return fail(std::move(scope_map).error());
  auto token =
      co_await arm::ensure_token(site.arm, site.registry_id, site.group.pull_token, *scope_map);
  if (!token) co_return fail(std::move(token).error());
  auto credential = co_await arm::generate_credentials(site.arm, site.registry_id, *token);
  if (!credential) co_return fail(std::move(credential).error());
  co_return credential->password;
}

net::Task<Result<void>> make_pull_credential(Context& context, GroupSite site, StepContext& step) {
  const auto group = site.group;
  auto password = co_await issue_pull_credential(std::move(site));
  if (!password) co_return fail(std::move(password).error());
  step.detail(group.pull_token);
  co_return context.store.secrets.put(group.id.str(), secret_names::kPullPassword, *password);
}

// In the caller's transaction. `anew`: the content is not what it was, and needs another name.
Result<void> mark_undelivered(Context& context, const fleet::NodeGroupId& id, bool anew) {
  auto group = load_group(context, id);
  if (!group) return fail(std::move(group).error());
  auto records = context.store.compositions.list(id);
  if (!records) return fail(std::move(records).error());
  for (auto& record : *records) {
    if (record.version != group->composition_version) continue;
    if (anew) {
      record.version = records->front().version + 1;
      record.configuration = fleet::configuration_name(id, record.version);
      record.created_at = context.clock.now();
    }
    record.stood = false;
    record.in_hub = true;
    auto kept = anew ? context.store.compositions.insert(record)
                     : context.store.compositions.update_flags(record);
    if (!kept) return kept;
    break;
  }
  group->composition_version = 0;
  return context.store.groups.update(*group);
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

net::Task<Result<void>> take_pull_credential(GroupSite site) {
  auto token = co_await arm::remove_token(site.arm, site.registry_id, site.group.pull_token);
  if (!token) co_return token;
  co_return co_await arm::remove_scope_map(site.arm, site.registry_id,
                                           fleet::scope_map_name(site.group.id));
}

net::Task<Result<void>> drop_pull_credential(Context&, GroupSite site, StepContext&) {
  co_return co_await take_pull_credential(std::move(site));
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

// What makes the hub that the group was placed on, where that does not stand yet.
Result<std::vector<Step>> hub_steps(Context& context, const fleet::NodeGroupId& id,
                                    const std::string& hub) {
  std::vector<Step> steps;
  auto group = load_group(context, id);
  if (!group) return fail(std::move(group).error());
  auto workspace = load_workspace(context, group->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  const auto desired = fleet::desired_resources(*workspace);
  const auto is_of_hub = [&](const fleet::DesiredResource& resource) {
    return resource.key == hub || resource.hub == hub || resource.parent == hub ||
           resource.key == fleet::keys::kResourceGroup;
  };
  std::set<std::string> included;
  for (const auto& resource : desired) {
    if (!is_of_hub(resource)) continue;
    Step step = provisioning_step(context, workspace->id, resource, desired);
    std::erase_if(*step.after, [&](const auto& title) { return !included.contains(title); });
    included.insert(step.name);
    steps.push_back(std::move(step));
  }
  return steps;
}

Result<Workflow> make_group(Context& context, const fleet::NodeGroupId& id,
                            const std::string& new_hub) {
  std::vector<Step> steps;
  std::vector<std::string> hub_stands;
  if (!new_hub.empty()) {
    auto of_hub = hub_steps(context, id, new_hub);
    if (!of_hub) return fail(std::move(of_hub).error());
    steps = *std::move(of_hub);
    for (const auto& step : steps) hub_stands.push_back(step.name);
  }
  steps.push_back(group_step(context, id, "Group CA", make_ca));
  steps.back().after = std::move(hub_stands);
  steps.push_back(group_step(context, id, "Enrollment group", make_enrollment_group));
  steps.push_back(group_step(context, id, "Pull credential", make_pull_credential));
  steps.push_back(group_step(context, id, "Standing deployment", make_standing_deployment));
  return Workflow{
      .steps = std::move(steps),
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

net::Task<Result<void>> make_pull_credential_again(Context& context, fleet::NodeGroupId group) {
  auto site = load_site(context, group);
  if (!site) co_return fail(std::move(site).error());
  auto password = co_await issue_pull_credential(*std::move(site));
  if (!password) co_return fail(std::move(password).error());
  auto transaction = context.store.begin();
  if (!transaction) co_return fail(std::move(transaction).error());
  auto kept = context.store.secrets.put(group.str(), secret_names::kPullPassword, *password);
  if (!kept) co_return kept;
  auto marked = mark_undelivered(context, group, true);
  if (!marked) co_return marked;
  co_return transaction->commit();
}

net::Task<Result<void>> remove_pull_credential(Context& context, fleet::NodeGroupId group) {
  auto site = load_site(context, group);
  if (!site) co_return fail(std::move(site).error());
  co_return co_await take_pull_credential(*std::move(site));
}

Result<void> forget_delivery(Context& context, const fleet::NodeGroupId& group) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto marked = mark_undelivered(context, group, false);
  if (!marked) return marked;
  return transaction->commit();
}

void define_group_workflows(Context& context) {
  context.engine.define("group.create",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          const auto input = parse_json_object(operation.input);
                          return make_group(context, fleet::NodeGroupId(operation.subject),
                                            input ? string_or(*input, "newHub", "") : "");
                        });
  context.engine.define("group.delete",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return remove_group(context, fleet::NodeGroupId(operation.subject));
                        });
}

}  // namespace ferry::control
