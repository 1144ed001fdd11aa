// SPDX-License-Identifier: Apache-2.0
#include "store/certificates.hpp"

#include <array>

#include "store/rows.hpp"

namespace ferry::store {
namespace {

constexpr std::array<std::string_view, 4> kStates{"next", "active", "retiring", "retired"};
constexpr std::array<std::string_view, 3> kOrigins{"ferry", "signed-outside", "imported"};

constexpr std::string_view kIsAuthority =
    "use IN ('organization-root', 'workspace-ca', 'group-ca')";
constexpr std::string_view kEdgeOwner = "edge-ca/";

// Of devices: their own certificates and the edge CAs on them.
constexpr std::string_view kIsOfDevice = "use IN ('node', 'edge-ca')";
constexpr std::string_view kIsNewest =
    "revoked_at IS NULL AND NOT EXISTS (SELECT 1 FROM certificates newer "
    "WHERE newer.owner = c.owner AND newer.use = c.use AND newer.rowid > c.rowid)";
const std::string kIsNewestOfNode = fmt::format("use = 'node' AND {}", kIsNewest);
constexpr std::string_view kByLevel =
    "CASE use WHEN 'external-ca' THEN 0 WHEN 'organization-root' THEN 1 "
    "WHEN 'workspace-ca' THEN 2 WHEN 'group-ca' THEN 3 ELSE 4 END, rowid";

std::string select(std::string_view rest) {
  return fmt::format(
      "SELECT id, organization, workspace, owner, use, subject, issuer, not_before, not_after, "
      "thumbprint, pem, issuer_id, serial, spki, state, revoked_at, revocation_reason, origin, "
      "key_type, rowid "
      "FROM certificates c {}",
      rest);
}

constexpr int kRowId = 19;

Result<CertificateState> parse_state(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<CertificateState>(i);
  }
  return fail(Code::internal, "'{}' is no state of a certificate", text);
}

Result<CertificateOrigin> parse_origin(std::string_view text) {
  for (std::size_t i = 0; i < kOrigins.size(); ++i) {
    if (kOrigins[i] == text) return static_cast<CertificateOrigin>(i);
  }
  return fail(Code::internal, "'{}' is no origin of a certificate", text);
}

Result<CertificateRecord> read_certificate(const sqlite::Row& row) {
  auto state = parse_state(row.text(14));
  if (!state) return fail(std::move(state).error());
  auto origin = parse_origin(row.text(17));
  if (!origin) return fail(std::move(origin).error());
  return CertificateRecord{row.text(0),
                           fleet::OrganizationId(row.text(1)),
                           row.optional_text(2),
                           row.text(3),
                           row.text(4),
                           row.text(5),
                           row.text(6),
                           to_time(row, 7),
                           to_time(row, 8),
                           row.text(9),
                           row.text(10),
                           row.optional_text(11),
                           row.text(12),
                           row.text(13),
                           *state,
                           to_optional_time(row, 15),
                           row.text(16),
                           *origin,
                           row.text(18)};
}

Result<std::optional<CertificateRecord>> one(Result<std::optional<sqlite::Row>> row) {
  return read_one<CertificateRecord>(std::move(row), read_certificate);
}

Result<std::vector<CertificateRecord>> all(Result<std::vector<sqlite::Row>> rows) {
  return read_all<CertificateRecord>(std::move(rows), read_certificate);
}

}  // namespace

