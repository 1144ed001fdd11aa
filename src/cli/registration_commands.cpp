// SPDX-License-Identifier: Apache-2.0
// How devices come in: many nodes at once, tokens, enrollments, what waits for a person, policies.
#include <ostream>

#include "base/file.hpp"
#include "cli/commands.hpp"
#include "cli/node_batch.hpp"

namespace ferry::cli {
namespace {

constexpr std::size_t kBatch = 500;
constexpr std::size_t kFailuresShown = 20;

struct BatchOutcome {
  std::size_t created = 0;
  std::size_t skipped = 0;
  json::array failed;  // {"name", "error"}
};

net::Task<Result<void>> create_batch(Context& context, std::string path, TokenFile& file,
                                     std::vector<NodeRow> rows, NodeBatch arguments, bool again,
                                     BatchOutcome& outcome) {
  auto begun = file.begin_batch(rows);
  if (!begun) co_return begun;
  json::array nodes;
  for (const auto& row : rows) {
    nodes.push_back(json::object{{"name", row.name}, {"group", row.group}});
  }
  json::object body{{"nodes", std::move(nodes)}, {"again", again}};
  if (arguments.token_hours > 0) body["tokenHours"] = arguments.token_hours;
  auto answer = co_await context.client.post(std::move(path), std::move(body));
  if (!answer) co_return fail(std::move(answer).error());
  std::vector<json::object> tickets;
  for (auto& row : items_of(*answer)) {
    if (row.contains("token")) {
      tickets.push_back(std::move(row));
    } else {
      outcome.failed.push_back(std::move(row));
    }
  }
  outcome.created += tickets.size();
  co_return file.end_batch(tickets);
}

std::string describe_failures(const json::array& failed) {
  std::string text;
  for (std::size_t i = 0; i < std::min(failed.size(), kFailuresShown); ++i) {
    const auto& row = failed[i].get_object();
    const auto* error = find_object(row, "error");
    text +=
        fmt::format("  {}: {}\n", text_of(row, "name"), error ? text_of(*error, "message") : "");
  }
  if (failed.size() > kFailuresShown) {
    text += fmt::format("  and {} more\n", failed.size() - kFailuresShown);
  }
  return text;
}

Result<void> report(Context& context, const NodeBatch& arguments, BatchOutcome outcome) {
  const std::size_t failed = outcome.failed.size();
  const std::string failures = describe_failures(outcome.failed);
  print(context,
        json::object{{"created", outcome.created},
                     {"skipped", outcome.skipped},
                     {"failed", std::move(outcome.failed)},
                     {"tokens", arguments.tokens_out}},
        [&](const json::value&) {
          return fmt::format("{} nodes created, {} were there already; their tokens are in {}\n{}",
                             outcome.created, outcome.skipped, arguments.tokens_out, failures);
        });
  if (failed == 0) return {};
  return fail(Error{Code::conflict, fmt::format("{} rows could not be made", failed),
                    "mend them, then the same command makes the rest"});
}

Table enrollment_table(const Context& context, const std::vector<json::object>& enrollments) {
  Table table({"NAME", "GROUP", "PATTERN", "APPROVAL", "USED", "QUOTA", "PENDING", "STATE", "AGE"});
  for (const auto& item : enrollments) {
    table.add({{text_of(item, "name"), Tone::strong},
               {text_of(item, "group")},
               {text_of(item, "pattern")},
               {text_of(item, "approval")},
               {text_of(item, "used")},
               {text_of(item, "quota")},
               {text_of(item, "pending")},
               state_cell(item, "state"),
               {age(context.clock, item, "createdAt")}});
  }
  return table;
}

std::string describe_enrollment(const json::value& value) {
  const auto* object = value.if_object();
  if (!object) return {};
  return describe_members(*object, {"name", "id", "group", "pattern", "approval", "quota", "used",
                                    "pending", "state", "prefix", "expiresAt", "createdAt"});
}

std::string policy_path(const std::string& workspace, const std::string& group) {
  return group.empty()
             ? api_path({"workspaces", workspace, "registration-policy"})
             : api_path({"workspaces", workspace, "groups", group, "registration-policy"});
}

void print_policy(Context& context, const json::value& policy) {
  print(context, policy, [](const json::value& value) {
    const auto* object = value.if_object();
    const auto* set = object ? find_object(*object, "set") : nullptr;
    const auto* effective = object ? find_object(*object, "effective") : nullptr;
    if (!set || !effective) return std::string();
    Table table({"POLICY", "HOLDS", "SET HERE"});
    for (const char* name : {"serverKeys", "graceDays", "late", "tokenHours", "edgeCa"}) {
      table.add({{name, Tone::strong}, {text_of(*effective, name)}, {text_of(*set, name)}});
    }
    return table.render(0, false);
  });
}

// "inherit" is null: the level above decides.
json::value policy_flag(const std::string& word) {
  return word == "inherit" ? json::value(nullptr) : json::value(word == "allow");
}

json::value policy_word(const std::string& word) {
  return word == "inherit" ? json::value(nullptr) : json::value(word);
}

Result<json::value> policy_number(std::string_view option, const std::string& word) {
  if (word == "inherit") return json::value(nullptr);
  auto number = parse_json(word);
  if (!number || !number->is_int64()) {
    return fail(Code::invalid_argument, "{} takes a whole number or inherit, not '{}'", option,
                word);
  }
  return *number;
}

}  // namespace

Done node_create_many(Context& context, NodeBatch arguments) {
  auto text = read_file(arguments.from);
  if (!text) co_return fail(std::move(text).error());
  auto rows = parse_node_rows(*text, arguments.group);
  if (!rows) co_return fail(std::move(rows).error().with("read {}", arguments.from));
  auto file = TokenFile::open(arguments.tokens_out);
  if (!file) co_return fail(std::move(file).error());
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  const std::string path = api_path({"workspaces", *workspace, "node-batches"});
  BatchOutcome outcome;
  std::vector<NodeRow> cut_short;
  std::vector<NodeRow> fresh;
  for (auto& row : *rows) {
    if (file->has(row.name)) {
      ++outcome.skipped;
    } else {
      (file->was_pending(row.name) ? cut_short : fresh).push_back(std::move(row));
    }
  }
  const std::size_t wanted = cut_short.size() + fresh.size();
  for (const auto* part : {&cut_short, &fresh}) {
    for (std::size_t from = 0; from < part->size(); from += kBatch) {
      const auto begin = part->begin() + static_cast<std::ptrdiff_t>(from);
      const auto count = std::min(kBatch, part->size() - from);
      auto made = co_await create_batch(
          context, path, *file,
          std::vector<NodeRow>(begin, begin + static_cast<std::ptrdiff_t>(count)), arguments,
          part == &cut_short, outcome);
      if (!made) {
        co_return fail(std::move(made).error().advise("the same command goes on where it stopped"));
      }
      say(context, fmt::format("{} of {} nodes", outcome.created + outcome.failed.size(), wanted));
    }
  }
  file->close();
  co_return report(context, arguments, std::move(outcome));
}

Done token_list(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto tokens = co_await context.client.get_all(api_path({"workspaces", *workspace, "tokens"}));
  if (!tokens) co_return fail(std::move(tokens).error());
  if (context.output == OutputFormat::json) {
    print(context, *tokens, {});
    co_return Result<void>{};
  }
  Table table({"NODE", "GROUP", "BEGINS", "FOR", "STATE", "EXPIRES", "AGE"});
  for (const auto& token : items_of(*tokens)) {
    const bool expired = bool_or(token, "expired", false);
    table.add({{text_of(token, "node"), Tone::strong},
               {text_of(token, "group")},
               {text_of(token, "prefix")},
               {bool_or(token, "replaces", false) ? "new hardware" : "registration"},
               {expired ? "expired" : "open", expired ? Tone::bad : Tone::good},
               {text_of(token, "expiresAt")},
               {age(context.clock, token, "createdAt")}});
  }
  print_table(context, table, "no open tokens");
  co_return Result<void>{};
}

Done token_revoke(Context& context, std::string node) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer =
      co_await context.client.remove(api_path({"workspaces", *workspace, "nodes", node, "token"}));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, json::object{{"node", node}, {"revoked", true}},
        [&](const json::value&) { return fmt::format("the token of {} is void\n", node); });
  co_return Result<void>{};
}

