// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/edit.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {
namespace {

std::string components_of(const json::object& composition) {
  std::string text;
  const auto* components = find_array(composition, "components");
  for (std::size_t i = 0; components && i < components->size(); ++i) {
    const auto* component = (*components)[i].if_object();
    if (!component) continue;
    text += fmt::format("{}{}@{}", text.empty() ? "" : " ", text_of(*component, "name"),
                        text_of(*component, "version"));
  }
  return text.empty() ? "-" : text;
}

std::string show_compositions(const Context& context, const json::value& compositions) {
  Table table({"COMPOSITION", "COMPONENTS", "CURRENT", "AGE"});
  for (const auto& composition : items_of(compositions)) {
    table.add({{text_of(composition, "version"), Tone::strong},
               {components_of(composition)},
               {text_of(composition, "current")},
               {age(context.clock, composition, "createdAt")}});
  }
  if (table.empty()) return "nothing deployed yet\n";
  return table.render(context.terminal.width, context.terminal.colours);
}

Done show_group(Context& context, std::string workspace, std::string name) {
  auto group = co_await context.client.get(api_path({"workspaces", workspace, "groups", name}));
  if (!group) co_return fail(std::move(group).error());
  auto compositions = co_await context.client.get(
      api_path({"workspaces", workspace, "groups", name, "compositions"}));
  if (!compositions) co_return fail(std::move(compositions).error());
  json::value both = *group;
  if (auto* object = both.if_object()) {
    const auto* list = compositions->if_object();
    (*object)["compositions"] = list && list->contains("value") ? list->at("value") : json::array{};
  }
  print(context, both, [&](const json::value& value) {
    const auto* object = value.if_object();
    if (!object) return std::string();
    return describe_members(
               *object, {"name", "id", "state", "nodeCount", "enrollmentGroup", "pullCredential",
                         "configuration", "compositionVersion", "createdAt"}) +
           "\n" + show_compositions(context, *compositions);
  });
  co_return Result<void>{};
}

}  // namespace

Done group_create(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto started = co_await context.client.post(api_path({"workspaces", *workspace, "groups"}),
                                              json::object{{"name", name}});
  if (!started) co_return fail(std::move(started).error());
  say(context, fmt::format("creating node group {} in {}", name, *workspace));
  auto finished = co_await follow_answer(context, *started);
  if (!finished) {
    auto error = std::move(finished).error();
    if (error.code != Code::cancelled && error.hint.empty()) {
      error.hint = "the same command goes on where it stopped";
    }
    co_return fail(std::move(error));
  }
  co_return co_await show_group(context, *workspace, std::move(name));
}

Done group_list(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(api_path({"workspaces", *workspace, "groups"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"NAME", "NODES", "COMPOSITION", "STATE", "AGE"});
  for (const auto& group : items_of(*answer)) {
    table.add({{text_of(group, "name"), Tone::strong},
               {text_of(group, "nodeCount")},
               {text_of(group, "compositionVersion")},
               state_cell(group, "state"),
               {age(context.clock, group, "createdAt")}});
  }
  print_table(context, table, "no node groups yet: ferry group create NAME");
  co_return Result<void>{};
}

Done group_show(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  co_return co_await show_group(context, *workspace, std::move(name));
}

Done group_delete(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto started =
      co_await context.client.remove(api_path({"workspaces", *workspace, "groups", name}));
  if (!started) co_return fail(std::move(started).error());
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());
  print(context, json::object{{"name", name}, {"deleted", true}},
        [&](const json::value&) { return fmt::format("node group {} is gone\n", name); });
  co_return Result<void>{};
}

Done group_restore(Context& context, GroupRestore arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  json::object restore{{"group", arguments.name}, {"composition", arguments.composition}};
  co_return co_await plan_and_apply(
      context, *workspace, json::object{{"restore", std::move(restore)}},
      {arguments.plan_only, arguments.allow_removals, arguments.rollout});
}

}  // namespace ferry::cli
