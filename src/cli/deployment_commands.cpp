// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/commands.hpp"
#include "cli/plan_view.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {
namespace {

// "sampler@1.0.0" as given; "sampler" with its newest published version.
net::Task<Result<json::object>> resolve_component(Context& context, std::string workspace,
                                                  std::string text) {
  const auto at = text.find('@');
  const auto name = text.substr(0, at);
  if (at != std::string::npos) {
    const auto version = text.substr(at + 1);
    if (name.empty() || version.empty()) {
      co_return fail(Code::invalid_argument, "'{}' is not COMPONENT or COMPONENT@VERSION", text);
    }
    co_return json::object{{"name", name}, {"version", version}};
  }
  auto answer =
      co_await context.client.get(api_path({"workspaces", workspace, "components", name}));
  if (!answer) co_return fail(std::move(answer).error());
  const auto* component = answer->if_object();
  const auto* versions = component ? find_array(*component, "versions") : nullptr;
  for (std::size_t i = 0; versions && i < versions->size(); ++i) {  // newest first
    const auto* version = (*versions)[i].if_object();
    if (version && string_or(*version, "state", "") == "published") {
      co_return json::object{{"name", name}, {"version", string_or(*version, "version", "")}};
    }
  }
  co_return fail(Error{Code::not_found, fmt::format("component {} has no published version", name),
                       "ferry component publish DIR"});
}

net::Task<Result<json::object>> content_of(Context& context, std::string workspace,
                                           Deploy arguments) {
  json::array components;
  for (const auto& text : arguments.components) {
    auto component = co_await resolve_component(context, workspace, text);
    if (!component) co_return fail(std::move(component).error());
    components.push_back(*std::move(component));
  }
  json::array groups;
  for (const auto& group : arguments.groups) groups.emplace_back(group);
  co_return json::object{{"components", std::move(components)}, {"groups", std::move(groups)}};
}

// A refusal carries the plan as its details: shown, because it says what is in the way.
Error explain_refusal(Context& context, const Reply& reply) {
  auto error = error_of(reply);
  const auto* details = find_path(reply.body, "error.details");
  const auto* plan = details ? details->if_object() : nullptr;
  if (!plan || !plan->contains("groups")) return error;
  context.error_details = *details;
  if (context.output == OutputFormat::table) {
    context.terminal.err << show_plan(*plan,
                                      context.terminal.colours && context.terminal.err_is_terminal)
                         << std::flush;
  }
  if (plan_has_removals(*plan) && !plan_has_conflicts(*plan) && error.code == Code::conflict) {
    error.hint = "repeat the command with --allow-removals to agree";
  }
  return error;
}

std::string show_answered_plan(const Context& context, const json::value& plan) {
  const auto* object = plan.if_object();
  return object ? show_plan(*object, context.terminal.colours) : "";
}

std::string joined(const json::object& deployment, std::string_view member) {
  std::string text;
  const auto* array = find_array(deployment, member);
  for (std::size_t i = 0; array && i < array->size(); ++i) {
    const auto& item = (*array)[i];
    if (!text.empty()) text += " ";
    if (const auto* object = item.if_object()) {
      text += text_of(*object, "name") + "@" + text_of(*object, "version");
    } else if (item.is_string()) {
      text += std::string(item.get_string());
    }
  }
  return text.empty() ? "-" : text;
}

Table deployment_table(const Context& context, const std::vector<json::object>& deployments) {
  Table table({"NAME", "REVISION", "COMPONENTS", "GROUPS", "AGE"});
  for (const auto& deployment : deployments) {
    table.add({{text_of(deployment, "name"), Tone::strong},
               {text_of(deployment, "revision")},
               {joined(deployment, "components")},
               {joined(deployment, "groups")},
               {age(context.clock, deployment, "createdAt")}});
  }
  return table;
}

// Shows the plan of an accepted edit, follows it, and prints the answer.
Done finish_edit(Context& context, json::value answer) {
  const auto* object = answer.if_object();
  const auto* plan = object ? find_object(*object, "plan") : nullptr;
  if (plan) say(context, trim(show_plan(*plan, false)));
  auto finished = co_await follow_answer(context, answer);
  if (!finished) co_return fail(std::move(finished).error());
  print(context, answer, [&](const json::value&) {
    const auto* deployment = object ? find_object(*object, "deployment") : nullptr;
    if (!deployment) return std::string();
    return deployment_table(context, {*deployment})
        .render(context.terminal.width, context.terminal.colours);
  });
  co_return Result<void>{};
}

}  // namespace

Done deploy(Context& context, Deploy arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto content = co_await content_of(context, *workspace, arguments);
  if (!content) co_return fail(std::move(content).error());
  const auto path = api_path({"workspaces", *workspace, "deployments", arguments.name});
  if (arguments.plan_only) {
    auto plan = co_await context.client.post(path + "/plan", *std::move(content));
    if (!plan) co_return fail(std::move(plan).error());
    print(context, *plan,
          [&](const json::value& value) { return show_answered_plan(context, value); });
    co_return Result<void>{};
  }
  (*content)["allowRemovals"] = arguments.allow_removals;
  auto reply = co_await context.client.exchange("PUT", path, *std::move(content));
  if (!reply) co_return fail(std::move(reply).error());
  if (!reply->ok()) co_return fail(explain_refusal(context, *reply));
  co_return co_await finish_edit(context, std::move(reply->body));
}

Done deployment_list(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(api_path({"workspaces", *workspace, "deployments"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  print_table(context, deployment_table(context, items_of(*answer)),
              "no deployments yet: ferry deploy COMPONENT --group GROUP");
  co_return Result<void>{};
}

Done deployment_show(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer =
      co_await context.client.get(api_path({"workspaces", *workspace, "deployments", name}));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, [&](const json::value& value) {
    const auto* deployment = value.if_object();
    if (!deployment) return std::string();
    return deployment_table(context, {*deployment})
        .render(context.terminal.width, context.terminal.colours);
  });
  co_return Result<void>{};
}

Done deployment_delete(Context& context, DeploymentDelete arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  const auto path = api_path({"workspaces", *workspace, "deployments", arguments.name}) +
                    (arguments.allow_removals ? "?allowRemovals=true" : "");
  auto reply = co_await context.client.exchange("DELETE", path);
  if (!reply) co_return fail(std::move(reply).error());
  if (!reply->ok()) co_return fail(explain_refusal(context, *reply));
  auto finished = co_await follow_answer(context, reply->body);
  if (!finished) co_return fail(std::move(finished).error());
  print(context, json::object{{"name", arguments.name}, {"deleted", true}},
        [&](const json::value&) { return fmt::format("deployment {} is gone\n", arguments.name); });
  co_return Result<void>{};
}

}  // namespace ferry::cli
