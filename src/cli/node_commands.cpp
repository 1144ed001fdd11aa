// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "base/file.hpp"
#include "cli/commands.hpp"
#include "cli/device_command.hpp"
#include "cli/log_tail.hpp"
#include "cli/node_table.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {
namespace {

using namespace std::chrono_literals;
constexpr auto kWatchInterval = 2s;

// Not there on an older ferryd: then the device is set up by hand.
net::Task<std::string> installer(Context& context) {
  auto info = co_await context.client.get("/install/info");
  if (!info || !info->is_object()) co_return "";
  co_return install_command(context.profile, string_or(info->get_object(), "publicKeyPin", ""));
}

// The token is in the answer this once, so it is printed whatever the format.
net::Task<void> print_ticket(Context& context, json::value answer) {
  auto* ticket = answer.if_object();
  if (!ticket) co_return;
  const auto command = device_command(context.profile, Secret(string_or(*ticket, "token", "")));
  const std::string install = co_await installer(context);
  (*ticket)["command"] = command;
  (*ticket)["installCommand"] = install;
  print(context, answer, [&](const json::value&) {
    auto text =
        describe_members(*ticket, {"name", "id", "group", "registrationId", "expiresAt"}) +
        fmt::format("\nOne-time token, shown only now:\n  {}\n\nRun this on the device:\n  {}\n",
                    text_of(*ticket, "token"), command);
    if (!install.empty()) {
      text += fmt::format(
          "\nOr, where nothing is installed yet; it asks for the token, and starts at boot from "
          "then on:\n  {}\n",
          install);
    }
    return text;
  });
}

Done ask_for_token(Context& context, TokenCreate arguments, std::string verb) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  json::object body;
  if (arguments.hours > 0) body["tokenHours"] = arguments.hours;
  auto answer = co_await context.client.post(
      api_path({"workspaces", *workspace, "nodes", arguments.node, verb}), std::move(body));
  if (!answer) co_return fail(std::move(answer).error());
  co_await print_ticket(context, *std::move(answer));
  co_return Result<void>{};
}

}  // namespace

Done node_create(Context& context, NodeCreate arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  json::object body{{"name", arguments.name}, {"group", arguments.group}};
  if (arguments.token_hours > 0) body["tokenHours"] = arguments.token_hours;
  auto answer =
      co_await context.client.post(api_path({"workspaces", *workspace, "nodes"}), std::move(body));
  if (!answer) co_return fail(std::move(answer).error());
  co_await print_ticket(context, *std::move(answer));
  co_return Result<void>{};
}

Done token_create(Context& context, TokenCreate arguments) {
  return ask_for_token(context, std::move(arguments), "token");
}

Done node_replace(Context& context, TokenCreate arguments) {
  return ask_for_token(context, std::move(arguments), "replace");
}

Done node_list(Context& context, NodeList arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  std::string selection;
  for (const auto& [name, value] :
       {std::pair("search", arguments.search), std::pair("group", arguments.group),
        std::pair("health", arguments.health)}) {
    if (value.empty()) continue;
    selection += fmt::format("{}{}={}", selection.empty() ? "?" : "&", name, percent_encode(value));
  }
  const auto path = api_path({"workspaces", *workspace, "nodes"}) + selection;
  auto answer = co_await context.client.get_all(path);
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  print_table(
      context, node_table(items_of(*answer), context.clock),
      selection.empty() ? "no nodes yet: ferry node create NAME --group GROUP" : "no such nodes");
  co_return Result<void>{};
}

Done node_show(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(api_path({"workspaces", *workspace, "nodes", name}));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, [&](const json::value& value) {
    const auto* node = value.if_object();
    if (!node) return std::string();
    return describe_members(*node,
                            {"name", "id", "group", "registrationId", "registered", "registeredAt",
                             "connected", "lastReportedAt", "compositionVersion", "createdAt"}) +
           "\n" + show_status({*node}, context.clock, context.terminal);
  });
  co_return Result<void>{};
}

Done node_delete(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto started =
      co_await context.client.remove(api_path({"workspaces", *workspace, "nodes", name}));
  if (!started) co_return fail(std::move(started).error());
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());
  print(context, json::object{{"name", name}, {"deleted", true}},
        [&](const json::value&) { return fmt::format("node {} is gone\n", name); });
  co_return Result<void>{};
}

Done node_logs(Context& context, Logs arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  const auto path = api_path({"workspaces", *workspace, "nodes", arguments.node, "modules",
                              arguments.component, "logs"}) +
                    fmt::format("?tail={}", arguments.tail);
  std::string shown;
  while (true) {
    auto log = co_await context.client.get_text(path);
    if (!log) co_return fail(std::move(log).error());
    if (context.output == OutputFormat::json) {
      print(
          context,
          json::object{{"node", arguments.node}, {"component", arguments.component}, {"log", *log}},
          {});
      co_return Result<void>{};
    }
    context.terminal.out << new_lines(shown, *log) << std::flush;
    if (!arguments.follow) co_return Result<void>{};
    shown = *std::move(log);
    co_await net::sleep_for(kWatchInterval);
  }
}

Done status(Context& context, Status arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  const auto path = arguments.node.empty()
                        ? api_path({"workspaces", *workspace, "nodes"})
                        : api_path({"workspaces", *workspace, "nodes", arguments.node});
  std::string shown;
  while (true) {
    auto reading = arguments.node.empty() ? context.client.get_all(path) : context.client.get(path);
    auto answer = co_await std::move(reading);
    if (!answer) co_return fail(std::move(answer).error());
    auto nodes = items_of(*answer);
    if (!arguments.node.empty() && answer->is_object()) nodes = {answer->get_object()};
    const std::string text = context.output == OutputFormat::json
                                 ? pretty_json(*answer)
                                 : show_status(nodes, context.clock, context.terminal);
    if (arguments.watch && context.terminal.out_is_terminal) {
      context.terminal.out << "\x1b[H\x1b[2J";  // home, clear
    }
    if (!arguments.watch || context.terminal.out_is_terminal || text != shown) {
      context.terminal.out << text << std::flush;
    }
    if (!arguments.watch) co_return Result<void>{};
    shown = text;
    co_await net::sleep_for(kWatchInterval);
  }
}

}  // namespace ferry::cli
