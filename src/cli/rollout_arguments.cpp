// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"
#include "cli/rollout_commands.hpp"

namespace ferry::cli {
namespace {

class RolloutCommands : private CommandLine {
 public:
  using CommandLine::CommandLine;

  void add() {
    auto* parent = noun("rollout", "Changes that come to the nodes in waves");
    plain(parent, "list", "List rollouts, those that go on first", rollout_list);
    named(parent, "show", "Waves, nodes in trouble, and what has happened", rollout_show, "ID");
    named(parent, "watch", "Follow a rollout to its end", rollout_watch, "ID");
    full<RolloutNodes>(parent, "nodes", "How every node fares", rollout_nodes,
                       [](CLI::App& verb, RolloutNodes& arguments) {
                         verb.add_option("ID", arguments.id)->required();
                         verb.add_option("--only", arguments.verdict,
                                         "pending, downloading, done, crash-looping, unhealthy, "
                                         "returned or offline");
                       });
    steer(parent, "pause", "Let nobody else in until it is resumed");
    steer(parent, "resume", "Go on with a paused rollout; what failed is judged anew");
    steer(parent, "promote", "Go on to the next wave, whatever the gate says");
    steer(parent, "abort", "Put every group back on what it ran before");
  }

 private:
  void steer(CLI::App* parent, const std::string& name, const std::string& text) {
    full<RolloutSteering>(parent, name, text, rollout_steer,
                          [&name](CLI::App& verb, RolloutSteering& arguments) {
                            arguments.verb = name;
                            verb.add_option("ID", arguments.id)->required();
                            verb.add_flag("--wait", arguments.wait, "Until it is over or paused");
                          });
  }
};

}  // namespace

void add_rollout_commands(CLI::App& app, Invocation& invocation) {
  RolloutCommands(app, invocation).add();
}

void add_rollout_options(CLI::App& verb, RolloutOptions& options) {
  const auto group = "In waves (any of these makes it a rollout)";
  verb.add_option("--waves", options.waves,
                  "5%,25%,100% or 1,10 or group=line-1; the rest comes last")
      ->group(group);
  verb.add_option("--canary", options.canaries, "A node that comes first; repeatable")
      ->allow_extra_args(false)
      ->group(group);
  verb.add_option("--soak", options.soak, "How long a wave must stay good: 90s, 10m, 2h")
      ->group(group);
  verb.add_option("--success", options.success, "Of the nodes that can be reached [100%]")
      ->group(group);
  verb.add_option("--max-failures", options.max_failures, "Of the nodes reached: 2 or 2% [0]")
      ->group(group);
  verb.add_option("--patience", options.patience, "With an unhealthy node [1m]")->group(group);
  verb.add_option("--deadline", options.deadline, "For a wave to be done [none]")->group(group);
  verb.add_option("--on-failure", options.on_failure, "return or pause [return]")->group(group);
  verb.add_option("--scope", options.scope, "Who returns: fleet, or each group alone [fleet]")
      ->group(group);
  verb.add_option("--rollout", options.file, "A JSON file with all of these, as docs/api.md has it")
      ->group(group);
  verb.add_flag("!--no-wait", options.wait, "Do not follow the rollout")->group(group);
}

}  // namespace ferry::cli
