// SPDX-License-Identifier: Apache-2.0
#include "fleet/plan.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "fleet/dependencies.hpp"
#include "fleet/edge_deployment.hpp"
#include "fleet/layered_group.hpp"
#include "fleet/placement.hpp"
#include "fleet/setting_check.hpp"

namespace ferry::fleet {
namespace {

std::string count_nodes(std::int64_t nodes) {
  return nodes == 1 ? "1 node" : fmt::format("{} nodes", nodes);
}

// Problems of the change itself, whatever group it meets.
void check_change(const Fleet& fleet, const Change& change, std::vector<std::string>& problems) {
  std::set<ComponentRef> components;
  std::set<std::string> groups;
  std::set<std::string> nodes;
  for (const auto& edit : change.edits) {
    if (edit.components.empty() && edit.targets()) {
      problems.push_back(fmt::format("deployment {} names no component", edit.deployment));
    } else if (!edit.components.empty() && !edit.targets()) {
      problems.push_back(fmt::format("deployment {} names no node group", edit.deployment));
    }
    components.insert(edit.components.begin(), edit.components.end());
    groups.insert(edit.groups.begin(), edit.groups.end());
    for (const auto& [component, values] : edit.settings) {
      const bool there =
          std::any_of(edit.components.begin(), edit.components.end(),
                      [&](const ComponentRef& ref) { return ref.name == component; });
      if (!there) {
        problems.push_back(fmt::format("deployment {} configures {}, which it does not bring",
                                       edit.deployment, component));
      }
    }
  }
  for (const auto& edit : change.labels) groups.insert(edit.group);
  for (const auto& edit : change.capabilities) {
    (edit.node.empty() ? groups : nodes).insert(edit.node.empty() ? edit.group : edit.node);
  }
  for (const auto& edit : change.settings) {
    if (edit.layer == Layer::group) groups.insert(edit.owner);
    if (edit.layer != Layer::node) continue;
    nodes.insert(edit.owner);
    // What a configuration owns, the hub puts back at its next pass, also within an object.
    if (edit.value) {
      problems.push_back(
          fmt::format("{} of {} cannot be set for node {} alone: the IoT Hub keeps to the group's "
                      "configuration; "
                      "move the node to a group of its own and set it there",
                      edit.setting, edit.component, edit.owner));
    }
  }
  for (const auto& component : components) {
    if (!fleet.catalog.contains(component)) {
      problems.push_back(fmt::format("component {} has no published version {}", component.name,
                                     component.version));
    }
  }
  for (const auto& group : groups) {
    const auto facts = fleet.groups.find(group);
    if (facts == fleet.groups.end()) {
      problems.push_back(fmt::format("there is no node group '{}'", group));
    } else if (!facts->second.ready) {
      problems.push_back(fmt::format("node group '{}' is not ready", group));
    }
  }
  for (const auto& node : nodes) {
    if (!fleet.directory.homes.contains(node)) {
      problems.push_back(fmt::format("there is no node '{}'", node));
    }
  }
}

void note_absent(const std::string& node, GroupPlan::Absent& absent) {
  ++absent.count;
  if (absent.names.size() < kNamedNodes) absent.names.push_back(node);
}

// Nodes by what they run: the standing composition, an earlier one, or nothing that is known.
void look_at_nodes(const GroupFacts& facts, const std::vector<ModuleState>& after,
                   GroupPlan& plan) {
  std::map<std::int64_t, std::int64_t> earlier;
  for (const auto& node : facts.nodes) {
    if (!node.registered) {
      note_absent(node.name, plan.unregistered);
    } else if (!node.connected) {
      note_absent(node.name, plan.offline);
    }
    if (node.composition != 0 && node.composition != facts.standing) ++earlier[node.composition];
  }
  for (const auto& [composition, nodes] : earlier) {
    const auto known = facts.earlier.find(composition);
    if (known == facts.earlier.end()) continue;
    plan.behind.push_back({composition, nodes, compare(states_of(known->second), after)});
  }
}

class Planner {
 public:
  Planner(const Fleet& fleet, const Change& change)
      : fleet_(fleet),
        change_(change),
        layered_(fleet, change),
        touched_(touched_groups(fleet.deployments, change, fleet.directory)),
        after_deployments_(apply_change(fleet.deployments, change)),
        before_(contributions_by_group(fleet.deployments, touched_, fleet.directory)),
        after_(contributions_by_group(after_deployments_, touched_, layered_.directory_after())) {}

