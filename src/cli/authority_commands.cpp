// SPDX-License-Identifier: Apache-2.0
// Authorities that follow one another, and those that come from outside.
#include "cli/authority_commands.hpp"
#include "base/file.hpp"
#include "cli/commands.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {
namespace {

std::string subject_of(const json::object& rollover, std::string_view member) {
  const auto* authority = find_object(rollover, member);
  return authority ? text_of(*authority, "subject") : "-";
}

std::string show_rollover(const json::object& rollover) {
  std::string text = describe_members(
      rollover, {"id", "target", "use", "state", "forced", "cancelled", "nodesPerMinute",
                 "startedAt", "switchedAt", "finishedAt", "operation"});
  text += printable(fmt::format("from {} to {}", subject_of(rollover, "leaving"),
                                subject_of(rollover, "arriving"))) +
          "\n";
  const auto nodes = int_or(rollover, "nodes", 0);
  const auto remaining = int_or(rollover, "remaining", 0);
  text += fmt::format("{} of {} nodes have renewed, {} authorities below still to follow\n",
                      std::max<std::int64_t>(0, nodes - remaining), nodes,
                      int_or(rollover, "authorities", 0));
  const auto* names = find_array(rollover, "remainingNodes");
  if (names && !names->empty()) {
    text += "still to renew:";
    for (const auto& name : *names) {
      if (name.is_string()) text += " " + printable(std::string(name.get_string()));
    }
    if (static_cast<std::int64_t>(names->size()) < remaining) text += " ...";
    text += "\n";
  }
  return text;
}

void print_rollover(Context& context, const json::value& answer) {
  print(context, answer, [](const json::value& value) {
    const auto* object = value.if_object();
    if (!object) return std::string();
    const auto* inner = find_object(*object, "rollover");
    return show_rollover(inner ? *inner : *object);
  });
}

std::string path_of(std::string_view id, std::string_view verb = {}) {
  return verb.empty() ? api_path({"rollovers", id}) : api_path({"rollovers", id, verb});
}

// What is over soon is watched to its end; nodes take hours, so that is left to the server.
net::Task<Result<void>> watch_if_asked(Context& context, json::value answer, bool wait) {
  if (!wait) {
    print_rollover(context, answer);
    say(context, "it goes on at the server: ferry cert rollover status");
    co_return Result<void>{};
  }
  auto followed = co_await follow_answer(context, answer);
  if (!followed) co_return followed;
  const auto* object = answer.if_object();
  const auto* rollover = object ? find_object(*object, "rollover") : nullptr;
  if (!rollover) co_return Result<void>{};
  auto now = co_await context.client.get(path_of(text_of(*rollover, "id")));
  if (!now) co_return fail(std::move(now).error());
  print_rollover(context, *now);
  co_return Result<void>{};
}

// --organization, or the workspace that is meant.
net::Task<Result<json::object>> target_of(Context& context, bool organization) {
  if (organization) co_return json::object{};
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  co_return json::object{{"workspace", *workspace}};
}

}  // namespace

Done rollover_start(Context& context, RolloverStart arguments) {
  auto body = co_await target_of(context, arguments.organization);
  if (!body) co_return fail(std::move(body).error());
  if (!arguments.group.empty()) (*body)["group"] = arguments.group;
  (*body)["nodesPerMinute"] = arguments.nodes_per_minute;
  (*body)["own"] = arguments.own;
  auto started = co_await context.client.post(api_path({"rollovers"}), *body);
  if (!started) co_return fail(std::move(started).error());
  co_return co_await watch_if_asked(context, *started, arguments.wait);
}

Done rollover_status(Context& context, std::string id) {
  if (!id.empty()) {
    auto rollover = co_await context.client.get(path_of(id));
    if (!rollover) co_return fail(std::move(rollover).error());
    print_rollover(context, *rollover);
    co_return Result<void>{};
  }
  auto path = api_path({"rollovers"});
  if (!context.workspace.empty()) path += "?workspace=" + percent_encode(context.workspace);
  auto answer = co_await context.client.get(std::move(path));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"ID", "TARGET", "STATE", "RENEWED", "NODES", "AUTHORITIES", "AGE"});
  for (const auto& rollover : items_of(*answer)) {
    const auto nodes = int_or(rollover, "nodes", 0);
    table.add(
        {{text_of(rollover, "id")},
         {text_of(rollover, "target"), Tone::strong},
         state_cell(rollover, "state"),
         {fmt::format("{}", std::max<std::int64_t>(0, nodes - int_or(rollover, "remaining", 0)))},
         {fmt::format("{}", nodes)},
         {text_of(rollover, "authorities")},
         {age(context.clock, rollover, "startedAt")}});
  }
  print_table(context, table, "no rollovers");
  co_return Result<void>{};
}

Done rollover_cancel(Context& context, std::string id) {
  auto answer = co_await context.client.post(path_of(id, "cancel"), json::object{});
  if (!answer) co_return fail(std::move(answer).error());
  print_rollover(context, *answer);
  co_return Result<void>{};
}

Done rollover_retry(Context& context, std::string id) {
  auto answer = co_await context.client.post(path_of(id, "retry"), json::object{});
  if (!answer) co_return fail(std::move(answer).error());
  print_rollover(context, *answer);
  co_return Result<void>{};
}

