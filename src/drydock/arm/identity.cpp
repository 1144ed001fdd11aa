// SPDX-License-Identifier: Apache-2.0
// Managed identities of resources. The system-assigned one is a principal that lives as long as it
// is asked for.
#include "base/id.hpp"
#include "drydock/arm/context.hpp"

namespace drydock::arm {

using namespace ferry;

json::object make_identity(const Context& context, const json::object& body,
                           const json::object& before) {
  const json::object& wanted = object_of(body, "identity");
  const std::string type = string_or(wanted, "type", "None");
  if (type == "None") return {};
  json::object identity{{"type", type}};
  if (type.find("SystemAssigned") != std::string::npos) {
    const json::object& had = object_of(before, "identity");
    identity["principalId"] = string_or(had, "principalId", random_uuid());
    identity["tenantId"] = context.account.tenant_id;
  }
  const json::object& users = object_of(wanted, "userAssignedIdentities");
  if (!users.empty()) identity["userAssignedIdentities"] = users;
  return identity;
}

}  // namespace drydock::arm
