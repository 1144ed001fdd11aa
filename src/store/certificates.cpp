// SPDX-License-Identifier: Apache-2.0
#include "store/certificates.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<CertificateRecord> read_certificate(const sqlite::Row& row) {
  return CertificateRecord{row.text(0),          fleet::OrganizationId(row.text(1)),
                           row.optional_text(2), row.text(3),
                           row.text(4),          row.text(5),
                           row.text(6),          to_time(row, 7),
                           to_time(row, 8),      row.text(9),
                           row.text(10)};
}

}  // namespace

Result<void> Certificates::insert(const CertificateRecord& certificate) {
  return database_.execute(
      "INSERT INTO certificates(id, organization, workspace, owner, use, subject, issuer, "
      "not_before, not_after, thumbprint, pem) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {certificate.id, certificate.organization.str(), certificate.workspace, certificate.owner,
       certificate.use, certificate.subject, certificate.issuer, to_column(certificate.not_before),
       to_column(certificate.not_after), certificate.thumbprint, certificate.pem});
}

Result<std::optional<CertificateRecord>> Certificates::find(const std::string& owner) const {
  return read_one<CertificateRecord>(
      database_.query_one("SELECT id, organization, workspace, owner, use, subject, issuer, "
                          "not_before, not_after, thumbprint, pem FROM certificates "
                          "WHERE owner = ? ORDER BY rowid DESC LIMIT 1",
                          {owner}),
      read_certificate);
}

Result<std::vector<CertificateRecord>> Certificates::list(
    const fleet::OrganizationId& organization, const fleet::WorkspaceId& workspace) const {
  return read_all<CertificateRecord>(
      database_.query(
          "SELECT id, organization, workspace, owner, use, subject, issuer, "
          "not_before, not_after, thumbprint, pem FROM certificates "
          "WHERE (organization = ? AND workspace IS NULL) OR workspace = ? "
          "ORDER BY CASE use WHEN 'organization-root' THEN 0 WHEN 'workspace-ca' THEN 1 "
          "WHEN 'group-ca' THEN 2 ELSE 3 END, rowid",
          {organization.str(), workspace.str()}),
      read_certificate);
}

Result<void> Certificates::remove(const std::string& owner) {
  return database_.execute("DELETE FROM certificates WHERE owner = ?", {owner});
}

}  // namespace ferry::store
