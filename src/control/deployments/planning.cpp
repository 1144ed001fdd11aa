// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/planning.hpp"

#include <algorithm>

#include "control/deployments/composing.hpp"
#include "control/deployments/delivery.hpp"
#include "control/lookup.hpp"
#include "control/nodes/reports.hpp"

namespace ferry::control {
namespace {

Result<std::vector<fleet::Deployment>> matching_deployments(const Context& context,
                                                            const fleet::Workspace& workspace,
                                                            const fleet::Change& change,
                                                            const fleet::Directory& directory) {
  const bool everywhere = std::any_of(
      change.settings.begin(), change.settings.end(),
      [](const fleet::SettingEdit& edit) { return edit.layer == fleet::Layer::workspace; });
  if (everywhere) return context.store.deployments.list(workspace.id);
  std::vector<fleet::Deployment> edited;
  for (const auto& edit : change.edits) {
    auto live = context.store.deployments.find_named(workspace.id, edit.deployment);
    if (!live) return fail(std::move(live).error());
    if (*live && (*live)->name == edit.deployment) edited.push_back(**std::move(live));
  }
  return context.store.deployments.targeting(workspace.id,
                                             fleet::touched_groups(edited, change, directory));
}

Result<fleet::Directory> load_directory(const Context& context, const fleet::Workspace& workspace,
                                        const fleet::Change& change) {
  fleet::Directory directory;
  auto groups = context.store.layers.labels(workspace.id);
  if (!groups) return fail(std::move(groups).error());
  directory.groups = *std::move(groups);
  std::set<std::string> nodes;
  for (const auto& edit : change.settings) {
    if (edit.layer == fleet::Layer::node) nodes.insert(edit.owner);
  }
  for (const auto& edit : change.capabilities) {
    if (!edit.node.empty()) nodes.insert(edit.node);
  }
  for (const auto& name : nodes) {
    auto node = context.store.nodes.find_named(workspace.id, name);
    if (!node) return fail(std::move(node).error());
    if (!*node || (*node)->deleting) continue;
    auto group = load_group(context, (*node)->group);
    if (!group) return fail(std::move(group).error());
    directory.homes[(*node)->name] = group->name;
  }
  return directory;
}

// What the group and its nodes say.
Result<void> look_up_layers(const Context& context, const fleet::NodeGroup& group,
                            fleet::GroupFacts& facts) {
  const auto& layers = context.store.layers;
  auto settings = layers.settings({group.workspace, group.id, std::nullopt});
  if (!settings) return fail(std::move(settings).error());
  auto node_settings = layers.node_settings(group.id);
  if (!node_settings) return fail(std::move(node_settings).error());
  auto capabilities = layers.capabilities(group.id);
  if (!capabilities) return fail(std::move(capabilities).error());
  auto node_capabilities = layers.node_capabilities(group.id);
  if (!node_capabilities) return fail(std::move(node_capabilities).error());
  facts.settings = *std::move(settings);
  facts.node_settings = *std::move(node_settings);
  facts.capabilities = *std::move(capabilities);
  facts.node_capabilities = *std::move(node_capabilities);
  return {};
}

Result<void> look_up_earlier(const Context& context, const fleet::NodeGroup& group,
                             fleet::GroupFacts& facts) {
  for (const auto& node : facts.nodes) {
    if (node.composition == 0 || node.composition == facts.standing) continue;
    if (facts.earlier.contains(node.composition)) continue;
    auto record = context.store.compositions.find(group.id, node.composition);
    if (!record) return fail(std::move(record).error());
    if (!*record) continue;
    facts.earlier[node.composition] = running_modules(**record);
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
    node.free_bytes = report->second.free_bytes.value_or(-1);
  }
  auto earlier = look_up_earlier(context, group, facts);
  if (!earlier) return fail(std::move(earlier).error());
  auto layers = look_up_layers(context, group, facts);
  if (!layers) return fail(std::move(layers).error());
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
  auto directory = load_directory(context, workspace, change);
  if (!directory) return fail(std::move(directory).error());
  return matching_deployments(context, workspace, change, *directory);
}

Result<fleet::Fleet> load_fleet(Context& context, const fleet::Workspace& workspace,
                                const fleet::Change& change, const WorkspaceReports& reports) {
  fleet::Fleet fleet;
  auto directory = load_directory(context, workspace, change);
  if (!directory) return fail(std::move(directory).error());
  fleet.directory = *std::move(directory);
  auto settings = context.store.layers.settings({workspace.id, std::nullopt, std::nullopt});
  if (!settings) return fail(std::move(settings).error());
  fleet.settings = *std::move(settings);
  auto deployments = matching_deployments(context, workspace, change, fleet.directory);
  if (!deployments) return fail(std::move(deployments).error());
  fleet.deployments = *std::move(deployments);
  std::set<fleet::ComponentRef> versions;
  for (const auto& edit : change.edits) {
    versions.insert(edit.components.begin(), edit.components.end());
  }
  for (const auto& deployment : fleet.deployments) {
    versions.insert(deployment.components.begin(), deployment.components.end());
  }
  auto catalog = context.published.load(workspace.id, versions);
  if (!catalog) return fail(std::move(catalog).error());
  fleet.catalog = *std::move(catalog);
  for (const auto& name : fleet::touched_groups(fleet.deployments, change, fleet.directory)) {
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

namespace {

Result<void> put_group_name(const Context& context, const fleet::Workspace& workspace,
                            std::string& group) {
  auto found = context.store.groups.find_named(workspace.id, group);
  if (!found) return fail(std::move(found).error());
  if (*found) group = (*found)->name;
  return {};
}

Result<void> put_node_name(const Context& context, const fleet::Workspace& workspace,
                           std::string& node) {
  auto found = context.store.nodes.find_named(workspace.id, node);
  if (!found) return fail(std::move(found).error());
  if (*found) node = (*found)->name;
  return {};
}

}  // namespace

Result<fleet::Change> with_names(const Context& context, const fleet::Workspace& workspace,
                                 fleet::Change change) {
  std::vector<std::string*> groups;
  std::vector<std::string*> nodes;
  for (auto& edit : change.edits) {
    for (auto& group : edit.groups) groups.push_back(&group);
  }
  for (auto& edit : change.labels) groups.push_back(&edit.group);
  for (auto& edit : change.settings) {
    if (edit.layer == fleet::Layer::group) groups.push_back(&edit.owner);
    if (edit.layer == fleet::Layer::node) nodes.push_back(&edit.owner);
  }
  for (auto& edit : change.capabilities) {
    if (edit.node.empty()) {
      groups.push_back(&edit.group);
    } else {
      nodes.push_back(&edit.node);
    }
  }
  for (auto* group : groups) {
    auto named = put_group_name(context, workspace, *group);
    if (!named) return fail(std::move(named).error());
  }
  for (auto* node : nodes) {
    auto named = put_node_name(context, workspace, *node);
    if (!named) return fail(std::move(named).error());
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

namespace {

// Every deployment leaves the group, and the group itself says nothing any more of any component: a
// deployment's configuration counts for less.
Result<fleet::Change> change_that_empties(const Context& context, const fleet::NodeGroup& group) {
  auto labels = context.store.layers.labels(group.id);
  if (!labels) return fail(std::move(labels).error());
  auto deployments = context.store.deployments.targeting(group.workspace, {group.name});
  if (!deployments) return fail(std::move(deployments).error());
  fleet::Change change;
  for (const auto& deployment : *deployments) {
    if (!fleet::targets(deployment, group.name, *labels)) continue;
    auto selector = fleet::Selector::parse(deployment.selector);
    if (selector && selector->matches(*labels)) {
      return fail(
          Error{Code::conflict,
                fmt::format("deployment '{}' finds node group '{}' by its labels ({})",
                            deployment.name, group.name, deployment.selector),
                fmt::format("change its selector, or the labels of {}, first", group.name)});
    }
    auto edit = fleet::edit_of(deployment);
    std::erase(edit.groups, group.name);
    if (!edit.targets()) edit = {edit.deployment, {}, {}};
    change.edits.push_back(std::move(edit));
  }
  auto settings = context.store.layers.settings({group.workspace, group.id, std::nullopt});
  if (!settings) return fail(std::move(settings).error());
  for (const auto& [component, values] : *settings) {
    for (const auto& [setting, value] : values) {
      change.settings.push_back(
          {fleet::Layer::group, group.name, component, setting, std::nullopt});
    }
  }
  return change;
}

}  // namespace

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
  auto leaving = change_that_empties(context, *group);
  if (!leaving) return fail(std::move(leaving).error());
  auto change = *std::move(leaving);
  // Last, so that it counts where a restoring deployment stands already.
  auto& own = change.edits.emplace_back(fleet::Edit{"restored-" + group->name, {}, {group->name}});
  own.deployment.resize(std::min<std::size_t>(own.deployment.size(), 63));
  for (const auto& module : running_modules(**record)) {
    own.components.push_back({module.name, module.version});
    for (const auto& [setting, value] : module.settings) {
      own.settings[module.name][setting] = value;
    }
  }
  if (own.components.empty()) own.groups.clear();
  return fleet::normal_form(std::move(change));
}

}  // namespace ferry::control
