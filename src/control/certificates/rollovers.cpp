// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/rollovers.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "control/certificates/ca_keys.hpp"
#include "control/certificates/rollover_steps.hpp"
#include "control/lookup.hpp"

namespace ferry::control {
namespace {

using store::CertificateRecord;
using store::CertificateState;
using store::RolloverRecord;
using store::RolloverState;

constexpr int kListed = 100;

Result<fleet::Organization> load_organization(const Context& context, const std::string& id) {
  auto organization = context.store.organizations.find(fleet::OrganizationId(id));
  if (!organization) return fail(std::move(organization).error());
  if (!*organization) return fail(Code::internal, "organization {} is gone", id);
  return **std::move(organization);
}

RolloverView::Authority summary(const CertificateRecord& record) {
  return {record.id, record.subject, record.thumbprint, record.not_after};
}

Result<RolloverView> view_of(const Context& context, const RolloverRecord& rollover) {
  auto& certificates = context.store.certificates;
  RolloverView view;
  view.id = rollover.id;
  view.use = rollover.use;
  auto target = name_of_owner(context, rollover.use, rollover.owner);
  if (!target) return fail(std::move(target).error());
  view.target = *std::move(target);
  auto leaving = certificates.find_by_id(rollover.leaving);
  if (!leaving) return fail(std::move(leaving).error());
  if (*leaving) view.leaving = summary(**leaving);
  auto arriving = certificates.find_by_id(rollover.arriving);
  if (!arriving) return fail(std::move(arriving).error());
  if (*arriving) view.arriving = summary(**arriving);
  view.state = to_string(rollover.state);
  view.forced = rollover.forced;
  view.cancelled = rollover.cancelled;
  view.nodes_per_minute = rollover.nodes_per_minute;
  auto nodes = certificates.count_nodes_under(rollover.leaving, context.clock.now());
  if (!nodes) return fail(std::move(nodes).error());
  view.remaining = *nodes;
  view.nodes = rollover.switched_at ? rollover.nodes : *nodes;
  auto below = certificates.list_authorities_under(rollover.leaving);
  if (!below) return fail(std::move(below).error());
  view.authorities = static_cast<std::int64_t>(below->size());
  view.operation = rollover.operation;
  view.started_at = rollover.started_at;
  view.switched_at = rollover.switched_at;
  view.finished_at = rollover.finished_at;
  return view;
}

Result<AuthorityShape> find_target(const Context& context,
                                   const fleet::OrganizationId& organization,
                                   const AuthorityTarget& target) {
  if (target.workspace.empty()) {
    if (!target.group.empty()) {
      return fail(Code::invalid_argument, "a node group is in a workspace: name that as well");
    }
    return shape_of(context, "organization-root", organization.str());
  }
  auto workspace = find_ready_workspace(context, organization, target.workspace);
  if (!workspace) return fail(std::move(workspace).error());
  if (target.group.empty()) return workspace_shape(*workspace);
  auto group = find_group(context, *workspace, target.group);
  if (!group) return fail(std::move(group).error());
  if (group->state != fleet::LifeState::ready) {
    return fail(Code::conflict, "node group '{}' is not ready: it is {}", group->name,
                to_string(group->state));
  }
  return group_shape(*workspace, *group);
}

Result<RolloverRecord> find_rollover(const Context& context,
                                     const fleet::OrganizationId& organization,
                                     const std::string& id) {
  auto rollover = context.store.rollovers.find(id);
  if (!rollover) return fail(std::move(rollover).error());
  if (!*rollover || (*rollover)->organization != organization) {
    return fail(Error{Code::not_found, fmt::format("there is no rollover {}", id),
                      "ferry cert rollover status lists them"});
  }
  return **std::move(rollover);
}

Unexpected too_late(const RolloverRecord& rollover) {
  return fail(Error{Code::conflict,
                    rollover.state == RolloverState::finished
                        ? fmt::format("rollover {} has ended", rollover.id)
                        : fmt::format("rollover {} is taking the old authority out", rollover.id),
                    "start another one to replace the authority again"});
}

// Whoever issues does so from now on with the one that was there before.
Result<void> turn_round(Context& context, RolloverRecord& rollover) {
  auto& certificates = context.store.certificates;
  rollover.cancelled = !rollover.cancelled;
  if (rollover.arriving.empty()) {
    rollover.state = RolloverState::finished;
    rollover.finished_at = context.clock.now();
    return context.store.rollovers.update(rollover);
  }
  std::swap(rollover.leaving, rollover.arriving);
  auto active = certificates.set_state(rollover.arriving, CertificateState::active);
  if (!active) return active;
  auto retiring = certificates.set_state(rollover.leaving, CertificateState::retiring);
  if (!retiring) return retiring;
  auto nodes = certificates.count_nodes_under(rollover.leaving, context.clock.now());
  if (!nodes) return fail(std::move(nodes).error());
  rollover.nodes = *nodes;
  rollover.switched_at = context.clock.now();
  rollover.state = RolloverState::following;
  return context.store.rollovers.update(rollover);
}

// Two thirds of its life are over.
bool is_due(const CertificateRecord& authority, Timestamp now) {
  return now >= authority.not_before + (authority.not_after - authority.not_before) / 3 * 2;
}

}  // namespace

Result<AuthorityShape> shape_of(const Context& context, const std::string& use,
                                const std::string& owner) {
  if (use == "organization-root") {
    auto organization = load_organization(context, owner);
    if (!organization) return fail(std::move(organization).error());
    return organization_shape(*organization);
  }
  if (use == "workspace-ca") {
    auto workspace = load_workspace(context, fleet::WorkspaceId(owner));
    if (!workspace) return fail(std::move(workspace).error());
    return workspace_shape(*workspace);
  }
  auto group = load_group(context, fleet::NodeGroupId(owner));
  if (!group) return fail(std::move(group).error());
  auto workspace = load_workspace(context, group->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  return group_shape(*workspace, *group);
}

Result<std::string> name_of_owner(const Context& context, const std::string& use,
                                  const std::string& owner) {
  if (use == "organization-root") {
    auto organization = load_organization(context, owner);
    if (!organization) return fail(std::move(organization).error());
    return organization->name;
  }
  if (use == "workspace-ca") {
    auto workspace = load_workspace(context, fleet::WorkspaceId(owner));
    if (!workspace) return fail(std::move(workspace).error());
    return workspace->name;
  }
  auto group = load_group(context, fleet::NodeGroupId(owner));
  if (!group) return fail(std::move(group).error());
  auto workspace = load_workspace(context, group->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  return fmt::format("{}/{}", workspace->name, group->name);
}

Result<std::string> name_of_certificate_owner(const Context& context,
                                              const CertificateRecord& record) {
  if (record.use == "node" || record.use == "edge-ca") {
    auto node = context.store.nodes.find(store::node_of(record));
    if (!node) return fail(std::move(node).error());
    return *node ? (*node)->name : record.subject;
  }
  if (record.use != "external-ca") return name_of_owner(context, record.use, record.owner);
  return name_of_owner(context, record.workspace ? "workspace-ca" : "organization-root",
                       record.owner);
}

Result<BegunRollover> begin_rollover(Context& context, const NewRollover& request) {
  auto running = context.store.rollovers.find_running(request.shape.owner);
  if (!running) return fail(std::move(running).error());
  if (*running) {
    return fail(Error{Code::conflict,
                      fmt::format("rollover {} of the same authority is under way", (*running)->id),
                      fmt::format("ferry cert rollover status {}", (*running)->id)});
  }
  auto leaving = context.store.certificates.find_authority(request.shape.owner);
  if (!leaving) return fail(std::move(leaving).error());
  if (!*leaving) return fail(Code::conflict, "there is no authority yet that could be followed");
  auto target = name_of_owner(context, request.shape.use, request.shape.owner);
  if (!target) return fail(std::move(target).error());
  RolloverRecord rollover{.id = random_id("roll"),
                          .organization = request.shape.organization,
                          .workspace = request.shape.workspace,
                          .owner = request.shape.owner,
                          .use = request.shape.use,
                          .leaving = (*leaving)->id,
                          .arriving = request.arriving,
                          .nodes_per_minute = request.nodes_per_minute,
                          .switched_at = {},
                          .operation = {},
                          .started_at = context.clock.now(),
                          .finished_at = {}};
  // In a lane of its own: it may wait for nodes for a long time, and must not hold anything up.
  auto operation = context.engine.prepare({.organization = rollover.organization,
                                           .kind = "certificates.rollover",
                                           .target = *std::move(target),
                                           .subject = rollover.id,
                                           .lane = rollover.id});
  if (!operation) return fail(std::move(operation).error());
  rollover.operation = operation->id;
  auto inserted = context.store.rollovers.insert(rollover);
  if (!inserted) return fail(std::move(inserted).error());
  return BegunRollover{rollover.id, *std::move(operation)};
}

Result<RolloverStarted> Rollovers::start(const fleet::OrganizationId& organization,
                                         const AuthorityTarget& target,
                                         std::int64_t nodes_per_minute, bool own) {
  if (nodes_per_minute < 1) {
    return fail(Code::invalid_argument, "at least one node a minute has to renew");
  }
  auto shape = find_target(context_, organization, target);
  if (!shape) return fail(std::move(shape).error());
  auto leaving = context_.store.certificates.find_authority(shape->owner);
  if (!leaving) return fail(std::move(leaving).error());
  if (*leaving && (*leaving)->origin != store::CertificateOrigin::ferry && !own) {
    return fail(Error{Code::conflict,
                      fmt::format("'{}' was not signed by Ferry", (*leaving)->subject),
                      "bring its successor (ferry cert authority export-csr or import), or let "
                      "Ferry sign it with --own"});
  }
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto begun = begin_rollover(context_, {*std::move(shape), {}, nodes_per_minute});
  if (!begun) return fail(std::move(begun).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(begun->operation);
  auto view = one_view(begun->id);
  if (!view) return fail(std::move(view).error());
  return RolloverStarted{*std::move(view), to_view(begun->operation)};
}

Result<RolloverView> Rollovers::one_view(const std::string& id) const {
  auto rollover = context_.store.rollovers.find(id);
  if (!rollover) return fail(std::move(rollover).error());
  if (!*rollover) return fail(Code::internal, "rollover {} is gone", id);
  auto view = view_of(context_, **rollover);
  if (!view) return view;
  auto nodes = context_.store.certificates.list_nodes_under((*rollover)->leaving,
                                                            context_.clock.now(), kListed);
  if (!nodes) return fail(std::move(nodes).error());
  for (const auto& certificate : *nodes) {
    auto node = context_.store.nodes.find(fleet::NodeId(certificate.owner));
    if (!node) return fail(std::move(node).error());
    view->remaining_names.push_back(*node ? (*node)->name : certificate.subject);
  }
  return view;
}

Result<std::vector<RolloverView>> Rollovers::list(const fleet::OrganizationId& organization,
                                                  const std::string& workspace_name) const {
  std::optional<std::string> workspace;
  if (!workspace_name.empty()) {
    auto found = find_workspace(context_, organization, workspace_name);
    if (!found) return fail(std::move(found).error());
    workspace = found->id.str();
  }
  auto rollovers = context_.store.rollovers.list(organization, workspace, kListed);
  if (!rollovers) return fail(std::move(rollovers).error());
  std::vector<RolloverView> views;
  for (const auto& rollover : *rollovers) {
    auto view = view_of(context_, rollover);
    if (!view) return fail(std::move(view).error());
    views.push_back(*std::move(view));
  }
  return views;
}

Result<RolloverView> Rollovers::get(const fleet::OrganizationId& organization,
                                    const std::string& id) const {
  auto rollover = find_rollover(context_, organization, id);
  if (!rollover) return fail(std::move(rollover).error());
  return one_view(rollover->id);
}

Result<RolloverView> Rollovers::cancel(const fleet::OrganizationId& organization,
                                       const std::string& id) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto rollover = find_rollover(context_, organization, id);
  if (!rollover) return fail(std::move(rollover).error());
  if (rollover->state > RolloverState::following) return too_late(*rollover);
  if (rollover->cancelled) {
    return fail(Code::conflict, "rollover {} has been cancelled already", id);
  }
  auto turned = turn_round(context_, *rollover);
  if (!turned) return fail(std::move(turned).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  return one_view(id);
}

Result<RolloverView> Rollovers::force(const fleet::OrganizationId& organization,
                                      const std::string& id) {
  auto rollover = find_rollover(context_, organization, id);
  if (!rollover) return fail(std::move(rollover).error());
  if (rollover->state > RolloverState::following) return too_late(*rollover);
  rollover->forced = true;
  auto noted = context_.store.rollovers.update(*rollover);
  if (!noted) return fail(std::move(noted).error());
  return one_view(id);
}

Result<RolloverStarted> Rollovers::retry(const fleet::OrganizationId& organization,
                                         const std::string& id) {
  auto rollover = find_rollover(context_, organization, id);
  if (!rollover) return fail(std::move(rollover).error());
  auto operation = context_.store.operations.find(rollover->operation);
  if (!operation) return fail(std::move(operation).error());
  const auto stopped = [](fleet::RunState status) {
    return status == fleet::RunState::failed || status == fleet::RunState::cancelled;
  };
  if (!*operation || !stopped((*operation)->status)) {
    return fail(Error{Code::conflict, fmt::format("rollover {} has not stopped", id),
                      fmt::format("ferry cert rollover status {} says how far it is", id)});
  }
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto again = context_.engine.prepare_again(**std::move(operation));
  if (!again) return fail(std::move(again).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(*again);
  auto view = one_view(id);
  if (!view) return fail(std::move(view).error());
  return RolloverStarted{*std::move(view), to_view(*again)};
}

Result<int> Rollovers::start_due() {
  const auto now = context_.clock.now();
  auto authorities = context_.store.certificates.list_issuing();
  if (!authorities) return fail(std::move(authorities).error());
  int started = 0;
  for (const auto& authority : *authorities) {
    auto running = context_.store.rollovers.find_running(authority.owner);
    if (!running) return fail(std::move(running).error());
    if (*running) {
      // One that failed because the cloud was away goes on; one that people stopped does not.
      auto operation = context_.store.operations.find((*running)->operation);
      if (!operation) return fail(std::move(operation).error());
      if (!*operation || (*operation)->status != fleet::RunState::failed) continue;
      auto again = retry(authority.organization, (*running)->id);
      if (!again) return fail(std::move(again).error());
      ++started;
      continue;
    }
    if (authority.origin != store::CertificateOrigin::ferry || !is_due(authority, now)) continue;
    auto shape = shape_of(context_, authority.use, authority.owner);
    if (!shape) return fail(std::move(shape).error());
    auto transaction = context_.store.begin();
    if (!transaction) return fail(std::move(transaction).error());
    auto begun = begin_rollover(context_, {*std::move(shape), {}, kNodesPerMinute});
    if (!begun) return fail(std::move(begun).error());
    auto committed = transaction->commit();
    if (!committed) return fail(std::move(committed).error());
    context_.engine.launch(begun->operation);
    ++started;
  }
  return started;
}

}  // namespace ferry::control