Done node_history(Context& context, std::string node) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(
      node.empty() ? api_path({"workspaces", *workspace, "history"})
                   : api_path({"workspaces", *workspace, "nodes", node, "history"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"AT", "NAME", "ACTION", "BY", "DETAIL"});
  for (const auto& event : items_of(*answer)) {
    table.add({{text_of(event, "at"), Tone::dim},
               {text_of(event, "name"), Tone::strong},
               {text_of(event, "action")},
               {text_of(event, "actor")},
               {text_of(event, "detail")}});
  }
  print_table(context, table, "nothing has happened yet");
  co_return Result<void>{};
}

Done enrollment_create(Context& context, EnrollmentCreate arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.post(
      api_path({"workspaces", *workspace, "enrollments"}),
      json::object{{"name", arguments.name},
                   {"group", arguments.group},
                   {"quota", arguments.quota},
                   {"pattern", arguments.pattern},
                   {"approval", arguments.automatic ? "automatic" : "manual"},
                   {"hours", arguments.days * 24}});
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, [](const json::value& value) {
    const auto* object = value.if_object();
    return describe_enrollment(value) +
           fmt::format("\nToken for all its devices, shown only now:\n  {}\n",
                       object ? text_of(*object, "token") : "");
  });
  co_return Result<void>{};
}

