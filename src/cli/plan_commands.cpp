// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/commands.hpp"
#include "cli/edit.hpp"
#include "cli/plan_view.hpp"

namespace ferry::cli {
namespace {

std::string state_of(const json::object& plan) {
  if (!text_of(plan, "operation").empty() && text_of(plan, "operation") != "-") return "applied";
  return bool_or(plan, "applicable", false) ? "applicable" : "in the way";
}

std::string edits_of(const json::object& plan) {
  std::string text;
  const auto* edits = find_array(plan, "edits");
  for (std::size_t i = 0; edits && i < edits->size(); ++i) {
    const auto* edit = (*edits)[i].if_object();
    if (edit) text += (text.empty() ? "" : " ") + text_of(*edit, "deployment");
  }
  return text;
}

}  // namespace

Done plan_list(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(api_path({"workspaces", *workspace, "plans"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"ID", "DEPLOYMENTS", "STATE", "AGE"});
  for (const auto& plan : items_of(*answer)) {
    table.add({{text_of(plan, "id"), Tone::strong},
               {edits_of(plan)},
               {state_of(plan)},
               {age(context.clock, plan, "createdAt")}});
  }
  print_table(context, table, "no plans yet: ferry deploy COMPONENT --group GROUP --plan");
  co_return Result<void>{};
}

Done plan_show(Context& context, std::string id) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto plan = co_await context.client.get(api_path({"workspaces", *workspace, "plans", id}));
  if (!plan) co_return fail(std::move(plan).error());
  print_plan(context, *plan);
  co_return Result<void>{};
}

Done plan_apply(Context& context, PlanApply arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  co_return co_await apply_plan(context, *workspace, arguments.id, arguments.allow_removals,
                                arguments.rollout);
}

Done simulate(Context& context, Simulate arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  json::array changes;
  for (const auto& plan : arguments.plans) changes.push_back(json::object{{"plan", plan}});
  auto answer = co_await context.client.post(api_path({"workspaces", *workspace, "simulations"}),
                                             json::object{{"changes", std::move(changes)}});
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, [&](const json::value& value) {
    std::string text;
    std::size_t number = 0;
    for (const auto& plan : items_of(value)) {
      text += fmt::format("after {} of {} plans:\n", number + 1, arguments.plans.size());
      text += show_plan(plan, context.terminal.colours);
      ++number;
    }
    if (number < arguments.plans.size()) text += "the others come no further\n";
    return text;
  });
  co_return Result<void>{};
}

Done plan_resolve(Context& context, PlanResolve arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  const auto path = api_path({"workspaces", *workspace, "plans"});
  auto plan =
      co_await context.client.get(api_path({"workspaces", *workspace, "plans", arguments.id}));
  if (!plan) co_return fail(std::move(plan).error());
  const auto* object = plan->if_object();
  const auto resolutions = object ? resolutions_of(*object) : std::vector<json::object>{};
  if (arguments.number < 1 || static_cast<std::size_t>(arguments.number) > resolutions.size()) {
    co_return fail(Error{Code::invalid_argument,
                         fmt::format("plan {} has {} resolutions; {} is none of them", arguments.id,
                                     resolutions.size(), arguments.number),
                         fmt::format("ferry plan show {} numbers them", arguments.id)});
  }
  const auto& chosen = resolutions[static_cast<std::size_t>(arguments.number - 1)];
  auto resolved = co_await context.client.post(path, json::object{{"edits", chosen.at("edits")}});
  if (!resolved) co_return fail(std::move(resolved).error());
  print_plan(context, *resolved);
  co_return Result<void>{};
}

}  // namespace ferry::cli
