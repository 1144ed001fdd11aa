// SPDX-License-Identifier: Apache-2.0
// Shutting out and letting in again; moving; leaving the cloud.
#include "cli/commands.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {
namespace {

net::Task<Result<std::string>> access_path(Context& context, Revoke arguments, std::string verb) {
  if (arguments.noun == "workspace") {
    co_return api_path({"workspaces", arguments.name, verb});
  }
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  co_return api_path({"workspaces", *workspace, arguments.noun + "s", arguments.name, verb});
}

std::string lines_of(const json::object& object, std::string_view member,
                     std::string_view separator) {
  std::string text;
  const auto* items = find_array(object, member);
  for (std::size_t i = 0; items && i < items->size(); ++i) {
    const auto* line = (*items)[i].if_string();
    if (line) text += fmt::format("{}{}", i == 0 ? "" : separator, std::string_view(*line));
  }
  return text;
}

std::string describe_radius(const json::object& radius) {
  const std::string names = lines_of(radius, "sample", ", ");
  const std::string groups = lines_of(radius, "groups", ", ");
  const bool more = int_or(radius, "nodes", 0) >
                    static_cast<std::int64_t>(
                        find_array(radius, "sample") ? radius.at("sample").as_array().size() : 0);
  return fmt::format("{} {}: {} nodes, {} registered, {} connected\n  {}{}\n{}  - {}\nUndo: {}\n",
                     text_of(radius, "scope"), text_of(radius, "name"), text_of(radius, "nodes"),
                     text_of(radius, "registered"), text_of(radius, "connected"), names,
                     more ? ", ..." : "", groups.empty() ? "" : "  groups: " + groups + "\n",
                     lines_of(radius, "effects", "\n  - "), text_of(radius, "undo"));
}

std::string components_line(const json::object& plan, std::string_view member, char sign) {
  std::string text;
  const auto* items = find_array(plan, member);
  for (std::size_t i = 0; items && i < items->size(); ++i) {
    const auto* item = (*items)[i].if_object();
    if (!item) continue;
    text += item->contains("from")
                ? fmt::format("  {} {} {} -> {}\n", sign, text_of(*item, "component"),
                              text_of(*item, "from"), text_of(*item, "to"))
                : fmt::format("  {} {} {}\n", sign, text_of(*item, "component"),
                              text_of(*item, "version"));
  }
  return text;
}

std::string describe_move(const json::object& plan) {
  return fmt::format("node {}: {} -> {}\n{}{}{}{}", text_of(plan, "node"), text_of(plan, "from"),
                     text_of(plan, "to"), components_line(plan, "added", '+'),
                     components_line(plan, "updated", '~'), components_line(plan, "removed", '-'),
                     bool_or(plan, "registered", false)
                         ? "its certificate is renewed from the new group's CA\n"
                         : "");
}

bool has_removals(const json::object& plan) {
  const auto* removed = find_array(plan, "removed");
  return removed && !removed->empty();
}

// The plan of an answer, shown; as JSON the whole answer.
void print_plan(Context& context, const json::value& answer,
                std::string (*describe)(const json::object&)) {
  print(context, answer, [&](const json::value& value) {
    const auto* object = value.if_object();
    const auto* plan = object ? find_object(*object, "plan") : nullptr;
    return plan ? describe(*plan) : std::string();
  });
}

}  // namespace

Done revoke(Context& context, Revoke arguments) {
  auto path = co_await access_path(context, arguments, "revoke");
  if (!path) co_return fail(std::move(path).error());
  auto planned = co_await context.client.post(*path, json::object{{"plan", true}});
  if (!planned) co_return fail(std::move(planned).error());
  const auto* object = planned->if_object();
  const auto* radius = object ? find_object(*object, "plan") : nullptr;
  if (!radius) co_return fail(Code::internal, "the server's answer has no plan");
  if (!arguments.yes) {
    print_plan(context, *planned, describe_radius);
    co_return fail(Error{Code::conflict, "nothing has been shut out yet", "--yes does it"});
  }
  auto started = co_await context.client.post(
      *path,
      json::object{{"reason", arguments.reason}, {"expectedNodes", int_or(*radius, "nodes", 0)}});
  if (!started) co_return fail(std::move(started).error());
  auto finished = co_await follow_answer(context, *started);
  if (!finished) {
    co_return fail(std::move(finished).error().advise(
        "Ferry refuses it already; the same command brings it to the cloud"));
  }
  print_plan(context, *started, describe_radius);
  co_return Result<void>{};
}

Done reinstate(Context& context, Revoke arguments) {
  auto path = co_await access_path(context, arguments, "reinstate");
  if (!path) co_return fail(std::move(path).error());
  auto started = co_await context.client.post(*path, json::object{});
  if (!started) co_return fail(std::move(started).error());
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());
  print(context, json::object{{"name", arguments.name}, {"reinstated", true}},
        [&](const json::value&) {
          return fmt::format("{} {} may connect again\n", arguments.noun, arguments.name);
        });
  co_return Result<void>{};
}

Done revocation_list(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer =
      co_await context.client.get_all(api_path({"workspaces", *workspace, "revocations"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"SCOPE", "NAME", "REASON", "BY", "AGE"});
  for (const auto& item : items_of(*answer)) {
    table.add({{text_of(item, "scope")},
               {text_of(item, "name"), Tone::strong},
               {text_of(item, "reason")},
               {text_of(item, "revokedBy")},
               {age(context.clock, item, "revokedAt")}});
  }
  print_table(context, table, "nothing is revoked");
  co_return Result<void>{};
}

Done node_move(Context& context, Move arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  const auto path = api_path({"workspaces", *workspace, "nodes", arguments.node, "move"});
  json::object body{{"group", arguments.group},
                    {"plan", arguments.plan_only},
                    {"planId", arguments.plan_id},
                    {"allowRemovals", arguments.allow_removals}};
  auto reply = co_await context.client.exchange("POST", path, std::move(body));
  if (!reply) co_return fail(std::move(reply).error());
  if (!reply->ok()) {
    const auto* object = reply->body.if_object();
    const auto* details = object ? find_path(*object, "error.details") : nullptr;
    const bool has_plan = details && details->is_object() && details->get_object().contains("node");
    if (has_plan) {
      context.error_details = *details;
      say(context, describe_move(details->get_object()));
    }
    co_return fail(error_of(*reply));
  }
  if (!arguments.plan_only) {
    auto finished = co_await follow_answer(context, reply->body);
    if (!finished) co_return fail(std::move(finished).error());
  }
  print_plan(context, reply->body, describe_move);
  const auto* plan =
      reply->body.is_object() ? find_object(reply->body.get_object(), "plan") : nullptr;
  if (arguments.plan_only && plan) {
    say(context, fmt::format("exactly this: ferry node move {} --group {} --plan-id {}{}\n",
                             arguments.node, arguments.group, text_of(*plan, "id"),
                             has_removals(*plan) ? " --allow-removals" : ""));
  }
  co_return Result<void>{};
}

Done node_deregister(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto started = co_await context.client.post(
      api_path({"workspaces", *workspace, "nodes", name, "deregister"}), json::object{});
  if (!started) co_return fail(std::move(started).error());
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());
  print(context, json::object{{"name", name}, {"deregistered", true}}, [&](const json::value&) {
    return fmt::format("node {} is out of the cloud; ferry node token create {} lets it back in\n",
                       name, name);
  });
  co_return Result<void>{};
}

}  // namespace ferry::cli
