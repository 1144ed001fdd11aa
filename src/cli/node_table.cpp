// SPDX-License-Identifier: Apache-2.0
#include "cli/node_table.hpp"

#include "cli/context.hpp"

namespace ferry::cli {
namespace {

constexpr std::int64_t kAllStepsRan = 200;  // lastDesiredStatus.code of $edgeAgent

std::vector<json::object> modules_of(const json::object& node) {
  std::vector<json::object> modules;
  const auto* array = find_array(node, "modules");
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    if ((*array)[i].is_object()) modules.push_back((*array)[i].get_object());
  }
  return modules;
}

Cell node_state_cell(const json::object& node) {
  auto state = node_state(node);
  const Tone tone = state == "not registered" ? Tone::dim : tone_of(state);
  return Cell{std::move(state), tone};
}

std::string composition_of(const json::object& node) {
  const auto version = int_or(node, "compositionVersion", 0);
  return version > 0 ? std::to_string(version) : "-";
}

std::string complaint(const json::object& node) {
  const auto* desired = find_object(node, "desiredStatus");
  if (!desired) return "";
  const auto code = int_or(*desired, "code", kAllStepsRan);
  if (code == kAllStepsRan) return "";
  return fmt::format("{}: {} (code {})\n", text_of(node, "name"),
                     printable(string_or(*desired, "description", "the node reports a problem")),
                     code);
}

}  // namespace

std::string node_state(const json::object& node) {
  if (!bool_or(node, "registered", false)) return "not registered";
  return bool_or(node, "connected", false) ? "online" : "offline";
}

Table node_table(const std::vector<json::object>& nodes, const Clock& clock) {
  Table table({"NODE", "GROUP", "STATE", "COMPOSITION", "MODULES", "REPORTED", "AGE"});
  for (const auto& node : nodes) {
    std::size_t running = 0;
    const auto modules = modules_of(node);
    for (const auto& module : modules) running += text_of(module, "runtimeStatus") == "running";
    table.add({{text_of(node, "name"), Tone::strong},
               {text_of(node, "group")},
               node_state_cell(node),
               {composition_of(node)},
               {fmt::format("{}/{} running", running, modules.size())},
               {age(clock, node, "lastReportedAt")},
               {age(clock, node, "createdAt")}});
  }
  return table;
}

std::string show_status(const std::vector<json::object>& nodes, const Clock& clock,
                        const Terminal& terminal) {
  if (nodes.empty()) return "no nodes yet: ferry node create NAME --group GROUP\n";
  Table table({"NODE", "GROUP", "STATE", "COMPOSITION", "COMPONENT", "VERSION", "STATUS",
               "RESTARTS", "UP"});
  std::string complaints;
  for (const auto& node : nodes) {
    complaints += complaint(node);
    const std::vector<Cell> left{{text_of(node, "name"), Tone::strong},
                                 {text_of(node, "group")},
                                 node_state_cell(node),
                                 {composition_of(node)}};
    const auto modules = modules_of(node);
    for (const auto& module : modules) {
      auto row = left;
      const auto runtime = text_of(module, "runtimeStatus");
      const auto exit_code = int_or(module, "exitCode", 0);
      row.push_back({text_of(module, "name")});
      row.push_back({text_of(module, "version")});
      row.push_back({runtime == "running" || exit_code == 0
                         ? runtime
                         : fmt::format("{} (exit code {})", runtime, exit_code),
                     tone_of(runtime)});
      row.push_back({text_of(module, "restartCount")});
      row.push_back({runtime == "running" ? age(clock, module, "lastStartTime") : "-"});
      table.add(std::move(row));
    }
    if (modules.empty()) {
      auto row = left;
      row.insert(row.end(), {Cell{"-"}, Cell{"-"}, Cell{"-"}, Cell{"-"}, Cell{"-"}});
      table.add(std::move(row));
    }
  }
  return table.render(terminal.width, terminal.colours) + complaints;
}

}  // namespace ferry::cli
