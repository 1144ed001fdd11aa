// SPDX-License-Identifier: Apache-2.0
// Azure's regions, as far as the local cloud offers them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace drydock::arm {

struct Location {
  std::string_view name;          // "westeurope"
  std::string_view display_name;  // "West Europe"
  std::string_view geography;     // "Europe"
  std::string_view paired;        // "northeurope"
};

std::span<const Location> all_locations();
// Compares without case and blanks: "West Europe" is "westeurope".
const Location* find_location(std::string_view text);

}  // namespace drydock::arm
