// SPDX-License-Identifier: Apache-2.0
#include "store/registration_policies.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

sqlite::Value flag(const std::optional<bool>& value) {
  return value ? sqlite::Value(*value) : sqlite::Value(nullptr);
}

sqlite::Value number(const std::optional<std::int64_t>& value) {
  return value ? sqlite::Value(*value) : sqlite::Value(nullptr);
}

std::optional<bool> optional_flag(const sqlite::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.number(column) != 0;
}

std::optional<std::int64_t> optional_number(const sqlite::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.number(column);
}

}  // namespace

Result<void> RegistrationPolicies::put(const RegistrationPolicyRecord& policy) {
  return database_.execute(
      "INSERT INTO registration_policies(owner, workspace, server_keys, grace_days, late, "
      "token_hours, edge_authorities) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(owner) DO UPDATE SET "
      "server_keys = excluded.server_keys, grace_days = excluded.grace_days, "
      "late = excluded.late, token_hours = excluded.token_hours, "
      "edge_authorities = excluded.edge_authorities",
      {policy.owner, policy.workspace.str(), flag(policy.server_keys), number(policy.grace_days),
       policy.late, number(policy.token_hours), flag(policy.edge_authorities)});
}

Result<std::optional<RegistrationPolicyRecord>> RegistrationPolicies::find(
    const std::string& owner) const {
  return read_one<RegistrationPolicyRecord>(
      database_.query_one("SELECT owner, workspace, server_keys, grace_days, late, token_hours, "
                          "edge_authorities "
                          "FROM registration_policies WHERE owner = ?",
                          {owner}),
      [](const sqlite::Row& row) -> Result<RegistrationPolicyRecord> {
        RegistrationPolicyRecord policy;
        policy.owner = row.text(0);
        policy.workspace = fleet::WorkspaceId(row.text(1));
        policy.server_keys = optional_flag(row, 2);
        policy.grace_days = optional_number(row, 3);
        policy.late = row.optional_text(4);
        policy.token_hours = optional_number(row, 5);
        policy.edge_authorities = optional_flag(row, 6);
        return policy;
      });
}

Result<void> RegistrationPolicies::remove(const std::string& owner) {
  return database_.execute("DELETE FROM registration_policies WHERE owner = ?", {owner});
}

}  // namespace ferry::store
