// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/rollout_loop.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "control/deployments/delivery.hpp"
#include "control/deployments/planning.hpp"
#include "control/deployments/recording.hpp"
#include "control/deployments/rollout_delivery.hpp"
#include "control/deployments/rollout_reading.hpp"
#include "control/lookup.hpp"
#include "fleet/rollout_settlement.hpp"

namespace ferry::control {
namespace {

using fleet::RolloutState;
using net::Task;
using std::chrono::milliseconds;

constexpr milliseconds kLongestPause{60'000};
constexpr std::chrono::seconds kLookEach{6};

enum class Next { at_once, later, when_woken, never };

// ---- preparing ---------------------------------------------------------------------------------

Task<Result<void>> prepare(Context& context, RolloutSite site) {
  auto found = co_await gather_members(context, site);
  if (!found) co_return fail(std::move(found).error());
  const auto reports = co_await read_for_rollout(context, site.workspace);
  auto waves = fleet::assign_waves(site.rollout.policy, found->members);
  if (!waves) co_return fail(std::move(waves).error());
  const auto now = context.clock.now();
  auto transaction = context.store.begin();
  if (!transaction) co_return fail(std::move(transaction).error());
  auto& rollouts = context.store.rollouts;
  auto rollout = rollouts.find(site.rollout.id);
  if (!rollout) co_return fail(std::move(rollout).error());
  // Paused or aborted meanwhile.
  if (!*rollout || (*rollout)->status.state != RolloutState::preparing) co_return Result<void>();
  auto cleared = rollouts.remove_nodes(site.rollout.id);
  if (!cleared) co_return cleared;
  for (std::size_t i = 0; i < found->nodes.size(); ++i) {
    auto& node = found->nodes[i];
    auto known = context.store.nodes.find(node.node);
    if (!known) co_return fail(std::move(known).error());
    if (!*known || (*known)->group != node.group) continue;  // gone or moved meanwhile
    node.wave = waves->positions[i];
    node.since = now;
    node.bad_before = fleet::bad_modules(observe_node(*reports.reports, node.device, node.group));
    auto inserted = rollouts.insert_node(site.rollout.id, node);
    if (!inserted) co_return inserted;
  }
  (*rollout)->waves = std::move(waves->waves);
  auto recorded = record_status(context, **rollout,
                                fleet::advance((*rollout)->status, (*rollout)->waves.size(), now));
  if (!recorded) co_return recorded;
  co_return transaction->commit();
}

// ---- running, soaking --------------------------------------------------------------------------

// While nodes do not come, somebody may have changed the hub by hand. Twenty configurations may be
// looked at a minute, and there is other work.
bool is_time_to_look(Context& context, const RolloutSite& site) {
  const auto wake = context.rollout_wakes.find(site.rollout.id);
  if (site.rollout.status.state != RolloutState::running || wake == context.rollout_wakes.end()) {
    return false;
  }
  const auto now = context.clock.now();
  const auto patience =
      std::max<std::chrono::seconds>(std::chrono::minutes(2), site.groups.size() * kLookEach);
  auto& looked_at = wake->second->looked_at;
  if (now - std::max(looked_at, site.rollout.status.since) < patience) return false;
  looked_at = now;
  return true;
}

// Every group as the status wants it. Stops in between when the status has changed.
Task<Result<void>> make_cloud_so(Context& context, const RolloutSite& site) {
  const bool look = is_time_to_look(context, site);
  for (const auto& group : site.groups) {
    auto now = context.store.rollouts.find(site.rollout.id);
    if (!now) co_return fail(std::move(now).error());
    if (!*now || (*now)->status != site.rollout.status) co_return Result<void>();
    auto brought = co_await bring_to(context, site, group,
                                     fleet::wanted_in_cloud(site.rollout.status, group.name), look);
    if (!brought) co_return fail(std::move(brought).error().with("group '{}'", group.name));
  }
  co_return Result<void>();
}

Result<std::map<fleet::NodeGroupId, fleet::RolloutTarget>> targets_of(const Context& context,
                                                                      const RolloutSite& site) {
  std::map<fleet::NodeGroupId, fleet::RolloutTarget> targets;
  for (const auto& group : site.groups) {
    if (!changes(group)) continue;
    auto after = context.store.compositions.find(group.group, group.composition);
    if (!after) return fail(std::move(after).error());
    auto before = context.store.compositions.find(group.group, group.previous);
    if (!before) return fail(std::move(before).error());
    auto& target = targets[group.group];
    target.composition = group.composition;
    if (!*after) continue;
    for (const auto& module : (*after)->modules) {
      const bool same = *before && std::find((*before)->modules.begin(), (*before)->modules.end(),
                                             module) != (*before)->modules.end();
      if (!same) target.changed.insert(module.name);
    }
  }
  return targets;
}

// Verdicts and decision in one transaction, from what is recorded now.
Result<Next> judge(Context& context, const RolloutSite& site, const WorkspaceReports& reports,
                   bool settled) {
  auto targets = targets_of(context, site);
  if (!targets) return fail(std::move(targets).error());
  const auto now = context.clock.now();
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto& rollouts = context.store.rollouts;
  auto rollout = rollouts.find(site.rollout.id);
  if (!rollout) return fail(std::move(rollout).error());
  if (!*rollout) return Next::never;
  if ((*rollout)->status != site.rollout.status) return Next::at_once;
  auto nodes = rollouts.nodes(site.rollout.id);
  if (!nodes) return fail(std::move(nodes).error());
  const auto changed = judge_nodes(reports, *targets, *nodes, now);
  for (const auto position : changed) {
    auto stored = rollouts.set_finding(site.rollout.id, (*nodes)[position]);
    if (!stored) return fail(std::move(stored).error());
  }
  const auto next = fleet::decide((*rollout)->policy, (*rollout)->status, (*rollout)->waves.size(),
                                  as_rollout_nodes(*nodes, site.groups), settled, now);
  const bool moved = next != (*rollout)->status;
  if (!moved && changed.empty()) return Next::later;
  auto recorded = record_status(context, **rollout, next);
  if (!recorded) return fail(std::move(recorded).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return moved ? Next::at_once : Next::later;
}

Task<Result<Next>> widen_and_watch(Context& context, RolloutSite site) {
  auto brought = co_await make_cloud_so(context, site);
  const auto fresh = co_await read_for_rollout(context, site.workspace);
  // What is not current proves nothing.
  if (fresh.current) {
    auto judged = judge(context, site, *fresh.reports, brought.has_value());
    if (!judged || brought) co_return judged;
    if (*judged == Next::at_once) co_return judged;
  }
  if (!brought) co_return fail(std::move(brought).error());
  co_return fail(Code::unavailable, "the IoT Hub does not say what the nodes report");
}

// ---- promoting, returning ----------------------------------------------------------------------

// The new compositions are those that stand, and the change is the deployments' next revision.
Result<void> record_arrival(Context& context, const RolloutSite& site) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto rollout = context.store.rollouts.find(site.rollout.id);
  if (!rollout) return fail(std::move(rollout).error());
  if (!*rollout || (*rollout)->recorded) return {};
  for (const auto& rolled : site.groups) {
    if (!changes(rolled) || site.rollout.status.out.contains(rolled.name)) continue;
    auto record = context.store.compositions.find(rolled.group, rolled.composition);
    if (!record) return fail(std::move(record).error());
    auto group = load_group(context, rolled.group);
    if (!group) return fail(std::move(group).error());
    if (!*record) return fail(Code::internal, "composition {} is gone", rolled.composition);
    (*record)->stood = true;
    auto flagged = context.store.compositions.update_flags(**record);
    if (!flagged) return flagged;
    group->configuration = (*record)->configuration;
    group->composition_version = (*record)->version;
    auto updated = context.store.groups.update(*group);
    if (!updated) return updated;
  }
  auto live = deployments_that_matter(context, site.workspace, site.rollout.change);
  if (!live) return fail(std::move(live).error());
  const auto change = fleet::settle_change(*live, site.rollout.change, site.rollout.status.out);
  auto recorded = record_change(context, site.workspace.id, *live, change);
  if (!recorded) return fail(std::move(recorded).error());
  (*rollout)->recorded = true;
  auto stored = context.store.rollouts.update(**rollout);
  if (!stored) return stored;
  return transaction->commit();
}

Result<void> end_stage(Context& context, const std::string& id, RolloutState stage) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto rollout = context.store.rollouts.find(id);
  if (!rollout) return fail(std::move(rollout).error());
  if (!*rollout || (*rollout)->status.state != stage) return {};
  auto recorded = record_status(
      context, **rollout,
      fleet::advance((*rollout)->status, (*rollout)->waves.size(), context.clock.now()));
  if (!recorded) return recorded;
  return transaction->commit();
}

Task<Result<void>> promote(Context& context, RolloutSite site) {
  auto brought = co_await make_cloud_so(context, site);
  if (!brought) co_return brought;
  auto arrived = record_arrival(context, site);
  if (!arrived) co_return arrived;
  for (const auto& group : site.groups) {
    if (!changes(group) || site.rollout.status.out.contains(group.name)) continue;
    auto cleaned = co_await delete_other_configurations(context, *site.hubs.at(group.group),
                                                        group.group, group.composition);
    if (!cleaned) co_return cleaned;
  }
  co_return end_stage(context, site.rollout.id, RolloutState::promoting);
}

Task<Result<void>> take_back(Context& context, RolloutSite site) {
  auto brought = co_await make_cloud_so(context, site);
  if (!brought) co_return brought;
  co_return end_stage(context, site.rollout.id, RolloutState::returning);
}

// ---- turns -------------------------------------------------------------------------------------

// A pause lets nobody else in; groups that have failed go back all the same.
Task<Result<Next>> stand_still(Context& context, RolloutSite site) {
  for (const auto& group : site.groups) {
    if (!site.rollout.status.out.contains(group.name)) continue;
    auto taken = co_await bring_to(context, site, group, {});
    if (!taken) co_return fail(std::move(taken).error());
  }
  co_return Next::when_woken;
}

Task<Result<Next>> take_turn(Context& context, store::RolloutRecord rollout) {
  const auto state = rollout.status.state;
  if (fleet::is_over(state)) co_return Next::never;
  auto site = load_rollout_site(context, std::move(rollout));
  if (!site) co_return fail(std::move(site).error());
  if (state == RolloutState::paused) co_return co_await stand_still(context, *std::move(site));
  if (state == RolloutState::running || state == RolloutState::soaking) {
    co_return co_await widen_and_watch(context, *std::move(site));
  }
  Result<void> done;
  if (state == RolloutState::preparing) done = co_await prepare(context, *std::move(site));
  if (state == RolloutState::promoting) done = co_await promote(context, *std::move(site));
  if (state == RolloutState::returning) done = co_await take_back(context, *std::move(site));
  if (!done) co_return fail(std::move(done).error());
  co_return Next::at_once;
}

// Shown until a turn succeeds.
void note_trouble(Context& context, const std::string& id, const std::string& trouble) {
  auto rollout = context.store.rollouts.find(id);
  if (!rollout || !*rollout || (*rollout)->trouble == trouble) return;
  (*rollout)->trouble = trouble;
  auto stored = context.store.rollouts.update(**rollout);
  if (!stored) log::warning("rollout", "{}", stored.error().describe());
  context.engine.changes().mark((*rollout)->workspace.str());
  if (!trouble.empty()) log::warning("rollout", "{}: {}", id, trouble);
}

Task<void> wake_later(Context& context, std::shared_ptr<RolloutWake> wake, milliseconds delay) {
  co_await context.sleep(delay);
  wake->timer = false;
  ++wake->signals;
  wake->woken.notify();
}

Task<void> run_rollout(Context& context, std::string id, std::shared_ptr<RolloutWake> wake) {
  auto pause = context.rollout_poll;
  for (;;) {
    const auto seen = wake->signals;
    auto rollout = context.store.rollouts.find(id);
    if (!rollout) {
      log::error("rollout", "{}: {}", id, rollout.error().describe());
      break;
    }
    if (!*rollout) break;  // its workspace has gone
    auto next = co_await take_turn(context, **std::move(rollout));
    note_trouble(context, id, next ? "" : next.error().describe());
    pause = next ? context.rollout_poll : std::min(pause * 2, kLongestPause);
    if (next && *next == Next::never) break;
    if ((next && *next == Next::at_once) || wake->signals != seen) continue;
    const bool by_itself = !next || *next == Next::later;
    if (by_itself && !wake->timer) {
      wake->timer = true;
      context.loop.spawn(wake_later(context, wake, pause));
    }
    co_await wake->woken.wait();
  }
  context.rollout_wakes.erase(id);
}

// What changed, for the rollout's history.
std::vector<std::string> words_for(const store::RolloutRecord& rollout,
                                   const fleet::RolloutStatus& after) {
  const auto& before = rollout.status;
  std::vector<std::string> words;
  for (const auto& group : after.out) {
    if (!before.out.contains(group)) {
      words.push_back(fmt::format("group '{}' returns: {}", group, after.reason));
    }
  }
  if (before.state == after.state && before.wave == after.wave) return words;
  const auto wave = [&] {
    const auto name =
        after.wave < rollout.waves.size() ? " (" + rollout.waves[after.wave] + ")" : std::string();
    return fmt::format("wave {} of {}{}", after.wave + 1, rollout.waves.size(), name);
  };
  switch (after.state) {
    case RolloutState::preparing:
      words.emplace_back("resumed");
      break;
    case RolloutState::running:
      words.push_back(before.state == RolloutState::paused ? "resumed: " + wave()
                      : before.state == RolloutState::soaking && before.wave == after.wave
                          ? wave() + " is no longer good"
                          : wave() + " begins");
      break;
    case RolloutState::soaking:
      words.push_back(fmt::format("{} is good; it soaks for {}", wave(),
                                  fleet::to_string(rollout.policy.soak)));
      break;
    case RolloutState::paused:
      words.push_back(after.reason);
      break;
    case RolloutState::promoting:
      words.emplace_back("every wave has passed: everybody gets it");
      break;
    case RolloutState::returning:
      words.push_back("returns: " + after.reason);
      break;
    case RolloutState::done:
    case RolloutState::aborted:
    case RolloutState::returned:
      words.emplace_back(to_string(after.state));
      break;
  }
  return words;
}

}  // namespace

Result<void> record_status(Context& context, store::RolloutRecord& rollout,
                           fleet::RolloutStatus status) {
  const auto now = context.clock.now();
  for (const auto& words : words_for(rollout, status)) {
    auto noted = context.store.rollouts.note(rollout.id, now, words);
    if (!noted) return noted;
  }
  rollout.status = std::move(status);
  if (fleet::is_over(rollout.status.state)) rollout.finished_at = now;
  auto stored = context.store.rollouts.update(rollout);
  if (!stored) return stored;
  context.engine.changes().mark(rollout.workspace.str());
  return {};
}

void launch_rollout(Context& context, const std::string& id) {
  auto& wake = context.rollout_wakes[id];
  if (wake) return;
  wake = std::make_shared<RolloutWake>(context.loop.executor());
  context.loop.spawn(run_rollout(context, id, wake));
}

Result<void> resume_rollouts(Context& context) {
  auto unfinished = context.store.rollouts.unfinished();
  if (!unfinished) return fail(std::move(unfinished).error().with("resume rollouts"));
  for (const auto& rollout : *unfinished) {
    log::info("rollout", "going on with {}, {}", rollout.id, to_string(rollout.status.state));
    launch_rollout(context, rollout.id);
  }
  return {};
}

void wake_rollout(Context& context, const std::string& id) {
  const auto wake = context.rollout_wakes.find(id);
  if (wake == context.rollout_wakes.end()) return;
  ++wake->second->signals;
  wake->second->woken.notify();
}

}  // namespace ferry::control
