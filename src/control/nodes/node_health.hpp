// SPDX-License-Identifier: Apache-2.0
// How a node is, in one word: what people filter a fleet by. Pure.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "control/nodes/observing.hpp"

namespace ferry::control {

inline constexpr std::array kNodeHealths{NodeHealth::not_registered, NodeHealth::offline,
                                         NodeHealth::refused,        NodeHealth::failing,
                                         NodeHealth::changing,       NodeHealth::online};

std::string_view to_string(NodeHealth health);  // "not-registered", "offline", ...
Result<NodeHealth> parse_node_health(std::string_view text);

struct NodeReport;
// `report`: null when the node has never said anything.
NodeHealth health_of(bool registered, const NodeReport* report);

}  // namespace ferry::control
