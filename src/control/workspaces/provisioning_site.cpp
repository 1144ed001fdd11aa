// SPDX-License-Identifier: Apache-2.0
#include "control/workspaces/provisioning_site.hpp"

#include "azure/arm/event_hubs.hpp"
#include "azure/arm/hub_routing.hpp"
#include "control/lookup.hpp"
#include "fleet/hubs.hpp"

namespace ferry::control {
namespace {

namespace arm = azure::arm;
namespace keys = fleet::keys;

void replace_all(json::value& value, std::string_view from, std::string_view to) {
  if (auto* text = value.if_string()) {
    for (auto at = text->find(from); at != json::string::npos; at = text->find(from, at)) {
      text->replace(at, from.size(), to);
      at += to.size();
    }
  } else if (auto* array = value.if_array()) {
    for (auto& item : *array) replace_all(item, from, to);
  } else if (auto* object = value.if_object()) {
    for (auto& [name, member] : *object) replace_all(member, from, to);
  }
}

// The first "${name}" in it, without the marks; empty when there is none.
std::string first_reference(const json::value& value) {
  const std::string text = json::serialize(value);
  const auto begin = text.find("${");
  if (begin == std::string::npos) return {};
  return text.substr(begin + 2, text.find('}', begin) - begin - 2);
}

net::Task<Result<std::string>> look_up_of_hub(Context& context, Site site, std::string hub,
                                              std::string member) {
  if (member == "connectionString") {
    auto key = context.store.secrets.get(site.workspace.id.str(), secret_names::hub_key(hub));
    if (!key) co_return fail(std::move(key).error());
    if (!*key) co_return fail(Code::internal, "the key of {} is not there", hub);
    const azure::SasKey owner{fleet::hub_host(site.workspace, hub), std::string(kHubPolicy), **key};
    co_return std::string(owner.connection_string().reveal());
  }
  if (member == "principalId") {
    const auto place = site.place_of(hub);
    co_return co_await arm::ensure_iot_hub_identity(site.arm, place.group, place.name);
  }
  auto row = context.store.resources.find(site.workspace.id, hub);
  if (!row) co_return fail(std::move(row).error());
  if (*row && member == "location") co_return (*row)->region;
  co_return fail(Code::internal, "nothing is known of {} of {}", member, hub);
}

net::Task<Result<std::string>> look_up_reference(Context& context, Site site, std::string name) {
  if (name == "subscription") co_return site.account.subscription_id;
  if (name == "suffix.serviceBus") co_return site.account.environment.suffixes.service_bus;
  const std::string of = name.substr(0, name.find('.'));
  const auto* resource = fleet::find_resource(site.desired, of);
  if (resource && resource->kind == keys::kIotHub) {
    co_return co_await look_up_of_hub(context, std::move(site), of, name.substr(of.size() + 1));
  }
  if (name == "event-hub-send.connectionString") {
    auto sent = co_await arm::get_event_hub_keys(site.arm, site.id_of(keys::kEventHub),
                                                 site.at(keys::kSendPolicy).name);
    if (!sent) co_return fail(std::move(sent).error());
    co_return std::string(sent->primary_connection_string.reveal());
  }
  co_return fail(Code::internal, "nothing is known of the reference '{}'", name);
}

}  // namespace

const fleet::DesiredResource& Site::at(const std::string& key) const {
  const auto* found = fleet::find_resource(desired, key);
  FERRY_CHECK(found != nullptr);
  return *found;
}

std::string Site::id_of(const fleet::DesiredResource& resource) const {
  return fmt::format("/subscriptions/{}{}", account.subscription_id, resource.path);
}

fleet::AzureId Site::place_of(const std::string& key) const {
  auto id = fleet::parse_azure_id(id_of(key));
  FERRY_CHECK(id.has_value());
  return *std::move(id);
}

Result<Site> load_site(Context& context, const fleet::WorkspaceId& id) {
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  auto account = context.store.accounts.find(workspace->cloud_account);
  if (!account) return fail(std::move(account).error());
  if (!*account) return fail(Code::not_found, "the cloud account is not there any more");
  auto cloud = context.clouds.account(workspace->cloud_account);
  if (!cloud) return fail(std::move(cloud).error());
  auto desired = fleet::desired_resources(*workspace);
  auto client = (*cloud)->arm.as(throttle_share(id));
  return Site{*std::move(workspace), **std::move(account), std::move(desired), *std::move(cloud),
              std::move(client)};
}

Result<void> keep(Context& context, const fleet::WorkspaceId& id,
                  const std::function<void(fleet::Workspace&)>& change,
                  const KeptSecrets& secrets) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto workspace = load_workspace(context, id);
  if (!workspace) return fail(std::move(workspace).error());
  change(*workspace);
  auto updated = context.store.workspaces.update(*workspace);
  if (!updated) return updated;
  for (const auto& [name, secret] : secrets) {
    auto sealed = context.store.secrets.put(id.str(), name, secret);
    if (!sealed) return sealed;
  }
  auto committed = transaction->commit();
  if (committed && !secrets.empty()) context.clouds.forget(id);  // it holds the old ones
  return committed;
}

Result<void> set_resource_state(Context& context, const fleet::WorkspaceId& id,
                                const std::string& key, fleet::ResourceState state) {
  auto set = context.store.resources.set_state(id, key, state);
  context.engine.changes().mark(id.str());
  return set;
}

arm::Progress show_in(StepContext& step, std::string name) {
  return
      [&step, name = std::move(name)](std::string_view state, std::chrono::milliseconds elapsed) {
        step.detail(fmt::format("{}: {} for {} s", name, state,
                                std::chrono::duration_cast<std::chrono::seconds>(elapsed).count()));
      };
}

bool belongs_to(const json::object& document, const fleet::Workspace& workspace) {
  const auto* tags = find_object(document, "tags");
  return tags && string_or(*tags, fleet::kWorkspaceTag, "") == workspace.id.str();
}

net::Task<Result<json::object>> fill_in_references(Context& context, Site site, json::object body) {
  json::value value = std::move(body);
  for (auto name = first_reference(value); !name.empty(); name = first_reference(value)) {
    auto found = co_await look_up_reference(context, site, name);
    if (!found) co_return fail(std::move(found).error());
    replace_all(value, "${" + name + "}", *found);
  }
  co_return std::move(value.as_object());
}

}  // namespace ferry::control
