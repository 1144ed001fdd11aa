// SPDX-License-Identifier: Apache-2.0
// The workflows that make a workspace's cloud resources and take them away again. Every step may
// run again after a crash: it meets what it made before and goes on from there.
#include "azure/arm/iot_hubs.hpp"
#include "azure/arm/provisioning_services.hpp"
#include "azure/arm/registries.hpp"
#include "azure/arm/resource_groups.hpp"
#include "azure/arm/storage_accounts.hpp"
#include "control/authority.hpp"
#include "control/ca_keys.hpp"
#include "control/cloud_port.hpp"
#include "control/dps_authorities.hpp"
#include "control/lookup.hpp"
#include "control/resource_types.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;

// What each step works with.
struct Site {
  fleet::Workspace workspace;
  fleet::AzureNames names;
  std::shared_ptr<CloudConnection> cloud;
};

Result<Site> load_site(Context& context, const fleet::WorkspaceId& id) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  auto cloud = context.clouds.account(workspace->cloud_account);
  if (!cloud) return fail(std::move(cloud).error());
  auto names = fleet::azure_names(workspace->id, workspace->name);
  return Site{*std::move(workspace), std::move(names), *std::move(cloud)};
}

arm::Tags tags_of(const fleet::Workspace& workspace) {
  return {{"ferry-workspace", workspace.id.str()}, {"ferry-workspace-name", workspace.name}};
}

arm::Progress show_in(StepContext& step, std::string name) {
  return
      [&step, name = std::move(name)](std::string_view state, std::chrono::milliseconds elapsed) {
        step.detail(fmt::format("{}: {} for {} s", name, state,
                                std::chrono::duration_cast<std::chrono::seconds>(elapsed).count()));
      };
}

// Endpoint and key of one service, kept together.
Result<void> keep(Context& context, const fleet::Workspace& workspace, const std::string& name,
                  const Secret& secret) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto updated = context.store.workspaces.update(workspace);
  if (!updated) return updated;
  auto sealed = context.store.secrets.put(workspace.id.str(), name, secret);
  if (!sealed) return sealed;
  return transaction->commit();
}

using SiteStep = net::Task<Result<void>> (*)(Context&, Site, StepContext&);

net::Task<Result<void>> make_resource_group(Context&, Site site, StepContext& step) {
  auto made = co_await arm::ensure_resource_group(site.cloud->arm, site.names.resource_group,
                                                  site.workspace.location, tags_of(site.workspace));
  if (!made) co_return fail(std::move(made).error());
  step.detail(made->name);
  co_return Result<void>();
}

net::Task<Result<void>> make_iot_hub(Context& context, Site site, StepContext& step) {
  arm::IotHubSpec spec{.group = site.names.resource_group,
                       .name = site.names.iot_hub,
                       .location = site.workspace.location,
                       .tags = tags_of(site.workspace)};
  auto hub = co_await arm::ensure_iot_hub(site.cloud->arm, std::move(spec),
                                          show_in(step, site.names.iot_hub));
  if (!hub) co_return fail(std::move(hub).error());
  auto key = co_await arm::get_iot_hub_key(site.cloud->arm, *hub, std::string(kHubPolicy));
  if (!key) co_return fail(std::move(key).error());
  step.detail(hub->host_name);
  site.workspace.hub_host = hub->host_name;
  co_return keep(context, site.workspace, secret_names::kHubKey, key->key);
}

net::Task<Result<void>> make_provisioning_service(Context& context, Site site, StepContext& step) {
  auto hub_key = context.store.secrets.get(site.workspace.id.str(), secret_names::kHubKey);
  if (!hub_key) co_return fail(std::move(hub_key).error());
  if (!*hub_key) co_return fail(Code::internal, "the IoT Hub's key is not there");
  const azure::SasKey hub{site.workspace.hub_host, std::string(kHubPolicy), **hub_key};
  arm::ProvisioningServiceSpec spec{.group = site.names.resource_group,
                                    .name = site.names.provisioning_service,
                                    .location = site.workspace.location,
                                    .hub = {.host_name = site.workspace.hub_host,
                                            .location = site.workspace.location,
                                            .connection_string = hub.connection_string()},
                                    .tags = tags_of(site.workspace)};
  auto service = co_await arm::ensure_provisioning_service(
      site.cloud->arm, std::move(spec), show_in(step, site.names.provisioning_service));
  if (!service) co_return fail(std::move(service).error());
  auto key = co_await arm::get_provisioning_service_key(site.cloud->arm, *service,
                                                        std::string(kDpsPolicy));
  if (!key) co_return fail(std::move(key).error());
  auto account = context.store.accounts.find(site.workspace.cloud_account);
  if (!account) co_return fail(std::move(account).error());
  if (!*account) co_return fail(Code::not_found, "the cloud account is not there any more");
  step.detail(fmt::format("{}, id scope {}", service->service_host, service->id_scope));
  site.workspace.id_scope = service->id_scope;
  site.workspace.provisioning_host = with_port_of((*account)->environment, service->device_host);
  site.workspace.provisioning_service = service->service_host;
  co_return keep(context, site.workspace, secret_names::kDpsKey, key->key);
}

