// SPDX-License-Identifier: Apache-2.0
// The workflow that makes a workspace's cloud resources: a step for each entry of the table in
// fleet/desired_resources.hpp, in the order that the table says. Every step may run again after a
// crash: it meets what it made before and goes on from there.
#include "control/workspaces/provisioning.hpp"
#include "azure/arm/authorization.hpp"
#include "azure/arm/event_hubs.hpp"
#include "azure/arm/hub_routing.hpp"
#include "azure/arm/iot_hubs.hpp"
#include "azure/arm/provisioning_services.hpp"
#include "azure/arm/registries.hpp"
#include "azure/arm/storage_accounts.hpp"
#include "control/accounts/preflight.hpp"
#include "control/certificates/authority.hpp"
#include "control/certificates/dps_authorities.hpp"
#include "control/cloud_port.hpp"
#include "control/lookup.hpp"
#include "control/workspaces/deprovisioning.hpp"
#include "control/workspaces/provisioning_site.hpp"
#include "control/workspaces/verification.hpp"
#include "fleet/hubs.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;
namespace keys = fleet::keys;
using fleet::ResourceState;
using fleet::WorkspaceId;

std::string text_at(const json::object& document, std::string_view path) {
  const auto* value = find_path(document, path);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

// What `document` must say once the resource is made.
Result<std::string> demand_text(const json::object& document, std::string_view path,
                                const fleet::DesiredResource& resource) {
  auto text = text_at(document, path);
  if (!text.empty()) return text;
  return fail(Code::unavailable, "{} {} is made but has no {} yet", resource.title, resource.name,
              path);
}

Result<void> show_endpoints(Context& context, const WorkspaceId& id, const std::string& key,
                            std::vector<std::string> endpoints, StepContext& step) {
  if (!endpoints.empty()) step.detail(endpoints.front());
  return context.store.resources.set_endpoints(id, key, endpoints);
}

using Make = net::Task<Result<void>> (*)(Context&, WorkspaceId, std::string, StepContext&);

net::Task<Result<void>> make_plain(Context& context, WorkspaceId id, std::string key,
                                   StepContext& step) {
  auto made = co_await ensure_desired(context, id, key, step);
  if (!made) co_return fail(std::move(made).error());
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  step.detail(site->at(key).name);
  co_return Result<void>();
}

net::Task<Result<void>> make_iot_hub(Context& context, WorkspaceId id, std::string key,
                                     StepContext& step) {
  auto made = co_await ensure_desired(context, id, key, step);
  if (!made) co_return fail(std::move(made).error());
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto host = demand_text(*made, "properties.hostName", site->at(key));
  if (!host) co_return fail(std::move(host).error());
  arm::IotHub hub;
  hub.id = site->id_of(key);
  hub.name = site->at(key).name;
  hub.host_name = *host;
  auto owner = co_await arm::get_iot_hub_key(site->arm, hub, std::string(kHubPolicy));
  if (!owner) co_return fail(std::move(owner).error());
  auto kept = keep(context, id,
                   [&](fleet::Workspace& workspace) { fleet::set_hub_host(workspace, key, *host); },
                   {{secret_names::hub_key(key), owner->key}});
  if (!kept) co_return kept;
  co_return show_endpoints(context, id, key,
                           {*host, text_at(*made, "properties.eventHubEndpoints.events.endpoint")},
                           step);
}

net::Task<Result<void>> make_provisioning_service(Context& context, WorkspaceId id, std::string key,
                                                  StepContext& step) {
  auto made = co_await ensure_desired(context, id, key, step);
  if (!made) co_return fail(std::move(made).error());
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto scope = demand_text(*made, "properties.idScope", site->at(key));
  if (!scope) co_return fail(std::move(scope).error());
  auto host = demand_text(*made, "properties.serviceOperationsHostName", site->at(key));
  if (!host) co_return fail(std::move(host).error());
  arm::ProvisioningService service;
  service.id = site->id_of(key);
  service.name = site->at(key).name;
  service.service_host = *host;
  auto owner =
      co_await arm::get_provisioning_service_key(site->arm, service, std::string(kDpsPolicy));
  if (!owner) co_return fail(std::move(owner).error());
  const std::string devices = with_port_of(site->account.environment,
                                           text_at(*made, "properties.deviceProvisioningHostName"));
  const auto change = [&](fleet::Workspace& workspace) {
    workspace.id_scope = *scope;
    workspace.provisioning_host = devices;
    workspace.provisioning_service = *host;
  };
  auto kept = keep(context, id, change, {{secret_names::kDpsKey, owner->key}});
  if (!kept) co_return kept;
  co_return show_endpoints(context, id, key, {*host, devices, *scope}, step);
}

net::Task<Result<void>> make_storage_account(Context& context, WorkspaceId id, std::string key,
                                             StepContext& step) {
  auto made = co_await ensure_desired(context, id, key, step);
  if (!made) co_return fail(std::move(made).error());
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto endpoint = demand_text(*made, "properties.primaryEndpoints.blob", site->at(key));
  if (!endpoint) co_return fail(std::move(endpoint).error());
  const auto place = site->place_of(key);
  auto secret = co_await arm::get_storage_account_key(site->arm, place.group, place.name);
  if (!secret) co_return fail(std::move(secret).error());
  auto kept =
      keep(context, id, [&](fleet::Workspace& workspace) { workspace.blob_endpoint = *endpoint; },
           {{secret_names::kStorageKey, *secret}});
  if (!kept) co_return kept;
  co_return show_endpoints(context, id, key, {*endpoint}, step);
}

net::Task<Result<void>> make_container(Context& context, WorkspaceId id, std::string key,
                                       StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto secret = context.store.secrets.get(id.str(), secret_names::kStorageKey);
  if (!secret) co_return fail(std::move(secret).error());
  if (!*secret) co_return fail(Code::internal, "the storage account's key is not there");
  auto intended = set_resource_state(context, id, key, ResourceState::creating);
  if (!intended) co_return intended;
  azure::BlobClient blobs(site->cloud->pipeline, site->workspace.blob_endpoint,
                          {site->workspace.names.storage_account, **secret});
  auto made = co_await blobs.ensure_container(site->workspace.names.container);
  if (!made) co_return made;
  step.detail(site->workspace.names.container);
  co_return made;
}

net::Task<Result<void>> make_registry(Context& context, WorkspaceId id, std::string key,
                                      StepContext& step) {
  auto made = co_await ensure_desired(context, id, key, step);
  if (!made) co_return fail(std::move(made).error());
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto server = demand_text(*made, "properties.loginServer", site->at(key));
  if (!server) co_return fail(std::move(server).error());
  auto kept =
      keep(context, id, [&](fleet::Workspace& workspace) { workspace.login_server = *server; });
  if (!kept) co_return kept;
  co_return show_endpoints(context, id, key, {*server}, step);
}

// Ferry's own credential for publishing; never the registry's admin user.
net::Task<Result<void>> make_push_token(Context& context, WorkspaceId id, std::string key,
                                        StepContext& step) {
  auto made = co_await ensure_desired(context, id, key, step);
  if (!made) co_return fail(std::move(made).error());
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto credential =
      co_await arm::generate_credentials(site->arm, site->id_of(keys::kRegistry), site->id_of(key));
  if (!credential) co_return fail(std::move(credential).error());
  step.detail(credential->username);
  co_return keep(context, id, [](fleet::Workspace&) {},
                 {{secret_names::kPushPassword, credential->password}});
}

net::Task<Result<void>> make_workspace_ca(Context& context, WorkspaceId id, std::string key,
                                          StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto intended = set_resource_state(context, id, key, ResourceState::creating);
  if (!intended) co_return intended;
  auto prepared = co_await prepare_key(context, workspace_shape(site->workspace));
  if (!prepared) co_return prepared;
  auto ca = ensure_workspace_ca(context, site->workspace);
  if (!ca) co_return fail(std::move(ca).error());
  co_return co_await ensure_verified_authority(context, std::move(site->workspace), *std::move(ca),
                                               step);
}

// One that is there before Ferry asks for it is others', and stays when the workspace goes.
net::Task<Result<void>> make_hub_link(Context& context, WorkspaceId id, std::string key,
                                      StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  const auto wanted = site->at(key);
  const std::string host = fleet::hub_host(site->workspace, wanted.hub);
  auto row = context.store.resources.find(id, key);
  if (!row) co_return fail(std::move(row).error());
  const auto& service = wanted.parent;
  if (*row && (*row)->state == ResourceState::planned) {
    auto document = co_await site->arm.get(site->id_of(service), site->at(service).api_version);
    if (!document) co_return fail(std::move(document).error());
    if (arm::has_hub_link(*document, host)) {
      auto noted = context.store.resources.describe(id, key, fleet::ResourceOrigin::adopted,
                                                    (*row)->region, {});
      if (!noted) co_return noted;
    }
  }
  auto intended = set_resource_state(context, id, key, ResourceState::creating);
  if (!intended) co_return intended;
  auto body = co_await fill_in_references(context, *site, wanted.body);
  if (!body) co_return fail(std::move(body).error());
  arm::LinkedHub link{host, string_or(*body, "location", ""),
                      Secret(string_or(*body, "connectionString", ""))};
  auto linked = co_await arm::ensure_hub_link(site->arm, site->id_of(service), std::move(link),
                                              false, show_in(step, wanted.name));
  if (!linked) co_return fail(std::move(linked).error());
  step.detail(host);
  co_return Result<void>();
}

net::Task<Result<void>> make_listen_policy(Context& context, WorkspaceId id, std::string key,
                                           StepContext& step) {
  auto made = co_await ensure_desired(context, id, key, step);
  if (!made) co_return fail(std::move(made).error());
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto policy =
      co_await arm::get_event_hub_keys(site->arm, site->id_of(keys::kEventHub), site->at(key).name);
  if (!policy) co_return fail(std::move(policy).error());
  step.detail(site->at(key).name);
  co_return keep(context, id, [](fleet::Workspace&) {},
                 {{secret_names::kEventHubListen, policy->primary_connection_string}});
}

net::Task<Result<void>> make_sender_role(Context& context, WorkspaceId id, std::string key,
                                         StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto intended = set_resource_state(context, id, key, ResourceState::creating);
  if (!intended) co_return intended;
  const auto hub = site->place_of(site->at(key).hub);
  auto principal = co_await arm::ensure_iot_hub_identity(site->arm, hub.group, hub.name);
  if (!principal) co_return fail(std::move(principal).error());
  auto assigned = co_await arm::ensure_role_assignment(
      site->arm, {.scope = site->id_of(keys::kEventHub),
                  .principal_id = *principal,
                  .role = std::string(arm::roles::kEventHubsDataSender)});
  if (!assigned) co_return fail(std::move(assigned).error());
  step.detail(site->at(key).name);
  co_return Result<void>();
}

// The table's words in the client's.
arm::Routing to_routing(const json::object& body) {
  arm::Routing routing;
  routing.fallback = true;
  const auto* parts = find_path(body, "properties.routing");
  if (!parts || !parts->is_object()) return routing;
  const auto each = [](const json::value* list, const auto& take) {
    const auto* array = list ? list->if_array() : nullptr;
    for (std::size_t i = 0; array && i < array->size(); ++i) {
      if (const auto* object = (*array)[i].if_object()) take(*object);
    }
  };
  const auto first_of = [](const json::object& object) {
    const auto* names = find_array(object, "endpointNames");
    return names && !names->empty() && names->front().is_string()
               ? std::string(names->front().get_string())
               : std::string();
  };
  each(find_path(*parts, "endpoints.eventHubs"), [&](const json::object& endpoint) {
    routing.event_hubs.push_back(
        {.name = string_or(endpoint, "name", ""),
         .group = string_or(endpoint, "resourceGroup", ""),
         .subscription = string_or(endpoint, "subscriptionId", ""),
         .connection_string = Secret(string_or(endpoint, "connectionString", "")),
         .endpoint_uri = string_or(endpoint, "endpointUri", ""),
         .entity_path = string_or(endpoint, "entityPath", ""),
         .id = {}});
  });
  each(find_path(*parts, "routes"), [&](const json::object& route) {
    routing.routes.push_back({.name = string_or(route, "name", ""),
                              .source = string_or(route, "source", ""),
                              .condition = string_or(route, "condition", ""),
                              .endpoint = first_of(route),
                              .enabled = bool_or(route, "isEnabled", true)});
  });
  each(find_path(*parts, "enrichments"), [&](const json::object& stamp) {
    routing.enrichments.push_back({.key = string_or(stamp, "key", ""),
                                   .value = string_or(stamp, "value", ""),
                                   .endpoints = {first_of(stamp)}});
  });
  return routing;
}

net::Task<Result<void>> make_routing(Context& context, WorkspaceId id, std::string key,
                                     StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto intended = set_resource_state(context, id, key, ResourceState::creating);
  if (!intended) co_return intended;
  auto body = co_await fill_in_references(context, *site, site->at(key).body);
  if (!body) co_return fail(std::move(body).error());
  const auto hub = site->place_of(site->at(key).hub);
  auto wanted = to_routing(*body);
  auto routed = co_await arm::ensure_routing(site->arm, hub.group, hub.name, std::move(wanted),
                                             false, show_in(step, hub.name));
  if (!routed) co_return routed;
  step.detail(fmt::format("{}, fallback to the built-in endpoint", site->at(key).name));
  co_return routed;
}

Make make_of(const std::string& kind) {
  static const std::map<std::string, Make, std::less<>> kSpecial{
      {keys::kIotHub, make_iot_hub},
      {keys::kProvisioningService, make_provisioning_service},
      {keys::kWorkspaceCa, make_workspace_ca},
      {keys::kHubLink, make_hub_link},
      {keys::kStorageAccount, make_storage_account},
      {keys::kBlobContainer, make_container},
      {keys::kRegistry, make_registry},
      {keys::kPushToken, make_push_token},
      {keys::kListenPolicy, make_listen_policy},
      {keys::kSenderRole, make_sender_role},
      {keys::kRouting, make_routing},
  };
  const auto found = kSpecial.find(kind);
  return found == kSpecial.end() ? make_plain : found->second;
}

Result<void> end_provisioning(Context& context, const WorkspaceId& id, fleet::LifeState state) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  // The end of a creation says nothing about a workspace that is meant to go by now.
  if (workspace->state == fleet::LifeState::deleting) return {};
  workspace->state = state;
  return context.store.workspaces.update(*workspace);
}

