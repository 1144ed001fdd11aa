// SPDX-License-Identifier: Apache-2.0
// One cloud resource: name, intention, request; met again after a crash.
#include <algorithm>

#include "azure/arm/event_hubs.hpp"
#include "azure/arm/iot_hubs.hpp"
#include "azure/arm/provisioning_services.hpp"
#include "azure/arm/registries.hpp"
#include "azure/arm/shapes.hpp"
#include "azure/arm/storage_accounts.hpp"
#include "control/workspaces/provisioning.hpp"
#include "control/workspaces/provisioning_site.hpp"
#include "fleet/adoption.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;
namespace keys = fleet::keys;

constexpr int kNamesToTry = 9;

using NameCheck = net::Task<Result<arm::NameAvailability>> (*)(arm::ArmClient&, std::string);

// The services whose names are DNS names, one for the whole world.
NameCheck name_check_of(const std::string& kind) {
  if (kind == keys::kIotHub) return arm::check_iot_hub_name;
  if (kind == keys::kProvisioningService) return arm::check_provisioning_service_name;
  if (kind == keys::kStorageAccount) return arm::check_storage_account_name;
  if (kind == keys::kRegistry) return arm::check_registry_name;
  if (kind == keys::kEventHubsNamespace) return arm::check_event_hub_namespace_name;
  return nullptr;
}

// Not being allowed to ask is no answer: the request itself will tell.
net::Task<Result<bool>> is_taken(Site site, fleet::DesiredResource wanted) {
  const auto check = name_check_of(wanted.kind);
  if (!check) co_return false;
  auto answer = co_await check(site.arm, wanted.name);
  if (!answer) co_return fail(std::move(answer).error());
  if (answer->available) co_return false;
  const bool taken = equals_ignore_case(answer->reason, "AlreadyExists") ||
                     equals_ignore_case(answer->reason, "NameInUse");
  if (taken) co_return true;
  co_return fail(Error{Code::invalid_argument,
                       fmt::format("the name '{}' is refused for {}: {} {}", wanted.name,
                                   wanted.type, answer->reason, answer->message),
                       "choose another name for the workspace"});
}

// The next name, for the workspace and for the rows of everything whose id it is in.
Result<void> take_next_name(Context& context, const fleet::WorkspaceId& id, const std::string& key,
                            fleet::ResourceState state) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto site = load_site(context, id);
  if (!site) return fail(std::move(site).error());
  auto& workspace = site->workspace;
  auto renamed = fleet::take_next_name(workspace, key);
  if (!renamed) return renamed;
  auto updated = context.store.workspaces.update(workspace);
  if (!updated) return updated;
  site->desired = fleet::desired_resources(workspace);
  for (const auto& resource : site->desired) {
    auto moved =
        context.store.resources.rename(id, resource.key, resource.name, site->id_of(resource));
    if (!moved) return moved;
  }
  auto set = context.store.resources.set_state(id, key, state);
  if (!set) return set;
  return transaction->commit();
}

Error not_ours(const Site& site, const fleet::DesiredResource& wanted) {
  return Error{Code::conflict,
               fmt::format("{} is there already, and Ferry did not make it for workspace '{}'",
                           site.id_of(wanted), site.workspace.name),
               "delete it or give the workspace another name"};
}

// What is there under the id and can stay; nothing when it must be put.
net::Task<Result<std::optional<json::object>>> meet(Site site, fleet::DesiredResource wanted,
                                                    StepContext& step) {
  auto current = co_await site.arm.wait_until_settled(site.id_of(wanted), wanted.api_version,
                                                      show_in(step, wanted.name));
  if (!current) {
    if (current.error().code == Code::not_found) co_return std::optional<json::object>();
    co_return fail(std::move(current).error());
  }
  if (!belongs_to(*current, site.workspace)) co_return fail(not_ours(site, wanted));
  const std::string location = string_or(*current, "location", site.workspace.location);
  if (!arm::same_location(location, site.workspace.location)) {
    co_return fail(Code::conflict, "{} is in {}, not in {}", site.id_of(wanted), location,
                   site.workspace.location);
  }
  if (arm::is_ready(*current)) co_return std::optional<json::object>(*std::move(current));
  co_return std::optional<json::object>();
}

// After a refusal with 409: whether it was because somebody else has the name.
net::Task<bool> lost_the_name(Site site, fleet::DesiredResource wanted) {
  if (name_check_of(wanted.kind) == nullptr) co_return false;
  auto own = co_await site.arm.get(site.id_of(wanted), wanted.api_version);
  if (own || own.error().code != Code::not_found) co_return false;
  auto taken = co_await is_taken(site, wanted);
  co_return taken && *taken;
}

// Reads it and keeps where and what it is.
net::Task<Result<json::object>> adopt(Context& context, Site site, std::string key) {
  const fleet::DesiredResource wanted = site.at(key);
  auto document = co_await site.arm.get(site.id_of(wanted), wanted.api_version);
  if (!document) {
    Error error = std::move(document).error().with("adopt {}", site.id_of(wanted));
    if (error.code == Code::not_found) error.code = Code::conflict;
    co_return fail(std::move(error));
  }
  for (const auto& finding : fleet::judge_adopted(wanted, *document, site.workspace)) {
    if (finding.severity != fleet::Severity::error) continue;
    co_return fail(Error{Code::precondition_failed, finding.message, finding.hint});
  }
  const auto* sku = find_path(*document, "sku.name");
  auto described = context.store.resources.describe(
      site.workspace.id, key, fleet::ResourceOrigin::adopted, string_or(*document, "location", ""),
      sku && sku->is_string() ? std::string(sku->get_string()) : std::string());
  if (!described) co_return fail(std::move(described).error());
  if (wanted.kind == keys::kIotHub) {
    auto kept = keep(context, site.workspace.id, [&](fleet::Workspace& workspace) {
      fleet::take_tier(workspace.options, *document);
    });
    if (!kept) co_return fail(std::move(kept).error());
  }
  co_return *std::move(document);
}

}  // namespace

