// SPDX-License-Identifier: Apache-2.0
// Programs that this one starts. None of them outlives it, however it ends.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ferry::cli {

struct ProgramCall {
  std::string program;  // a path, or a name that is looked for in PATH
  std::vector<std::string> arguments = {};
  std::vector<std::pair<std::string, std::string>> environment = {};  // in addition to ours
  std::filesystem::path directory = {};                               // to run in; empty: ours
  std::filesystem::path log = {};  // standard output and error are appended here
  bool output_to_stderr = false;   // without `log`: standard output goes to our standard error
  // A group of its own keeps the terminal's Ctrl-C away from it, so that we decide when it stops.
  bool own_process_group = false;
};

// Code::not_found when there is no such program. The child gets SIGTERM when this process dies.
Result<pid_t> start_program(const ProgramCall& call);

// How a process ended, in words: "exit code 1", "signal 9".
struct Ended {
  int status = 0;  // as of waitpid
  bool success() const { return status == 0; }
  std::string describe() const;
};
// nullopt while it runs. A process can be reaped only once.
std::optional<Ended> try_reap(pid_t pid);
Ended wait_for_end(pid_t pid);  // blocks

// The program `name` beside this program's own file.
Result<std::filesystem::path> sibling_program(std::string_view name);

}  // namespace ferry::cli
