// SPDX-License-Identifier: Apache-2.0
#include "fleet/plan.hpp"

#include <algorithm>
#include <set>

#include "fleet/dependencies.hpp"
#include "fleet/edge_deployment.hpp"

namespace ferry::fleet {
namespace {

std::string count_nodes(std::int64_t nodes) {
  return nodes == 1 ? "1 node" : fmt::format("{} nodes", nodes);
}

// Component -> version; components in conflict are left out: the conflict says more.
std::map<std::string, std::string> decided(const Contributions& contributions) {
  std::map<std::string, std::string> versions;
  for (const auto& [component, wanted] : contributions) {
    if (wanted.size() == 1) versions.emplace(component, wanted.begin()->first);
  }
  return versions;
}

std::map<std::string, std::string> by_name(const std::vector<ComponentRef>& components) {
  std::map<std::string, std::string> versions;
  for (const auto& component : components) versions.emplace(component.name, component.version);
  return versions;
}

// Problems of the change itself, whatever group it meets.
void check_change(const Fleet& fleet, const Change& change, std::vector<std::string>& problems) {
  std::set<ComponentRef> components;
  std::set<std::string> groups;
  for (const auto& edit : change) {
    if (edit.components.empty() != edit.groups.empty()) {
      problems.push_back(edit.components.empty()
                             ? fmt::format("deployment {} names no component", edit.deployment)
                             : fmt::format("deployment {} names no node group", edit.deployment));
    }
    components.insert(edit.components.begin(), edit.components.end());
    groups.insert(edit.groups.begin(), edit.groups.end());
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
}

void check_limits(const Composition& composition, GroupPlan& plan,
                  std::vector<std::string>& problems) {
  for (const auto& problem : check_twin_limits(composition)) {
    problems.push_back(fmt::format("group {}: {}", plan.group, problem));
  }
  if (plan.manifest_bytes > kManifestLimit) {
    problems.push_back(fmt::format(
        "the manifest of group {} would have {} bytes; Azure allows {}. Fewer or shorter "
        "createOptions and variables make it smaller",
        plan.group, plan.manifest_bytes, kManifestLimit));
  }
}

void note_absent(const std::string& node, GroupPlan::Absent& absent) {
  ++absent.count;
  if (absent.names.size() < kNamedNodes) absent.names.push_back(node);
}

// Nodes by what they run: the standing composition, an earlier one, or nothing that is known.
void look_at_nodes(const GroupFacts& facts, const std::map<std::string, std::string>& after,
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
    plan.behind.push_back({composition, nodes, compare(by_name(known->second), after)});
  }
}

using Layers = std::map<std::string, std::int64_t>;  // digest -> bytes

void collect_layers(const Composition& composition, const std::string& platform, Layers& layers) {
  for (const auto& module : composition.modules) {
    const auto found = module.published->layers.find(platform);
    if (found == module.published->layers.end()) continue;
    for (const auto& layer : found->second) layers.emplace(layer.digest, layer.size);
  }
}

std::map<std::string, std::vector<const NodeFacts*>> by_platform(const GroupFacts& facts) {
  std::map<std::string, std::vector<const NodeFacts*>> nodes;
  for (const auto& node : facts.nodes) {
    if (!node.platform.empty()) nodes[node.platform].push_back(&node);
  }
  return nodes;
}

std::string name_some(const std::vector<const NodeFacts*>& nodes) {
  constexpr std::size_t kSome = 3;
  std::string names;
  for (std::size_t i = 0; i < std::min(nodes.size(), kSome); ++i) {
    names += (i == 0 ? "" : ", ") + nodes[i]->name;
  }
  return nodes.size() > kSome ? names + ", ..." : names;
}

// What an image lacks for a node's platform is a problem of the change that brings it; where it
// stands already, it is in nobody's way.
void look_at_platforms(const GroupFacts& facts, const Composition& before,
                       const Composition& composition, GroupPlan& group, Plan& plan) {
  std::set<std::string> standing;
  for (const auto& unchanged : group.difference.unchanged) standing.insert(unchanged.name);
  for (const auto& [platform, nodes] : by_platform(facts)) {
    for (const auto& module : composition.modules) {
      const auto& platforms = module.manifest().platforms;
      if (platforms.empty() ||
          std::find(platforms.begin(), platforms.end(), platform) != platforms.end()) {
        continue;
      }
      auto& words = standing.contains(module.name) ? plan.warnings : plan.problems;
      words.push_back(fmt::format("{} {} has no image for {}, which {} of group {} ({}) would need",
                                  module.name, module.version, platform,
                                  count_nodes(static_cast<std::int64_t>(nodes.size())), group.group,
                                  name_some(nodes)));
    }
    Layers there;
    collect_layers(before, platform, there);
    Layers wanted;
    collect_layers(composition, platform, wanted);
    std::int64_t bytes = 0;
    for (const auto& [digest, size] : wanted) {
      if (!there.contains(digest)) bytes += size;
    }
    group.pulls.push_back({platform, static_cast<std::int64_t>(nodes.size()), bytes});
  }
}

class Planner {
 public:
  Planner(const Fleet& fleet, const Change& change)
      : fleet_(fleet),
        change_(change),
        touched_(touched_groups(fleet.deployments, change)),
        after_deployments_(apply_change(fleet.deployments, change)),
        before_(contributions_by_group(fleet.deployments, touched_)),
        after_(contributions_by_group(after_deployments_, touched_)) {}

