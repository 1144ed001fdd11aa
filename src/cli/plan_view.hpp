// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace ferry::cli {

// A plan of the API in lines: + added, ~ updated, - removed, = unchanged; what nodes fetch and who
// is away; then conflicts with their resolutions, numbered, then problems and notes.
std::string show_plan(const json::object& plan, bool colours);
std::string show_difference(const json::object& difference, bool colours);
// In the order of their numbers.
std::vector<json::object> resolutions_of(const json::object& plan);

bool plan_has_removals(const json::object& plan);
bool plan_has_conflicts(const json::object& plan);

}  // namespace ferry::cli
