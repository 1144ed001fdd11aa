// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ferry::store {

// IoT hubs beside a workspace's first one (a JSON array), and which one a group is in (its key).
inline constexpr std::string_view k0011Hubs = R"sql(
ALTER TABLE workspaces ADD COLUMN further_hubs TEXT NOT NULL DEFAULT '[]';
ALTER TABLE node_groups ADD COLUMN hub TEXT NOT NULL DEFAULT 'iot-hub';
)sql";

}  // namespace ferry::store
