// SPDX-License-Identifier: Apache-2.0
#include "cli/edit.hpp"

#include <ostream>

#include "cli/plan_view.hpp"
#include "cli/progress.hpp"
#include "cli/rollout_commands.hpp"

namespace ferry::cli {
namespace {

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

// Groups by name, and the selector for the others.
std::string targets_of(const json::object& deployment) {
  const auto groups = joined(deployment, "groups");
  const auto selector = string_or(deployment, "selector", "");
  if (selector.empty()) return groups;
  return groups == "-" ? selector : groups + " " + selector;
}

}  // namespace

void print_plan(Context& context, const json::value& plan) {
  print(context, plan, [&](const json::value& value) {
    const auto* object = value.if_object();
    if (!object) return std::string();
    const auto id = text_of(*object, "id");
    auto text = show_plan(*object, context.terminal.colours);
    if (plan_has_conflicts(*object)) {
      text += fmt::format("choose a way out: ferry plan resolve {} NUMBER\n", id);
    } else if (bool_or(*object, "applicable", false)) {
      text += fmt::format("apply exactly this: ferry plan apply {}{}\n", id,
                          plan_has_removals(*object) ? " --allow-removals" : "");
    }
    return text;
  });
}

Table deployment_table(const Context& context, const std::vector<json::object>& deployments) {
  Table table({"NAME", "REVISION", "COMPONENTS", "TARGETS", "AGE"});
  for (const auto& deployment : deployments) {
    table.add({{text_of(deployment, "name"), Tone::strong},
               {text_of(deployment, "revision")},
               {joined(deployment, "components")},
               {targets_of(deployment)},
               {age(context.clock, deployment, "createdAt")}});
  }
  return table;
}

Done finish_edit(Context& context, std::string workspace, json::value answer, bool wait) {
  const auto* object = answer.if_object();
  const auto* plan = object ? find_object(*object, "plan") : nullptr;
  if (plan) say(context, trim(show_plan(*plan, false)));
  if (const auto* rollout = object ? find_object(*object, "rollout") : nullptr) {
    co_return co_await finish_rollout(context, workspace, *rollout, wait);
  }
  auto finished = co_await follow_answer(context, answer);
  if (!finished) co_return fail(std::move(finished).error());
  print(context, answer, [&](const json::value&) {
    std::vector<json::object> deployments;
    const auto* edited = object ? find_array(*object, "deployments") : nullptr;
    for (std::size_t i = 0; edited && i < edited->size(); ++i) {
      const auto* deployment = (*edited)[i].if_object();
      // What the edit took away has no components any more.
      const auto* components = deployment ? find_array(*deployment, "components") : nullptr;
      if (components && !components->empty()) deployments.push_back(*deployment);
    }
    if (deployments.empty()) return std::string();
    return deployment_table(context, deployments)
        .render(context.terminal.width, context.terminal.colours);
  });
  co_return Result<void>{};
}

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
  if (error.code == Code::conflict && error.hint.find("--allow-removals") != std::string::npos) {
    error.hint = "repeat the command with --allow-removals to agree";
  }
  return error;
}

Done apply_plan(Context& context, std::string workspace, std::string id, bool allow_removals,
                RolloutOptions rollout) {
  json::object body{{"allowRemovals", allow_removals}};
  auto policy = rollout_policy(rollout);
  if (!policy) co_return fail(std::move(policy).error());
  if (*policy) body["rollout"] = **std::move(policy);
  auto reply = co_await context.client.exchange(
      "POST", api_path({"workspaces", workspace, "plans", id}) + "/apply", std::move(body));
  if (!reply) co_return fail(std::move(reply).error());
  if (!reply->ok()) co_return fail(explain_refusal(context, *reply));
  co_return co_await finish_edit(context, workspace, std::move(reply->body), rollout.wait);
}

Done plan_and_apply(Context& context, std::string workspace, json::object body, PlanIntent intent) {
  auto plan = co_await context.client.post(api_path({"workspaces", workspace, "plans"}), body);
  if (!plan) co_return fail(std::move(plan).error());
  if (intent.plan_only) {
    print_plan(context, *plan);
    co_return Result<void>{};
  }
  const auto* object = plan->if_object();
  if (!object) co_return fail(Code::internal, "the server's plan is not an object");
  co_return co_await apply_plan(context, workspace, text_of(*object, "id"), intent.allow_removals,
                                intent.rollout);
}

}  // namespace ferry::cli
