// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/delivery.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "control/deployments/composing.hpp"
#include "control/lookup.hpp"
#include "fleet/azure_names.hpp"
#include "fleet/edge_deployment.hpp"

namespace ferry::control {
namespace {

// What is to stand: its record is in the database before anything is sent.
struct Delivery {
  fleet::Workspace workspace;
  fleet::NodeGroup group;
  store::CompositionRecord record;
  azure::Configuration configuration;
};

// The record of `composition`: the one that stands, the one that an interrupted run has begun, or a
// new version.
Result<store::CompositionRecord> choose_record(Context& context, const fleet::NodeGroup& group,
                                               const fleet::Composition& composition) {
  const auto modules = modules_of(composition);
  auto records = context.store.compositions.list(group.id);
  if (!records) return fail(std::move(records).error());
  for (const auto& record : *records) {
    if (record.version == group.composition_version && record.modules == modules) return record;
  }
  if (!records->empty() && !records->front().stood && records->front().modules == modules) {
    return records->front();
  }
  const std::int64_t version = records->empty() ? 1 : records->front().version + 1;
  store::CompositionRecord record{.group = group.id,
                                  .version = version,
                                  .modules = modules,
                                  .configuration = fleet::configuration_name(group.id, version),
                                  .stood = false,
                                  .in_hub = true,
                                  .created_at = context.clock.now()};
  auto inserted = context.store.compositions.insert(record);
  if (!inserted) return fail(std::move(inserted).error());
  return record;
}

Result<Delivery> plan_delivery(Context& context, const fleet::NodeGroupId& id) {
  auto group = load_group(context, id);
  if (!group) return fail(std::move(group).error());
  auto workspace = load_workspace(context, group->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  auto composition = compose_group(context, *group);
  if (!composition) return fail(std::move(composition).error());
  auto record = choose_record(context, *group, *composition);
  if (!record) return fail(std::move(record).error());
  auto configuration = make_configuration(context, *workspace, *group, *record, *composition);
  if (!configuration) return fail(std::move(configuration).error());
  return Delivery{*std::move(workspace), *std::move(group), *std::move(record),
                  *std::move(configuration)};
}

Result<void> record_standing(Context& context, Delivery& delivery) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  delivery.record.stood = true;
  auto flagged = context.store.compositions.update_flags(delivery.record);
  if (!flagged) return flagged;
  // Fresh: the group's state may have changed while the hub was asked.
  auto group = load_group(context, delivery.group.id);
  if (!group) return fail(std::move(group).error());
  group->configuration = delivery.record.configuration;
  group->composition_version = delivery.record.version;
  auto updated = context.store.groups.update(*group);
  if (!updated) return updated;
  return transaction->commit();
}

}  // namespace

Result<fleet::PullCredential> load_pull_credential(const Context& context,
                                                   const fleet::Workspace& workspace,
                                                   const fleet::NodeGroup& group) {
  auto password = context.store.secrets.get(group.id.str(), secret_names::kPullPassword);
  if (!password) return fail(std::move(password).error());
  if (!*password) {
    return fail(Code::conflict, "node group '{}' has no pull credential yet", group.name);
  }
  return fleet::PullCredential{workspace.login_server, group.pull_token, **std::move(password)};
}

Result<azure::Configuration> make_configuration(const Context& context,
                                                const fleet::Workspace& workspace,
                                                const fleet::NodeGroup& group,
                                                const store::CompositionRecord& record,
                                                const fleet::Composition& composition) {
  auto credential = load_pull_credential(context, workspace, group);
  if (!credential) return fail(std::move(credential).error());
  azure::Configuration configuration;
  configuration.id = record.configuration;
  configuration.content = fleet::edge_deployment_content(composition, *credential);
  // The content holds a password of its own, so its hash tells nothing; it tells whose content it
  // is.
  const std::string hash = hex_encode(sha256(json::serialize(configuration.content)));
  configuration.labels = {{"nodeGroup", group.id.str()},
                          {"nodeGroupName", group.name},
                          {"workspace", workspace.id.str()},
                          {"compositionVersion", std::to_string(record.version)},
                          {"contentHash", hash.substr(0, 32)}};
  configuration.target_condition = fleet::target_condition(group.id);
  configuration.priority = record.version;
  return configuration;
}

net::Task<Result<void>> create_configuration(azure::IotHubClient& hub,
                                             azure::Configuration configuration) {
  auto created = co_await hub.create_configuration(configuration);
  if (created) co_return Result<void>();
  if (created.error().code != Code::conflict) co_return fail(std::move(created).error());
  auto existing = co_await hub.get_configuration(configuration.id);
  if (!existing) co_return fail(std::move(existing).error());
  const auto label = existing->labels.find("contentHash");
  if (label != existing->labels.end() && label->second == configuration.labels.at("contentHash")) {
    co_return Result<void>();
  }
  co_return fail(
      Error{Code::conflict,
            fmt::format("the IoT Hub holds another deployment '{}' already", configuration.id),
            "delete it in the IoT Hub, then deploy again"});
}

net::Task<Result<void>> delete_other_configurations(Context& context, azure::IotHubClient& hub,
                                                    fleet::NodeGroupId group, std::int64_t keep) {
  auto records = context.store.compositions.list(group);
  if (!records) co_return fail(std::move(records).error());
  for (auto& record : *records) {
    if (!record.in_hub || record.version == keep) continue;
    auto deleted = co_await hub.delete_configuration(record.configuration);
    if (!deleted) co_return deleted;
    record.in_hub = false;
    auto flagged = context.store.compositions.update_flags(record);
    if (!flagged) co_return flagged;
  }
  co_return Result<void>();
}

net::Task<Result<void>> deliver_composition(Context& context, fleet::NodeGroupId group,
                                            StepContext& step) {
  auto rollout = context.store.rollouts.running_for(group);
  if (!rollout) co_return fail(std::move(rollout).error());
  if (*rollout) {
    step.detail(fmt::format("left to rollout {}", **rollout));
    co_return Result<void>();
  }
  auto delivery = plan_delivery(context, group);
  if (!delivery) co_return fail(std::move(delivery).error());
  auto connection = context.clouds.workspace(delivery->workspace);
  if (!connection) co_return fail(std::move(connection).error());
  auto& hub = (*connection)->hub_of(delivery->group);
  const std::int64_t version = delivery->record.version;
  if (version != delivery->group.composition_version) {
    step.detail(fmt::format("creating {}", delivery->configuration.id));
    auto created = co_await create_configuration(hub, delivery->configuration);
    if (!created) co_return created;
    auto recorded = record_standing(context, *delivery);
    if (!recorded) co_return recorded;
  }
  auto cleaned = co_await delete_other_configurations(context, hub, group, version);
  if (!cleaned) co_return cleaned;
  step.detail(fmt::format("composition {} stands as {}", version, delivery->configuration.id));
  co_return Result<void>();
}

net::Task<Result<void>> withdraw_compositions(Context& context, fleet::NodeGroupId group) {
  auto record = load_group(context, group);
  if (!record) co_return fail(std::move(record).error());
  auto workspace = load_workspace(context, record->workspace);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto connection = context.clouds.workspace(*workspace);
  if (!connection) co_return fail(std::move(connection).error());
  constexpr std::int64_t kNone = -1;
  co_return co_await delete_other_configurations(context, (*connection)->hub_of(*record), group,
                                                 kNone);
}

}  // namespace ferry::control
