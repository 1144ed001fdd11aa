// SPDX-License-Identifier: Apache-2.0
// How commands are told to CLI11. Each verb keeps its arguments in a shared object that CLI11 fills
// and the command gets by value. Only for the files that declare commands: CLI11 takes seconds to
// compile.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/arguments.hpp"

namespace ferry::cli {

class CommandLine {
 public:
  // Both must outlive the parsing.
  CommandLine(CLI::App& app, Invocation& invocation) : app_(app), invocation_(invocation) {}

 protected:
  CLI::App* noun(const std::string& name, const std::string& text) {
    auto* command = app_.add_subcommand(name, text);
    command->require_subcommand(1);
    return command;
  }

  void run(CLI::App* verb, std::function<Done(Context&)> command) {
    verb->callback([&invocation = invocation_, command = std::move(command)] {
      invocation.command = command;
    });
  }

  // A verb without arguments.
  void plain(CLI::App* parent, const std::string& name, const std::string& text,
             Done (*command)(Context&)) {
    run(parent->add_subcommand(name, text), command);
  }

  // A verb with one positional argument.
  void named(CLI::App* parent, const std::string& name, const std::string& text,
             Done (*command)(Context&, std::string), const std::string& metavar = "NAME") {
    auto value = std::make_shared<std::string>();
    auto* verb = parent->add_subcommand(name, text);
    verb->add_option(metavar, *value)->required();
    run(verb, [value, command](Context& context) { return command(context, *value); });
  }

  // A verb whose arguments are the members of `Arguments`; `declare` tells CLI11 about them.
  template <class Arguments, class Declare>
  void full(CLI::App* parent, const std::string& name, const std::string& text,
            Done (*command)(Context&, Arguments), Declare declare) {
    auto arguments = std::make_shared<Arguments>();
    auto* verb = parent->add_subcommand(name, text);
    declare(*verb, *arguments);
    run(verb, [arguments, command](Context& context) { return command(context, *arguments); });
  }

  CLI::App& app_;
  Invocation& invocation_;
};

// certificate_arguments.cpp
void add_certificate_commands(CLI::App& app, Invocation& invocation);
// rollout_arguments.cpp
void add_rollout_commands(CLI::App& app, Invocation& invocation);
void add_rollout_options(CLI::App& verb, RolloutOptions& options);
// configuration_arguments.cpp
void add_configuration_commands(CLI::App& app, Invocation& invocation);

}  // namespace ferry::cli
