// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/deployments.hpp"

#include <algorithm>
#include <set>

#include "control/deployments/delivery.hpp"
#include "control/deployments/planning.hpp"
#include "control/deployments/recording.hpp"
#include "control/deployments/rollout_loop.hpp"
#include "control/lookup.hpp"
#include "control/nodes/reports.hpp"
#include "fleet/names.hpp"

namespace ferry::control {
namespace {

constexpr std::chrono::hours kPlanLife{24};
constexpr std::int64_t kKeptPlans = 200;

std::optional<Error> refusal_of(const fleet::Plan& plan, bool allow_removals) {
  if (!plan.conflicts.empty()) {
    const auto& first = plan.conflicts.front();
    return Error{Code::conflict,
                 fmt::format("component '{}' would have {} versions on node group '{}' ({} nodes)",
                             first.component, first.versions.size(), first.group, first.nodes),
                 first.resolutions.front().words};
  }
  if (!plan.problems.empty()) return Error{Code::invalid_argument, plan.problems.front()};
  if (plan.has_removals() && !allow_removals) {
    return Error{Code::conflict, fmt::format("this would remove {}", plan.describe_removals()),
                 "say --allow-removals when that is meant"};
  }
  return std::nullopt;
}

Result<PlanView> to_view(const store::PlanRecord& record) {
  auto change = parse_json_object(record.change);
  if (!change) return fail(std::move(change).error().with("read plan {}", record.id));
  auto edits = fleet::change_from_json(*change);
  if (!edits) return fail(std::move(edits).error().with("read plan {}", record.id));
  auto shown = parse_json_object(record.shown);
  if (!shown) return fail(std::move(shown).error().with("read plan {}", record.id));
  return PlanView{record.id,         *std::move(edits), *std::move(shown),
                  record.created_at, record.expires_at, record.operation};
}

Result<void> check_names(const fleet::Change& change) {
  if (change.empty()) return fail(Code::invalid_argument, "the change changes nothing");
  for (const auto& edit : change.edits) {
    auto good = fleet::check_deployment_name(edit.deployment);
    if (!good) return good;
  }
  return {};
}

// What an operation is about, for people: deployments, or what else is changed.
std::string describe(const fleet::Change& change) {
  std::set<std::string> names;
  for (const auto& edit : change.edits) names.insert(edit.deployment);
  if (names.empty()) {
    for (const auto& edit : change.settings) names.insert(edit.component);
    for (const auto& edit : change.labels) names.insert(edit.group);
    for (const auto& edit : change.capabilities) {
      names.insert(edit.node.empty() ? edit.group : edit.node);
    }
  }
  return fmt::format("{}", fmt::join(names, ","));
}

// The groups that are delivered to.
Result<json::object> delivery_input(const Context& context, const fleet::Workspace& workspace,
                                    const fleet::Plan& plan) {
  json::array groups;
  for (const auto& group : plan.groups) {
    auto found = find_group(context, workspace, group.group);
    if (!found) return fail(std::move(found).error());
    groups.emplace_back(found->id.str());
  }
  return json::object{{"groups", std::move(groups)}};
}

Result<store::PlanRecord> find_plan(const Context& context, const fleet::Workspace& workspace,
                                    const std::string& id) {
  auto record = context.store.plans.find(workspace.id, id);
  if (!record) return fail(std::move(record).error());
  if (!*record) {
    return fail(Error{Code::not_found, fmt::format("there is no plan '{}'", id),
                      "ferry plan list shows those that can be applied"});
  }
  return **std::move(record);
}

// `by`: an operation or a rollout.
Result<void> mark_applied(Context& context, const std::string& plan, const std::string& by) {
  if (plan.empty()) return {};
  auto marked = context.store.plans.mark_applied(plan, by);
  if (!marked) return fail(std::move(marked).error());
  if (!*marked) return fail(Code::conflict, "plan {} was applied already", plan);
  return {};
}

}  // namespace

Result<std::vector<fleet::Deployment>> Deployments::list(const fleet::OrganizationId& organization,
                                                         const std::string& workspace_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  return context_.store.deployments.list(workspace->id);
}

Result<fleet::Deployment> Deployments::get(const fleet::OrganizationId& organization,
                                           const std::string& workspace_name,
                                           const std::string& name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  return find_deployment(context_, *workspace, name);
}

Result<std::vector<fleet::Deployment>> Deployments::history(
    const fleet::OrganizationId& organization, const std::string& workspace_name,
    const std::string& name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto revisions = context_.store.deployments.revisions(workspace->id, name);
  if (!revisions) return revisions;
  if (revisions->empty()) {
    auto deployment = find_deployment(context_, *workspace, name);  // by id, or the error
    if (!deployment) return fail(std::move(deployment).error());
    return context_.store.deployments.revisions(workspace->id, deployment->name);
  }
  return revisions;
}

net::Task<Result<PlanView>> Deployments::plan(fleet::OrganizationId organization,
                                              std::string workspace_name, fleet::Change change) {
  auto names_are_good = check_names(change);
  if (!names_are_good) co_return fail(std::move(names_are_good).error());
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  co_return co_await plan_change(*std::move(workspace), std::move(change));
}

net::Task<Result<PlanView>> Deployments::plan_rollback(fleet::OrganizationId organization,
                                                       std::string workspace_name,
                                                       std::string deployment,
                                                       std::int64_t revision) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto change = change_to_revision(context_, *workspace, deployment, revision);
  if (!change) co_return fail(std::move(change).error());
  co_return co_await plan_change(*std::move(workspace), *std::move(change));
}

