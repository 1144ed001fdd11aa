// SPDX-License-Identifier: Apache-2.0
#include "control/workspaces/verification.hpp"

#include <algorithm>

#include "azure/arm/iot_hubs.hpp"
#include "azure/arm/provisioning_services.hpp"
#include "azure/arm/storage_accounts.hpp"
#include "control/lookup.hpp"
#include "control/workspaces/group_objects.hpp"
#include "control/workspaces/provisioning.hpp"
#include "control/workspaces/provisioning_site.hpp"
#include "fleet/drift.hpp"
#include "fleet/hubs.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;
namespace keys = fleet::keys;
using fleet::Drift;
using fleet::DriftKind;
using fleet::WorkspaceId;
using Findings = std::vector<Drift>;

bool holds(const json::value* list, const auto& is_it) {
  const auto* array = list ? list->if_array() : nullptr;
  return array && std::any_of(array->begin(), array->end(), [&](const json::value& item) {
           return item.is_object() && is_it(item.get_object());
         });
}

// Every endpoint and route of the table is in the hub's document, and the routes are on.
Findings look_at_routing(const fleet::DesiredResource& wanted, const json::object& hub) {
  Findings found;
  const auto check = [&](std::string_view list) {
    const std::string path = fmt::format("properties.routing.{}", list);
    const auto* named = find_path(wanted.body, path);
    for (std::size_t i = 0; named && named->is_array() && i < named->get_array().size(); ++i) {
      const auto name = string_or(named->get_array()[i].as_object(), "name", "");
      const bool there = holds(find_path(hub, path), [&](const json::object& item) {
        return string_or(item, "name", "") == name && bool_or(item, "isEnabled", true);
      });
      if (there) continue;
      found.push_back(
          {.key = wanted.key,
           .kind = DriftKind::changed,
           .property = path,
           .expected = name,
           .actual = "not there",
           .message = fmt::format("{}: {} '{}' is not there or not on", wanted.title, path, name)});
    }
  };
  check("endpoints.eventHubs");
  check("routes");
  return found;
}

Findings look_at_link(const Site& site, const fleet::DesiredResource& wanted,
                      const json::object& service) {
  const auto host = fleet::hub_host(site.workspace, wanted.hub);
  if (host.empty() || arm::has_hub_link(service, host)) return {};
  return {{.key = wanted.key,
           .kind = DriftKind::unlinked,
           .expected = host,
           .actual = "not linked",
           .message = fmt::format("{} {} is not linked with the IoT Hub {}", wanted.title,
                                  wanted.name, host)}};
}

// The key that the service has now; nothing for a resource of which Ferry keeps none.
net::Task<Result<std::optional<Secret>>> current_key(Site site, fleet::DesiredResource wanted) {
  auto& client = site.arm;
  if (wanted.kind == keys::kIotHub) {
    arm::IotHub hub;
    hub.id = site.id_of(wanted);
    hub.name = wanted.name;
    auto policy = co_await arm::get_iot_hub_key(client, hub, std::string(kHubPolicy));
    if (!policy) co_return fail(std::move(policy).error());
    co_return std::optional<Secret>(policy->key);
  }
  if (wanted.kind == keys::kProvisioningService) {
    arm::ProvisioningService service;
    service.id = site.id_of(wanted);
    service.name = wanted.name;
    auto policy =
        co_await arm::get_provisioning_service_key(client, service, std::string(kDpsPolicy));
    if (!policy) co_return fail(std::move(policy).error());
    co_return std::optional<Secret>(policy->key);
  }
  if (wanted.kind == keys::kStorageAccount) {
    const auto place = site.place_of(wanted.key);
    auto key = co_await arm::get_storage_account_key(client, place.group, place.name);
    if (!key) co_return fail(std::move(key).error());
    co_return std::optional<Secret>(*std::move(key));
  }
  co_return std::optional<Secret>();
}

std::string kept_key_of(const fleet::DesiredResource& wanted) {
  if (wanted.kind == keys::kIotHub) return secret_names::hub_key(wanted.key);
  if (wanted.kind == keys::kProvisioningService) return secret_names::kDpsKey;
  return secret_names::kStorageKey;
}

net::Task<Result<Findings>> look_at_key(Context& context, Site site,
                                        fleet::DesiredResource wanted) {
  auto current = co_await current_key(site, wanted);
  if (!current) co_return fail(std::move(current).error());
  if (!*current) co_return Findings();
  auto kept = context.store.secrets.get(site.workspace.id.str(), kept_key_of(wanted));
  if (!kept) co_return fail(std::move(kept).error());
  if (*kept && (**kept).reveal() == (**current).reveal()) co_return Findings();
  co_return Findings{{.key = wanted.key,
                      .kind = DriftKind::key_changed,
                      .message = fmt::format("{} {}: its key is not the one that Ferry keeps; it "
                                             "was changed in the cloud",
                                             wanted.title, wanted.name)}};
}