  Plan run() {
    check_change(fleet_, change_, plan_.problems);
    for (const auto& name : touched_) {
      const auto facts = fleet_.groups.find(name);
      if (facts != fleet_.groups.end()) plan_group(name, facts->second);
    }
    if (plan_.has_changes() && fleet_.configurations >= kConfigurationLimit) {
      plan_.problems.push_back(
          fmt::format("the IoT Hub holds {} deployments and allows {}: a new one cannot stand "
                      "beside the old one",
                      fleet_.configurations, kConfigurationLimit));
    }
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
    const auto& wanted = of_group(after_, name);
    GroupPlan group;
    group.group = name;
    group.nodes = static_cast<std::int64_t>(facts.nodes.size());
    const auto after = decided(wanted);
    // A conflict takes nothing away: what it is about is neither kept nor removed.
    auto before = decided(of_group(before_, name));
    std::erase_if(before, [&](const auto& entry) {
      return wanted.contains(entry.first) && !after.contains(entry.first);
    });
    group.difference = compare(before, after);
    look_at_nodes(facts, after, group);
    find_conflicts(name, wanted, group.nodes);
    check_composition(name, facts, wanted, group);
    plan_.groups.push_back(std::move(group));
  }

  void find_conflicts(const std::string& group, const Contributions& wanted, std::int64_t nodes) {
    for (const auto& [component, versions] : wanted) {
      if (versions.size() < 2) continue;
      Conflict conflict{group, component, nodes, {}, {}};
      for (const auto& [version, names] : versions) conflict.versions.push_back({version, names});
      conflict.resolutions =
          resolutions_of(group, component, versions, change_, after_deployments_);
      plan_.conflicts.push_back(std::move(conflict));
    }
  }

  void check_composition(const std::string& name, const GroupFacts& facts,
                         const Contributions& wanted, GroupPlan& group) {
    if (wanted.size() > kModuleLimit) {
      plan_.problems.push_back(fmt::format("group {} would run {} components; Azure allows {}",
                                           name, wanted.size(), kModuleLimit));
    }
    const auto composition = compose(wanted, fleet_.catalog);
    if (!composition) return;  // named already: a conflict or an unknown version
    group.manifest_bytes = sizes_.manifest_size(*composition, facts.credential);
    check_limits(*composition, group, plan_.problems);
    for (const auto& problem : check_dependencies(*composition)) {
      plan_.problems.push_back(fmt::format("group {}: {}", name, problem));
    }
    const auto before = compose(of_group(before_, name), fleet_.catalog);
    look_at_platforms(facts, before ? *before : Composition(), *composition, group, plan_);
  }

  const Fleet& fleet_;
  const Change& change_;
  const std::set<std::string> touched_;
  const std::vector<Deployment> after_deployments_;
  const std::map<std::string, Contributions> before_;
  const std::map<std::string, Contributions> after_;
  ManifestSizes sizes_;
  Plan plan_;
};

}  // namespace

Difference compare(const std::map<std::string, std::string>& before,
                   const std::map<std::string, std::string>& after) {
  Difference difference;
  for (const auto& [component, version] : after) {
    const auto old = before.find(component);
    if (old == before.end()) {
      difference.added.push_back({component, version});
    } else if (old->second == version) {
      difference.unchanged.push_back({component, version});
    } else {
      difference.updated.push_back({component, old->second, version});
    }
  }
  for (const auto& [component, version] : before) {
    if (!after.contains(component)) difference.removed.push_back({component, version});
  }
  return difference;
}

bool Plan::has_removals() const {
  return std::any_of(groups.begin(), groups.end(),
                     [](const GroupPlan& group) { return !group.difference.removed.empty(); });
}

bool Plan::has_changes() const {
  return std::any_of(groups.begin(), groups.end(),
                     [](const GroupPlan& group) { return group.changes(); });
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
