// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drydock/arm/context.hpp"

namespace drydock::arm {

struct RoleAssignment {
  std::string name;  // a GUID
  std::string scope;
  std::string principal_id;
  std::string principal_type;
  std::string role_definition_id;
  std::string description = {};
  std::string condition = {};
  std::string condition_version = {};
};

Resource to_resource(const Context& context, const RoleAssignment& assignment);
RoleAssignment read_role_assignment(const Resource& resource);

// 8-4-4-4-12 hexadecimal digits.
bool is_guid(std::string_view text);

}  // namespace drydock::arm
