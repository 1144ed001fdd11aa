// SPDX-License-Identifier: Apache-2.0
// Runs another program to its end and takes what it printed. Blocks: call it within
// net::run_blocking, or before an event loop runs.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ferry {

struct ProcessOutput {
  int exit_code = 0;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

// `arguments` begins with the program, which is looked for in PATH. It gets the environment of this
// process, standard input from /dev/null, and a process group of its own, which is killed when
// `timeout` has passed (Code::deadline_exceeded). Code::not_found when there is no such program;
// more than 1 MiB of output on one side is Code::resource_exhausted. Errors name the program, never
// its arguments or output.
Result<ProcessOutput> run_process(const std::vector<std::string>& arguments,
                                  std::chrono::milliseconds timeout);

}  // namespace ferry
