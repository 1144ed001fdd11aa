// SPDX-License-Identifier: Apache-2.0
#include "control/deployments.hpp"

#include <algorithm>
#include <set>

#include "control/delivery.hpp"
#include "control/lookup.hpp"
#include "fleet/names.hpp"

namespace ferry::control {
namespace {

template <class T>
void sort_and_deduplicate(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

const fleet::Deployment* find_live(const std::vector<fleet::Deployment>& deployments,
                                   const std::string& name) {
  const auto found = std::find_if(deployments.begin(), deployments.end(),
                                  [&](const fleet::Deployment& d) { return d.name == name; });
  return found == deployments.end() ? nullptr : &*found;
}

// Groups that the edit targets or that the deployment targets now.
std::set<std::string> touched_groups(const std::vector<fleet::Deployment>& deployments,
                                     const fleet::Edit& edit) {
  std::set<std::string> touched(edit.groups.begin(), edit.groups.end());
  if (const auto* live = find_live(deployments, edit.deployment)) {
    touched.insert(live->groups.begin(), live->groups.end());
  }
  return touched;
}

// Every version that matters to a touched group.
std::set<fleet::ComponentRef> versions_that_matter(
    const std::vector<fleet::Deployment>& deployments, const fleet::Edit& edit,
    const std::set<std::string>& touched) {
  std::set<fleet::ComponentRef> versions(edit.components.begin(), edit.components.end());
  for (const auto& deployment : deployments) {
    const bool matters =
        std::any_of(deployment.groups.begin(), deployment.groups.end(),
                    [&](const std::string& group) { return touched.contains(group); });
    if (matters) versions.insert(deployment.components.begin(), deployment.components.end());
  }
  return versions;
}

Result<fleet::Fleet> load_fleet(const Context& context, const fleet::Workspace& workspace,
                                const fleet::Edit& edit) {
  fleet::Fleet fleet;
  auto deployments = context.store.deployments.list(workspace.id);
  if (!deployments) return fail(std::move(deployments).error());
  fleet.deployments = *std::move(deployments);
  auto groups = context.store.groups.list(workspace.id);
  if (!groups) return fail(std::move(groups).error());
  auto counts = context.store.groups.node_counts(workspace.id);
  if (!counts) return fail(std::move(counts).error());
  const auto touched = touched_groups(fleet.deployments, edit);
  for (const auto& group : *groups) {
    fleet::GroupFacts facts;
    facts.nodes = (*counts)[group.id.str()];
    facts.ready = group.state == fleet::LifeState::ready;
    if (touched.contains(group.name) && facts.ready) {
      auto credential = load_pull_credential(context, workspace, group);
      if (!credential) return fail(std::move(credential).error());
      facts.credential = *std::move(credential);
    }
    fleet.groups[group.name] = std::move(facts);
  }
  auto catalog =
      load_catalog(context, workspace.id, versions_that_matter(fleet.deployments, edit, touched));
  if (!catalog) return fail(std::move(catalog).error());
  fleet.catalog = *std::move(catalog);
  auto standing = context.store.compositions.count_in_hub(workspace.id);
  if (!standing) return fail(std::move(standing).error());
  fleet.configurations = static_cast<std::size_t>(*standing);
  return fleet;
}

// Names for ids, sorted, once each. Unknown groups stay as they are: the plan names them.
Result<fleet::Edit> normalise(const Context& context, const fleet::Workspace& workspace,
                              const std::string& name, const DeploymentContent& content) {
  fleet::Edit edit{name, content.components, {}};
  for (const auto& group : content.groups) {
    auto found = context.store.groups.find_named(workspace.id, group);
    if (!found) return fail(std::move(found).error());
    edit.groups.push_back(*found ? (*found)->name : group);
  }
  sort_and_deduplicate(edit.components);
  sort_and_deduplicate(edit.groups);
  return edit;
}

std::optional<Error> refusal_of(const fleet::Plan& plan, bool allow_removals) {
  if (!plan.conflicts.empty()) {
    const auto& first = plan.conflicts.front();
    return Error{Code::conflict,
                 fmt::format("component '{}' would have {} versions on node group '{}' ({} nodes)",
                             first.component, first.versions.size(), first.group, first.nodes),
                 first.resolutions.front()};
  }
  if (!plan.problems.empty()) return Error{Code::invalid_argument, plan.problems.front()};
  if (plan.has_removals() && !allow_removals) {
    return Error{Code::conflict, fmt::format("this would remove {}", plan.describe_removals()),
                 "say --allow-removals when that is meant"};
  }
  return std::nullopt;
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

Result<fleet::Plan> Deployments::plan(const fleet::OrganizationId& organization,
                                      const std::string& workspace_name, const std::string& name,
                                      const DeploymentContent& content) const {
  auto name_is_good = fleet::check_deployment_name(name);
  if (!name_is_good) return fail(std::move(name_is_good).error());
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto edit = normalise(context_, *workspace, name, content);
  if (!edit) return fail(std::move(edit).error());
  auto fleet = load_fleet(context_, *workspace, *edit);
  if (!fleet) return fail(std::move(fleet).error());
  return fleet::make_plan(*fleet, *edit);
}

Result<ApplyOutcome> Deployments::apply(const fleet::OrganizationId& organization,
                                        const std::string& workspace_name, const std::string& name,
                                        const DeploymentContent& content, bool allow_removals) {
  auto name_is_good = fleet::check_deployment_name(name);
  if (!name_is_good) return fail(std::move(name_is_good).error());
  if (content.components.empty() && content.groups.empty()) {
    return fail(Error{Code::invalid_argument, "a deployment needs components and node groups",
                      fmt::format("to take deployment '{}' away, delete it", name)});
  }
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto edit = normalise(context_, *workspace, name, content);
  if (!edit) return fail(std::move(edit).error());
  return commit_edit(*workspace, *edit, allow_removals);
}

Result<ApplyOutcome> Deployments::remove(const fleet::OrganizationId& organization,
                                         const std::string& workspace_name, const std::string& name,
                                         bool allow_removals) {
  auto workspace = find_ready_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto deployment = find_deployment(context_, *workspace, name);
  if (!deployment) return fail(std::move(deployment).error());
  return commit_edit(*workspace, {deployment->name, {}, {}}, allow_removals);
}

// Plan, consent and record in one transaction: nothing can come between what was planned and what
// is recorded.
Result<ApplyOutcome> Deployments::commit_edit(const fleet::Workspace& workspace,
                                              const fleet::Edit& edit, bool allow_removals) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto fleet = load_fleet(context_, workspace, edit);
  if (!fleet) return fail(std::move(fleet).error());
  auto plan = fleet::make_plan(*fleet, edit);
  if (auto refusal = refusal_of(plan, allow_removals)) {
    return ApplyOutcome(Refused{*std::move(refusal), std::move(plan)});
  }

  fleet::Deployment deployment;
  const auto* live = find_live(fleet->deployments, edit.deployment);
  if (live) deployment = *live;
  auto recorded = record_edit(workspace, edit, deployment, live != nullptr);
  if (!recorded) return fail(std::move(recorded).error());

  json::array groups;
  for (const auto& name : touched_groups(fleet->deployments, edit)) {
    auto group = find_group(context_, workspace, name);
    if (!group) return fail(std::move(group).error());
    groups.emplace_back(group->id.str());
  }
  const bool goes = edit.components.empty();
  auto operation =
      context_.engine.prepare({.organization = workspace.organization,
                               .kind = goes ? "deployment.delete" : "deployment.apply",
                               .target = fmt::format("{}/{}", workspace.name, edit.deployment),
                               .subject = deployment.id.str(),
                               .lane = workspace.id.str(),
                               .input = {{"groups", std::move(groups)}}});
  if (!operation) return fail(std::move(operation).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  context_.engine.launch(*operation);
  return ApplyOutcome(Applied{std::move(deployment), std::move(plan), to_view(*operation)});
}

Result<void> Deployments::record_edit(const fleet::Workspace& workspace, const fleet::Edit& edit,
                                      fleet::Deployment& deployment, bool exists) {
  if (edit.components.empty()) return context_.store.deployments.remove(deployment.id);
  // The same content again is no new revision; it only makes sure that the cloud has it.
  if (exists && deployment.components == edit.components && deployment.groups == edit.groups) {
    return {};
  }
  const Timestamp now = context_.clock.now();
  if (!exists) {
    deployment.id = fleet::DeploymentId(random_id("dep"));
    deployment.name = edit.deployment;
    deployment.created_at = now;
  }
  deployment.revision += 1;
  deployment.components = edit.components;
  deployment.groups = edit.groups;
  return context_.store.deployments.put(workspace.id, deployment, now);
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