constexpr std::string_view kPreflight = "Preflight";

// Before anything is made: what would stop it half way stops it now, and each resource gets a name
// that is free.
net::Task<Result<void>> look_ahead(Context& context, WorkspaceId id, StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto wanted = to_be(site->workspace);
  wanted.share = throttle_share(id);
  auto report = co_await run_preflight(site->cloud, site->account.name, std::move(wanted));
  if (!report) co_return fail(std::move(report).error());
  if (!report->passed()) {
    const auto& finding = report->findings.front();
    co_return fail(Error{Code::precondition_failed, finding.message, finding.hint});
  }
  auto names = co_await choose_names(context, id);
  if (!names) co_return fail(std::move(names).error());
  std::string shown = "nothing is in the way";
  if (!names->empty()) shown = names->back().message;
  for (const auto& finding : report->findings) {
    if (finding.severity == Severity::warning) shown = finding.message;
  }
  step.detail(std::move(shown));
  co_return Result<void>();
}

Result<Workflow> make_workspace(Context& context, const WorkspaceId& id) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  const auto desired = fleet::desired_resources(*workspace);
  Workflow workflow;
  workflow.steps.push_back(
      {.name = std::string(kPreflight),
       .run = [&context, id](StepContext& step) { return look_ahead(context, id, step); }});
  for (const auto& resource : desired) {
    auto step = provisioning_step(context, id, resource, desired);
    if (step.after->empty()) step.after->emplace_back(kPreflight);
    workflow.steps.push_back(std::move(step));
  }
  workflow.succeeded = [&context, id] {
    return end_provisioning(context, id, fleet::LifeState::ready);
  };
  workflow.failed = [&context, id](const Error&) {
    return end_provisioning(context, id, fleet::LifeState::failed);
  };
  return workflow;
}

}  // namespace

