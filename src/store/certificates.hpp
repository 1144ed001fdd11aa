// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

// Of an authority: it is made but does not issue yet (next); it issues (active, one per owner);
// what it issued is trusted, but another issues now (retiring); nothing needs it any more
// (retired). Certificates of nodes are active.
enum class CertificateState { next, active, retiring, retired };
std::string_view to_string(CertificateState state);

// Whether Ferry signed it, another authority signed Ferry's key, or it came from outside.
enum class CertificateOrigin { ferry, signed_outside, imported };
std::string_view to_string(CertificateOrigin origin);  // "ferry", "signed-outside", "imported"

// A certificate that Ferry issued or was given. Private keys of authorities are in Secrets under
// the certificate's id.
struct CertificateRecord {
  std::string id;
  fleet::OrganizationId organization;
  std::optional<std::string> workspace;  // id; nullopt for the organization's
  std::string owner;  // id of the organization, workspace, group or node that it is of
  // "organization-root", "workspace-ca", "group-ca", "node"; "edge-ca": an authority on a device,
  // whose key never was here (owner: edge_authority_owner); "external-ca": above an authority that
  // others signed, given with it.
  std::string use;
  std::string subject;
  std::string issuer;
  Timestamp not_before;
  Timestamp not_after;
  std::string thumbprint;  // SHA-256, lower-case hex
  std::string pem;
  std::optional<std::string> issuer_id;  // of the issuing certificate; nullopt: itself, or unknown
  std::string serial;                    // upper-case hex
  std::string spki;                      // SHA-256 of the public key's DER form, lower-case hex
  CertificateState state = CertificateState::active;
  std::optional<Timestamp> revoked_at;
  std::string revocation_reason;
  CertificateOrigin origin = CertificateOrigin::ferry;
  std::string key_type;  // "ec-p256"; empty for a kind that Ferry does not make
};

// What a node's edge CAs are of, so that they are apart from its own certificates.
std::string edge_authority_owner(const fleet::NodeId& node);

// The node that a certificate of use "node" or "edge-ca" is of.
fleet::NodeId node_of(const CertificateRecord& certificate);

struct CertificatePage {
  std::vector<CertificateRecord> records;
  std::optional<std::int64_t> next;  // where the next page begins
};

class Certificates {
 public:
  explicit Certificates(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const CertificateRecord& certificate);
  // The newest of that owner: for nodes, the certificate that they should use.
  Result<std::optional<CertificateRecord>> find(const std::string& owner) const;
  // The authority of that owner that issues.
  Result<std::optional<CertificateRecord>> find_authority(const std::string& owner) const;
  // All authorities of that owner, newest first.
  Result<std::vector<CertificateRecord>> list_authorities(const std::string& owner) const;
  Result<std::optional<CertificateRecord>> find_by_id(const std::string& id) const;
  // `thumbprint`: SHA-256, lower-case hex. However it was presented, this tells which record it is.
  Result<std::optional<CertificateRecord>> find_by_thumbprint(const std::string& thumbprint) const;
  // Everything of one owner, oldest first.
  Result<std::vector<CertificateRecord>> list_of(const std::string& owner) const;
  // The organization's, then everything of the workspace by level and in the order of issue.
  // `from`: where a page before said that the next begins.
  Result<CertificatePage> list(const fleet::OrganizationId& organization,
                               const fleet::WorkspaceId& workspace, int limit,
                               std::int64_t from = 0) const;
  // Authorities of the organization and of the workspace, by level, with those that are retired.
  Result<std::vector<CertificateRecord>> list_authorities(
      const fleet::OrganizationId& organization, const fleet::WorkspaceId& workspace) const;
  // All that issue, of all organizations: the active authorities.
  Result<std::vector<CertificateRecord>> list_issuing() const;
  // Those in use (the newest of a node; authorities that are not retired; nothing revoked) that end
  // before `end`, soonest first. `workspace` nullopt: of the whole organization.
  Result<std::vector<CertificateRecord>> expiring(const fleet::OrganizationId& organization,
                                                  const std::optional<std::string>& workspace,
                                                  Timestamp end, int limit) const;
  // Issuer's id to number of nodes of the workspace whose newest certificate, valid at `now` and
  // not revoked, it issued.
  Result<std::map<std::string, std::int64_t>> nodes_by_issuer(const fleet::WorkspaceId& workspace,
                                                              Timestamp now) const;
  Result<std::int64_t> count_nodes_under(const std::string& issuer_id, Timestamp now) const;
  Result<std::vector<CertificateRecord>> list_nodes_under(const std::string& issuer_id,
                                                          Timestamp now, int limit) const;
  // Of edge CAs that are good at `now`, whatever their own state is.
  Result<std::vector<CertificateRecord>> list_issuers_of_edge_authorities(
      const fleet::WorkspaceId& workspace, Timestamp now) const;
  // Authorities that it issued and that are not retired.
  Result<std::vector<CertificateRecord>> list_authorities_under(const std::string& issuer_id) const;

  Result<void> set_state(const std::string& id, CertificateState state);
  // Keeps the time and reason of the first revocation.
  Result<void> revoke(const std::string& id, Timestamp at, const std::string& reason);
  // Takes a revocation back.
  Result<void> reinstate(const std::string& id);
  Result<void> remove(const std::string& owner);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
