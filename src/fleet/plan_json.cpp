// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "fleet/plan.hpp"

namespace ferry::fleet {
namespace {

json::array refs_to_json(const std::vector<ComponentRef>& refs, std::string_view name_member) {
  json::array result;
  for (const auto& ref : refs) {
    result.push_back(json::object{{name_member, ref.name}, {"version", ref.version}});
  }
  return result;
}

json::array texts_to_json(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object absent_to_json(const GroupPlan::Absent& absent) {
  return json::object{{"count", absent.count}, {"names", texts_to_json(absent.names)}};
}

// What promise_of() keeps of a group.
json::object group_promise(const GroupPlan& plan) {
  json::object group{{"group", plan.group}, {"nodes", plan.nodes}};
  write_difference(plan.difference, group);
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

Result<Edit> edit_from_json(const json::value& value) {
  if (!value.is_object()) return fail(Code::invalid_argument, "an edit must be an object");
  const auto& object = value.as_object();
  Edit edit;
  auto deployment = require_string(object, "deployment");
  if (!deployment) return fail(std::move(deployment).error());
  edit.deployment = *std::move(deployment);
  auto components = require_array(object, "components");
  if (!components) return fail(std::move(components).error());
  for (const auto& item : *components) {
    const auto* component = item.if_object();
    if (!component) {
      return fail(Code::invalid_argument,
                  R"('components' must hold {{"name", "version"}} objects)");
    }
    auto name = require_string(*component, "name");
    if (!name) return fail(std::move(name).error().with("components"));
    auto version = require_string(*component, "version");
    if (!version) return fail(std::move(version).error().with("components"));
    edit.components.push_back({*std::move(name), *std::move(version)});
  }
  auto groups = require_array(object, "groups");
  if (!groups) return fail(std::move(groups).error());
  for (const auto& group : *groups) {
    if (!group.is_string()) return fail(Code::invalid_argument, "'groups' must hold group names");
    edit.groups.emplace_back(group.get_string());
  }
  return edit;
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

void write_difference(const Difference& difference, json::object& into) {
  json::array updated;
  for (const auto& update : difference.updated) {
    updated.push_back(
        json::object{{"component", update.component}, {"from", update.from}, {"to", update.to}});
  }
  into["added"] = refs_to_json(difference.added, "component");
  into["updated"] = std::move(updated);
  into["removed"] = refs_to_json(difference.removed, "component");
  into["unchanged"] = refs_to_json(difference.unchanged, "component");
}

json::object to_json(const Change& change) {
  json::array edits;
  for (const auto& edit : change) {
    edits.push_back(json::object{{"deployment", edit.deployment},
                                 {"components", refs_to_json(edit.components, "name")},
                                 {"groups", texts_to_json(edit.groups)}});
  }
  return json::object{{"edits", std::move(edits)}};
}

Result<Change> change_from_json(const json::object& object) {
  auto edits = require_array(object, "edits");
  if (!edits) return fail(std::move(edits).error());
  Change change;
  for (const auto& value : *edits) {
    auto edit = edit_from_json(value);
    if (!edit) return fail(std::move(edit).error().with("edit {}", change.size() + 1));
    if (find_edit(change, edit->deployment)) {
      return fail(Code::invalid_argument, "deployment {} is edited twice", edit->deployment);
    }
    change.push_back(*std::move(edit));
  }
  return change;
}

json::object to_json(const Plan& plan) {
  json::array groups;
  for (const auto& group : plan.groups) groups.push_back(group_to_json(group));
  json::array conflicts;
  for (const auto& conflict : plan.conflicts) conflicts.push_back(conflict_to_json(conflict));
  return json::object{{"groups", std::move(groups)},
                      {"conflicts", std::move(conflicts)},
                      {"problems", texts_to_json(plan.problems)},
                      {"warnings", texts_to_json(plan.warnings)},
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