std::string_view to_string(CertificateState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::string_view to_string(CertificateOrigin origin) {
  return kOrigins[static_cast<std::size_t>(origin)];
}

std::string edge_authority_owner(const fleet::NodeId& node) {
  return fmt::format("{}{}", kEdgeOwner, node);
}

fleet::NodeId node_of(const CertificateRecord& certificate) {
  const auto prefix = certificate.use == "edge-ca" ? kEdgeOwner.size() : 0;
  return fleet::NodeId(certificate.owner.substr(prefix));
}

Result<void> Certificates::insert(const CertificateRecord& certificate) {
  return database_.execute(
      "INSERT INTO certificates(id, organization, workspace, owner, use, subject, issuer, "
      "not_before, not_after, thumbprint, pem, issuer_id, serial, spki, state, revoked_at, "
      "revocation_reason, origin, key_type) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {certificate.id, certificate.organization.str(), certificate.workspace, certificate.owner,
       certificate.use, certificate.subject, certificate.issuer, to_column(certificate.not_before),
       to_column(certificate.not_after), certificate.thumbprint, certificate.pem,
       certificate.issuer_id, certificate.serial, certificate.spki, to_string(certificate.state),
       to_column(certificate.revoked_at), certificate.revocation_reason,
       to_string(certificate.origin), certificate.key_type});
}

Result<std::optional<CertificateRecord>> Certificates::find(const std::string& owner) const {
  return one(database_.query_one(select("WHERE owner = ? ORDER BY rowid DESC LIMIT 1"), {owner}));
}

Result<std::optional<CertificateRecord>> Certificates::find_authority(
    const std::string& owner) const {
  return one(database_.query_one(
      select(fmt::format("WHERE owner = ? AND state = 'active' AND {} ORDER BY rowid DESC LIMIT 1",
                         kIsAuthority)),
      {owner}));
}

Result<std::vector<CertificateRecord>> Certificates::list_authorities(
    const std::string& owner) const {
  return all(database_.query(
      select(fmt::format("WHERE owner = ? AND {} ORDER BY rowid DESC", kIsAuthority)), {owner}));
}

Result<std::optional<CertificateRecord>> Certificates::find_by_id(const std::string& id) const {
  return one(database_.query_one(select("WHERE id = ?"), {id}));
}

Result<std::optional<CertificateRecord>> Certificates::find_by_thumbprint(
    const std::string& thumbprint) const {
  return one(database_.query_one(select("WHERE thumbprint = ?"), {thumbprint}));
}

Result<std::vector<CertificateRecord>> Certificates::list_of(const std::string& owner) const {
  return all(database_.query(select("WHERE owner = ? ORDER BY rowid"), {owner}));
}

Result<CertificatePage> Certificates::list(const fleet::OrganizationId& organization,
                                           const fleet::WorkspaceId& workspace, int limit,
                                           std::int64_t from) const {
  // Authorities are few and come first, all on the first page; devices' follow by their row's
  // number.
  CertificatePage page;
  if (from == 0) {
    auto authorities = list_authorities(organization, workspace);
    if (!authorities) return fail(std::move(authorities).error());
    page.records = *std::move(authorities);
  }
  auto rows = database_.query(
      select(fmt::format("WHERE workspace = ? AND {} AND rowid > ? ORDER BY rowid LIMIT ?",
                         kIsOfDevice)),
      {workspace.str(), from, limit});
  if (!rows) return fail(std::move(rows).error());
  if (rows->size() == static_cast<std::size_t>(limit)) page.next = rows->back().number(kRowId);
  auto nodes = all(std::move(rows));
  if (!nodes) return fail(std::move(nodes).error());
  std::move(nodes->begin(), nodes->end(), std::back_inserter(page.records));
  return page;
}

Result<std::vector<CertificateRecord>> Certificates::list_authorities(
    const fleet::OrganizationId& organization, const fleet::WorkspaceId& workspace) const {
  return all(database_.query(
      select(fmt::format("WHERE (organization = ? AND workspace IS NULL) OR (workspace = ? AND "
                         "NOT {}) ORDER BY {}",
                         kIsOfDevice, kByLevel)),
      {organization.str(), workspace.str()}));
}

Result<std::vector<CertificateRecord>> Certificates::list_issuing() const {
  return all(database_.query(
      select(fmt::format("WHERE {} AND state = 'active' ORDER BY {}", kIsAuthority, kByLevel))));
}

