// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/rollout_delivery.hpp"

#include "control/deployments/composing.hpp"
#include "control/deployments/delivery.hpp"
#include "control/deployments/planning.hpp"
#include "control/lookup.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::control {
namespace {

using fleet::CloudTarget;
using store::RolloutGroup;

constexpr int kNodesAtOnce = 1000;  // of one page

Result<store::CompositionRecord> load_composition(const Context& context,
                                                  const RolloutGroup& group) {
  auto record = context.store.compositions.find(group.group, group.composition);
  if (!record) return fail(std::move(record).error());
  if (!*record) {
    return fail(Code::internal, "composition {} of group '{}' is gone", group.composition,
                group.name);
  }
  return **std::move(record);
}

// As it is to stand for everybody.
Result<azure::Configuration> new_configuration(Context& context, const RolloutSite& site,
                                               const RolloutGroup& rolled,
                                               const store::CompositionRecord& record) {
  auto group = load_group(context, rolled.group);
  if (!group) return fail(std::move(group).error());
  auto live = deployments_that_matter(context, site.workspace, site.rollout.change);
  if (!live) return fail(std::move(live).error());
  auto composition =
      compose_group(context, *group, fleet::apply_change(*std::move(live), site.rollout.change),
                    &site.rollout.change);
  if (!composition) return fail(std::move(composition).error());
  return make_configuration(context, site.workspace, *group, record, *composition);
}

// Somebody may have changed or deleted it by hand: what is wanted is restored.
net::Task<Result<void>> ensure_condition(azure::IotHubClient& hub,
                                         azure::Configuration configuration, bool is_new) {
  if (is_new) {
    auto created = co_await hub.create_configuration(configuration);
    if (created) co_return Result<void>();
    if (created.error().code != Code::conflict) co_return fail(std::move(created).error());
  }
  auto existing = co_await hub.get_configuration(configuration.id);
  if (!existing && existing.error().code == Code::not_found) {
    co_return co_await create_configuration(hub, std::move(configuration));
  }
  if (!existing) co_return fail(std::move(existing).error());
  if (existing->labels["contentHash"] != configuration.labels["contentHash"]) {
    co_return fail(
        Error{Code::conflict,
              fmt::format("the IoT Hub holds another deployment '{}' already", configuration.id),
              "delete it in the IoT Hub; the rollout goes on by itself"});
  }
  if (existing->target_condition == configuration.target_condition) co_return Result<void>();
  existing->target_condition = configuration.target_condition;
  auto updated = co_await hub.update_configuration(*existing);
  if (!updated) co_return fail(std::move(updated).error());
  co_return Result<void>();
}

fleet::Admission admission_to(const RolloutSite& site, const RolloutGroup& group,
                              std::int64_t wave) {
  if (wave < 0) return {};
  std::vector<fleet::PlacedNode> placed;
  for (const auto& node : site.nodes) {
    if (node.group == group.group) placed.push_back({node.device, node.ring, node.wave});
  }
  // A group without nodes gets it at the end.
  if (placed.empty()) return {};
  return fleet::admission_of(placed, static_cast<std::size_t>(wave));
}

net::Task<Result<void>> take_out(Context& context, const RolloutSite& site, RolloutGroup group) {
  auto record = load_composition(context, group);
  if (!record) co_return fail(std::move(record).error());
  if (!record->in_hub && group.reached == RolloutGroup::kNothing) co_return Result<void>();
  if (record->in_hub) {
    auto deleted = co_await site.hubs.at(group.group)->delete_configuration(record->configuration);
    if (!deleted) co_return deleted;
    record->in_hub = false;
    auto flagged = context.store.compositions.update_flags(*record);
    if (!flagged) co_return flagged;
  }
  group.reached = RolloutGroup::kNothing;
  co_return context.store.rollouts.set_reached(site.rollout.id, group);
}

net::Task<Result<void>> let_in(Context& context, const RolloutSite& site, RolloutGroup group,
                               CloudTarget target, bool look) {
  const bool everybody = target.kind == CloudTarget::Kind::everybody;
  const std::int64_t wanted =
      everybody ? RolloutGroup::kEverybody : static_cast<std::int64_t>(target.wave);
  const auto before = admission_to(site, group, group.reached);
  const auto after = everybody ? fleet::Admission() : admission_to(site, group, wanted);
  const bool is_new = before == fleet::Admission();
  if (everybody || after != before || (look && !is_new)) {
    auto record = load_composition(context, group);
    if (!record) co_return fail(std::move(record).error());
    auto configuration = new_configuration(context, site, group, *record);
    if (!configuration) co_return fail(std::move(configuration).error());
    if (!everybody) {
      configuration->target_condition = fleet::admission_condition(group.group, after);
    }
    auto ensured =
        co_await ensure_condition(*site.hubs.at(group.group), *std::move(configuration), is_new);
    if (!ensured) co_return ensured;
  }
  group.reached = wanted;
  co_return context.store.rollouts.set_reached(site.rollout.id, group);
}

// Device id to the ring in its twin's tags; -1 where there is none.
net::Task<Result<std::map<std::string, std::int64_t>>> read_rings(azure::IotHubClient& hub,
                                                                  fleet::NodeGroupId group) {
  auto rows = co_await hub.query("select * from devices where " + fleet::target_condition(group));
  if (!rows) co_return fail(std::move(rows).error());
  std::map<std::string, std::int64_t> rings;
  for (const auto& row : *rows) {
    auto twin = azure::read_twin(row);
    if (!twin) continue;
    const auto* ring = find_path(twin->tags, "ferry.ring");
    rings[twin->device_id] = ring && ring->is_int64() ? ring->get_int64() : -1;
  }
  co_return rings;
}

// False when the hub does not know the device any more.
net::Task<Result<bool>> write_ring(azure::IotHubClient& hub, std::string device,
                                   std::int64_t ring) {
  const json::object tag{{"ferry", json::object{{"ring", ring}}}};
  auto patched = co_await hub.patch_twin({device}, json::object{{"tags", tag}});
  if (!patched && patched.error().code == Code::not_found) co_return false;
  if (!patched) co_return fail(std::move(patched).error());
  co_return true;
}

net::Task<Result<void>> gather_group(Context& context, const RolloutSite& site,
                                     const RolloutGroup& group, RolloutMembers& found) {
  auto& hub = *site.hubs.at(group.group);
  auto rings = co_await read_rings(hub, group.group);
  if (!rings) co_return fail(std::move(rings).error());
  std::string after;
  for (;;) {
    auto page = context.store.nodes.page({site.workspace.id, group.group}, after, kNodesAtOnce);
    if (!page) co_return fail(std::move(page).error());
    if (page->empty()) co_return Result<void>();
    after = page->back().id.str();
    for (const auto& node : *page) {
      const auto known = rings->find(node.registration_id);
      if (node.deleting || !node.registered_at || known == rings->end()) continue;
      const auto ring = fleet::ring_of(node.id);
      if (known->second != ring) {
        auto written = co_await write_ring(hub, node.registration_id, ring);
        if (!written) co_return fail(std::move(written).error());
        if (!*written) continue;
      }
      found.members.push_back(
          {node.name, node.registration_id, group.name, ring, {{"group", group.name}}});
      store::RolloutNodeRecord record;
      record.node = node.id;
      record.group = group.group;
      record.name = node.name;
      record.device = node.registration_id;
      record.ring = ring;
      found.nodes.push_back(std::move(record));
    }
  }
}

}  // namespace