// An assignment has a name that only the cloud knows; its scope is a list.
net::Task<Result<std::optional<json::object>>> read(Site site, fleet::DesiredResource wanted) {
  auto& client = site.arm;
  if (wanted.kind == keys::kSenderRole) {
    auto hub = co_await client.get(site.id_of(wanted.hub), site.at(wanted.hub).api_version);
    if (!hub && hub.error().code == Code::not_found) co_return std::optional<json::object>();
    if (!hub) co_return fail(std::move(hub).error());
    const auto* principal = find_path(*hub, "identity.principalId");
    if (!principal || !principal->is_string()) co_return std::optional<json::object>();
    auto list = co_await client.list(site.id_of(wanted), wanted.api_version);
    if (!list) co_return fail(std::move(list).error());
    const auto role = string_or(wanted.body.at("properties").as_object(), "roleDefinitionId", "");
    const std::string role_id = role.substr(role.rfind('/'));
    for (const auto& item : *list) {
      const auto* found = find_path(item, "properties.roleDefinitionId");
      const auto* who = find_path(item, "properties.principalId");
      if (found && found->is_string() && who && *who == *principal &&
          std::string_view(found->get_string()).ends_with(role_id)) {
        co_return std::optional<json::object>(item.as_object());
      }
    }
    co_return std::optional<json::object>();
  }
  auto document = co_await client.get(site.id_of(wanted), wanted.api_version);
  if (document) co_return std::optional<json::object>(*std::move(document));
  if (document.error().code == Code::not_found) co_return std::optional<json::object>();
  co_return fail(std::move(document).error());
}

net::Task<Result<Findings>> look_at(Context& context, Site site, fleet::DesiredResource wanted) {
  auto document = co_await read(site, wanted);
  if (!document) co_return fail(std::move(document).error());
  auto found = fleet::find_drift(wanted, *document);
  if (!*document) co_return found;
  const auto take = [&](Findings more) {
    std::move(more.begin(), more.end(), std::back_inserter(found));
  };
  if (wanted.kind == keys::kRouting) take(look_at_routing(wanted, **document));
  if (!wanted.hub.empty() &&
      (wanted.kind == keys::kProvisioningService || wanted.kind == keys::kHubLink)) {
    take(look_at_link(site, wanted, **document));
  }
  if (wanted.kind == keys::kIotHub || wanted.kind == keys::kProvisioningService ||
      wanted.kind == keys::kStorageAccount) {
    auto key = co_await look_at_key(context, site, wanted);
    if (!key) co_return fail(std::move(key).error());
    // With another key nobody can look inside; repairing looks after it all the same.
    const bool can_look = key->empty();
    take(*std::move(key));
    if (!can_look) co_return found;
  }
  auto of_groups = co_await missing_group_objects(context, site, wanted);
  if (!of_groups) co_return fail(std::move(of_groups).error());
  take(*std::move(of_groups));
  co_return found;
}

Result<void> record(Context& context, const WorkspaceId& id, const std::string& key,
                    const Findings& found) {
  return context.store.resources.set_verified(id, key, fleet::write_drift(found),
                                              context.clock.now());
}

net::Task<Result<void>> verify(Context& context, WorkspaceId id, std::string key,
                               StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  auto found = co_await look_at(context, *site, site->at(key));
  if (!found) co_return fail(std::move(found).error());
  step.detail(found->empty() ? "as it should be" : found->front().message);
  co_return record(context, id, key, *found);
}

// What was found last time. What must be put again is decided by it, because afterwards the keys
// agree and nothing shows any more that a link still has the old one.
Result<Findings> known_drift(const Context& context, const WorkspaceId& id,
                             const std::string& key) {
  auto row = context.store.resources.find(id, key);
  if (!row) return fail(std::move(row).error());
  if (!*row) return Findings();
  return fleet::read_drift((*row)->drift);
}

bool any_of_kind(const Findings& found, DriftKind kind) {
  return std::any_of(found.begin(), found.end(),
                     [kind](const Drift& drift) { return drift.kind == kind; });
}

// A hub with new keys, or made anew, must be linked again.
Result<bool> link_is_stale(const Context& context, const WorkspaceId& id,
                           const fleet::DesiredResource& link) {
  auto hub = known_drift(context, id, link.hub);
  if (!hub) return fail(std::move(hub).error());
  auto service = known_drift(context, id, link.key);
  if (!service) return fail(std::move(service).error());
  return any_of_kind(*hub, DriftKind::missing) || any_of_kind(*hub, DriftKind::key_changed) ||
         any_of_kind(*service, DriftKind::unlinked);
}

// Sends the link with its hub again. `link`: an entry with a hub.
net::Task<Result<void>> link_again(Context& context, Site site, fleet::DesiredResource link,
                                   StepContext& step) {
  auto stale = link_is_stale(context, site.workspace.id, link);
  if (!stale) co_return fail(std::move(stale).error());
  if (!*stale) co_return Result<void>();
  step.detail("linking the IoT Hub again");
  auto connection = co_await fill_in_references(context, site,
                                                {{"text", "${" + link.hub + ".connectionString}"}});
  if (!connection) co_return fail(std::move(connection).error());
  auto row = context.store.resources.find(site.workspace.id, link.hub);
  if (!row) co_return fail(std::move(row).error());
  arm::LinkedHub linked{fleet::hub_host(site.workspace, link.hub),
                        *row ? (*row)->region : site.workspace.location,
                        Secret(string_or(*connection, "text", ""))};
  auto put = co_await arm::ensure_hub_link(site.arm, site.id_of(keys::kProvisioningService),
                                           std::move(linked), true, show_in(step, link.name));
  if (!put) co_return fail(std::move(put).error());
  co_return Result<void>();
}

