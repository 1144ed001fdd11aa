// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/rollouts.hpp"

#include <algorithm>

#include "control/deployments/rollout_loop.hpp"
#include "control/deployments/rollout_reading.hpp"
#include "control/lookup.hpp"

namespace ferry::control {
namespace {

constexpr int kListed = 100;
constexpr std::size_t kTroubled = 20;

Result<store::RolloutRecord> find_rollout(const Context& context, const fleet::Workspace& workspace,
                                          const std::string& id) {
  auto record = context.store.rollouts.find(workspace.id, id);
  if (!record) return fail(std::move(record).error());
  if (!*record) {
    return fail(Error{Code::not_found, fmt::format("there is no rollout '{}'", id),
                      "ferry rollout list shows them"});
  }
  return **std::move(record);
}

// Waves up to this have been let in; none before it runs.
std::optional<std::size_t> open_wave(const store::RolloutRecord& rollout) {
  const auto& status = rollout.status;
  const auto state = status.state == fleet::RolloutState::paused ? status.goes_on_as : status.state;
  if (state == fleet::RolloutState::preparing || rollout.waves.empty()) return std::nullopt;
  return status.wave;
}

std::string wave_state(const store::RolloutRecord& rollout, std::size_t wave) {
  const auto open = open_wave(rollout);
  const auto state = rollout.status.state;
  const bool arrived =
      state == fleet::RolloutState::promoting || state == fleet::RolloutState::done;
  if (open && (wave < *open || arrived)) return "passed";
  const bool back = state == fleet::RolloutState::returning || fleet::is_over(state);
  if (open && wave == *open) return back ? "closed" : "open";
  return back ? "closed" : "waiting";
}

std::vector<RolloutWaveView> view_waves(const store::RolloutRecord& rollout,
                                        const std::vector<store::RolloutNodeRecord>& nodes) {
  std::vector<RolloutWaveView> waves;
  for (std::size_t i = 0; i < rollout.waves.size(); ++i) {
    waves.push_back({rollout.waves[i], wave_state(rollout, i), 0, {}});
  }
  const auto open = open_wave(rollout);
  for (const auto& node : nodes) {
    if (node.wave >= waves.size()) continue;
    auto& wave = waves[node.wave];
    ++wave.nodes;
    if (open && node.wave <= *open) ++wave.verdicts[node.finding.verdict];
  }
  return waves;
}

std::string reached_words(std::int64_t reached) {
  if (reached == store::RolloutGroup::kNothing) return "nothing";
  return reached == store::RolloutGroup::kEverybody ? "everybody" : "waves";
}

Result<std::vector<RolloutGroupView>> view_groups(
    const Context& context, const store::RolloutRecord& rollout,
    const std::vector<store::RolloutGroup>& groups,
    const std::vector<store::RolloutNodeRecord>& nodes) {
  std::map<fleet::NodeGroupId, std::int64_t> members;
  for (const auto& node : nodes) ++members[node.group];
  const auto state = rollout.status.state;
  const bool back = state == fleet::RolloutState::returned || state == fleet::RolloutState::aborted;
  std::vector<RolloutGroupView> views;
  for (const auto& group : groups) {
    RolloutGroupView view{group.name,
                          group.composition,
                          group.previous,
                          reached_words(group.reached),
                          back || rollout.status.out.contains(group.name),
                          0};
    const bool changes = group.composition != group.previous;
    if (changes && !rollout.finished_at && state != fleet::RolloutState::preparing) {
      auto there = context.store.groups.members(group.group);
      if (!there) return fail(std::move(there).error());
      const auto registered = std::count_if(there->begin(), there->end(),
                                            [](const auto& member) { return member.registered; });
      view.late_joiners = std::max<std::int64_t>(0, registered - members[group.group]);
    }
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<RolloutNodeView> view_nodes(const store::RolloutRecord& rollout,
                                        const std::vector<store::RolloutNodeRecord>& nodes,
                                        const std::vector<store::RolloutGroup>& groups) {
  std::map<fleet::NodeGroupId, std::string> names;
  for (const auto& group : groups) names[group.group] = group.name;
  const auto open = open_wave(rollout);
  std::vector<RolloutNodeView> views;
  views.reserve(nodes.size());
  for (const auto& node : nodes) {
    RolloutNodeView view{node.name, names[node.group], node.wave + 1, std::nullopt,
                         "",        node.since,        node.forgiven};
    if (open && node.wave <= *open) {
      view.verdict = node.finding.verdict;
      view.reason = node.finding.reason;
    }
    views.push_back(std::move(view));
  }
  return views;
}

bool is_troubled(const RolloutNodeView& node) {
  return node.verdict && *node.verdict != fleet::NodeVerdict::done &&
         *node.verdict != fleet::NodeVerdict::pending &&
         *node.verdict != fleet::NodeVerdict::downloading;
}

Result<RolloutView> view_of(const Context& context, const store::RolloutRecord& rollout) {
  auto groups = context.store.rollouts.groups(rollout.id);
  if (!groups) return fail(std::move(groups).error());
  auto nodes = context.store.rollouts.nodes(rollout.id);
  if (!nodes) return fail(std::move(nodes).error());
  auto events = context.store.rollouts.events(rollout.id);
  if (!events) return fail(std::move(events).error());
  RolloutView view;
  view.id = rollout.id;
  for (const auto& edit : rollout.change.edits) view.deployments.push_back(edit.deployment);
  view.plan = rollout.plan;
  view.actor = rollout.actor;
  view.policy = rollout.policy;
  view.status = rollout.status;
  view.trouble = rollout.trouble;
  view.waves = view_waves(rollout, *nodes);
  auto group_views = view_groups(context, rollout, *groups, *nodes);
  if (!group_views) return fail(std::move(group_views).error());
  view.groups = *std::move(group_views);
  for (auto& node : view_nodes(rollout, *nodes, *groups)) {
    if (view.troubled.size() == kTroubled) break;
    if (is_troubled(node)) view.troubled.push_back(std::move(node));
  }
  for (auto& event : *events) view.events.push_back({event.at, std::move(event.what)});
  view.started_at = rollout.started_at;
  view.finished_at = rollout.finished_at;
  return view;
}

// What has failed so far no longer counts.
Result<void> forgive(Context& context, const store::RolloutRecord& rollout, Timestamp now) {
  auto groups = context.store.rollouts.groups(rollout.id);
  if (!groups) return fail(std::move(groups).error());
  auto nodes = context.store.rollouts.nodes(rollout.id);
  if (!nodes) return fail(std::move(nodes).error());
  auto status = rollout.status;
  if (status.state == fleet::RolloutState::paused) status.state = status.goes_on_as;
  const auto judged = as_rollout_nodes(*nodes, *groups);
  for (std::size_t i = 0; i < nodes->size(); ++i) {
    auto& node = (*nodes)[i];
    if (node.wave > status.wave) continue;
    const bool failed = fleet::has_failed(rollout.policy, status, judged[i], now) ||
                        node.finding.verdict == fleet::NodeVerdict::unhealthy;
    if (!failed) continue;
    node.forgiven = true;
    auto stored = context.store.rollouts.set_finding(rollout.id, node);
    if (!stored) return stored;
  }
  return {};
}

}  // namespace

Result<std::vector<RolloutView>> Rollouts::list(const fleet::OrganizationId& organization,
                                                const std::string& workspace_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto records = context_.store.rollouts.list(workspace->id, kListed);
  if (!records) return fail(std::move(records).error());
  std::vector<RolloutView> views;
  for (const auto& record : *records) {
    auto view = view_of(context_, record);
    if (!view) return fail(std::move(view).error());
    views.push_back(*std::move(view));
  }
  return views;
}

Result<RolloutView> Rollouts::get(const fleet::OrganizationId& organization,
                                  const std::string& workspace_name, const std::string& id) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto record = find_rollout(context_, *workspace, id);
  if (!record) return fail(std::move(record).error());
  return view_of(context_, *record);
}

Result<std::vector<RolloutNodeView>> Rollouts::nodes(const fleet::OrganizationId& organization,
                                                     const std::string& workspace_name,
                                                     const std::string& id) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto record = find_rollout(context_, *workspace, id);
  if (!record) return fail(std::move(record).error());
  auto groups = context_.store.rollouts.groups(id);
  if (!groups) return fail(std::move(groups).error());
  auto nodes = context_.store.rollouts.nodes(id);
  if (!nodes) return fail(std::move(nodes).error());
  return view_nodes(*record, *nodes, *groups);
}

Result<RolloutView> Rollouts::order(const fleet::OrganizationId& organization,
                                    const std::string& workspace_name, const std::string& id,
                                    fleet::RolloutOrder order, const std::string& who) {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto record = find_rollout(context_, *workspace, id);
  if (!record) return fail(std::move(record).error());
  const auto now = context_.clock.now();
  auto status = fleet::obey(record->status, order, record->waves.size(), who, now);
  if (!status) return fail(std::move(status).error());
  if (order == fleet::RolloutOrder::promote) {
    auto noted = context_.store.rollouts.note(id, now, fmt::format("promoted by {}", who));
    if (!noted) return fail(std::move(noted).error());
    auto forgiven = forgive(context_, *record, now);
    if (!forgiven) return fail(std::move(forgiven).error());
  }
  auto recorded = record_status(context_, *record, *std::move(status));
  if (!recorded) return fail(std::move(recorded).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  wake_rollout(context_, id);
  return view_of(context_, *record);
}

}  // namespace ferry::control