Result<RolloutSite> load_rollout_site(Context& context, store::RolloutRecord rollout) {
  auto workspace = load_workspace(context, rollout.workspace);
  if (!workspace) return fail(std::move(workspace).error());
  auto connection = context.clouds.workspace(*workspace);
  if (!connection) return fail(std::move(connection).error());
  auto groups = context.store.rollouts.groups(rollout.id);
  if (!groups) return fail(std::move(groups).error());
  auto nodes = context.store.rollouts.nodes(rollout.id);
  if (!nodes) return fail(std::move(nodes).error());
  std::map<fleet::NodeGroupId, azure::IotHubClient*> hubs;
  for (const auto& rolled : *groups) {
    auto group = load_group(context, rolled.group);
    if (!group) return fail(std::move(group).error());
    hubs[rolled.group] = &(*connection)->hub_of(*group);
  }
  return RolloutSite{std::move(rollout), *std::move(workspace), *std::move(connection),
                     *std::move(groups), *std::move(nodes),     std::move(hubs)};
}

net::Task<Result<RolloutMembers>> gather_members(Context& context, RolloutSite site) {
  RolloutMembers found;
  for (const auto& group : site.groups) {
    if (!changes(group)) continue;
    auto gathered = co_await gather_group(context, site, group, found);
    if (!gathered) co_return fail(std::move(gathered).error().with("group '{}'", group.name));
  }
  co_return found;
}

net::Task<Result<void>> bring_to(Context& context, const RolloutSite& site, RolloutGroup group,
                                 CloudTarget target, bool look) {
  if (!changes(group)) co_return Result<void>();
  if (target.kind == CloudTarget::Kind::nothing) {
    co_return co_await take_out(context, site, std::move(group));
  }
  const bool everybody = target.kind == CloudTarget::Kind::everybody;
  const auto wanted = everybody ? RolloutGroup::kEverybody : static_cast<std::int64_t>(target.wave);
  if (group.reached == wanted && !look) co_return Result<void>();
  co_return co_await let_in(context, site, std::move(group), target, look);
}

}  // namespace ferry::control