net::Task<Result<PlanView>> Deployments::plan_restore(fleet::OrganizationId organization,
                                                      std::string workspace_name, std::string group,
                                                      std::int64_t composition) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto change = change_to_composition(context_, *workspace, group, composition);
  if (!change) co_return fail(std::move(change).error());
  co_return co_await plan_change(*std::move(workspace), *std::move(change));
}

net::Task<Result<PlanView>> Deployments::plan_change(fleet::Workspace workspace,
                                                     fleet::Change change) {
  const auto reports = co_await fresh_reports(context_, workspace);
  auto named = with_names(context_, workspace, std::move(change));
  if (!named) co_return fail(std::move(named).error());
  auto fleet = load_fleet(context_, workspace, *named, *reports);
  if (!fleet) co_return fail(std::move(fleet).error());
  const auto plan = fleet::make_plan(*fleet, *named);
  const Timestamp now = context_.clock.now();
  const store::PlanRecord record{.id = random_id("plan"),
                                 .workspace = workspace.id,
                                 .change = json::serialize(fleet::to_json(*named)),
                                 .promise = json::serialize(fleet::promise_of(plan)),
                                 .shown = json::serialize(fleet::to_json(plan)),
                                 .created_at = now,
                                 .expires_at = now + kPlanLife,
                                 .operation = std::nullopt};
  auto kept = context_.store.plans.insert(record, kKeptPlans);
  if (!kept) co_return fail(std::move(kept).error());
  co_return to_view(record);
}

Result<std::vector<PlanView>> Deployments::plans(const fleet::OrganizationId& organization,
                                                 const std::string& workspace_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto records = context_.store.plans.list(workspace->id);
  if (!records) return fail(std::move(records).error());
  std::vector<PlanView> views;
  for (const auto& record : *records) {
    auto view = to_view(record);
    if (!view) return fail(std::move(view).error());
    views.push_back(*std::move(view));
  }
  return views;
}

Result<PlanView> Deployments::get_plan(const fleet::OrganizationId& organization,
                                       const std::string& workspace_name,
                                       const std::string& id) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto record = find_plan(context_, *workspace, id);
  if (!record) return fail(std::move(record).error());
  return to_view(*record);
}

net::Task<Result<ApplyOutcome>> Deployments::apply_plan(fleet::OrganizationId organization,
                                                        std::string workspace_name, std::string id,
                                                        bool allow_removals,
                                                        std::optional<RolloutRequest> rollout) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto record = find_plan(context_, *workspace, id);
  if (!record) co_return fail(std::move(record).error());
  auto view = to_view(*record);
  if (!view) co_return fail(std::move(view).error());
  if (view->operation) {
    co_return fail(Error{Code::conflict, fmt::format("plan {} was applied already", id),
                         fmt::format("ferry {} show {} tells how it went",
                                     view->operation->starts_with("rol-") ? "rollout" : "operation",
                                     *view->operation)});
  }
  if (context_.clock.now() >= view->expires_at) {
    co_return fail(
        Error{Code::precondition_failed, fmt::format("plan {} has expired", id), "plan again"});
  }
  co_await fresh_reports(context_, *workspace);
  co_return commit_change(*workspace, view->change, allow_removals, id, rollout);
}

net::Task<Result<ApplyOutcome>> Deployments::apply(fleet::OrganizationId organization,
                                                   std::string workspace_name, fleet::Change change,
                                                   bool allow_removals,
                                                   std::optional<RolloutRequest> rollout) {
  auto names_are_good = check_names(change);
  if (!names_are_good) co_return fail(std::move(names_are_good).error());
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto named = with_names(context_, *workspace, std::move(change));
  if (!named) co_return fail(std::move(named).error());
  co_await fresh_reports(context_, *workspace);
  co_return commit_change(*workspace, *named, allow_removals, "", rollout);
}

