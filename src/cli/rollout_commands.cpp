// SPDX-License-Identifier: Apache-2.0
#include "cli/rollout_commands.hpp"

#include <ostream>

#include "base/file.hpp"
#include "cli/progress.hpp"
#include "cli/rollout_view.hpp"

namespace ferry::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;  // with a server that does not answer

std::string path_of(std::string_view workspace, std::string_view id) {
  return api_path({"workspaces", workspace, "rollouts", id});
}

void put_list(json::object& policy, std::string_view member, const std::string& text) {
  if (text.empty()) return;
  json::array items;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const auto comma = std::min(text.find(',', begin), text.size());
    items.emplace_back(std::string(trim(std::string_view(text).substr(begin, comma - begin))));
    begin = comma + 1;
  }
  policy[member] = std::move(items);
}

void put_text(json::object& policy, std::string_view member, const std::string& text) {
  if (!text.empty()) policy[member] = text;
}

// One line that is written anew in place, on a terminal.
class LiveLine {
 public:
  explicit LiveLine(Terminal& terminal) : terminal_(terminal) {}
  ~LiveLine() { clear(); }
  void say(const std::string& line) {
    clear();
    terminal_.err << line << "\n" << std::flush;
  }
  void show(std::string line) {
    if (!terminal_.err_is_terminal) return;
    if (terminal_.width > 1 && line.size() >= terminal_.width) line.resize(terminal_.width - 1);
    terminal_.err << "\r\x1b[K" << line << std::flush;
    shown_ = true;
  }
  void clear() {
    if (shown_) terminal_.err << "\r\x1b[K" << std::flush;
    shown_ = false;
  }

 private:
  Terminal& terminal_;
  bool shown_ = false;
};

Error not_done(const json::object& rollout) {
  const auto id = text_of(rollout, "id");
  const auto state = text_of(rollout, "state");
  Error error{Code::precondition_failed,
              fmt::format("rollout {} {} {}: {}", id, state == "paused" ? "is" : "was", state,
                          text_of(rollout, "reason"))};
  error.hint =
      state == "paused"
          ? fmt::format("ferry rollout show {0}, then: ferry rollout resume, promote or abort {0}",
                        id)
          : fmt::format(
                "every node group is back on what it ran; ferry rollout show {} tells what "
                "was wrong",
                id);
  return error;
}

void print_rollout(Context& context, const json::value& answer) {
  print(context, answer, [&](const json::value& value) {
    const auto* object = value.if_object();
    return object ? show_rollout(*object, context.clock, context.terminal.colours) : std::string();
  });
}

}  // namespace

Result<std::optional<json::object>> rollout_policy(const RolloutOptions& options) {
  json::object policy;
  if (!options.file.empty()) {
    auto text = read_file(options.file);
    if (!text) return fail(std::move(text).error());
    auto read = parse_json_object(*text);
    if (!read) return fail(std::move(read).error().with("read {}", options.file));
    policy = *std::move(read);
  }
  if (!options.canaries.empty()) {
    policy["canaries"] = json::array(options.canaries.begin(), options.canaries.end());
  }
  put_list(policy, "waves", options.waves);
  put_text(policy, "soak", options.soak);
  put_text(policy, "success", options.success);
  put_text(policy, "maxFailures", options.max_failures);
  put_text(policy, "patience", options.patience);
  put_text(policy, "deadline", options.deadline);
  put_text(policy, "onFailure", options.on_failure);
  put_text(policy, "scope", options.scope);
  if (policy.empty() && options.file.empty()) return std::optional<json::object>();
  return std::optional<json::object>(std::move(policy));
}

net::Task<Result<json::object>> follow_rollout(Context& context, std::string workspace,
                                               json::object rollout) {
  const auto id = text_of(rollout, "id");
  const bool tell = context.output == OutputFormat::table || context.terminal.err_is_terminal;
  std::size_t told = 0;
  LiveLine live(context.terminal);
  notice_interrupts();
  auto last_answer = std::chrono::steady_clock::now();
  for (;;) {
    if (tell) {
      const auto events = rollout_events(rollout);
      for (; told < events.size(); ++told) live.say(events[told]);
      live.show(rollout_line(rollout));
    }
    if (rollout_is_over(rollout) || text_of(rollout, "state") == "paused") co_return rollout;
    co_await net::sleep_for(500ms);
    if (interrupted()) {
      co_return fail(Error{Code::cancelled,
                           fmt::format("stopped watching; rollout {} goes on at the server", id),
                           fmt::format("'ferry rollout watch {0}' watches it again, 'ferry rollout "
                                       "abort {0}' ends it",
                                       id)});
    }
    auto answer = co_await context.client.get(path_of(workspace, id));
    const auto now = std::chrono::steady_clock::now();
    if (answer) last_answer = now;
    if (!answer && answer.error().code == Code::unavailable && now - last_answer < kPatience) {
      continue;  // the server may be starting again; the rollout goes on with it
    }
    if (!answer) co_return fail(std::move(answer).error().with("watch rollout {}", id));
    if (auto* object = answer->if_object()) rollout = std::move(*object);
  }
}

