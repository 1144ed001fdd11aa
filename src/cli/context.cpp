// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"

#include <algorithm>
#include <ostream>

namespace ferry::cli {

using net::Task;

Task<Result<std::string>> workspace_of(Context& context) {
  if (!context.workspace.empty()) co_return context.workspace;
  auto answer = co_await context.client.get(api_path({"workspaces"}));
  if (!answer) co_return fail(std::move(answer).error());
  const auto workspaces = items_of(*answer);
  if (workspaces.empty()) {
    co_return fail(Error{Code::not_found, "there is no workspace yet",
                         "ferry workspace create NAME --location REGION"});
  }
  if (workspaces.size() == 1) co_return string_or(workspaces.front(), "name", "");
  std::vector<std::string> names;
  for (const auto& workspace : workspaces) names.push_back(string_or(workspace, "name", "?"));
  co_return fail(
      Error{Code::invalid_argument,
            fmt::format("there are {} workspaces: {}", names.size(), fmt::join(names, ", ")),
            "choose one with --workspace or FERRY_WORKSPACE"});
}

void print(Context& context, const json::value& value,
           const std::function<std::string(const json::value&)>& show) {
  context.terminal.out << (context.output == OutputFormat::json ? pretty_json(value) : show(value))
                       << std::flush;
}

void print_table(Context& context, const Table& table, std::string_view when_empty) {
  if (table.empty()) {
    say(context, when_empty);
    return;
  }
  context.terminal.out << table.render(context.terminal.width, context.terminal.colours)
                       << std::flush;
}

void say(Context& context, std::string_view line) {
  if (context.output == OutputFormat::table) context.terminal.err << line << std::endl;
}

std::string age(const Clock& clock, const json::object& object, std::string_view member) {
  const auto text = optional_string(object, member);
  if (!text) return "-";
  const auto time = parse_rfc3339(*text);
  if (!time) return "-";
  const auto seconds = std::max<std::int64_t>(0, unix_seconds(clock.now()) - unix_seconds(*time));
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 120 * 60) return fmt::format("{}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

std::string text_of(const json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  if (!value || value->is_null()) return "-";
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_bool()) return value->get_bool() ? "yes" : "no";
  return json::serialize(*value);
}

Cell state_cell(const json::object& object, std::string_view member) {
  auto text = text_of(object, member);
  const Tone tone = tone_of(text);
  return Cell{std::move(text), tone};
}

std::vector<json::object> items_of(const json::value& collection) {
  std::vector<json::object> items;
  const auto* object = collection.if_object();
  const auto* array = object ? find_array(*object, "value") : nullptr;
  if (!array) return items;
  for (const auto& item : *array) {
    if (item.is_object()) items.push_back(item.get_object());
  }
  return items;
}

std::string describe_members(const json::object& object, const std::vector<std::string>& members) {
  std::size_t widest = 0;
  for (const auto& member : members) widest = std::max(widest, member.size());
  std::string text;
  for (const auto& member : members) {
    text += fmt::format("{:<{}}  {}\n", member, widest, printable(text_of(object, member)));
  }
  return text;
}

}  // namespace ferry::cli
