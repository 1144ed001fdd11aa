// SPDX-License-Identifier: Apache-2.0
// The steps of a rollover. Each reads anew how it stands, because it may be turned round or forced
// while it runs, and does nothing when that leaves nothing to do.
#include <algorithm>

#include "control/certificates/ca_keys.hpp"
#include "control/certificates/dps_authorities.hpp"
#include "control/certificates/rollover_steps.hpp"
#include "control/lookup.hpp"
#include "control/nodes/enrollment_groups.hpp"

namespace ferry::control {
namespace {

using store::CertificateRecord;
using store::CertificateState;
using store::RolloverRecord;
using store::RolloverState;

using RolloverStep = net::Task<Result<void>> (*)(Context&, RolloverRecord, StepContext&);

Result<CertificateRecord> load_certificate(const Context& context, const std::string& id) {
  auto record = context.store.certificates.find_by_id(id);
  if (!record) return fail(std::move(record).error());
  if (!*record) return fail(Code::internal, "certificate {} is gone", id);
  return **std::move(record);
}

// A crash may have come between making it and noting it.
Result<CertificateRecord> make_or_find_next(Context& context, const RolloverRecord& rollover) {
  auto authorities = context.store.certificates.list_authorities(rollover.owner);
  if (!authorities) return fail(std::move(authorities).error());
  for (const auto& authority : *authorities) {
    if (authority.state == CertificateState::next) return authority;
  }
  auto shape = shape_of(context, rollover.use, rollover.owner);
  if (!shape) return fail(std::move(shape).error());
  return make_authority(context, *shape, CertificateState::next);
}

net::Task<Result<void>> make_arriving(Context& context, RolloverRecord rollover,
                                      StepContext& step) {
  if (rollover.arriving.empty()) {
    auto shape = shape_of(context, rollover.use, rollover.owner);
    if (!shape) co_return fail(std::move(shape).error());
    auto prepared = co_await prepare_key(context, *std::move(shape));
    if (!prepared) co_return prepared;
    // While that took its time, it may have been cancelled.
    auto now = context.store.rollovers.find(rollover.id);
    if (!now) co_return fail(std::move(now).error());
    if (!*now || (*now)->state == RolloverState::finished) co_return Result<void>();
    rollover = **std::move(now);
    auto made = make_or_find_next(context, rollover);
    if (!made) co_return fail(std::move(made).error());
    rollover.arriving = made->id;
    auto noted = context.store.rollovers.update(rollover);
    if (!noted) co_return noted;
  }
  auto arriving = load_certificate(context, rollover.arriving);
  if (!arriving) co_return fail(std::move(arriving).error());
  step.detail(fmt::format("{}, until {}", arriving->subject, format_rfc3339(arriving->not_after)));
  co_return Result<void>();
}

net::Task<Result<void>> write_group(Context& context, std::string owner) {
  auto group = load_group(context, fleet::NodeGroupId(std::move(owner)));
  if (!group) co_return fail(std::move(group).error());
  auto workspace = load_workspace(context, group->workspace);
  if (!workspace) co_return fail(std::move(workspace).error());
  co_return co_await write_enrollment_group(context, *std::move(workspace), *std::move(group));
}

// Both stand side by side from here on.
net::Task<Result<void>> make_known(Context& context, RolloverRecord rollover, StepContext& step) {
  if (rollover.use == "group-ca") co_return co_await write_group(context, rollover.owner);
  if (rollover.use != "workspace-ca") co_return Result<void>();
  auto workspace = load_workspace(context, fleet::WorkspaceId(rollover.owner));
  if (!workspace) co_return fail(std::move(workspace).error());
  auto arriving = load_certificate(context, rollover.arriving);
  if (!arriving) co_return fail(std::move(arriving).error());
  co_return co_await ensure_verified_authority(context, *std::move(workspace), *std::move(arriving),
                                               step);
}

net::Task<Result<void>> switch_over(Context& context, RolloverRecord rollover, StepContext&) {
  if (rollover.switched_at) co_return Result<void>();
  auto transaction = context.store.begin();
  if (!transaction) co_return fail(std::move(transaction).error());
  auto active = context.store.certificates.set_state(rollover.arriving, CertificateState::active);
  if (!active) co_return active;
  auto retiring =
      context.store.certificates.set_state(rollover.leaving, CertificateState::retiring);
  if (!retiring) co_return retiring;
  auto nodes = context.store.certificates.count_nodes_under(rollover.leaving, context.clock.now());
  if (!nodes) co_return fail(std::move(nodes).error());
  rollover.nodes = *nodes;
  rollover.switched_at = context.clock.now();
  rollover.state = RolloverState::following;
  auto noted = context.store.rollovers.update(rollover);
  if (!noted) co_return noted;
  co_return transaction->commit();
}

// Nothing needs the leaving one, or nobody waits: it is out of use with the same transaction that
// says so, and cancelling comes too late.
Result<void> let_go(Context& context, RolloverRecord rollover) {
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto retired = context.store.certificates.set_state(rollover.leaving, CertificateState::retired);
  if (!retired) return retired;
  rollover.state = RolloverState::leaving;
  auto noted = context.store.rollovers.update(rollover);
  if (!noted) return noted;
  return transaction->commit();
}

// Whether what the authority belongs to can be changed in the cloud now.
Result<bool> is_ready(const Context& context, const CertificateRecord& authority) {
  if (authority.use == "group-ca") {
    auto group = load_group(context, fleet::NodeGroupId(authority.owner));
    if (!group) return fail(std::move(group).error());
    return group->state == fleet::LifeState::ready;
  }
  auto workspace = load_workspace(context, fleet::WorkspaceId(authority.owner));
  if (!workspace) return fail(std::move(workspace).error());
  return workspace->state == fleet::LifeState::ready;
}

// A rollover of an authority below, unless one runs or its owner is not in a state for it.
Result<void> start_below(Context& context, const RolloverRecord& parent,
                         const CertificateRecord& authority, std::int64_t rate) {
  auto running = context.store.rollovers.find_running(authority.owner);
  if (!running) return fail(std::move(running).error());
  if (*running) {
    if (!parent.forced || (*running)->forced) return {};
    (*running)->forced = true;
    return context.store.rollovers.update(**running);
  }
  auto ready = is_ready(context, authority);
  if (!ready) return fail(std::move(ready).error());
  if (!*ready || authority.state != CertificateState::active) return {};
  auto shape = shape_of(context, authority.use, authority.owner);
  if (!shape) return fail(std::move(shape).error());
  auto transaction = context.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto begun = begin_rollover(context, {*std::move(shape), {}, rate});
  if (!begun) return fail(std::move(begun).error());
  auto committed = transaction->commit();
  if (!committed) return committed;
  context.engine.launch(begun->operation);
  return {};
}

// What still needs the leaving one: nodes of a group's CA, authorities of all others.
struct Needing {
  std::int64_t count = 0;
  std::string shown;
};

Result<Needing> what_needs_it(Context& context, const RolloverRecord& rollover) {
  auto& certificates = context.store.certificates;
  if (rollover.use == "group-ca") {
    auto nodes = certificates.count_nodes_under(rollover.leaving, context.clock.now());
    if (!nodes) return fail(std::move(nodes).error());
    return Needing{*nodes,
                   fmt::format("{} of {} nodes have renewed",
                               std::max<std::int64_t>(0, rollover.nodes - *nodes), rollover.nodes)};
  }
  auto below = certificates.list_authorities_under(rollover.leaving);
  if (!below) return fail(std::move(below).error());
  const auto count = static_cast<std::int64_t>(below->size());
  for (const auto& authority : *below) {
    const auto rate = std::max<std::int64_t>(1, rollover.nodes_per_minute / count);
    auto started = start_below(context, rollover, authority, rate);
    if (!started) return fail(std::move(started).error());
  }
  return Needing{count, fmt::format("{} authorities below still to follow", count)};
}

net::Task<Result<void>> wait_for_all(Context& context, RolloverRecord rollover, StepContext& step) {
  const std::string id = rollover.id;
  std::string shown;
  for (;;) {
    auto now = context.store.rollovers.find(id);
    if (!now) co_return fail(std::move(now).error());
    if (!*now || (*now)->state != RolloverState::following) co_return Result<void>();
    auto needing = what_needs_it(context, **now);
    if (!needing) co_return fail(std::move(needing).error());
    if (needing->shown != shown) step.detail(needing->shown);
    shown = std::move(needing->shown);
    // Forced, the authorities below are forced as well, so they soon end.
    if (needing->count == 0 || ((*now)->forced && (*now)->use == "group-ca")) {
      co_return let_go(context, **now);
    }
    // The operation alone stops: both authorities stand, and the rollover goes on by retry.
    if (step.cancel_requested()) co_return fail(Code::cancelled, "stopped waiting for renewals");
    co_await net::sleep_for(context.rollover_poll);
  }
}

net::Task<Result<void>> take_out(Context& context, RolloverRecord rollover, StepContext& step) {
  auto leaving = load_certificate(context, rollover.leaving);
  if (!leaving) co_return fail(std::move(leaving).error());
  step.detail(leaving->subject);
  if (rollover.use == "group-ca") co_return co_await write_group(context, rollover.owner);
  if (rollover.use != "workspace-ca") co_return Result<void>();
  auto workspace = load_workspace(context, fleet::WorkspaceId(rollover.owner));
  if (!workspace) co_return fail(std::move(workspace).error());
  co_return co_await remove_authority(context, *std::move(workspace), *std::move(leaving));
}

Step rollover_step(Context& context, const std::string& id, std::string name, RolloverStep work) {
  return {std::move(name), [&context, id, work](StepContext& step) -> net::Task<Result<void>> {
            auto rollover = context.store.rollovers.find(id);
            if (!rollover) co_return fail(std::move(rollover).error());
            // Its owner has gone, or it was cancelled before anything was made.
            if (!*rollover || (*rollover)->state == RolloverState::finished) {
              co_return Result<void>();
            }
            co_return co_await work(context, **std::move(rollover), step);
          }};
}

Result<void> finish(Context& context, const std::string& id) {
  auto rollover = context.store.rollovers.find(id);
  if (!rollover) return fail(std::move(rollover).error());
  if (!*rollover || (*rollover)->state == RolloverState::finished) return {};
  auto forgotten = forget_ca_key(context, (*rollover)->leaving);
  if (!forgotten) return forgotten;
  context.renewal_places.erase(id);
  (*rollover)->state = RolloverState::finished;
  (*rollover)->finished_at = context.clock.now();
  return context.store.rollovers.update(**rollover);
}

}  // namespace

void define_rollover_workflow(Context& context) {
  context.engine.define(
      "certificates.rollover", [&context](const store::Operation& operation) -> Result<Workflow> {
        const std::string id = operation.subject;
        const auto step = [&](std::string name, RolloverStep work) {
          return rollover_step(context, id, std::move(name), work);
        };
        return Workflow{.steps = {step("New authority", make_arriving),
                                  step("Both authorities in the cloud", make_known),
                                  step("Issue from the new authority", switch_over),
                                  step("Certificates follow", wait_for_all),
                                  step("Old authority out of the cloud", take_out)},
                        .succeeded = [&context, id] { return finish(context, id); },
                        .failed = {}};
      });
}

}  // namespace ferry::control
