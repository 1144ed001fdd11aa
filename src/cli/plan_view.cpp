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

std::string value_of(const json::object& change, std::string_view member) {
  const auto* value = change.if_contains(member);
  if (!value || value->is_null()) return "not set";
  return printable(json::serialize(*value));
}

std::string show_difference(const json::object& item, std::int64_t nodes, std::string_view indent,
                            bool colours) {
  std::string text;
  const auto line = [&](char sign, Tone tone, const std::string& rest) {
    text += paint(fmt::format("{}{} {}", indent, sign, printable(rest)), tone, colours) + "\n";
  };
  const auto named = [](const json::object& ref) {
    return text_of(ref, "component") + " " + text_of(ref, "version");
  };
  for_each_object(item, "added",
                  [&](const json::object& ref) { line('+', Tone::good, named(ref)); });
  const auto settings = [&](const json::object& ref) {
    for_each_object(ref, "settings", [&](const json::object& change) {
      text += fmt::format("{}    {}: {} -> {}\n", indent, printable(text_of(change, "setting")),
                          value_of(change, "from"), value_of(change, "to"));
    });
  };
  for_each_object(item, "updated", [&](const json::object& ref) {
    line('~', Tone::busy,
         fmt::format("{} {} -> {}", text_of(ref, "component"), text_of(ref, "from"),
                     text_of(ref, "to")));
    settings(ref);
  });
  for_each_object(item, "restarted", [&](const json::object& ref) {
    line('~', Tone::busy, named(ref) + ", restarted with other settings");
    settings(ref);
  });
  for_each_object(item, "reconfigured", [&](const json::object& ref) {
    line('~', Tone::busy, named(ref) + ", gets other settings while it runs");
    settings(ref);
  });
  for_each_object(item, "removed", [&](const json::object& ref) {
    const auto from = nodes > 0 ? ", from " + nodes_text(nodes) : std::string();
    line('-', Tone::bad, named(ref) + from);
  });
  for_each_object(item, "unchanged",
                  [&](const json::object& ref) { line('=', Tone::dim, named(ref)); });
  return text;
}

// "2 nodes are offline and get it when they come: pump-7, pump-9"
std::string show_absent(const json::object& group, std::string_view member, std::string_view what) {
  const auto* absent = find_object(group, member);
  const auto count = absent ? int_or(*absent, "count", 0) : 0;
  if (count == 0) return {};
  std::string names;
  const auto* list = find_array(*absent, "names");
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    if (const auto* name = (*list)[i].if_string()) {
      names += (i == 0 ? "" : ", ") + printable(std::string_view(*name));
    }
  }
  if (list && static_cast<std::size_t>(count) > list->size()) names += ", ...";
  return fmt::format("    {} {} {}: {}\n", nodes_text(count), count == 1 ? "is" : "are", what,
                     names);
}

std::string show_group(const json::object& group, bool colours) {
  const auto nodes = int_or(group, "nodes", 0);
  std::string text = fmt::format("{} ({}, manifest {} of {} bytes)\n",
                                 paint(printable(text_of(group, "group")), Tone::strong, colours),
                                 nodes_text(nodes), int_or(group, "manifestBytes", 0),
                                 int_or(group, "manifestLimit", 0));
  text += show_difference(group, nodes, "  ", colours);
  for_each_object(group, "pulls", [&](const json::object& pull) {
    const auto bytes = int_or(pull, "bytes", 0);
    if (bytes == 0) return;
    text += fmt::format("    {} on {} {} {:.1f} MB\n", nodes_text(int_or(pull, "nodes", 0)),
                        printable(text_of(pull, "platform")),
                        int_or(pull, "nodes", 0) == 1 ? "fetches" : "fetch",
                        static_cast<double>(bytes) / 1e6);
  });
  text += show_absent(group, "offline", "offline, to get it later");
  text += show_absent(group, "unregistered", "not registered yet");
  for_each_object(group, "apart", [&](const json::object& apart) {
    text += fmt::format("    {} has settings of its own:\n", printable(text_of(apart, "node")));
    text += show_difference(apart, 1, "      ", colours);
  });
  for_each_object(group, "behind", [&](const json::object& behind) {
    const auto count = int_or(behind, "nodes", 0);
    text += fmt::format("    {} still on composition {}:\n", nodes_text(count),
                        int_or(behind, "composition", 0));
    text += show_difference(behind, count, "      ", colours);
  });
  return text;
}

// `number` counts resolutions over all conflicts: by it one is chosen.
std::string show_conflict(const json::object& conflict, int& number, bool colours) {
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
  for_each_object(conflict, "resolutions", [&](const json::object& resolution) {
    text += fmt::format("  {}) {}\n", ++number, printable(text_of(resolution, "words")));
  });
  return text;
}

}  // namespace

std::string show_plan(const json::object& plan, bool colours) {
  std::string text;
  for_each_object(plan, "groups",
                  [&](const json::object& group) { text += show_group(group, colours); });
  int number = 0;
  for_each_object(plan, "conflicts", [&](const json::object& conflict) {
    text += show_conflict(conflict, number, colours);
  });
  const auto add_words = [&](std::string_view member, std::string_view label, Tone tone) {
    const auto* list = find_array(plan, member);
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      if (const auto* words = (*list)[i].if_string()) {
        text += paint(fmt::format("{}: {}", label, printable(std::string_view(*words))), tone,
                      colours) +
                "\n";
      }
    }
  };
  if (const auto seconds = int_or(plan, "leastSeconds", 0); seconds > 0) {
    text += fmt::format("telling the IoT Hub takes {} s at least, at the rate that it allows\n",
                        seconds);
  }
  add_words("problems", "problem", Tone::bad);
  add_words("warnings", "note", Tone::busy);
  return text;
}

std::string show_difference(const json::object& difference, bool colours) {
  return show_difference(difference, 0, "  ", colours);
}

std::vector<json::object> resolutions_of(const json::object& plan) {
  std::vector<json::object> resolutions;
  for_each_object(plan, "conflicts", [&](const json::object& conflict) {
    for_each_object(conflict, "resolutions",
                    [&](const json::object& resolution) { resolutions.push_back(resolution); });
  });
  return resolutions;
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