Done rollover_force(Context& context, RolloverForce arguments) {
  auto before = co_await context.client.get(path_of(arguments.id));
  if (!before) co_return fail(std::move(before).error());
  const auto* rollover = before->if_object();
  const auto remaining = rollover ? int_or(*rollover, "remaining", 0) : 0;
  if (!arguments.yes) {
    context.error_details = *before;
    if (rollover && context.output == OutputFormat::table) say(context, show_rollover(*rollover));
    co_return fail(
        Error{Code::precondition_failed,
              fmt::format("{} nodes have not renewed: they could not register with DPS again "
                          "before they do",
                          remaining),
              fmt::format("ferry cert rollover force {} --yes", arguments.id)});
  }
  auto answer = co_await context.client.post(path_of(arguments.id, "force"), json::object{});
  if (!answer) co_return fail(std::move(answer).error());
  print_rollover(context, *answer);
  co_return Result<void>{};
}

Done authority_export(Context& context, AuthorityExport arguments) {
  auto body = co_await target_of(context, arguments.organization);
  if (!body) co_return fail(std::move(body).error());
  auto answer =
      co_await context.client.post(api_path({"certificate-authorities", "requests"}), *body);
  if (!answer) co_return fail(std::move(answer).error());
  const auto* request = answer->if_object();
  const auto csr = request ? string_or(*request, "csr", "") : "";
  if (!arguments.file.empty()) {
    auto written = write_file_atomically(arguments.file, csr, 0644);
    if (!written) co_return fail(std::move(written).error());
    say(context, fmt::format("wrote {}", arguments.file));
  }
  print(context, *answer,
        [&](const json::value&) { return arguments.file.empty() ? csr : std::string(); });
  say(context,
      "have it signed as a CA, then: ferry cert authority import-chain FILE; until then nothing "
      "changes");
  co_return Result<void>{};
}

Done authority_pending(Context& context) {
  auto answer = co_await context.client.get(api_path({"certificate-authorities", "requests"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"AUTHORITY", "WORKSPACE", "SUBJECT", "AGE"});
  for (const auto& request : items_of(*answer)) {
    table.add({{text_of(request, "use")},
               {text_of(request, "workspace")},
               {text_of(request, "subject"), Tone::strong},
               {age(context.clock, request, "createdAt")}});
  }
  print_table(context, table, "no request waits");
  co_return Result<void>{};
}

Done authority_abandon(Context& context, AuthorityExport arguments) {
  auto target = co_await target_of(context, arguments.organization);
  if (!target) co_return fail(std::move(target).error());
  auto path = api_path({"certificate-authorities", "requests"});
  const auto workspace = string_or(*target, "workspace", "");
  if (!workspace.empty()) path += "?workspace=" + percent_encode(workspace);
  auto answer = co_await context.client.remove(std::move(path));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, json::object{{"abandoned", true}},
        [](const json::value&) { return std::string("the request and its key are gone\n"); });
  co_return Result<void>{};
}

Done authority_import(Context& context, AuthorityImport arguments) {
  auto body = co_await target_of(context, arguments.organization);
  if (!body) co_return fail(std::move(body).error());
  auto chain = read_file(arguments.chain_file);
  if (!chain) co_return fail(std::move(chain).error());
  (*body)["chain"] = *std::move(chain);
  if (!arguments.key_file.empty()) {
    auto key = read_file(arguments.key_file);
    if (!key) co_return fail(std::move(key).error());
    (*body)["privateKey"] = *std::move(key);
  }
  auto started = co_await context.client.post(api_path({"certificate-authorities"}), *body);
  if (!started) co_return fail(std::move(started).error());
  co_return co_await watch_if_asked(context, *started, arguments.wait);
}

Done certificate_policy(Context& context, CertificatePolicy arguments) {
  auto target = co_await target_of(context, arguments.organization);
  if (!target) co_return fail(std::move(target).error());
  const auto workspace = string_or(*target, "workspace", "");
  std::string path = api_path({"certificate-policy"});
  if (!workspace.empty()) path = api_path({"workspaces", workspace, "certificate-policy"});
  if (!arguments.group.empty()) {
    path = api_path({"workspaces", workspace, "groups", arguments.group, "certificate-policy"});
  }
  auto answer = co_await context.client.get(path);
  if (!answer) co_return fail(std::move(answer).error());
  const auto* policy = answer->if_object();
  const auto* own = policy ? find_object(*policy, "own") : nullptr;
  if (!own) co_return fail(Code::internal, "the server's answer is no policy");
  json::object change = *own;  // what is not named stays
  if (!arguments.ca_key.empty()) change["caKey"] = arguments.ca_key;
  if (!arguments.node_keys.empty()) {
    change["nodeKeys"] = json::array(arguments.node_keys.begin(), arguments.node_keys.end());
  }
  if (arguments.node_days != 0) change["nodeDays"] = arguments.node_days;
  if (change != *own) {
    auto changed = co_await context.client.exchange("PUT", path, change);
    if (!changed) co_return fail(std::move(changed).error());
    if (!changed->ok()) co_return fail(error_of(*changed));
    answer = std::move(changed->body);
  }
  print(context, *answer, [](const json::value& value) {
    const auto* object = value.if_object();
    return object ? describe_members(*object, {"caKey", "nodeKeys", "nodeDays", "own"})
                  : std::string();
  });
  co_return Result<void>{};
}

}  // namespace ferry::cli
