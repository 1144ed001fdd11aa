// SPDX-License-Identifier: Apache-2.0
#include "control/workspaces/group_objects.hpp"

#include <algorithm>
#include <set>

#include "control/deployments/delivery.hpp"
#include "control/nodes/enrollment_groups.hpp"
#include "control/nodes/group_workflows.hpp"

namespace ferry::control {
namespace {

namespace keys = fleet::keys;
using fleet::Drift;
using fleet::WorkspaceId;
using Findings = std::vector<Drift>;
using Groups = std::vector<fleet::NodeGroup>;

const std::string kEnrollmentGroups = "Enrollment groups";
const std::string kPullCredentials = "Pull credentials";
const std::string kStandingDeployments = "Standing deployments";
constexpr int kNodesAtOnce = 100;

Drift gone(const fleet::DesiredResource& whole, std::string_view what,
           const fleet::NodeGroup& group, const std::string& name) {
  return {.key = whole.key,
          .kind = fleet::DriftKind::missing,
          .property = name,
          .message = fmt::format("{} {}: the {} of node group '{}' is gone", whole.title,
                                 whole.name, what, group.name)};
}

Result<Groups> groups_in(const Context& context, const WorkspaceId& id, bool ready_only) {
  auto groups = context.store.groups.list(id);
  if (!groups) return groups;
  std::erase_if(*groups, [&](const fleet::NodeGroup& group) {
    return ready_only && group.state != fleet::LifeState::ready;
  });
  return groups;
}

net::Task<Result<Findings>> missing_deployments(azure::IotHubClient& hub,
                                                fleet::DesiredResource whole, Groups groups) {
  auto list = co_await hub.list_configurations();
  if (!list) co_return fail(std::move(list).error());
  std::set<std::string> there;
  for (const auto& configuration : *list) there.insert(configuration.id);
  Findings found;
  for (const auto& group : groups) {
    if (group.hub != whole.key || group.configuration.empty()) continue;
    if (there.contains(group.configuration)) continue;
    found.push_back(gone(whole, "standing deployment", group, group.configuration));
  }
  co_return found;
}

net::Task<Result<Findings>> missing_enrollment_groups(azure::DpsClient& dps,
                                                      fleet::DesiredResource whole, Groups groups) {
  Findings found;
  for (const auto& group : groups) {
    auto there = co_await dps.get_group(group.enrollment_group);
    if (there) continue;
    if (there.error().code != Code::not_found) co_return fail(std::move(there).error());
    found.push_back(gone(whole, "enrollment group", group, group.enrollment_group));
  }
  co_return found;
}

net::Task<Result<std::set<std::string>>> tokens_in(Site site) {
  auto list = co_await site.arm.list(site.id_of(keys::kRegistry) + "/tokens",
                                     site.at(keys::kRegistry).api_version);
  if (!list) co_return fail(std::move(list).error());
  std::set<std::string> names;
  for (const auto& item : *list) {
    if (const auto* token = item.if_object()) names.insert(string_or(*token, "name", ""));
  }
  co_return names;
}

net::Task<Result<Findings>> missing_tokens(Site site, fleet::DesiredResource whole, Groups groups) {
  auto there = co_await tokens_in(std::move(site));
  if (!there) co_return fail(std::move(there).error());
  Findings found;
  for (const auto& group : groups) {
    if (there->contains(group.pull_token)) continue;
    found.push_back(gone(whole, "pull credential", group, group.pull_token));
  }
  co_return found;
}

// First the enrollments of nodes' own, which keep some of them out.
net::Task<Result<void>> restore_enrollment_groups(Context& context, WorkspaceId id,
                                                  StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto groups = groups_in(context, id, true);
  if (!groups) co_return fail(std::move(groups).error());
  if (groups->empty()) co_return Result<void>();
  auto connection = context.clouds.workspace(site->workspace);
  if (!connection) co_return fail(std::move(connection).error());
  auto missing = co_await missing_enrollment_groups((*connection)->dps,
                                                    site->at(keys::kProvisioningService), *groups);
  if (!missing) co_return fail(std::move(missing).error());
  if (missing->empty()) co_return Result<void>();
  auto settled = co_await settle_workspace_enrollments(context, id, step);
  if (!settled) co_return settled;
  for (const auto& group : *groups) {
    step.detail(group.name);
    auto written = co_await write_enrollment_group(context, site->workspace, group);
    if (!written) co_return written;
  }
  co_return Result<void>();
}

net::Task<Result<void>> restore_pull_credentials(Context& context, WorkspaceId id,
                                                 StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto groups = groups_in(context, id, true);
  if (!groups) co_return fail(std::move(groups).error());
  if (groups->empty()) co_return Result<void>();
  auto there = co_await tokens_in(*site);
  if (!there) co_return fail(std::move(there).error());
  for (const auto& group : *groups) {
    if (there->contains(group.pull_token)) continue;
    step.detail(group.name);
    auto made = co_await make_pull_credential_again(context, group.id);
    if (!made) co_return made;
  }
  co_return Result<void>();
}

net::Task<Result<void>> restore_deployments(Context& context, WorkspaceId id, StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto groups = groups_in(context, id, true);
  if (!groups) co_return fail(std::move(groups).error());
  for (const auto& resource : site->desired) {
    if (resource.kind != keys::kIotHub || groups->empty()) continue;
    auto connection = context.clouds.workspace(site->workspace);
    if (!connection) co_return fail(std::move(connection).error());
    fleet::NodeGroup any;
    any.hub = resource.key;
    auto missing = co_await missing_deployments((*connection)->hub_of(any), resource, *groups);
    if (!missing) co_return fail(std::move(missing).error());
    for (const auto& drift : *missing) {
      for (const auto& group : *groups) {
        if (group.configuration != drift.property) continue;
        auto undelivered = forget_delivery(context, group.id);
        if (!undelivered) co_return undelivered;
      }
    }
  }
  for (const auto& group : *groups) {
    auto delivered = co_await deliver_composition(context, group.id, step);
    if (!delivered) co_return delivered;
  }
  co_return Result<void>();
}

}  // namespace

net::Task<Result<Findings>> missing_group_objects(Context& context, Site site,
                                                  fleet::DesiredResource wanted) {
  const bool holds_some = wanted.kind == keys::kIotHub || wanted.kind == keys::kRegistry ||
                          wanted.kind == keys::kProvisioningService;
  if (!holds_some) co_return Findings();
  auto groups = groups_in(context, site.workspace.id, true);
  if (!groups) co_return fail(std::move(groups).error());
  if (groups->empty()) co_return Findings();
  if (wanted.kind == keys::kRegistry) {
    co_return co_await missing_tokens(std::move(site), std::move(wanted), *std::move(groups));
  }
  auto connection = context.clouds.workspace(site.workspace);
  if (!connection) co_return fail(std::move(connection).error());
  if (wanted.kind == keys::kProvisioningService) {
    co_return co_await missing_enrollment_groups((*connection)->dps, std::move(wanted),
                                                 *std::move(groups));
  }
  fleet::NodeGroup any;
  any.hub = wanted.key;
  co_return co_await missing_deployments((*connection)->hub_of(any), std::move(wanted),
                                         *std::move(groups));
}

const std::string* group_repair_of(const fleet::DesiredResource& resource) {
  if (resource.kind == keys::kProvisioningService) return &kEnrollmentGroups;
  if (resource.kind == keys::kRegistry) return &kPullCredentials;
  if (resource.kind == keys::kIotHub) return &kStandingDeployments;
  return nullptr;
}

std::vector<Step> group_repair_steps(Context& context, const WorkspaceId& id,
                                     const std::vector<fleet::DesiredResource>& desired) {
  using Work = net::Task<Result<void>> (*)(Context&, WorkspaceId, StepContext&);
  const auto step = [&](const std::string& name, Work work, std::vector<std::string> after) {
    return Step{name, [&context, id, work](StepContext& shown) { return work(context, id, shown); },
                std::move(after)};
  };
  std::vector<std::string> hubs{kPullCredentials};
  std::vector<std::string> services;
  std::vector<std::string> registry;
  for (const auto& resource : desired) {
    if (resource.kind == keys::kIotHub) hubs.push_back(resource.title);
    if (resource.kind == keys::kProvisioningService || resource.kind == keys::kWorkspaceCa ||
        resource.kind == keys::kHubLink) {
      services.push_back(resource.title);
    }
    if (resource.kind == keys::kPushToken) registry.push_back(resource.title);
  }
  // Every connection of the workspace needs the keys of all its services.
  for (auto* list : {&hubs, &services, &registry}) {
    for (const auto& resource : desired) {
      const bool has_key = resource.kind == keys::kIotHub || resource.kind == keys::kPushToken ||
                           resource.kind == keys::kProvisioningService ||
                           resource.kind == keys::kStorageAccount;
      if (has_key && std::find(list->begin(), list->end(), resource.title) == list->end()) {
        list->push_back(resource.title);
      }
    }
  }
  std::vector<Step> steps;
  steps.push_back(step(kEnrollmentGroups, restore_enrollment_groups, std::move(services)));
  steps.push_back(step(kPullCredentials, restore_pull_credentials, std::move(registry)));
  steps.push_back(step(kStandingDeployments, restore_deployments, std::move(hubs)));
  return steps;
}

namespace {

std::string part_of(const Site& site, const fleet::DesiredResource& whole, std::string_view kind,
                    const std::string& name) {
  return fmt::format("{}/{}/{}", site.id_of(whole), kind, name);
}

// Devices are what costs time, so they are counted; the groups' objects are named.
net::Task<Result<void>> remove_devices(Context& context, WorkspaceId id,
                                       std::shared_ptr<WorkspaceConnection> connection,
                                       StepContext& step) {
  store::NodeScope scope;
  scope.workspace = id;
  std::string after;
  std::size_t done = 0;
  while (true) {
    auto nodes = context.store.nodes.page(scope, after, kNodesAtOnce);
    if (!nodes) co_return fail(std::move(nodes).error());
    for (const auto& node : *nodes) {
      if (!node.registered_at) continue;
      auto deleted = co_await connection->hub.delete_device(node.registration_id);
      if (!deleted) co_return deleted;
      step.detail(fmt::format("{} device identities", ++done));
    }
    if (nodes->size() < kNodesAtOnce) co_return Result<void>();
    after = nodes->back().id.str();
  }
}

net::Task<Result<void>> remove_enrollments(Context& context, WorkspaceId id,
                                           std::shared_ptr<WorkspaceConnection> connection,
                                           Groups groups) {
  for (const auto& group : groups) {
    auto deleted = co_await connection->dps.delete_group(group.enrollment_group);
    if (!deleted) co_return deleted;
  }
  auto shut_out = context.store.revocations.shut_outs(id);
  if (!shut_out) co_return fail(std::move(shut_out).error());
  for (const auto& gone : *shut_out) {
    auto deleted = co_await connection->dps.delete_individual(gone.registration_id);
    if (!deleted) co_return deleted;
  }
  store::NodeScope scope;
  scope.workspace = id;
  std::string after;
  while (true) {
    auto nodes = context.store.nodes.pinned(scope, after, kNodesAtOnce);
    if (!nodes) co_return fail(std::move(nodes).error());
    for (const auto& node : *nodes) {
      auto deleted = co_await connection->dps.delete_individual(node.registration_id);
      if (!deleted) co_return deleted;
    }
    if (nodes->size() < kNodesAtOnce) co_return Result<void>();
    after = nodes->back().id.str();
  }
}

}  // namespace

Result<std::vector<DeletionItem>> group_objects_in(const Context& context, const Site& site,
                                                   const fleet::DesiredResource& whole) {
  std::vector<DeletionItem> items;
  auto groups = groups_in(context, site.workspace.id, false);
  if (!groups) return fail(std::move(groups).error());
  const auto add = [&](std::string_view kind, const std::string& name) {
    if (name.empty()) return;
    items.push_back(
        {fmt::format("{}/{}", whole.type, kind), name, part_of(site, whole, kind, name), true, {}});
  };
  for (const auto& group : *groups) {
    if (whole.kind == keys::kIotHub && group.hub == whole.key) {
      add("configurations", group.configuration);
    }
    if (whole.kind == keys::kProvisioningService) add("enrollmentGroups", group.enrollment_group);
    if (whole.kind == keys::kRegistry) add("tokens", group.pull_token);
  }
  return items;
}

net::Task<Result<void>> remove_group_objects(Context& context, WorkspaceId id, std::string whole,
                                             StepContext& step) {
  auto groups = groups_in(context, id, false);
  if (!groups) co_return fail(std::move(groups).error());
  if (groups->empty()) co_return Result<void>();
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  const auto& resource = site->at(whole);
  auto there = co_await site->arm.get(site->id_of(whole), resource.api_version);
  if (!there && there.error().code == Code::not_found) co_return Result<void>();
  if (!there) co_return fail(std::move(there).error());
  auto connection = context.clouds.workspace(site->workspace);
  if (!connection) co_return fail(std::move(connection).error());
  if (resource.kind == keys::kRegistry) {
    for (const auto& group : *groups) {
      auto removed = co_await remove_pull_credential(context, group.id);
      if (!removed) co_return removed;
    }
    co_return Result<void>();
  }
  if (resource.kind == keys::kProvisioningService) {
    co_return co_await remove_enrollments(context, id, *connection, *groups);
  }
  for (const auto& group : *groups) {
    if (group.hub != whole) continue;
    auto withdrawn = co_await withdraw_compositions(context, group.id);
    if (!withdrawn) co_return withdrawn;
  }
  co_return co_await remove_devices(context, id, *connection, step);
}

}  // namespace ferry::control