  Plan run() {
    check_change(fleet_, change_, plan_.problems);
    for (const auto& name : touched_) {
      const auto facts = fleet_.groups.find(name);
      if (facts != fleet_.groups.end()) plan_group(name, facts->second);
    }
    check_slots();
    return std::move(plan_);
  }

 private:
  static const Contributions& of_group(const std::map<std::string, Contributions>& groups,
                                       const std::string& group) {
    static const Contributions kNothing;
    const auto found = groups.find(group);
    return found == groups.end() ? kNothing : found->second;
  }

  void plan_group(const std::string& name, const GroupFacts& facts) {
    const auto& had = of_group(before_, name);
    const auto& wanted = of_group(after_, name);
    const auto layers = layered_.of(name, facts);
    const auto before = compose_decided(had, fleet_.catalog, layers.before());
    const auto after = compose_decided(wanted, fleet_.catalog, layers.after());
    GroupPlan group;
    group.group = name;
    group.nodes = static_cast<std::int64_t>(facts.nodes.size());
    const auto states_after = states_in(wanted, after);
    auto states_before = states_in(had, before);
    const bool decided = find_conflicts(name, wanted, group.nodes, states_before);
    group.difference = compare(states_before, states_after);
    look_at_nodes(facts, states_after, group);
    if (wanted.size() > kModuleLimit) check_count(name, states_after.size());
    if (decided && states_after.size() == after.modules.size()) {
      check_composition(name, facts, before, after, group);
    }
    check_layers(name, wanted, after, layers);
    look_at_nodes_apart(facts, had, wanted, before, after, layers, group);
    plan_.groups.push_back(std::move(group));
  }

  // Every decided component, also one whose version is not known.
  static std::vector<ModuleState> states_in(const Contributions& contributions,
                                            const Composition& composition) {
    std::vector<ModuleState> states;
    states.reserve(composition.modules.size());
    auto module = composition.modules.begin();
    for_each_component(contributions, [&](ComponentContributions component) {
      const auto& ref = *component.front().component;
      if (module != composition.modules.end() && module->name == ref.name) {
        states.push_back(state_of(*module++));
      } else if (is_decided(component)) {
        states.push_back({ref.name, ref.version});
      }
    });
    return states;
  }

  // A conflict takes nothing away: what it is about is neither kept nor removed.
  bool find_conflicts(const std::string& group, const Contributions& wanted, std::int64_t nodes,
                      std::vector<ModuleState>& before) {
    bool decided = true;
    for_each_component(wanted, [&](ComponentContributions contributions) {
      if (is_decided(contributions)) return;
      decided = false;
      const auto& component = contributions.front().component->name;
      std::erase_if(before, [&](const ModuleState& state) { return state.name == component; });
      std::map<std::string, std::vector<std::string>> versions;
      for (const auto& contribution : contributions) {
        versions[contribution.component->version].push_back(contribution.deployment->name);
      }
      Conflict conflict{group, component, nodes, {}, {}};
      for (const auto& [version, names] : versions) conflict.versions.push_back({version, names});
      conflict.resolutions =
          resolutions_of(group, component, versions, change_, after_deployments_);
      plan_.conflicts.push_back(std::move(conflict));
    });
    return decided;
  }

  void check_count(const std::string& group, std::size_t components) {
    if (components <= kModuleLimit) return;
    plan_.problems.push_back(fmt::format("group {} would run {} components; Azure allows {}", group,
                                         components, kModuleLimit));
  }

  void check_composition(const std::string& name, const GroupFacts& facts,
                         const Composition& before, const Composition& after, GroupPlan& group) {
    group.manifest_bytes = sizes_.manifest_size(after, facts.credential);
    check_limits(after, group);
    for (const auto& problem : check_dependencies(after)) {
      plan_.problems.push_back(fmt::format("group {}: {}", name, problem));
    }
    for (auto& problem :
         check_capabilities(after, facts, layered_.capabilities_after(name, facts), name)) {
      plan_.problems.push_back(std::move(problem));
    }
    look_at_images(facts, before, after, group, plan_);
  }

  void check_limits(const Composition& composition, const GroupPlan& group) {
    const auto add = [&](const std::vector<std::string>& problems) {
      for (const auto& problem : problems) {
        plan_.problems.push_back(fmt::format("group {}: {}", group.group, problem));
      }
    };
    for (const auto& module : composition.modules) {
      if (!module.settings.empty()) {
        add(check_twin_limits(module));
        continue;
      }
      const auto [known, is_new] = limits_.try_emplace(module.published.get());
      if (is_new) known->second = check_twin_limits(module);
      add(known->second);
    }
    if (group.manifest_bytes > kManifestLimit) {
      plan_.problems.push_back(fmt::format(
          "the manifest of group {} would have {} bytes; Azure allows {}. Fewer or shorter "
          "createOptions and variables make it smaller",
          group.group, group.manifest_bytes, kManifestLimit));
    }
  }