Result<std::vector<CertificateRecord>> Certificates::expiring(
    const fleet::OrganizationId& organization, const std::optional<std::string>& workspace,
    Timestamp end, int limit) const {
  return all(database_.query(
      select(fmt::format(
          "WHERE organization = ?1 AND not_after < ?2 AND (?3 IS NULL OR workspace = ?3 OR "
          "workspace IS NULL) AND ((NOT {0} AND state <> 'retired' AND revoked_at IS NULL) "
          "OR ({0} AND {1})) ORDER BY not_after LIMIT ?4",
          kIsOfDevice, kIsNewest)),
      {organization.str(), to_column(end), workspace, limit}));
}

Result<std::map<std::string, std::int64_t>> Certificates::nodes_by_issuer(
    const fleet::WorkspaceId& workspace, Timestamp now) const {
  auto rows = database_.query(
      fmt::format("SELECT issuer_id, count(*) FROM certificates c WHERE workspace = ? AND "
                  "not_after > ? AND issuer_id IS NOT NULL AND {} GROUP BY issuer_id",
                  kIsNewestOfNode),
      {workspace.str(), to_column(now)});
  if (!rows) return fail(std::move(rows).error());
  std::map<std::string, std::int64_t> counts;
  for (const auto& row : *rows) counts[row.text(0)] = row.number(1);
  return counts;
}

Result<std::int64_t> Certificates::count_nodes_under(const std::string& issuer_id,
                                                     Timestamp now) const {
  auto row = database_.query_one(
      fmt::format(
          "SELECT count(*) FROM certificates c WHERE issuer_id = ? AND not_after > ? AND {}",
          kIsNewestOfNode),
      {issuer_id, to_column(now)});
  if (!row) return fail(std::move(row).error());
  return (*row)->number(0);
}

Result<std::vector<CertificateRecord>> Certificates::list_nodes_under(const std::string& issuer_id,
                                                                      Timestamp now,
                                                                      int limit) const {
  return all(database_.query(
      select(fmt::format("WHERE issuer_id = ? AND not_after > ? AND {} ORDER BY rowid LIMIT ?",
                         kIsNewestOfNode)),
      {issuer_id, to_column(now), limit}));
}

Result<std::vector<CertificateRecord>> Certificates::list_issuers_of_edge_authorities(
    const fleet::WorkspaceId& workspace, Timestamp now) const {
  return all(database_.query(
      select("WHERE id IN (SELECT issuer_id FROM certificates WHERE workspace = ? AND "
             "use = 'edge-ca' AND not_after > ? AND revoked_at IS NULL) ORDER BY rowid"),
      {workspace.str(), to_column(now)}));
}

Result<std::vector<CertificateRecord>> Certificates::list_authorities_under(
    const std::string& issuer_id) const {
  return all(database_.query(
      select(fmt::format("WHERE issuer_id = ? AND state <> 'retired' AND {} ORDER BY rowid",
                         kIsAuthority)),
      {issuer_id}));
}

Result<void> Certificates::set_state(const std::string& id, CertificateState state) {
  return database_.execute("UPDATE certificates SET state = ? WHERE id = ?",
                           {to_string(state), id});
}

Result<void> Certificates::revoke(const std::string& id, Timestamp at, const std::string& reason) {
  return database_.execute(
      "UPDATE certificates SET revoked_at = ?, revocation_reason = ? WHERE id = ? AND revoked_at "
      "IS NULL",
      {to_column(at), reason, id});
}

Result<void> Certificates::reinstate(const std::string& id) {
  return database_.execute(
      "UPDATE certificates SET revoked_at = NULL, revocation_reason = '' WHERE id = ?", {id});
}

Result<void> Certificates::remove(const std::string& owner) {
  return database_.execute("DELETE FROM certificates WHERE owner = ?", {owner});
}

}  // namespace ferry::store
