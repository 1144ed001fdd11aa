// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "cli/table.hpp"

namespace ferry::cli {

// "online", "offline", or "not registered" for a node of the API.
std::string node_state(const json::object& node);

// One row a node.
Table node_table(const std::vector<json::object>& nodes, const Clock& clock);

// One row a module, and below the table what the nodes complain about.
std::string show_status(const std::vector<json::object>& nodes, const Clock& clock,
                        const Terminal& terminal);

}  // namespace ferry::cli
