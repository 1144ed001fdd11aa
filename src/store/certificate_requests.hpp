// SPDX-License-Identifier: Apache-2.0
// Keys that wait for their certificate from an authority outside Ferry. The private key is in
// Secrets under the request's id.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct CertificateRequestRecord {
  std::string id;
  fleet::OrganizationId organization;
  std::optional<std::string> workspace;  // id
  std::string owner;                     // one waits per owner
  std::string use;
  std::string subject;
  std::string csr;  // PEM
  Timestamp created_at;
};

class CertificateRequests {
 public:
  explicit CertificateRequests(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const CertificateRequestRecord& request);
  Result<std::optional<CertificateRequestRecord>> find(const std::string& owner) const;
  Result<std::vector<CertificateRequestRecord>> list(
      const fleet::OrganizationId& organization) const;
  Result<void> remove(const std::string& owner);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