  void take(SettingFindings findings) {
    std::move(findings.problems.begin(), findings.problems.end(),
              std::back_inserter(plan_.problems));
    std::move(findings.warnings.begin(), findings.warnings.end(),
              std::back_inserter(plan_.warnings));
  }

  void check_layers(const std::string& name, const Contributions& wanted, const Composition& after,
                    const LayeredGroup& layers) {
    SettingFindings findings;
    auto module = after.modules.begin();
    for_each_component(wanted, [&](ComponentContributions component) {
      if (module == after.modules.end()) return;
      if (module->name != component.front().component->name) return;
      const auto& now = *module++;
      if (!now.manifest().configuration && !layers.mentions_after(component)) return;
      for (const auto& words : settings_in_conflict(component, layers.after())) {
        findings.problems.push_back(fmt::format("group {}: {}", name, words));
      }
      check_settings(now, settings_of(component, *now.published, layers.after()),
                     fmt::format("group {}", name), change_, findings);
    });
    take(std::move(findings));
  }

  void look_at_nodes_apart(const GroupFacts& facts, const Contributions& had,
                           const Contributions& wanted, const Composition& before,
                           const Composition& after, const LayeredGroup& layers, GroupPlan& group) {
    for (const auto& [node, values] : layers.nodes(facts)) {
      const auto was = with_node(had, before, layers.before(), node, values.before);
      const auto is = with_node(wanted, after, layers.after(), node, values.after);
      auto difference = compare(states_of(was), states_of(is));
      if (difference != group.difference) group.apart.push_back({node, std::move(difference)});
      SettingFindings findings;
      for_each_component(wanted, [&](ComponentContributions component) {
        const auto& ref = *component.front().component;
        const auto* own = values.after ? find_values(*values.after, ref.name) : nullptr;
        const auto* module = find_module(is, ref.name);
        if (!own || !module) return;
        check_settings(
            *module,
            settings_of(component, *module->published, layers.after(), {Layer::node, node, own}),
            fmt::format("node {} of group {}", node, group.group), change_, findings);
        for (const auto& problem : check_twin_limits(*module)) {
          findings.problems.push_back(fmt::format("node {}: {}", node, problem));
        }
      });
      take(std::move(findings));
    }
  }

  void check_slots() {
    const auto changed = std::count_if(plan_.groups.begin(), plan_.groups.end(),
                                       [](const GroupPlan& group) { return group.changes(); });
    plan_.configuration_changes = 2 * changed;  // the new one is made, the old one goes
    if (changed > 0 && fleet_.configurations >= kConfigurationLimit) {
      plan_.problems.push_back(
          fmt::format("the IoT Hub holds {} deployments and allows {}: a new one cannot stand "
                      "beside the old one",
                      fleet_.configurations, kConfigurationLimit));
    }
  }

  const Fleet& fleet_;
  const Change& change_;
  const LayeredChange layered_;
  const std::set<std::string> touched_;
  const std::vector<Deployment> after_deployments_;
  const std::map<std::string, Contributions> before_;
  const std::map<std::string, Contributions> after_;
  ManifestSizes sizes_;
  std::unordered_map<const PublishedVersion*, std::vector<std::string>> limits_;
  Plan plan_;
};

}  // namespace

bool Plan::has_removals() const {
  return std::any_of(groups.begin(), groups.end(),
                     [](const GroupPlan& group) { return !group.difference.removed.empty(); });
}

bool Plan::has_changes() const {
  return std::any_of(groups.begin(), groups.end(), [](const GroupPlan& group) {
    return group.changes() || !group.apart.empty();
  });
}

std::int64_t Plan::least_seconds() const {
  constexpr std::int64_t kMinute = 60;
  return configuration_changes <= kConfigurationRate
             ? 0
             : (configuration_changes - kConfigurationRate) * kMinute / kConfigurationRate;
}

std::string Plan::describe_removals() const {
  std::string text;
  for (const auto& group : groups) {
    for (const auto& removal : group.difference.removed) {
      if (!text.empty()) text += "; ";
      text += fmt::format("{} {} from {} of group {}", removal.name, removal.version,
                          count_nodes(group.nodes), group.group);
    }
  }
  return text;
}

Plan make_plan(const Fleet& fleet, const Change& change) {
  return Planner(fleet, change).run();
}

}  // namespace ferry::fleet