net::Task<Result<void>> make_storage_account(Context& context, Site site, StepContext& step) {
  arm::StorageAccountSpec spec{.group = site.names.resource_group,
                               .name = site.names.storage_account,
                               .location = site.workspace.location,
                               .tags = tags_of(site.workspace)};
  auto account = co_await arm::ensure_storage_account(site.cloud->arm, std::move(spec),
                                                      show_in(step, site.names.storage_account));
  if (!account) co_return fail(std::move(account).error());
  auto key = co_await arm::get_storage_account_key(site.cloud->arm, site.names.resource_group,
                                                   site.names.storage_account);
  if (!key) co_return fail(std::move(key).error());
  step.detail(account->blob_endpoint);
  site.workspace.blob_endpoint = account->blob_endpoint;
  co_return keep(context, site.workspace, secret_names::kStorageKey, *key);
}

net::Task<Result<void>> make_container(Context& context, Site site, StepContext& step) {
  auto key = context.store.secrets.get(site.workspace.id.str(), secret_names::kStorageKey);
  if (!key) co_return fail(std::move(key).error());
  if (!*key) co_return fail(Code::internal, "the storage account's key is not there");
  azure::BlobClient blobs(site.cloud->pipeline, site.workspace.blob_endpoint,
                          {site.names.storage_account, **key});
  auto made = co_await blobs.ensure_container(site.names.container);
  if (!made) co_return made;
  step.detail(site.names.container);
  co_return made;
}

net::Task<Result<void>> make_registry(Context& context, Site site, StepContext& step) {
  arm::RegistrySpec spec{.group = site.names.resource_group,
                         .name = site.names.registry,
                         .location = site.workspace.location,
                         .tags = tags_of(site.workspace)};
  auto registry = co_await arm::ensure_registry(site.cloud->arm, std::move(spec),
                                                show_in(step, site.names.registry));
  if (!registry) co_return fail(std::move(registry).error());
  step.detail(fmt::format("{}: push credential", registry->login_server));
  // Ferry's own credential for publishing; never the registry's admin user.
  auto scope_map = co_await arm::ensure_scope_map(site.cloud->arm, registry->id,
                                                  std::string(kPushToken), arm::push_actions("*"));
  if (!scope_map) co_return fail(std::move(scope_map).error());
  auto token = co_await arm::ensure_token(site.cloud->arm, registry->id, std::string(kPushToken),
                                          *scope_map);
  if (!token) co_return fail(std::move(token).error());
  auto credential = co_await arm::generate_credentials(site.cloud->arm, registry->id, *token);
  if (!credential) co_return fail(std::move(credential).error());
  step.detail(registry->login_server);
  site.workspace.login_server = registry->login_server;
  co_return keep(context, site.workspace, secret_names::kPushPassword, credential->password);
}

net::Task<Result<void>> make_workspace_ca(Context& context, Site site, StepContext& step) {
  auto ca = ensure_workspace_ca(context, site.workspace);
  if (!ca) co_return fail(std::move(ca).error());
  co_return co_await ensure_verified_authority(context, std::move(site.workspace), *std::move(ca),
                                               step);
}

net::Task<Result<void>> drop_registry(Context&, Site site, StepContext& step) {
  co_return co_await arm::remove_registry(site.cloud->arm, site.names.resource_group,
                                          site.names.registry, show_in(step, site.names.registry));
}

net::Task<Result<void>> drop_storage_account(Context&, Site site, StepContext& step) {
  co_return co_await arm::remove_storage_account(site.cloud->arm, site.names.resource_group,
                                                 site.names.storage_account,
                                                 show_in(step, site.names.storage_account));
}

net::Task<Result<void>> drop_provisioning_service(Context&, Site site, StepContext& step) {
  co_return co_await arm::remove_provisioning_service(
      site.cloud->arm, site.names.resource_group, site.names.provisioning_service,
      show_in(step, site.names.provisioning_service));
}

net::Task<Result<void>> drop_iot_hub(Context&, Site site, StepContext& step) {
  co_return co_await arm::remove_iot_hub(site.cloud->arm, site.names.resource_group,
                                         site.names.iot_hub, show_in(step, site.names.iot_hub));
}

net::Task<Result<void>> drop_resource_group(Context&, Site site, StepContext& step) {
  co_return co_await arm::remove_resource_group(site.cloud->arm, site.names.resource_group,
                                                show_in(step, site.names.resource_group));
}

