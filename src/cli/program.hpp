// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/profile.hpp"
#include "cli/terminal.hpp"

namespace ferry::cli {

// The whole command `ferry`; returns its exit code. `arguments` without the program's name.
int run_program(std::vector<std::string> arguments, const Environment& environment,
                Terminal terminal);

// One line for people; with JSON output also {"error": ...} on standard output.
void report_error(Terminal& terminal, const Error& error, const std::string& details_json,
                  bool as_json);

}  // namespace ferry::cli
