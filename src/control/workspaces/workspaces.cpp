// SPDX-License-Identifier: Apache-2.0
#include "control/workspaces/workspaces.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "control/lookup.hpp"
#include "control/workspaces/provisioning.hpp"
#include "control/workspaces/resource_types.hpp"
#include "control/workspaces/routing.hpp"
#include "fleet/adoption.hpp"
#include "fleet/azure_names.hpp"
#include "fleet/bicep.hpp"
#include "fleet/hubs.hpp"
#include "fleet/names.hpp"

namespace ferry::control {
namespace {

Result<fleet::CloudAccount> choose_account(const Context& context,
                                           const fleet::OrganizationId& organization,
                                           const std::string& name) {
  if (!name.empty()) {
    auto account = context.store.accounts.find_named(organization, name);
    if (!account) return fail(std::move(account).error());
    if (*account) return **std::move(account);
    return fail(Error{Code::not_found, fmt::format("there is no cloud account '{}'", name),
                      "ferry cloud-account list shows them"});
  }
  auto accounts = context.store.accounts.list(organization);
  if (!accounts) return fail(std::move(accounts).error());
  if (accounts->size() == 1) return accounts->front();
  return fail(Error{Code::invalid_argument,
                    accounts->empty() ? "there is no cloud account yet"
                                      : "there are several cloud accounts: say which",
                    accounts->empty() ? "connect one first: ferry cloud-account create"
                                      : "ferry cloud-account list shows them"});
}

// Not recorded yet.
Result<fleet::Workspace> new_workspace(const Context& context,
                                       const fleet::OrganizationId& organization,
                                       const NewWorkspace& request) {
  auto name_is_good = fleet::check_workspace_name(request.name);
  if (!name_is_good) return fail(std::move(name_is_good).error());
  auto location_is_good = fleet::check_location(request.location);
  if (!location_is_good) return fail(std::move(location_is_good).error());
  auto options_are_good = fleet::check_options(request.options);
  if (!options_are_good) return fail(std::move(options_are_good).error());
  auto account = choose_account(context, organization, request.cloud_account);
  if (!account) return fail(std::move(account).error());
  auto ids_are_good = fleet::check_adopted_ids(request.options.adopted, account->subscription_id);
  if (!ids_are_good) return fail(std::move(ids_are_good).error());
  fleet::Workspace workspace;
  workspace.id = fleet::WorkspaceId(random_id("ws"));
  workspace.organization = organization;
  workspace.cloud_account = account->id;
  workspace.name = request.name;
  workspace.location = request.location;
  workspace.options = request.options;
  workspace.names = fleet::azure_names(workspace.id, workspace.name);
  fleet::name_after_adopted(workspace);
  workspace.created_at = context.clock.now();
  return workspace;
}

Result<WorkspaceView> view_of(const Context& context, const fleet::Workspace& workspace) {
  auto account = context.store.accounts.find(workspace.cloud_account);
  if (!account) return fail(std::move(account).error());
  auto groups = context.store.groups.list(workspace.id);
  if (!groups) return fail(std::move(groups).error());
  std::vector<HubView> hubs;
  for (const auto& key : fleet::hub_keys(workspace)) {
    const auto placed = std::count_if(groups->begin(), groups->end(),
                                      [&](const auto& group) { return group.hub == key; });
    hubs.push_back({key, fleet::hub_name(workspace, key), fleet::hub_host(workspace, key), placed,
                    fleet::groups_per_hub(workspace.options)});
  }
  return WorkspaceView{.id = workspace.id,
                       .name = workspace.name,
                       .location = workspace.location,
                       .cloud_account = *account ? (*account)->name : std::string(),
                       .state = workspace.state,
                       .options = workspace.options,
                       .limits = fleet::hub_limits(workspace.options),
                       .hubs = std::move(hubs),
                       .created_at = workspace.created_at};
}

Result<WorkspaceStarted> started(Context& context, const fleet::Workspace& workspace,
                                 const store::Operation& operation) {
  auto view = view_of(context, workspace);
  if (!view) return fail(std::move(view).error());
  context.engine.launch(operation);
  return WorkspaceStarted{*std::move(view), to_view(operation)};
}

}  // namespace

Result<WorkspaceStarted> Workspaces::create(const fleet::OrganizationId& organization,
                                            NewWorkspace request) {
  auto wanted = new_workspace(context_, organization, request);
  if (!wanted) return fail(std::move(wanted).error());
  auto workspace = *std::move(wanted);

  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto inserted = context_.store.workspaces.insert(workspace);
  if (!inserted && inserted.error().code == Code::conflict) {
    return fail(
        Error{Code::conflict, fmt::format("there is a workspace '{}' already", request.name),
              fmt::format("ferry workspace show {0} says how it is; ferry workspace retry {0} goes "
                          "on with one that failed",
                          request.name)});
  }
  if (!inserted) return fail(std::move(inserted).error());
  auto planned = plan_resources(context_, workspace);
  if (!planned) return fail(std::move(planned).error());
  auto operation = context_.engine.prepare({.organization = organization,
                                            .kind = "workspace.create",
                                            .target = workspace.name,
                                            .subject = workspace.id.str(),
                                            .lane = workspace.id.str()});
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return started(context_, workspace, *operation);
}

net::Task<Result<CreationPlan>> Workspaces::plan(fleet::OrganizationId organization,
                                                 NewWorkspace request) const {
  auto wanted = new_workspace(context_, organization, request);
  if (!wanted) co_return fail(std::move(wanted).error());
  auto workspace = *std::move(wanted);
  auto account = context_.store.accounts.find(workspace.cloud_account);
  if (!account) co_return fail(std::move(account).error());
  if (!*account) co_return fail(Code::not_found, "the cloud account is not there any more");
  auto cloud = context_.clouds.account(workspace.cloud_account);
  if (!cloud) co_return fail(std::move(cloud).error());
  auto report = co_await run_preflight(*cloud, (*account)->name, to_be(workspace));
  if (!report) co_return fail(std::move(report).error());
  CreationPlan plan;
  plan.report = *std::move(report);
  // The real id is drawn when the workspace is made.
  workspace.id = fleet::WorkspaceId("ws-xxxxxxxxxxxxxxxx");
  workspace.names = fleet::azure_names(workspace.id, workspace.name);
  fleet::name_after_adopted(workspace);
  const auto desired = fleet::desired_resources(workspace);
  for (const auto& resource : desired) {
    const bool inside = fleet::whole_of(desired, resource).adopted;
    plan.resources.push_back({.type = resource.type,
                              .name = resource.name,
                              .action = resource.adopted ? "adopt"
                                        : inside         ? "add"
                                                         : "create",
                              .monthly_estimate = fleet::monthly_estimate(resource)});
  }
  co_return plan;
}

Result<WorkspaceStarted> Workspaces::retry(const fleet::OrganizationId& organization,
                                           const std::string& name) {
  auto workspace = find_workspace(context_, organization, name);
  if (!workspace) return fail(std::move(workspace).error());
  if (workspace->state != fleet::LifeState::failed) {
    return fail(Code::conflict, "nothing of workspace '{}' failed: it is {}", workspace->name,
                to_string(workspace->state));
  }
  auto failed = context_.store.operations.find_newest(workspace->id.str());
  if (!failed) return fail(std::move(failed).error());
  if (!*failed) return fail(Code::internal, "workspace '{}' has no operation", workspace->name);

  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  workspace->state = (*failed)->kind == "workspace.delete" ? fleet::LifeState::deleting
                                                           : fleet::LifeState::provisioning;
  auto updated = context_.store.workspaces.update(*workspace);
  if (!updated) return fail(std::move(updated).error());
  auto operation = context_.engine.prepare_again(**failed);
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return started(context_, *workspace, *operation);
}

Result<WorkspaceStarted> Workspaces::verify(const fleet::OrganizationId& organization,
                                            const std::string& name) {
  return start(organization, name, "workspace.verify");
}

Result<WorkspaceStarted> Workspaces::repair(const fleet::OrganizationId& organization,
                                            const std::string& name) {
  return start(organization, name, "workspace.repair");
}

Result<WorkspaceStarted> Workspaces::start(const fleet::OrganizationId& organization,
                                           const std::string& name, const std::string& kind) {
  auto workspace = find_ready_workspace(context_, organization, name);
  if (!workspace) return fail(std::move(workspace).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto operation = context_.engine.prepare({.organization = organization,
                                            .kind = kind,
                                            .target = workspace->name,
                                            .subject = workspace->id.str(),
                                            .lane = workspace->id.str()});
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return started(context_, *workspace, *operation);
}

Result<std::string> Workspaces::bicep(const fleet::OrganizationId& organization,
                                      const std::string& name) const {
  auto workspace = find_workspace(context_, organization, name);
  if (!workspace) return fail(std::move(workspace).error());
  return fleet::to_bicep(*workspace, fleet::desired_resources(*workspace));
}

Result<WorkspaceStarted> Workspaces::remove(const fleet::OrganizationId& organization,
                                            const std::string& name) {
  auto workspace = find_workspace(context_, organization, name);
  if (!workspace) return fail(std::move(workspace).error());
  if (workspace->state == fleet::LifeState::deleting) {
    return fail(Code::conflict, "workspace '{}' is being deleted already", workspace->name);
  }
  auto newest = context_.store.operations.find_newest(workspace->id.str());
  if (!newest) return fail(std::move(newest).error());
  const bool being_made =
      *newest && !(*newest)->finished_at && (*newest)->kind == "workspace.create";
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  workspace->state = fleet::LifeState::deleting;
  auto updated = context_.store.workspaces.update(*workspace);
  if (!updated) return fail(std::move(updated).error());
  auto operation = context_.engine.prepare({.organization = organization,
                                            .kind = "workspace.delete",
                                            .target = workspace->name,
                                            .subject = workspace->id.str(),
                                            .lane = workspace->id.str()});
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  if (being_made) {
    // In vain when it has just ended; the deletion comes after it in any case.
    auto cancelled = context_.engine.cancel((*newest)->id);
    if (!cancelled) log::debug("workspaces", "{}", cancelled.error().describe());
  }
  return started(context_, *workspace, *operation);
}

Result<std::vector<WorkspaceView>> Workspaces::list(
    const fleet::OrganizationId& organization) const {
  auto workspaces = context_.store.workspaces.list(organization);
  if (!workspaces) return fail(std::move(workspaces).error());
  std::vector<WorkspaceView> views;
  for (const auto& workspace : *workspaces) {
    auto view = view_of(context_, workspace);
    if (!view) return fail(std::move(view).error());
    views.push_back(*std::move(view));
  }
  return views;
}

Result<WorkspaceView> Workspaces::get(const fleet::OrganizationId& organization,
                                      const std::string& name) const {
  auto workspace = find_workspace(context_, organization, name);
  if (!workspace) return fail(std::move(workspace).error());
  return view_of(context_, *workspace);
}

Result<std::vector<ResourceView>> Workspaces::resources(const fleet::OrganizationId& organization,
                                                        const std::string& name) const {
  auto workspace = find_workspace(context_, organization, name);
  if (!workspace) return fail(std::move(workspace).error());
  auto account = context_.store.accounts.find(workspace->cloud_account);
  if (!account) return fail(std::move(account).error());
  auto resources = context_.store.resources.list(workspace->id);
  if (!resources) return fail(std::move(resources).error());
  const auto desired = fleet::desired_resources(*workspace);
  std::vector<ResourceView> views;
  for (const auto& resource : *resources) {
    auto drift = fleet::read_drift(resource.drift);
    if (!drift) return fail(std::move(drift).error());
    const auto* entry = fleet::find_resource(desired, resource.key);
    views.push_back({.type = resource.type,
                     .name = resource.name,
                     .azure_id = resource.azure_id,
                     .region = resource.region,
                     .state = resource.state,
                     .portal_url = *account ? portal_url(**account, resource) : std::string(),
                     .origin = resource.origin,
                     .sku = resource.sku,
                     .endpoints = resource.endpoints,
                     .created_at = resource.created_at,
                     .last_verified_at = resource.last_verified_at,
                     .drift = *std::move(drift),
                     .monthly_estimate = entry ? fleet::monthly_estimate(*entry) : std::nullopt});
  }
  return views;
}

net::Task<Result<std::vector<DeletionItem>>> Workspaces::deletion(
    fleet::OrganizationId organization, std::string name) const {
  auto workspace = find_workspace(context_, organization, name);
  if (!workspace) co_return fail(std::move(workspace).error());
  co_return co_await plan_deletion(context_, workspace->id);
}

net::Task<Result<RoutingView>> Workspaces::routing(fleet::OrganizationId organization,
                                                   std::string name) const {
  auto workspace = find_workspace(context_, organization, name);
  if (!workspace) co_return fail(std::move(workspace).error());
  if (workspace->hub_host.empty()) {
    co_return fail(Error{Code::conflict,
                         fmt::format("the IoT Hub of workspace '{}' is not there yet", name),
                         fmt::format("ferry workspace show {} says how far it is", name)});
  }
  co_return co_await look_at_routing(context_, workspace->id);
}

}  // namespace ferry::control