net::Task<Result<std::vector<fleet::Finding>>> choose_names(Context& context,
                                                            fleet::WorkspaceId id) {
  std::vector<fleet::Finding> replaced;
  auto rows = context.store.resources.list(id);
  if (!rows) co_return fail(std::move(rows).error());
  for (const auto& row : *rows) {
    const bool open =
        row.state == fleet::ResourceState::planned && row.origin == fleet::ResourceOrigin::created;
    for (int names = 0; open && names < kNamesToTry; ++names) {
      auto site = load_site(context, id);
      if (!site) co_return fail(std::move(site).error());
      const auto* wanted = fleet::find_resource(site->desired, row.key);
      if (!wanted || !name_check_of(wanted->kind)) break;
      auto taken = co_await is_taken(*site, *wanted);
      if (!taken) co_return fail(std::move(taken).error());
      if (!*taken) break;
      const std::string name = wanted->name;
      auto next = take_next_name(context, id, row.key, fleet::ResourceState::planned);
      if (!next) co_return fail(std::move(next).error());
      replaced.push_back({fleet::Severity::info,
                          "name_taken",
                          name,
                          fmt::format("{} cannot be called '{}', which somebody has: it gets the "
                                      "next name",
                                      wanted->title, name),
                          {}});
    }
  }
  co_return replaced;
}

Result<void> plan_resources(Context& context, const fleet::Workspace& workspace) {
  auto account = context.store.accounts.find(workspace.cloud_account);
  if (!account) return fail(std::move(account).error());
  if (!*account) return fail(Code::not_found, "the cloud account is not there any more");
  auto rows = context.store.resources.list(workspace.id);
  if (!rows) return fail(std::move(rows).error());
  auto position = static_cast<int>(rows->size());
  for (const auto& desired : fleet::desired_resources(workspace)) {
    const bool known = std::any_of(rows->begin(), rows->end(), [&](const fleet::Resource& row) {
      return row.key == desired.key;
    });
    if (known) continue;
    const fleet::Resource resource{
        .id = fleet::ResourceId(random_id("res")),
        .workspace = workspace.id,
        .key = desired.key,
        .type = desired.type,
        .name = desired.name,
        .azure_id = fmt::format("/subscriptions/{}{}", (*account)->subscription_id, desired.path),
        .region = workspace.location,
        .origin = desired.adopted ? fleet::ResourceOrigin::adopted : fleet::ResourceOrigin::created,
        .sku = desired.sku,
        .endpoints = {},
        .created_at = context.clock.now(),
        .last_verified_at = {}};
    auto inserted = context.store.resources.insert(resource, position++);
    if (!inserted) return inserted;
  }
  return {};
}

net::Task<Result<json::object>> ensure_desired(Context& context, fleet::WorkspaceId id,
                                               std::string key, StepContext& step) {
  for (int names = 0; names < kNamesToTry; ++names) {
    auto site = load_site(context, id);
    if (!site) co_return fail(std::move(site).error());
    const fleet::DesiredResource wanted = site->at(key);
    auto row = context.store.resources.find(id, key);
    if (!row) co_return fail(std::move(row).error());
    if (!*row) co_return fail(Code::internal, "nothing is recorded of the {}", wanted.title);
    if (wanted.adopted) co_return co_await adopt(context, *std::move(site), std::move(key));
    const bool never_asked_for = (*row)->state == fleet::ResourceState::planned;
    // The preflight has looked at the names that a workspace begins with.
    if (never_asked_for && wanted.kind != wanted.key) {
      auto taken = co_await is_taken(*site, wanted);
      if (!taken) co_return fail(std::move(taken).error());
      if (*taken) {
        auto next = take_next_name(context, id, key, fleet::ResourceState::planned);
        if (!next) co_return fail(std::move(next).error());
        continue;
      }
    }
    auto intended = set_resource_state(context, id, key, fleet::ResourceState::creating);
    if (!intended) co_return fail(std::move(intended).error());
    // A name that is free was nobody's; a part belongs to what Ferry made. All else may be there.
    const bool may_be_there =
        wanted.parent.empty() && !(never_asked_for && name_check_of(wanted.kind) != nullptr);
    if (may_be_there) {
      auto met = co_await meet(*site, wanted, step);
      if (!met) co_return fail(std::move(met).error());
      if (*met) co_return **std::move(met);
    }
    auto body = co_await fill_in_references(context, *site, wanted.body);
    if (!body) co_return fail(std::move(body).error());
    auto put = co_await site->arm.put(site->id_of(wanted), wanted.api_version, *std::move(body),
                                      show_in(step, wanted.name));
    if (put) co_return put;
    Error error = std::move(put).error().with("create {} {}", wanted.title, wanted.name);
    if (error.code != Code::conflict) co_return fail(std::move(error));
    const bool lost = co_await lost_the_name(*site, wanted);
    if (!lost) co_return fail(std::move(error));
    auto next = take_next_name(context, id, key, fleet::ResourceState::planned);
    if (!next) co_return fail(std::move(next).error());
  }
  co_return fail(Code::conflict, "{} names were all taken", kNamesToTry);
}

}  // namespace ferry::control
