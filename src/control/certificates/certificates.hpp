// SPDX-License-Identifier: Apache-2.0
// The chain of trust as people look at it: what there is, who uses it, what ends soon, and why a
// chain does not verify. Private keys of CAs are kept sealed; a node's own key never comes here
// when the node sends a CSR.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fleet/types.hpp"

namespace ferry::store {
struct CertificateRecord;
}  // namespace ferry::store

namespace ferry::control {

struct Context;

struct CertificateView {
  std::string id;
  std::string subject;
  std::string issuer;
  // "organization-root", "workspace-ca", "group-ca", "node", "external-ca"
  std::string use;
  Timestamp not_before;
  Timestamp not_after;
  std::string sha256_thumbprint;  // hex, lower case
  std::string pem;
  std::optional<std::string> issuer_id;  // of the issuing certificate, where it is known
  std::string owner;                     // name of the organization, workspace, group or node
  std::string state;                     // "next", "active", "retiring", "retired"
  std::string origin;                    // "ferry", "signed-outside", "imported"
  std::string serial;
  std::string key_type;  // "ec-p256", ...; "other"
  std::optional<Timestamp> revoked_at;
  std::string revocation_reason;
  std::vector<std::string> used_by;  // in words: "enrollment group grp-..., primary"
};

struct CertificatePageView {
  std::vector<CertificateView> certificates;
  std::optional<std::int64_t> next;
};

// An authority, how many nodes hold a valid certificate of it, and the authorities below it.
struct CertificateTree {
  CertificateView certificate;
  std::int64_t nodes = 0;
  std::vector<CertificateTree> below;
};

struct ChainFindingView {
  std::string severity;  // "error", "warning", "info"
  std::string rule;
  std::string certificate;
  std::string message;
  std::string hint;
};

struct ChainVerdict {
  bool verified = false;
  std::vector<ChainFindingView> findings;
  std::vector<std::string> path;  // subjects, from the leaf up
};

struct ChainQuestion {
  std::string pem;      // certificates, the leaf first
  std::string purpose;  // "client", "server", "any"
  std::optional<Timestamp> at;
};

class Certificates {
 public:
  static constexpr int kPageSize = 1000;

  explicit Certificates(Context& context) : context_(context) {}
  // Root first, then the workspace's own, its groups', its nodes'. `from`: what the page before
  // said comes next; 0 to begin.
  Result<CertificatePageView> list(const fleet::OrganizationId& organization,
                                   const std::string& workspace, std::int64_t from = 0,
                                   int limit = kPageSize) const;
  // Authorities as a tree; nodes are counted, not listed, so it stays small.
  Result<std::vector<CertificateTree>> tree(const fleet::OrganizationId& organization,
                                            const std::string& workspace) const;
  // `id`: the certificate's id or SHA-256 thumbprint.
  Result<CertificateView> get(const fleet::OrganizationId& organization,
                              const std::string& workspace, const std::string& id) const;
  // PEM: with `chain`, and everything above it.
  Result<std::string> download(const fleet::OrganizationId& organization,
                               const std::string& workspace, const std::string& id,
                               bool chain) const;
  // PEM: the roots that end the chains of the workspace, those that leave included: what a device
  // trusts while one follows another.
  Result<std::string> trust_bundle(const fleet::OrganizationId& organization,
                                   const std::string& workspace) const;
  // In use and ending within that time (or over already), soonest first; at most a thousand.
  // `workspace` empty: of the whole organization.
  Result<std::vector<CertificateView>> expiring(const fleet::OrganizationId& organization,
                                                const std::string& workspace,
                                                std::chrono::milliseconds within) const;
  // Against what the workspace trusts, knows and has revoked.
  Result<ChainVerdict> verify(const fleet::OrganizationId& organization,
                              const std::string& workspace, const ChainQuestion& question) const;

 private:
  Result<CertificateView> view_of(const store::CertificateRecord& record) const;
  Result<std::vector<CertificateView>> views_of(
      const std::vector<store::CertificateRecord>& records) const;
  Result<std::vector<std::string>> used_by(const store::CertificateRecord& record) const;
  Result<store::CertificateRecord> find(const fleet::OrganizationId& organization,
                                        const std::string& workspace, const std::string& id) const;
  Context& context_;
};

}  // namespace ferry::control
