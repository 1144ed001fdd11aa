// SPDX-License-Identifier: Apache-2.0
#include "store/certificate_policies.hpp"

#include "store/rows.hpp"

namespace ferry::store {

Result<void> CertificatePolicies::put(const CertificatePolicyRecord& policy) {
  return database_.execute(
      "INSERT INTO certificate_policies(owner, workspace, ca_key, node_keys, node_days) "
      "VALUES(?, ?, ?, ?, ?) ON CONFLICT(owner) DO UPDATE SET ca_key = excluded.ca_key, "
      "node_keys = excluded.node_keys, node_days = excluded.node_days",
      {policy.owner, policy.workspace, policy.ca_key, policy.node_keys,
       policy.node_days ? sqlite::Value(*policy.node_days) : sqlite::Value(nullptr)});
}

Result<std::optional<CertificatePolicyRecord>> CertificatePolicies::find(
    const std::string& owner) const {
  return read_one<CertificatePolicyRecord>(
      database_.query_one("SELECT owner, workspace, ca_key, node_keys, node_days "
                          "FROM certificate_policies WHERE owner = ?",
                          {owner}),
      [](const sqlite::Row& row) -> Result<CertificatePolicyRecord> {
        CertificatePolicyRecord policy{row.text(0), row.optional_text(1), row.optional_text(2),
                                       row.optional_text(3), std::nullopt};
        if (!row.is_null(4)) policy.node_days = row.number(4);
        return policy;
      });
}

Result<void> CertificatePolicies::remove(const std::string& owner) {
  return database_.execute("DELETE FROM certificate_policies WHERE owner = ?", {owner});
}

}  // namespace ferry::store
