// SPDX-License-Identifier: Apache-2.0
#include "store/certificate_requests.hpp"

#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<CertificateRequestRecord> read_request(const sqlite::Row& row) {
  return CertificateRequestRecord{row.text(0),          fleet::OrganizationId(row.text(1)),
                                  row.optional_text(2), row.text(3),
                                  row.text(4),          row.text(5),
                                  row.text(6),          to_time(row, 7)};
}

}  // namespace

Result<void> CertificateRequests::insert(const CertificateRequestRecord& request) {
  return database_.execute(
      "INSERT INTO certificate_requests(id, organization, workspace, owner, use, subject, csr, "
      "created_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
      {request.id, request.organization.str(), request.workspace, request.owner, request.use,
       request.subject, request.csr, to_column(request.created_at)});
}

Result<std::optional<CertificateRequestRecord>> CertificateRequests::find(
    const std::string& owner) const {
  return read_one<CertificateRequestRecord>(
      database_.query_one("SELECT id, organization, workspace, owner, use, subject, csr, "
                          "created_at FROM certificate_requests WHERE owner = ?",
                          {owner}),
      read_request);
}

Result<std::vector<CertificateRequestRecord>> CertificateRequests::list(
    const fleet::OrganizationId& organization) const {
  return read_all<CertificateRequestRecord>(
      database_.query("SELECT id, organization, workspace, owner, use, subject, csr, created_at "
                      "FROM certificate_requests WHERE organization = ? ORDER BY created_at",
                      {organization.str()}),
      read_request);
}

Result<void> CertificateRequests::remove(const std::string& owner) {
  return database_.execute("DELETE FROM certificate_requests WHERE owner = ?", {owner});
}

}  // namespace ferry::store
