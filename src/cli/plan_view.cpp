// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_view.hpp"

#include "cli/context.hpp"

namespace ferry::cli {
namespace {

template <class Use>
void for_each_object(const json::object& object, std::string_view member, Use use) {
  const auto* array = find_array(object, member);
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    if (const auto* item = (*array)[i].if_object()) use(*item);
  }
}

std::string nodes_text(std::int64_t count) {
  return count == 1 ? "1 node" : fmt::format("{} nodes", count);
}

std::string show_group(const json::object& group, bool colours) {
  const auto nodes = int_or(group, "nodes", 0);
  std::string text = fmt::format("{} ({}, manifest {} of {} bytes)\n",
                                 paint(printable(text_of(group, "group")), Tone::strong, colours),
                                 nodes_text(nodes), int_or(group, "manifestBytes", 0),
                                 int_or(group, "manifestLimit", 0));
  const auto line = [&](char sign, Tone tone, const std::string& rest) {
    text += paint(fmt::format("  {} {}", sign, printable(rest)), tone, colours) + "\n";
  };
  const auto named = [](const json::object& item) {
    return text_of(item, "component") + " " + text_of(item, "version");
  };
  for_each_object(group, "added",
                  [&](const json::object& item) { line('+', Tone::good, named(item)); });
  for_each_object(group, "updated", [&](const json::object& item) {
    line('~', Tone::busy,
         fmt::format("{} {} -> {}", text_of(item, "component"), text_of(item, "from"),
                     text_of(item, "to")));
  });
  for_each_object(group, "removed", [&](const json::object& item) {
    line('-', Tone::bad, fmt::format("{}, from {}", named(item), nodes_text(nodes)));
  });
  for_each_object(group, "unchanged",
                  [&](const json::object& item) { line('=', Tone::dim, named(item)); });
  return text;
}

std::string show_conflict(const json::object& conflict, bool colours) {
  std::string text = paint(fmt::format("conflict: {} would get more than one version of {} ({})",
                                       text_of(conflict, "group"), text_of(conflict, "component"),
                                       nodes_text(int_or(conflict, "nodes", 0))),
                           Tone::bad, colours);
  text += "\n";
  for_each_object(conflict, "versions", [&](const json::object& version) {
    std::string names;
    const auto* deployments = find_array(version, "deployments");
    for (std::size_t i = 0; deployments && i < deployments->size(); ++i) {
      const auto* name = (*deployments)[i].if_string();
      if (name) names += (names.empty() ? "" : ", ") + std::string(*name);
    }
    text += fmt::format("  {} wanted by {}\n", text_of(version, "version"), names);
  });
  const auto* resolutions = find_array(conflict, "resolutions");
  for (std::size_t i = 0; resolutions && i < resolutions->size(); ++i) {
    if (const auto* words = (*resolutions)[i].if_string()) {
      text += fmt::format("  * {}\n", printable(std::string_view(*words)));
    }
  }
  return text;
}

}  // namespace

std::string show_plan(const json::object& plan, bool colours) {
  std::string text;
  for_each_object(plan, "groups",
                  [&](const json::object& group) { text += show_group(group, colours); });
  for_each_object(plan, "conflicts",
                  [&](const json::object& conflict) { text += show_conflict(conflict, colours); });
  const auto* problems = find_array(plan, "problems");
  for (std::size_t i = 0; problems && i < problems->size(); ++i) {
    if (const auto* words = (*problems)[i].if_string()) {
      text += paint("problem: " + printable(std::string_view(*words)), Tone::bad, colours) + "\n";
    }
  }
  return text;
}

bool plan_has_removals(const json::object& plan) {
  bool found = false;
  for_each_object(plan, "groups", [&](const json::object& group) {
    const auto* removed = find_array(group, "removed");
    found = found || (removed && !removed->empty());
  });
  return found;
}

bool plan_has_conflicts(const json::object& plan) {
  const auto* conflicts = find_array(plan, "conflicts");
  return conflicts && !conflicts->empty();
}

}  // namespace ferry::cli
