// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/planning.hpp"

#include <algorithm>

#include "control/deployments/delivery.hpp"
#include "control/lookup.hpp"
#include "control/nodes/reports.hpp"

namespace ferry::control {
namespace {

Result<void> look_up_earlier(const Context& context, const fleet::NodeGroup& group,
                             fleet::GroupFacts& facts) {
  for (const auto& node : facts.nodes) {
    if (node.composition == 0 || node.composition == facts.standing) continue;
    if (facts.earlier.contains(node.composition)) continue;
    auto record = context.store.compositions.find(group.id, node.composition);
    if (!record) return fail(std::move(record).error());
    if (!*record) continue;
    auto& components = facts.earlier[node.composition];
    for (const auto& module : (*record)->modules)
      components.push_back({module.name, module.version});
  }
  return {};
}

Result<fleet::GroupFacts> facts_of(const Context& context, const fleet::Workspace& workspace,
                                   const fleet::NodeGroup& group, const WorkspaceReports& reports) {
  fleet::GroupFacts facts;
  facts.ready = group.state == fleet::LifeState::ready;
  facts.standing = group.composition_version;
  auto members = context.store.groups.members(group.id);
  if (!members) return fail(std::move(members).error());
  facts.nodes.reserve(members->size());
  for (auto& member : *members) {
    auto& node = facts.nodes.emplace_back();
    node.name = std::move(member.name);
    node.registered = member.registered;
    const auto report = reports.by_device.find(member.registration_id);
    if (report == reports.by_device.end()) continue;
    node.connected = report->second.connected;
    node.platform = report->second.platform;
    node.composition = composition_of(report->second, group.id);
  }
  auto earlier = look_up_earlier(context, group, facts);
  if (!earlier) return fail(std::move(earlier).error());
  if (facts.ready) {
    auto credential = load_pull_credential(context, workspace, group);
    if (!credential) return fail(std::move(credential).error());
    facts.credential = *std::move(credential);
  }
  return facts;
}

}  // namespace

Result<std::vector<fleet::Deployment>> deployments_that_matter(const Context& context,
                                                               const fleet::Workspace& workspace,
                                                               const fleet::Change& change) {
  std::vector<fleet::Deployment> edited;
  for (const auto& edit : change) {
    auto live = context.store.deployments.find_named(workspace.id, edit.deployment);
    if (!live) return fail(std::move(live).error());
    if (*live && (*live)->name == edit.deployment) edited.push_back(**std::move(live));
  }
  return context.store.deployments.targeting(workspace.id, fleet::touched_groups(edited, change));
}

Result<fleet::Fleet> load_fleet(Context& context, const fleet::Workspace& workspace,
                                const fleet::Change& change, const WorkspaceReports& reports) {
  fleet::Fleet fleet;
  auto deployments = deployments_that_matter(context, workspace, change);
  if (!deployments) return fail(std::move(deployments).error());
  fleet.deployments = *std::move(deployments);
  std::set<fleet::ComponentRef> versions;
  for (const auto& edit : change) versions.insert(edit.components.begin(), edit.components.end());
  for (const auto& deployment : fleet.deployments) {
    versions.insert(deployment.components.begin(), deployment.components.end());
  }
  auto catalog = context.published.load(workspace.id, versions);
  if (!catalog) return fail(std::move(catalog).error());
  fleet.catalog = *std::move(catalog);
  for (const auto& name : fleet::touched_groups(fleet.deployments, change)) {
    auto group = context.store.groups.find_named(workspace.id, name);
    if (!group) return fail(std::move(group).error());
    if (!*group) continue;
    auto facts = facts_of(context, workspace, **group, reports);
    if (!facts) return fail(std::move(facts).error());
    fleet.groups[name] = *std::move(facts);
  }
  auto standing = context.store.compositions.count_in_hub(workspace.id);
  if (!standing) return fail(std::move(standing).error());
  fleet.configurations = static_cast<std::size_t>(*standing);
  return fleet;
}

Result<fleet::Change> with_group_names(const Context& context, const fleet::Workspace& workspace,
                                       fleet::Change change) {
  for (auto& edit : change) {
    for (auto& group : edit.groups) {
      auto found = context.store.groups.find_named(workspace.id, group);
      if (!found) return fail(std::move(found).error());
      if (*found) group = (*found)->name;
    }
  }
  return fleet::normal_form(std::move(change));
}

Result<fleet::Change> change_to_revision(const Context& context, const fleet::Workspace& workspace,
                                         const std::string& deployment, std::int64_t revision) {
  auto revisions = context.store.deployments.revisions(workspace.id, deployment);
  if (!revisions) return fail(std::move(revisions).error());
  if (revisions->empty()) {
    return fail(Error{Code::not_found, fmt::format("there is no deployment '{}'", deployment),
                      "ferry deployment list shows them"});
  }
  auto live = context.store.deployments.find_named(workspace.id, deployment);
  if (!live) return fail(std::move(live).error());
  const auto found =
      std::find_if(revisions->begin(), revisions->end(), [&](const fleet::Deployment& candidate) {
        if (revision != 0) return candidate.revision == revision;
        return !*live || candidate.revision < (*live)->revision;
      });
  if (found == revisions->end()) {
    return fail(Error{Code::not_found,
                      revision == 0
                          ? fmt::format("deployment '{}' has no earlier revision", deployment)
                          : fmt::format("deployment '{}' has no revision {}", deployment, revision),
                      "ferry deployment history shows them"});
  }
  return fleet::Change{fleet::edit_of(*found)};
}

Result<fleet::Change> change_to_composition(const Context& context,
                                            const fleet::Workspace& workspace,
                                            const std::string& group_name, std::int64_t version) {
  auto group = find_group(context, workspace, group_name);
  if (!group) return fail(std::move(group).error());
  auto record = context.store.compositions.find(group->id, version);
  if (!record) return fail(std::move(record).error());
  if (!*record || !(*record)->stood) {
    return fail(
        Error{Code::not_found,
              fmt::format("node group '{}' never ran a composition {}", group->name, version),
              fmt::format("ferry group show {} lists them", group->name)});
  }
  auto deployments = context.store.deployments.targeting(workspace.id, {group->name});
  if (!deployments) return fail(std::move(deployments).error());
  fleet::Change change;
  for (const auto& deployment : *deployments) {
    auto edit = fleet::edit_of(deployment);
    std::erase(edit.groups, group->name);
    if (edit.groups.empty()) edit.components.clear();
    change.push_back(std::move(edit));
  }
  // Last, so that it counts where a restoring deployment stands already.
  auto& own = change.emplace_back(fleet::Edit{"restored-" + group->name, {}, {group->name}});
  own.deployment.resize(std::min<std::size_t>(own.deployment.size(), 63));
  for (const auto& module : (*record)->modules)
    own.components.push_back({module.name, module.version});
  if (own.components.empty()) own.groups.clear();
  return fleet::normal_form(std::move(change));
}

}  // namespace ferry::control
