// SPDX-License-Identifier: Apache-2.0
// The roles that every Azure tenant has, as far as they concern what the local cloud offers.
#pragma once

#include <span>

#include "drydock/arm/permissions.hpp"

namespace drydock::arm {

inline constexpr std::string_view kOwnerRole = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

struct BuiltInRole {
  std::string_view id;  // the GUID that is the same everywhere
  std::string_view name;
  std::string_view description;
  Permission permission;
};

std::span<const BuiltInRole> built_in_roles();
const BuiltInRole* find_built_in_role(std::string_view id);

}  // namespace drydock::arm