Done finish_rollout(Context& context, std::string workspace, json::object rollout, bool wait) {
  if (!wait) {
    print_rollout(context, rollout);
    say(context,
        fmt::format("it goes on at the server: ferry rollout watch {}", text_of(rollout, "id")));
    co_return Result<void>{};
  }
  auto followed = co_await follow_rollout(context, workspace, std::move(rollout));
  if (!followed) co_return fail(std::move(followed).error());
  if (text_of(*followed, "state") != "done") {
    context.error_details = *followed;
    co_return fail(not_done(*followed));
  }
  print_rollout(context, *followed);
  co_return Result<void>{};
}

Done rollout_list(Context& context) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(api_path({"workspaces", *workspace, "rollouts"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"ID", "DEPLOYMENTS", "STATE", "WHERE", "AGE"});
  for (const auto& rollout : items_of(*answer)) {
    std::string names;
    const auto* deployments = find_array(rollout, "deployments");
    for (std::size_t i = 0; deployments && i < deployments->size(); ++i) {
      const auto* name = (*deployments)[i].if_string();
      if (name) names += (names.empty() ? "" : " ") + std::string(*name);
    }
    const auto reason = text_of(rollout, "reason");
    table.add({{text_of(rollout, "id")},
               {names, Tone::strong},
               state_cell(rollout, "state"),
               {reason == "-" ? rollout_line(rollout) : printable(reason)},
               {age(context.clock, rollout, "startedAt")}});
  }
  print_table(context, table,
              "no rollouts yet: ferry plan apply PLAN --waves 5%,25%,100% --soak 10m");
  co_return Result<void>{};
}

Done rollout_show(Context& context, std::string id) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(path_of(*workspace, id));
  if (!answer) co_return fail(std::move(answer).error());
  print_rollout(context, *answer);
  co_return Result<void>{};
}

Done rollout_watch(Context& context, std::string id) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(path_of(*workspace, id));
  if (!answer) co_return fail(std::move(answer).error());
  const auto* object = answer->if_object();
  if (!object) co_return fail(Code::internal, "the server's answer is no rollout");
  co_return co_await finish_rollout(context, *workspace, *object, true);
}

Done rollout_nodes(Context& context, RolloutNodes arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  json::array all;
  std::string after;
  do {
    auto path = path_of(*workspace, arguments.id) + "/nodes?limit=1000";
    if (!arguments.verdict.empty()) path += "&verdict=" + percent_encode(arguments.verdict);
    if (!after.empty()) path += "&after=" + percent_encode(after);
    auto answer = co_await context.client.get(std::move(path));
    if (!answer) co_return fail(std::move(answer).error());
    for (auto& node : items_of(*answer)) all.emplace_back(std::move(node));
    const auto* object = answer->if_object();
    after = object ? string_or(*object, "next", "") : "";
  } while (!after.empty());
  const json::object answer{{"value", std::move(all)}};
  if (context.output == OutputFormat::json) {
    print(context, answer, {});
    co_return Result<void>{};
  }
  Table table({"NODE", "GROUP", "WAVE", "STATE", "SINCE", "WHY"});
  for (const auto& node : items_of(answer)) {
    table.add({{text_of(node, "node"), Tone::strong},
               {text_of(node, "group")},
               {text_of(node, "wave")},
               state_cell(node, "verdict"),
               {age(context.clock, node, "since")},
               {printable(text_of(node, "reason"))}});
  }
  print_table(context, table, "no such nodes");
  co_return Result<void>{};
}

Done rollout_steer(Context& context, RolloutSteering arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.post(
      path_of(*workspace, arguments.id) + "/" + arguments.verb, json::object{});
  if (!answer) co_return fail(std::move(answer).error());
  const auto* object = answer->if_object();
  if (!arguments.wait || !object) {
    print_rollout(context, *answer);
    co_return Result<void>{};
  }
  auto followed = co_await follow_rollout(context, *workspace, *object);
  if (!followed) co_return fail(std::move(followed).error());
  print_rollout(context, *followed);
  co_return Result<void>{};
}

}  // namespace ferry::cli