Done enrollment_list(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer =
      co_await context.client.get_all(api_path({"workspaces", *workspace, "enrollments"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  print_table(context, enrollment_table(context, items_of(*answer)),
              "no enrollments yet: ferry enrollment create NAME --group GROUP --quota N");
  co_return Result<void>{};
}

Done enrollment_show(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer =
      co_await context.client.get(api_path({"workspaces", *workspace, "enrollments", name}));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, describe_enrollment);
  co_return Result<void>{};
}

Done enrollment_revoke(Context& context, std::string name) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer =
      co_await context.client.remove(api_path({"workspaces", *workspace, "enrollments", name}));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, describe_enrollment);
  co_return Result<void>{};
}

Done enrollment_requests(Context& context, std::string state) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto requests = co_await context.client.get_all(
      api_path({"workspaces", *workspace, "registration-requests"}) + "?state=" + state);
  if (!requests) co_return fail(std::move(requests).error());
  if (context.output == OutputFormat::json) {
    print(context, *requests, {});
    co_return Result<void>{};
  }
  Table table({"ID", "KIND", "NAME", "DEVICE", "FROM", "WHY", "AGE"});
  for (const auto& request : items_of(*requests)) {
    table.add({{text_of(request, "id"), Tone::strong},
               {text_of(request, "kind")},
               {text_of(request, "name")},
               {text_of(request, "device")},
               {text_of(request, "address")},
               {text_of(request, "why")},
               {age(context.clock, request, "createdAt")}});
  }
  print_table(context, table, fmt::format("no requests are {}", state));
  co_return Result<void>{};
}

Done enrollment_decide(Context& context, Decision arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  const char* verb = arguments.approve ? "approve" : "reject";
  auto answer = co_await context.client.post(
      api_path({"workspaces", *workspace, "registration-requests", arguments.id, verb}),
      json::object{{"note", arguments.note}});
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, [](const json::value& value) {
    const auto* object = value.if_object();
    if (!object) return std::string();
    return describe_members(*object, {"name", "kind", "device", "address", "why", "state", "note"});
  });
  co_return Result<void>{};
}

Done policy_show(Context& context, std::string group) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(policy_path(*workspace, group));
  if (!answer) co_return fail(std::move(answer).error());
  print_policy(context, *answer);
  co_return Result<void>{};
}

Done policy_set(Context& context, PolicySet arguments) {
  json::object change;
  if (!arguments.server_keys.empty()) change["serverKeys"] = policy_flag(arguments.server_keys);
  if (!arguments.edge_ca.empty()) change["edgeCa"] = policy_flag(arguments.edge_ca);
  if (!arguments.late.empty()) change["late"] = policy_word(arguments.late);
  if (!arguments.grace_days.empty()) {
    auto number = policy_number("--grace-days", arguments.grace_days);
    if (!number) co_return fail(std::move(number).error());
    change["graceDays"] = *number;
  }
  if (!arguments.token_hours.empty()) {
    auto number = policy_number("--token-hours", arguments.token_hours);
    if (!number) co_return fail(std::move(number).error());
    change["tokenHours"] = *number;
  }
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto reply = co_await context.client.exchange("PATCH", policy_path(*workspace, arguments.group),
                                                std::move(change));
  if (!reply) co_return fail(std::move(reply).error());
  if (!reply->ok()) co_return fail(error_of(*reply));
  print_policy(context, reply->body);
  co_return Result<void>{};
}

}  // namespace ferry::cli