// Plan, consent and record in one transaction: nothing can come between what was planned and what
// is recorded.
Result<ApplyOutcome> Deployments::commit_change(const fleet::Workspace& workspace,
                                                const fleet::Change& change, bool allow_removals,
                                                const std::string& plan_id,
                                                const std::optional<RolloutRequest>& rollout) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  const auto reports = known_reports(context_, workspace.id);
  auto fleet = load_fleet(context_, workspace, change, *reports);
  if (!fleet) return fail(std::move(fleet).error());
  auto plan = fleet::make_plan(*fleet, change);
  if (!plan_id.empty()) {
    auto record = find_plan(context_, workspace, plan_id);
    if (!record) return fail(std::move(record).error());
    auto promised = parse_json_object(record->promise);
    if (!promised) return fail(std::move(promised).error().with("read plan {}", plan_id));
    const auto moved = fleet::what_moved(*promised, fleet::promise_of(plan));
    if (!moved.empty()) {
      return ApplyOutcome(Refused{Error{Code::precondition_failed,
                                        fmt::format("the world has moved since plan {}: {}",
                                                    plan_id, fmt::join(moved, "; ")),
                                        "plan again, look, and apply that"},
                                  std::move(plan)});
    }
  }
  if (auto refusal = refusal_of(plan, allow_removals)) {
    return ApplyOutcome(Refused{*std::move(refusal), std::move(plan)});
  }

  auto held = held_by_rollout(context_, workspace, plan, change);
  if (!held) return fail(std::move(held).error());
  if (*held) return ApplyOutcome(Refused{**std::move(held), std::move(plan)});
  if (rollout) {
    auto recorded =
        record_rollout(context_, {workspace, plan, change, fleet->deployments, *rollout, plan_id});
    if (!recorded) return fail(std::move(recorded).error());
    auto marked = mark_applied(context_, plan_id, recorded->id);
    if (!marked) return fail(std::move(marked).error());
    auto committed = transaction->commit();
    if (!committed) return fail(std::move(committed).error());
    launch_rollout(context_, recorded->id);
    auto view = Rollouts(context_).get(workspace.organization, workspace.id.str(), recorded->id);
    if (!view) return fail(std::move(view).error());
    return ApplyOutcome(RolledOut{*std::move(view), std::move(plan)});
  }

  Applied applied;
  auto recorded = record_change(context_, workspace.id, fleet->deployments, change);
  if (!recorded) return fail(std::move(recorded).error());
  applied.deployments = *std::move(recorded);
  auto input = delivery_input(context_, workspace, plan);
  if (!input) return fail(std::move(input).error());
  const bool goes = change.edits.size() > 0 &&
                    std::all_of(change.edits.begin(), change.edits.end(),
                                [](const fleet::Edit& edit) { return edit.removes(); });
  const auto subject =
      applied.deployments.empty() ? workspace.id.str() : applied.deployments.front().id.str();
  auto operation =
      context_.engine.prepare({.organization = workspace.organization,
                               .kind = goes ? "deployment.delete" : "deployment.apply",
                               .target = fmt::format("{}/{}", workspace.name, describe(change)),
                               .subject = subject,
                               .lane = workspace.id.str(),
                               .input = *std::move(input)});
  if (!operation) return fail(std::move(operation).error());
  auto marked = mark_applied(context_, plan_id, operation->id.str());
  if (!marked) return fail(std::move(marked).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(*operation);
  applied.plan = std::move(plan);
  applied.operation = to_view(*operation);
  return ApplyOutcome(std::move(applied));
}

namespace {

// A step per touched group; groups of which nothing changes end at once.
Result<Workflow> deliver_to_groups(Context& context, const store::Operation& operation) {
  auto input = parse_json_object(operation.input);
  if (!input) return fail(std::move(input).error());
  auto groups = require_array(*input, "groups");
  if (!groups) return fail(std::move(groups).error());
  Workflow workflow;
  for (const auto& value : *groups) {
    if (!value.is_string()) return fail(Code::internal, "the operation's input is damaged");
    const fleet::NodeGroupId id{std::string(value.as_string())};
    auto group = load_group(context, id);
    if (!group) return fail(std::move(group).error());
    workflow.steps.push_back(
        {fmt::format("Node group {}", group->name),
         [&context, id](StepContext& step) { return deliver_composition(context, id, step); }});
  }
  return workflow;
}

}  // namespace

void define_deployment_workflow(Context& context) {
  for (const auto* kind : {"deployment.apply", "deployment.delete"}) {
    context.engine.define(kind, [&context](const store::Operation& operation) {
      return deliver_to_groups(context, operation);
    });
  }
}

}  // namespace ferry::control
