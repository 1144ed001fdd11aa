// SPDX-License-Identifier: Apache-2.0
// What looking ahead has found, for people.
#pragma once

#include <string>

#include "base/json.hpp"
#include "cli/terminal.hpp"

namespace ferry::cli {

// Of a report with "findings": a line each, with what to do next below it.
std::string show_findings(const Terminal& terminal, const json::object& report);

}  // namespace ferry::cli