Result<void> set_states(Context& context, const fleet::WorkspaceId& id,
                        const std::vector<std::string>& types, fleet::ResourceState state) {
  for (const auto& type : types) {
    auto set = context.store.resources.set_state(id, type, state);
    if (!set) return set;
  }
  return {};
}

// A step that keeps the shown states of its resources true.
Step resource_step(Context& context, const fleet::WorkspaceId& id, std::string name,
                   std::vector<std::string> types, SiteStep work, bool removing) {
  auto run = [&context, id, types = std::move(types), work,
              removing](StepContext& step) -> net::Task<Result<void>> {
    using fleet::ResourceState;
    auto begun = set_states(context, id, types,
                            removing ? ResourceState::deleting : ResourceState::creating);
    if (!begun) co_return begun;
    auto site = load_site(context, id);
    if (!site) co_return fail(std::move(site).error());
    Result<void> done = co_await work(context, *std::move(site), step);
    if (!done) {
      auto marked = set_states(context, id, types, ResourceState::failed);
      if (!marked) co_return marked;
      co_return done;
    }
    if (!removing) co_return set_states(context, id, types, ResourceState::ready);
    for (const auto& type : types) {
      auto removed = context.store.resources.remove(id, type);
      if (!removed) co_return removed;
    }
    co_return Result<void>();
  };
  return {std::move(name), std::move(run)};
}

Result<void> set_workspace_state(Context& context, const fleet::WorkspaceId& id,
                                 fleet::LifeState state) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  workspace->state = state;
  context.clouds.forget(id);
  return context.store.workspaces.update(*workspace);
}

// The end of a provisioning says nothing about a workspace that is meant to go by now.
Result<void> end_provisioning(Context& context, const fleet::WorkspaceId& id,
                              fleet::LifeState state) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  if (workspace->state == fleet::LifeState::deleting) return {};
  return set_workspace_state(context, id, state);
}

Workflow make_workspace(Context& context, const fleet::WorkspaceId& id) {
  const auto step = [&](std::string name, std::vector<std::string> types, SiteStep work) {
    return resource_step(context, id, std::move(name), std::move(types), work, false);
  };
  return {.steps = {step("Resource group", {kResourceGroupType}, make_resource_group),
                    step("IoT Hub", {kIotHubType}, make_iot_hub),
                    step("Device Provisioning Service", {kDpsType}, make_provisioning_service),
                    step("Storage account", {kStorageType}, make_storage_account),
                    step("Blob container", {kContainerType}, make_container),
                    step("Container registry", {kRegistryType}, make_registry),
                    step("Workspace CA", {kDpsCertificateType}, make_workspace_ca)},
          .succeeded = [&context,
                        id] { return end_provisioning(context, id, fleet::LifeState::ready); },
          .failed =
              [&context, id](const Error&) {
                return end_provisioning(context, id, fleet::LifeState::failed);
              }};
}

// Rows that refer to the workspace go with it; secrets are kept by owner and are taken one by one.
Result<void> forget_workspace(Context& context, const fleet::WorkspaceId& id) {
  context.clouds.forget(id);
  context.reports.erase(id.str());
  auto groups = context.store.groups.list(id);
  if (!groups) return fail(std::move(groups).error());
  for (const auto& group : *groups) {
    auto removed = context.store.secrets.remove_all(group.id.str());
    if (!removed) return removed;
    auto authorities = forget_authorities(context, group.id.str());
    if (!authorities) return authorities;
  }
  auto authorities = forget_authorities(context, id.str());
  if (!authorities) return authorities;
  auto removed = context.store.secrets.remove_all(id.str());
  if (!removed) return removed;
  return context.store.workspaces.remove(id);
}

Workflow remove_workspace(Context& context, const fleet::WorkspaceId& id) {
  const auto step = [&](std::string name, std::vector<std::string> types, SiteStep work) {
    return resource_step(context, id, std::move(name), std::move(types), work, true);
  };
  return {.steps = {step("Container registry", {kRegistryType}, drop_registry),
                    step("Storage account", {kContainerType, kStorageType}, drop_storage_account),
                    step("Device Provisioning Service", {kDpsCertificateType, kDpsType},
                         drop_provisioning_service),
                    step("IoT Hub", {kIotHubType}, drop_iot_hub),
                    step("Resource group", {kResourceGroupType}, drop_resource_group)},
          .succeeded = [&context, id] { return forget_workspace(context, id); },
          .failed =
              [&context, id](const Error&) {
                return set_workspace_state(context, id, fleet::LifeState::failed);
              }};
}

}  // namespace

void define_workspace_workflows(Context& context) {
  context.engine.define("workspace.create",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return make_workspace(context, fleet::WorkspaceId(operation.subject));
                        });
  context.engine.define("workspace.delete",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return remove_workspace(context, fleet::WorkspaceId(operation.subject));
                        });
}

}  // namespace ferry::control
