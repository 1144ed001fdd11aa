// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/rollout_start.hpp"

#include <algorithm>

#include "control/deployments/composing.hpp"
#include "control/deployments/delivery.hpp"
#include "control/lookup.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::control {
namespace {

Error held(const std::string& what, const store::RolloutRecord& rollout) {
  return Error{Code::conflict,
               fmt::format("{} is being rolled out by {}, which is {}", what, rollout.id,
                           to_string(rollout.status.state)),
               fmt::format("wait for it (ferry rollout watch {0}), or end it: ferry rollout abort "
                           "{0}",
                           rollout.id)};
}

// Going back is to what stands, so what stands must be what the deployments say.
Result<void> check_standing(Context& context, const fleet::NodeGroup& group,
                            const std::vector<fleet::Deployment>& live) {
  auto composition = compose_group(context, group, live);
  if (!composition) return fail(std::move(composition).error());
  auto standing = context.store.compositions.find(group.id, group.composition_version);
  if (!standing) return fail(std::move(standing).error());
  if (*standing && (*standing)->modules == modules_of(*composition)) return {};
  return fail(
      Error{Code::conflict,
            fmt::format("node group '{}' does not run yet what its deployments say", group.name),
            "wait for the operation that brings it (ferry operation list), or apply that "
            "again"});
}

Result<store::RolloutGroup> add_group(Context& context, const NewRollout& wanted,
                                      const std::string& name, bool changed) {
  auto group = find_ready_group(context, wanted.workspace, name);
  if (!group) return fail(std::move(group).error());
  store::RolloutGroup added{group->id, group->name, group->composition_version,
                            group->composition_version};
  if (!changed) return added;
  auto good = check_standing(context, *group, wanted.live);
  if (!good) return fail(std::move(good).error());
  auto composition = compose_group(context, *group, fleet::apply_change(wanted.live, wanted.change),
                                   &wanted.change);
  if (!composition) return fail(std::move(composition).error());
  auto records = context.store.compositions.list(group->id);
  if (!records) return fail(std::move(records).error());
  added.composition = records->empty() ? 1 : records->front().version + 1;
  auto inserted = context.store.compositions.insert(
      {.group = group->id,
       .version = added.composition,
       .modules = modules_of(*composition),
       .configuration = fleet::configuration_name(group->id, added.composition),
       .stood = false,
       .in_hub = true,  // its place in the hub is taken
       .created_at = context.clock.now()});
  if (!inserted) return fail(std::move(inserted).error());
  return added;
}

Result<void> check_canaries(const Context& context, const NewRollout& wanted,
                            const std::vector<store::RolloutGroup>& groups) {
  for (const auto& wave : wanted.request.policy.waves) {
    for (const auto& name : wave.nodes) {
      auto node = context.store.nodes.find_named(wanted.workspace.id, name);
      if (!node) return fail(std::move(node).error());
      const bool there =
          *node && (*node)->registered_at &&
          std::any_of(groups.begin(), groups.end(), [&](const store::RolloutGroup& group) {
            return group.group == (*node)->group && group.composition != group.previous;
          });
      if (there) continue;
      return fail(
          Error{Code::invalid_argument,
                fmt::format("'{}' is no registered node of a group that this changes", name),
                "ferry node list shows them; nothing was sent"});
    }
  }
  return {};
}

// Waves come to groups one after another, and a group may return alone: what is said of the whole
// workspace, of single nodes, or finds groups by their labels, can do neither.
Result<void> check_for_waves(const NewRollout& wanted) {
  const auto& change = wanted.change;
  const bool selects =
      std::any_of(change.edits.begin(), change.edits.end(), [&](const fleet::Edit& edit) {
        const auto* live = fleet::find_deployment(wanted.live, edit.deployment);
        return !edit.selector.empty() || (live && !live->selector.empty());
      });
  const bool wider =
      std::any_of(change.settings.begin(), change.settings.end(),
                  [](const fleet::SettingEdit& edit) { return edit.layer != fleet::Layer::group; });
  if (!selects && !wider && change.labels.empty()) return {};
  return fail(Error{Code::unsupported,
                    fmt::format("{} cannot come in waves",
                                !change.labels.empty() ? "labels"
                                : selects ? "a deployment that selects groups by labels"
                                          : "the workspace's and nodes' own settings"),
                    "apply it without a rollout, or name the groups and configure them"});
}

}  // namespace

Result<std::optional<Error>> held_by_rollout(const Context& context,
                                             const fleet::Workspace& workspace,
                                             const fleet::Plan& plan, const fleet::Change& change) {
  auto running = context.store.rollouts.unfinished(workspace.id);
  if (!running) return fail(std::move(running).error());
  for (const auto& rollout : *running) {
    auto groups = context.store.rollouts.groups(rollout.id);
    if (!groups) return fail(std::move(groups).error());
    for (const auto& group : *groups) {
      const bool touched = std::any_of(plan.groups.begin(), plan.groups.end(),
                                       [&](const auto& one) { return one.group == group.name; });
      if (touched) return held(fmt::format("node group '{}'", group.name), rollout);
    }
    for (const auto& edit : change.edits) {
      if (!fleet::find_edit(rollout.change, edit.deployment)) continue;
      return held(fmt::format("deployment '{}'", edit.deployment), rollout);
    }
  }
  return std::optional<Error>();
}

Result<store::RolloutRecord> record_rollout(Context& context, const NewRollout& wanted) {
  if (!wanted.plan.has_changes()) {
    return fail(Error{Code::invalid_argument, "the plan changes nothing on any node group",
                      "apply it without a rollout"});
  }
  auto fit = check_for_waves(wanted);
  if (!fit) return fail(std::move(fit).error());
  std::vector<store::RolloutGroup> groups;
  for (const auto& planned : wanted.plan.groups) {
    auto group = add_group(context, wanted, planned.group, planned.changes());
    if (!group) return fail(std::move(group).error());
    groups.push_back(*std::move(group));
  }
  auto good = check_canaries(context, wanted, groups);
  if (!good) return fail(std::move(good).error());
  store::RolloutRecord rollout;
  rollout.id = random_id("rol");
  rollout.workspace = wanted.workspace.id;
  rollout.plan = wanted.plan_id;
  rollout.change = wanted.change;
  rollout.policy = wanted.request.policy;
  rollout.actor = wanted.request.actor;
  rollout.started_at = context.clock.now();
  rollout.status.since = rollout.started_at;
  auto inserted = context.store.rollouts.insert(rollout, groups);
  if (!inserted) return fail(std::move(inserted).error());
  auto noted = context.store.rollouts.note(rollout.id, rollout.started_at,
                                           fmt::format("started by {}", rollout.actor));
  if (!noted) return fail(std::move(noted).error());
  return rollout;
}

}  // namespace ferry::control
