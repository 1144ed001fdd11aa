// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {
namespace {

std::string show_resources(const Context& context, const json::value& resources) {
  Table table({"RESOURCE", "NAME", "REGION", "STATE", "AZURE ID"});
  for (const auto& resource : items_of(resources)) {
    table.add({{text_of(resource, "type"), Tone::plain},
               {text_of(resource, "name"), Tone::strong},
               {text_of(resource, "region"), Tone::plain},
               state_cell(resource, "state"),
               {text_of(resource, "azureId"), Tone::dim}});
  }
  if (table.empty()) return "no cloud resources\n";
  return table.render(context.terminal.width, context.terminal.colours);
}

Done show_workspace(Context& context, std::string name) {
  auto workspace = co_await context.client.get(api_path({"workspaces", name}));
  if (!workspace) co_return fail(std::move(workspace).error());
  auto resources = co_await context.client.get(api_path({"workspaces", name, "resources"}));
  if (!resources) co_return fail(std::move(resources).error());
  json::value both = *workspace;
  if (auto* object = both.if_object()) {
    const auto* list = resources->if_object();
    (*object)["resources"] = list && list->contains("value") ? list->at("value") : json::array{};
  }
  print(context, both, [&](const json::value& value) {
    const auto* object = value.if_object();
    if (!object) return std::string();
    return describe_members(*object,
                            {"name", "id", "location", "cloudAccount", "state", "createdAt"}) +
           "\n" + show_resources(context, *resources);
  });
  co_return Result<void>{};
}

}  // namespace

Done workspace_create(Context& context, WorkspaceCreate arguments) {
  json::object body{{"name", arguments.name}, {"location", arguments.location}};
  if (!arguments.cloud_account.empty()) body["cloudAccount"] = arguments.cloud_account;
  auto started = co_await context.client.post(api_path({"workspaces"}), std::move(body));
  if (!started) co_return fail(std::move(started).error());
  say(context, fmt::format("creating workspace {} in {}", arguments.name, arguments.location));
  auto finished = co_await follow_answer(context, *started);
  if (!finished) {
    auto error = std::move(finished).error();
    if (error.code != Code::cancelled && error.hint.empty()) {
      error.hint =
          fmt::format("'ferry workspace retry {}' goes on where it stopped", arguments.name);
    }
    co_return fail(std::move(error));
  }
  co_return co_await show_workspace(context, arguments.name);
}

Done workspace_list(Context& context) {
  auto answer = co_await context.client.get(api_path({"workspaces"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"NAME", "LOCATION", "CLOUD ACCOUNT", "STATE", "AGE"});
  for (const auto& workspace : items_of(*answer)) {
    table.add({{text_of(workspace, "name"), Tone::strong},
               {text_of(workspace, "location")},
               {text_of(workspace, "cloudAccount")},
               state_cell(workspace, "state"),
               {age(context.clock, workspace, "createdAt")}});
  }
  print_table(context, table, "no workspaces yet: ferry workspace create NAME --location REGION");
  co_return Result<void>{};
}

Done workspace_show(Context& context, std::string name) {
  co_return co_await show_workspace(context, std::move(name));
}

Done workspace_delete(Context& context, std::string name) {
  auto started = co_await context.client.remove(api_path({"workspaces", name}));
  if (!started) co_return fail(std::move(started).error());
  say(context, fmt::format("deleting workspace {} and its cloud resources", name));
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());
  print(context, json::object{{"name", name}, {"deleted", true}},
        [&](const json::value&) { return fmt::format("workspace {} is gone\n", name); });
  co_return Result<void>{};
}

Done workspace_retry(Context& context, std::string name) {
  auto started =
      co_await context.client.post(api_path({"workspaces", name, "retry"}), json::object{});
  if (!started) co_return fail(std::move(started).error());
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());
  co_return co_await show_workspace(context, std::move(name));
}

}  // namespace ferry::cli
