// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

// A certificate that Ferry issued. Private keys of CAs are in Secrets under the owner's id.
struct CertificateRecord {
  std::string id;
  fleet::OrganizationId organization;
  std::optional<std::string> workspace;  // id; nullopt for the organization's root
  std::string owner;  // id of the organization, workspace, group or node that it is of
  std::string use;    // "organization-root", "workspace-ca", "group-ca", "node"
  std::string subject;
  std::string issuer;
  Timestamp not_before;
  Timestamp not_after;
  std::string thumbprint;  // SHA-256, lower-case hex
  std::string pem;
};

class Certificates {
 public:
  explicit Certificates(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const CertificateRecord& certificate);
  // The newest of that owner.
  Result<std::optional<CertificateRecord>> find(const std::string& owner) const;
  // The organization's root, then everything of the workspace in the order of issue.
  Result<std::vector<CertificateRecord>> list(const fleet::OrganizationId& organization,
                                              const fleet::WorkspaceId& workspace) const;
  Result<void> remove(const std::string& owner);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
