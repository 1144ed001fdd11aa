// SPDX-License-Identifier: Apache-2.0
// What certificates of an organization, a workspace or a group are like where that is not the
// default.
#pragma once

#include <optional>
#include <string>

#include "base/sqlite.hpp"

namespace ferry::store {

// Absent members are as the level above has them.
struct CertificatePolicyRecord {
  std::string owner;                     // id of the organization, workspace or group
  std::optional<std::string> workspace;  // id; nullopt for the organization's
  std::optional<std::string> ca_key;     // kind of key of new authorities: "ec-p256"
  std::optional<std::string> node_keys;  // kinds that nodes may bring: "ec-p256 rsa-2048"
  std::optional<std::int64_t> node_days;
};

class CertificatePolicies {
 public:
  explicit CertificatePolicies(sqlite::Database& database) : database_(database) {}
  Result<void> put(const CertificatePolicyRecord& policy);
  Result<std::optional<CertificatePolicyRecord>> find(const std::string& owner) const;
  Result<void> remove(const std::string& owner);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
