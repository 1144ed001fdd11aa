// SPDX-License-Identifier: Apache-2.0
// The command line, read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/up.hpp"

namespace ferry::cli {

struct Invocation {
  OutputFormat output = OutputFormat::table;
  std::string workspace;
  // Exactly one of these is set.
  std::function<Done(Context&)> command;
  std::optional<UpOptions> up;
  std::optional<ChainFile> chain_file;  // to judge on this machine
  bool version = false;
  std::optional<std::string> help;
};

// `arguments` without the program's name. A wrong command line is Code::invalid_argument. Reads the
// environment variable FERRY_WORKSPACE.
Result<Invocation> parse_arguments(std::vector<std::string> arguments);

}  // namespace ferry::cli