// What stands, with what the table says laid over it.
json::object mended_body(const fleet::DesiredResource& wanted, const json::object& document) {
  if (wanted.kind == keys::kIotHub) return fleet::mended(wanted, document);
  auto body = wanted.body;
  if (wanted.kind == keys::kProvisioningService) {
    if (const auto* links = find_path(document, "properties.iotHubs")) {
      body["properties"].as_object()["iotHubs"] = *links;
    }
  }
  return body;
}

// Puts the resource again where it stands but differs.
net::Task<Result<void>> mend(Context& context, WorkspaceId id, std::string key, StepContext& step) {
  auto site = load_site(context, id);
  if (!site) co_return fail(std::move(site).error());
  const auto wanted = site->at(key);
  // Routing is a part of the hub's document, and a certificate is mended by proving it again.
  if (wanted.kind == keys::kRouting || wanted.kind == keys::kWorkspaceCa ||
      wanted.kind == keys::kSenderRole) {
    co_return Result<void>();
  }
  auto document = co_await read(*site, wanted);
  if (!document) co_return fail(std::move(document).error());
  if (!*document && wanted.adopted) {
    co_return fail(Error{Code::conflict,
                         fmt::format("{} is gone, and Ferry did not make it", site->id_of(wanted)),
                         "bring it back, then repair again; Ferry makes none in its place"});
  }
  if (!*document) co_return Result<void>();  // the step of provisioning makes it
  if (wanted.kind == keys::kHubLink) co_return co_await link_again(context, *site, wanted, step);
  const auto found = fleet::find_drift(wanted, *document);
  for (const auto& drift : found) {
    if (drift.mendable) continue;
    co_return fail(Error{Code::conflict, drift.message + "; it cannot be changed any more",
                         "it works as it is; what needs the old value needs a new workspace"});
  }
  if (!found.empty()) {
    step.detail(found.front().message);
    auto filled = co_await fill_in_references(context, *site, mended_body(wanted, **document));
    if (!filled) co_return fail(std::move(filled).error());
    auto put =
        co_await site->arm.put(site->id_of(wanted), wanted.api_version, *std::move(filled),
                               show_in(step, wanted.name), string_or(**document, "etag", ""));
    if (!put) co_return fail(std::move(put).error().with("mend {} {}", wanted.title, wanted.name));
  }
  const bool links = wanted.kind == keys::kProvisioningService && !wanted.hub.empty();
  if (links) co_return co_await link_again(context, *site, wanted, step);
  co_return Result<void>();
}

std::vector<std::string> titles(const std::vector<fleet::DesiredResource>& desired,
                                const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const auto& key : wanted) names.push_back(fleet::find_resource(desired, key)->title);
  return names;
}

}  // namespace

Result<Workflow> verify_workspace(Context& context, const WorkspaceId& id) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  Workflow workflow;
  for (const auto& resource : fleet::desired_resources(*workspace)) {
    Step step;
    step.name = resource.title;
    step.after.emplace();  // none: looking disturbs nobody
    step.run = [&context, id, key = resource.key](StepContext& shown) {
      return verify(context, id, key, shown);
    };
    workflow.steps.push_back(std::move(step));
  }
  return workflow;
}

Result<Workflow> repair_workspace(Context& context, const WorkspaceId& id) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  const auto desired = fleet::desired_resources(*workspace);
  Workflow workflow;
  for (const auto& resource : desired) {
    Step step = provisioning_step(context, id, resource, desired);
    step.run = [&context, id, key = resource.key,
                make = std::move(step.run)](StepContext& shown) -> net::Task<Result<void>> {
      Result<void> mended = co_await mend(context, id, key, shown);
      if (!mended) co_return mended;
      Result<void> made = co_await make(shown);
      co_return made;
    };
    workflow.steps.push_back(std::move(step));
  }
  for (auto& step : group_repair_steps(context, id, desired)) {
    workflow.steps.push_back(std::move(step));
  }
  for (const auto& resource : desired) {
    Step step;
    step.name = "Verify " + resource.title;
    step.after = titles(desired, {resource.key});
    if (const auto* repair = group_repair_of(resource)) step.after->push_back(*repair);
    // A part's repair changes the whole, such as the hub's routing.
    for (const auto& part : desired) {
      if (part.parent == resource.key) step.after->push_back(part.title);
    }
    step.run = [&context, id, key = resource.key](StepContext& shown) {
      return verify(context, id, key, shown);
    };
    workflow.steps.push_back(std::move(step));
  }
  return workflow;
}

}  // namespace ferry::control
