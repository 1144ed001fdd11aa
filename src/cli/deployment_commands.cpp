// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "cli/commands.hpp"
#include "cli/configuration_commands.hpp"
#include "cli/edit.hpp"
#include "cli/plan_view.hpp"
#include "cli/progress.hpp"
#include "cli/rollout_commands.hpp"
#include "fleet/plan.hpp"

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

// "sampler.rate=5" ... -> {"sampler": {"rate": 5}}
Result<json::object> configuration_of(const std::vector<std::string>& settings) {
  json::object configuration;
  for (const auto& text : settings) {
    const auto dot = text.find('.');
    if (dot == std::string::npos || dot == 0) {
      return fail(Code::invalid_argument, "'{}' is not COMPONENT.SETTING=VALUE", text);
    }
    auto assignment = parse_assignment(text.substr(dot + 1));
    if (!assignment) return fail(std::move(assignment).error());
    auto& values = configuration[text.substr(0, dot)];
    if (!values.is_object()) values = json::object();
    values.get_object()[assignment->first] = assignment->second;
  }
  return configuration;
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
  json::object content{{"components", std::move(components)}, {"groups", std::move(groups)}};
  if (!arguments.selector.empty()) content["selector"] = arguments.selector;
  if (!arguments.settings.empty()) {
    auto configuration = configuration_of(arguments.settings);
    if (!configuration) co_return fail(std::move(configuration).error());
    content["configuration"] = *std::move(configuration);
  }
  co_return content;
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
    print_plan(context, *plan);
    co_return Result<void>{};
  }
  (*content)["allowRemovals"] = arguments.allow_removals;
  auto policy = rollout_policy(arguments.rollout);
  if (!policy) co_return fail(std::move(policy).error());
  if (*policy) (*content)["rollout"] = **std::move(policy);
  auto reply = co_await context.client.exchange("PUT", path, *std::move(content));
  if (!reply) co_return fail(std::move(reply).error());
  if (!reply->ok()) co_return fail(explain_refusal(context, *reply));
  co_return co_await finish_edit(context, *workspace, std::move(reply->body),
                                 arguments.rollout.wait);
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

namespace {

net::Task<Result<std::vector<json::object>>> history_of(Context& context, std::string workspace,
                                                        std::string name) {
  auto answer = co_await context.client.get(
      api_path({"workspaces", workspace, "deployments", name}) + "/history");
  if (!answer) co_return fail(std::move(answer).error());
  co_return items_of(*answer);
}

const json::object* find_revision(const std::vector<json::object>& history, std::int64_t number) {
  for (const auto& revision : history) {
    if (int_or(revision, "revision", 0) == number) return &revision;
  }
  return nullptr;
}

std::map<std::string, std::string> components_of(const json::object& revision) {
  std::map<std::string, std::string> versions;
  const auto* components = find_array(revision, "components");
  for (std::size_t i = 0; components && i < components->size(); ++i) {
    if (const auto* component = (*components)[i].if_object()) {
      versions[string_or(*component, "name", "")] = string_or(*component, "version", "");
    }
  }
  return versions;
}

// Groups of `revision` that `other` does not have.
json::array groups_beside(const json::object& revision, const json::object& other) {
  json::array result;
  const auto* groups = find_array(revision, "groups");
  const auto* others = find_array(other, "groups");
  for (std::size_t i = 0; groups && i < groups->size(); ++i) {
    const auto& group = (*groups)[i];
    if (!others || std::find(others->begin(), others->end(), group) == others->end()) {
      result.push_back(group);
    }
  }
  return result;
}

std::string show_groups(const json::object& difference, std::string_view member, char sign) {
  std::string text;
  const auto* groups = find_array(difference, member);
  for (std::size_t i = 0; groups && i < groups->size(); ++i) {
    if (const auto* group = (*groups)[i].if_string()) {
      text += fmt::format("  {} group {}\n", sign, printable(std::string_view(*group)));
    }
  }
  return text;
}

}  // namespace

Done deployment_history(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto history = co_await history_of(context, *workspace, name);
  if (!history) co_return fail(std::move(history).error());
  if (context.output == OutputFormat::json) {
    print(context, json::object{{"value", json::array(history->begin(), history->end())}}, {});
    co_return Result<void>{};
  }
  print_table(context, deployment_table(context, *history), "no revisions");
  co_return Result<void>{};
}

Done deployment_diff(Context& context, DeploymentDiff arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto history = co_await history_of(context, *workspace, arguments.name);
  if (!history) co_return fail(std::move(history).error());
  const auto newest = int_or(history->front(), "revision", 0);
  const auto to = arguments.to == 0 ? newest : arguments.to;
  const auto from = arguments.from == 0 ? to - 1 : arguments.from;
  const auto* before = find_revision(*history, from);
  const auto* after = find_revision(*history, to);
  if (!before || !after) {
    co_return fail(
        Error{Code::not_found,
              fmt::format("deployment '{}' has no revision {}", arguments.name, before ? to : from),
              fmt::format("ferry deployment history {}", arguments.name)});
  }
  json::object difference{{"from", from}, {"to", to}};
  fleet::write_difference(fleet::compare(components_of(*before), components_of(*after)),
                          difference);
  difference["groupsAdded"] = groups_beside(*after, *before);
  difference["groupsRemoved"] = groups_beside(*before, *after);
  print(context, difference, [&](const json::value&) {
    return fmt::format("{}, revision {} -> {}\n", arguments.name, from, to) +
           show_difference(difference, context.terminal.colours) +
           show_groups(difference, "groupsAdded", '+') +
           show_groups(difference, "groupsRemoved", '-');
  });
  co_return Result<void>{};
}

Done deployment_rollback(Context& context, DeploymentRollback arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  json::object rollback{{"deployment", arguments.name}, {"revision", arguments.revision}};
  co_return co_await plan_and_apply(
      context, *workspace, json::object{{"rollback", std::move(rollback)}},
      {arguments.plan_only, arguments.allow_removals, arguments.rollout});
}

}  // namespace ferry::cli
