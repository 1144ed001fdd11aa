// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "fleet/plan.hpp"

namespace ferry::fleet {
namespace {

json::array texts_to_json(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::array apart_to_json(const std::vector<GroupPlan::Apart>& apart) {
  json::array result;
  for (const auto& node : apart) {
    json::object item{{"node", node.node}};
    write_difference(node.difference, item);
    result.push_back(std::move(item));
  }
  return result;
}

json::object absent_to_json(const GroupPlan::Absent& absent) {
  return json::object{{"count", absent.count}, {"names", texts_to_json(absent.names)}};
}

// What promise_of() keeps of a group.
json::object group_promise(const GroupPlan& plan) {
  json::object group{{"group", plan.group}, {"nodes", plan.nodes}};
  write_difference(plan.difference, group);
  group["apart"] = apart_to_json(plan.apart);
  return group;
}

json::object group_to_json(const GroupPlan& plan) {
  json::object group = group_promise(plan);
  group["manifestBytes"] = plan.manifest_bytes;
  group["manifestLimit"] = kManifestLimit;
  json::array behind;
  for (const auto& lagging : plan.behind) {
    json::object item{{"composition", lagging.composition}, {"nodes", lagging.nodes}};
    write_difference(lagging.difference, item);
    behind.push_back(std::move(item));
  }
  group["behind"] = std::move(behind);
  json::array pulls;
  for (const auto& pull : plan.pulls) {
    pulls.push_back(
        json::object{{"platform", pull.platform}, {"nodes", pull.nodes}, {"bytes", pull.bytes}});
  }
  group["pulls"] = std::move(pulls);
  group["offline"] = absent_to_json(plan.offline);
  group["unregistered"] = absent_to_json(plan.unregistered);
  group["disk"] =
      json::object{{"lacking", absent_to_json(plan.disk.lacking)}, {"unknown", plan.disk.unknown}};
  return group;
}

json::object conflict_to_json(const Conflict& conflict) {
  json::array versions;
  for (const auto& contribution : conflict.versions) {
    versions.push_back(json::object{{"version", contribution.version},
                                    {"deployments", texts_to_json(contribution.deployments)}});
  }
  json::array resolutions;
  for (const auto& resolution : conflict.resolutions) {
    auto item = to_json(resolution.change);
    item["kind"] = to_string(resolution.kind);
    item["words"] = resolution.words;
    resolutions.push_back(std::move(item));
  }
  return json::object{{"group", conflict.group},
                      {"component", conflict.component},
                      {"nodes", conflict.nodes},
                      {"versions", std::move(versions)},
                      {"resolutions", std::move(resolutions)}};
}

using GroupPromises = std::map<std::string, const json::object*>;

GroupPromises groups_of(const json::object& promise) {
  GroupPromises groups;
  const auto* array = find_array(promise, "groups");
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    if (const auto* group = (*array)[i].if_object()) groups[string_or(*group, "group", "")] = group;
  }
  return groups;
}

std::vector<std::string> texts_of(const json::object& promise, std::string_view member) {
  std::vector<std::string> texts;
  const auto* array = find_array(promise, member);
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    if (const auto* text = (*array)[i].if_string()) texts.emplace_back(*text);
  }
  return texts;
}

}  // namespace

json::object to_json(const Plan& plan) {
  json::array groups;
  for (const auto& group : plan.groups) groups.push_back(group_to_json(group));
  json::array conflicts;
  for (const auto& conflict : plan.conflicts) conflicts.push_back(conflict_to_json(conflict));
  return json::object{{"groups", std::move(groups)},
                      {"conflicts", std::move(conflicts)},
                      {"problems", texts_to_json(plan.problems)},
                      {"warnings", texts_to_json(plan.warnings)},
                      {"leastSeconds", plan.least_seconds()},
                      {"applicable", plan.applicable()}};
}

json::object promise_of(const Plan& plan) {
  json::array groups;
  for (const auto& group : plan.groups) groups.push_back(group_promise(group));
  json::array conflicts;
  for (const auto& conflict : plan.conflicts) {
    conflicts.emplace_back(fmt::format("{} on group {}", conflict.component, conflict.group));
  }
  return json::object{{"groups", std::move(groups)},
                      {"conflicts", std::move(conflicts)},
                      {"problems", texts_to_json(plan.problems)}};
}

std::vector<std::string> what_moved(const json::object& planned, const json::object& now) {
  std::vector<std::string> words;
  if (planned == now) return words;
  const auto planned_groups = groups_of(planned);
  const auto groups = groups_of(now);
  for (const auto& [name, group] : groups) {
    const auto old = planned_groups.find(name);
    if (old == planned_groups.end()) {
      words.push_back(fmt::format("group {} is concerned now as well", name));
      continue;
    }
    const auto nodes = int_or(*group, "nodes", 0);
    const auto planned_nodes = int_or(*old->second, "nodes", 0);
    if (nodes != planned_nodes) {
      words.push_back(
          fmt::format("group {} has {} nodes now; the plan said {}", name, nodes, planned_nodes));
    } else if (*group != *old->second) {
      words.push_back(fmt::format("something else would change on group {} now", name));
    }
  }
  for (const auto& [name, group] : planned_groups) {
    if (!groups.contains(name)) words.push_back(fmt::format("group {} is gone", name));
  }
  for (const auto& member : {"conflicts", "problems"}) {
    const auto before = texts_of(planned, member);
    for (const auto& text : texts_of(now, member)) {
      if (std::find(before.begin(), before.end(), text) == before.end()) {
        words.push_back(std::string_view(member) == "conflicts" ? "there is a conflict now: " + text
                                                                : text);
      }
    }
  }
  if (words.empty()) words.emplace_back("what stood in the way of the plan is gone");
  return words;
}

}  // namespace ferry::fleet
