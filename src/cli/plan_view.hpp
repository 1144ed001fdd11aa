// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/json.hpp"

namespace ferry::cli {

// A plan of the API in lines: + added, ~ updated, - removed, = unchanged; then conflicts with their
// resolutions, then problems.
std::string show_plan(const json::object& plan, bool colours);

bool plan_has_removals(const json::object& plan);
bool plan_has_conflicts(const json::object& plan);

}  // namespace ferry::cli