Step provisioning_step(Context& context, const WorkspaceId& id,
                       const fleet::DesiredResource& resource,
                       const std::vector<fleet::DesiredResource>& all) {
  Step step;
  step.name = resource.title;
  step.after.emplace();
  for (const auto& key : resource.after) {
    step.after->push_back(fleet::find_resource(all, key)->title);
  }
  step.run = [&context, id, key = resource.key,
              kind = resource.kind](StepContext& shown) -> net::Task<Result<void>> {
    Result<void> made = co_await make_of(kind)(context, id, key, shown);
    auto marked =
        set_resource_state(context, id, key, made ? ResourceState::ready : ResourceState::failed);
    if (!made) co_return made;
    co_return marked;
  };
  return step;
}

void define_workspace_workflows(Context& context) {
  context.engine.define("workspace.create",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return make_workspace(context, WorkspaceId(operation.subject));
                        });
  context.engine.define("workspace.delete",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return remove_workspace(context, WorkspaceId(operation.subject));
                        });
  context.engine.define("workspace.verify",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return verify_workspace(context, WorkspaceId(operation.subject));
                        });
  context.engine.define("workspace.repair",
                        [&context](const store::Operation& operation) -> Result<Workflow> {
                          return repair_workspace(context, WorkspaceId(operation.subject));
                        });
}

}  // namespace ferry::control
