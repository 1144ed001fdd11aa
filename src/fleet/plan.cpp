// SPDX-License-Identifier: Apache-2.0
#include "fleet/plan.hpp"

#include <algorithm>
#include <set>

#include "fleet/edge_deployment.hpp"
#include "fleet/names.hpp"

namespace ferry::fleet {
namespace {

const Deployment* find_deployment(const std::vector<Deployment>& deployments,
                                  const std::string& name) {
  const auto found = std::find_if(deployments.begin(), deployments.end(),
                                  [&](const Deployment& d) { return d.name == name; });
  return found == deployments.end() ? nullptr : &*found;
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

std::string count_nodes(std::int64_t nodes) {
  return nodes == 1 ? "1 node" : fmt::format("{} nodes", nodes);
}

// In words, because people decide: nothing of this is done by itself.
std::vector<std::string> resolutions_of(const Conflict& conflict) {
  std::vector<std::string> words;
  for (const auto& wanted : conflict.versions) {
    std::vector<std::string> others;
    for (const auto& other : conflict.versions) {
      if (other.version == wanted.version) continue;
      others.insert(others.end(), other.deployments.begin(), other.deployments.end());
    }
    std::sort(others.begin(), others.end());
    others.erase(std::unique(others.begin(), others.end()), others.end());
    words.push_back(
        fmt::format("move {} to {} {}", join(others, " and "), conflict.component, wanted.version));
  }
  for (const auto& contribution : conflict.versions) {
    for (const auto& deployment : contribution.deployments) {
      words.push_back(fmt::format("drop {} {} from deployment {}", conflict.component,
                                  contribution.version, deployment));
    }
  }
  words.push_back(fmt::format(
      "split the targets: take group {} out of one of the deployments, or move nodes to a group "
      "of their own",
      conflict.group));
  words.emplace_back("cancel: leave everything as it is");
  return words;
}

Conflict make_conflict(const std::string& group, std::int64_t nodes, const std::string& component,
                       const std::map<std::string, std::vector<std::string>>& versions) {
  Conflict conflict{group, component, nodes, {}, {}};
  for (const auto& [version, deployments] : versions) {
    conflict.versions.push_back({version, deployments});
  }
  conflict.resolutions = resolutions_of(conflict);
  return conflict;
}

// The one version of a component; nullptr when there is none or more than one.
const std::string* single_version(const Contributions& contributions,
                                  const std::string& component) {
  const auto found = contributions.find(component);
  if (found == contributions.end() || found->second.size() != 1) return nullptr;
  return &found->second.begin()->first;
}

void compare(const Contributions& before, const Contributions& after, GroupPlan& plan) {
  for (const auto& [component, versions] : after) {
    if (versions.size() != 1) continue;  // a conflict says more
    const std::string& version = versions.begin()->first;
    const std::string* old_version = single_version(before, component);
    if (!old_version) {
      plan.added.push_back({component, version});
    } else if (*old_version == version) {
      plan.unchanged.push_back({component, version});
    } else {
      plan.updated.push_back({component, *old_version, version});
    }
  }
  for (const auto& [component, versions] : before) {
    if (after.contains(component)) continue;
    for (const auto& [version, deployments] : versions)
      plan.removed.push_back({component, version});
  }
}

// Problems of the edit itself, whatever group it meets.
void check_edit(const Fleet& fleet, const Edit& edit, std::vector<std::string>& problems) {
  if (edit.components.empty() != edit.groups.empty()) {
    problems.push_back(edit.components.empty()
                           ? fmt::format("deployment {} names no component", edit.deployment)
                           : fmt::format("deployment {} names no node group", edit.deployment));
  }
  for (const auto& component : std::set(edit.components.begin(), edit.components.end())) {
    if (!fleet.catalog.contains(component)) {
      problems.push_back(fmt::format("component {} has no published version {}", component.name,
                                     component.version));
    }
  }
  for (const auto& group : std::set(edit.groups.begin(), edit.groups.end())) {
    const auto facts = fleet.groups.find(group);
    if (facts == fleet.groups.end()) {
      problems.push_back(fmt::format("there is no node group '{}'", group));
    } else if (!facts->second.ready) {
      problems.push_back(fmt::format("node group '{}' is not ready", group));
    }
  }
}

void measure(const Fleet& fleet, const GroupFacts& facts, const Contributions& wanted,
             GroupPlan& plan, std::vector<std::string>& problems) {
  if (wanted.size() > kModuleLimit) {
    problems.push_back(fmt::format("group {} would run {} components; Azure allows {}", plan.group,
                                   wanted.size(), kModuleLimit));
  }
  auto composition = compose(wanted, fleet.catalog);
  if (!composition) return;  // named already: a conflict or an unknown version
  for (auto& problem : check_twin_limits(*composition)) {
    problems.push_back(fmt::format("group {}: {}", plan.group, problem));
  }
  const auto desired = edge_agent_desired(*composition, facts.credential);
  plan.manifest_bytes = static_cast<std::int64_t>(json::serialize(desired).size());
  if (plan.manifest_bytes > kManifestLimit) {
    problems.push_back(fmt::format(
        "the manifest of group {} would have {} bytes; Azure allows {}. Fewer or shorter "
        "createOptions and variables make it smaller",
        plan.group, plan.manifest_bytes, kManifestLimit));
  }
}

// Only what concerns the groups in `touched`, so that the cost does not grow with the rest.
std::vector<Deployment> restrict_to(const std::vector<Deployment>& deployments,
                                    const std::set<std::string>& touched) {
  std::vector<Deployment> result;
  for (const auto& deployment : deployments) {
    Deployment part = deployment;
    std::erase_if(part.groups, [&](const std::string& group) { return !touched.contains(group); });
    if (!part.groups.empty()) result.push_back(std::move(part));
  }
  return result;
}

json::array refs_to_json(const std::vector<ComponentRef>& refs) {
  json::array result;
  for (const auto& ref : refs) {
    result.push_back(json::object{{"component", ref.name}, {"version", ref.version}});
  }
  return result;
}

json::array texts_to_json(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object group_to_json(const GroupPlan& plan) {
  json::array updated;
  for (const auto& update : plan.updated) {
    updated.push_back(
        json::object{{"component", update.component}, {"from", update.from}, {"to", update.to}});
  }
  return json::object{{"group", plan.group},
                      {"nodes", plan.nodes},
                      {"manifestBytes", plan.manifest_bytes},
                      {"manifestLimit", kManifestLimit},
                      {"added", refs_to_json(plan.added)},
                      {"updated", std::move(updated)},
                      {"removed", refs_to_json(plan.removed)},
                      {"unchanged", refs_to_json(plan.unchanged)}};
}

json::object conflict_to_json(const Conflict& conflict) {
  json::array versions;
  for (const auto& contribution : conflict.versions) {
    versions.push_back(json::object{{"version", contribution.version},
                                    {"deployments", texts_to_json(contribution.deployments)}});
  }
  return json::object{{"group", conflict.group},
                      {"component", conflict.component},
                      {"nodes", conflict.nodes},
                      {"versions", std::move(versions)},
                      {"resolutions", texts_to_json(conflict.resolutions)}};
}

}  // namespace

bool Plan::has_removals() const {
  return std::any_of(groups.begin(), groups.end(),
                     [](const GroupPlan& group) { return !group.removed.empty(); });
}

bool Plan::has_changes() const {
  return std::any_of(groups.begin(), groups.end(),
                     [](const GroupPlan& group) { return group.changes(); });
}

std::string Plan::describe_removals() const {
  std::vector<std::string> words;
  for (const auto& group : groups) {
    for (const auto& removal : group.removed) {
      words.push_back(fmt::format("{} {} from {} of group {}", removal.name, removal.version,
                                  count_nodes(group.nodes), group.group));
    }
  }
  return join(words, "; ");
}

std::vector<Deployment> apply_edit(std::vector<Deployment> deployments, const Edit& edit) {
  const auto place = std::find_if(deployments.begin(), deployments.end(),
                                  [&](const Deployment& d) { return d.name == edit.deployment; });
  if (edit.components.empty() && edit.groups.empty()) {
    if (place != deployments.end()) deployments.erase(place);
    return deployments;
  }
  Deployment& target = place != deployments.end() ? *place : deployments.emplace_back();
  target.name = edit.deployment;
  target.revision += 1;
  target.components = edit.components;
  target.groups = edit.groups;
  return deployments;
}

Plan make_plan(const Fleet& fleet, const Edit& edit) {
  Plan plan;
  check_edit(fleet, edit, plan.problems);

  std::set<std::string> touched(edit.groups.begin(), edit.groups.end());
  if (const auto* current = find_deployment(fleet.deployments, edit.deployment)) {
    touched.insert(current->groups.begin(), current->groups.end());
  }
  const auto before_deployments = restrict_to(fleet.deployments, touched);
  const auto before = contributions_by_group(before_deployments);
  const auto after = contributions_by_group(apply_edit(before_deployments, edit));

  static const Contributions kNothing;
  const auto of_group = [](const std::map<std::string, Contributions>& groups,
                           const std::string& group) -> const Contributions& {
    const auto found = groups.find(group);
    return found == groups.end() ? kNothing : found->second;
  };
  for (const auto& name : touched) {
    const auto facts = fleet.groups.find(name);
    if (facts == fleet.groups.end()) continue;
    const auto& wanted = of_group(after, name);
    GroupPlan group;
    group.group = name;
    group.nodes = facts->second.nodes;
    compare(of_group(before, name), wanted, group);
    for (const auto& [component, versions] : wanted) {
      if (versions.size() > 1) {
        plan.conflicts.push_back(make_conflict(name, group.nodes, component, versions));
      }
    }
    measure(fleet, facts->second, wanted, group, plan.problems);
    plan.groups.push_back(std::move(group));
  }
  if (plan.has_changes() && fleet.configurations >= kConfigurationLimit) {
    plan.problems.push_back(fmt::format(
        "the IoT Hub holds {} deployments and allows {}: a new one cannot stand beside the old one",
        fleet.configurations, kConfigurationLimit));
  }
  return plan;
}

json::object to_json(const Plan& plan) {
  json::array groups;
  for (const auto& group : plan.groups) groups.push_back(group_to_json(group));
  json::array conflicts;
  for (const auto& conflict : plan.conflicts) conflicts.push_back(conflict_to_json(conflict));
  return json::object{{"groups", std::move(groups)},
                      {"conflicts", std::move(conflicts)},
                      {"problems", texts_to_json(plan.problems)},
                      {"applicable", plan.applicable()}};
}

}  // namespace ferry::fleet
