// SPDX-License-Identifier: Apache-2.0
// One cloud resource: name, intention, request; met again after a crash.
#include "azure/arm/event_hubs.hpp"
#include "azure/arm/iot_hubs.hpp"
#include "azure/arm/provisioning_services.hpp"
#include "azure/arm/registries.hpp"
#include "azure/arm/shapes.hpp"
#include "azure/arm/storage_accounts.hpp"
#include "control/workspaces/provisioning_site.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;
namespace keys = fleet::keys;

constexpr int kNamesToTry = 9;

using NameCheck = net::Task<Result<arm::NameAvailability>> (*)(arm::ArmClient&, std::string);

// The services whose names are DNS names, one for the whole world.
NameCheck name_check_of(const std::string& key) {
  if (key == keys::kIotHub) return arm::check_iot_hub_name;
  if (key == keys::kProvisioningService) return arm::check_provisioning_service_name;
  if (key == keys::kStorageAccount) return arm::check_storage_account_name;
  if (key == keys::kRegistry) return arm::check_registry_name;
  if (key == keys::kEventHubsNamespace) return arm::check_event_hub_namespace_name;
  return nullptr;
}

// Not being allowed to ask is no answer: the request itself will tell.
net::Task<Result<bool>> is_taken(Site site, fleet::DesiredResource wanted) {
  const auto check = name_check_of(wanted.key);
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
  if (name_check_of(wanted.key) == nullptr) co_return false;
  auto own = co_await site.arm.get(site.id_of(wanted), wanted.api_version);
  if (own || own.error().code != Code::not_found) co_return false;
  auto taken = co_await is_taken(site, wanted);
  co_return taken && *taken;
}

}  // namespace

net::Task<Result<json::object>> ensure_desired(Context& context, fleet::WorkspaceId id,
                                               std::string key, StepContext& step) {
  for (int names = 0; names < kNamesToTry; ++names) {
    auto site = load_site(context, id);
    if (!site) co_return fail(std::move(site).error());
    const fleet::DesiredResource wanted = site->at(key);
    auto row = context.store.resources.find(id, key);
    if (!row) co_return fail(std::move(row).error());
    if (!*row) co_return fail(Code::internal, "nothing is recorded of the {}", wanted.title);
    const bool never_asked_for = (*row)->state == fleet::ResourceState::planned;
    if (never_asked_for) {
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
        wanted.parent.empty() && !(never_asked_for && name_check_of(key) != nullptr);
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
