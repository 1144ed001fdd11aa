// SPDX-License-Identifier: Apache-2.0
// The certificate authorities of the chain of trust. EC P-256 unless a policy says otherwise;
// validities nest, so nothing outlives its issuer.
//
//   organization root  20 years  path length 2
//   workspace CA       10 years  path length 1
//   group CA            5 years  path length 0, for client authentication alone
//   node                1 year   client authentication
//   edge CA             1 year   path length 0, below the workspace CA; its key is on a device
//
// Every certificate begins a quarter of an hour ago, for devices whose clock is behind.
//
// There are no name constraints, on purpose: nodes have a common name and nothing else, which the
// constraints of RFC 5280 do not bound; DPS does not read them; and TLS stacks of small devices
// refuse a critical extension that they do not know. What they could give, the extended key usage
// of the group CA gives: whoever takes its key can make clients of that group, but no server.
#pragma once

#include <string>
#include <vector>

#include "control/context.hpp"
#include "x509/certificate.hpp"
#include "x509/keys.hpp"

namespace ferry::control {

// The authority that issues for the owner; made with its key when there is none, in one transaction
// of its own. Code::conflict while the owner's key waits for its certificate from outside.
Result<store::CertificateRecord> ensure_organization_root(Context& context,
                                                          const fleet::Organization& organization);
Result<store::CertificateRecord> ensure_workspace_ca(Context& context,
                                                     const fleet::Workspace& workspace);
Result<store::CertificateRecord> ensure_group_ca(Context& context,
                                                 const fleet::Workspace& workspace,
                                                 const fleet::NodeGroup& group);

// What an authority of one level is called and allowed.
struct AuthorityShape {
  std::string use;
  std::string owner;
  std::string issuer_owner;  // empty for the organization
  std::string common_name;
  std::chrono::hours validity;
  int path_length = 0;
  bool clients_only = false;
  fleet::OrganizationId organization;
  std::optional<std::string> workspace;
  std::vector<std::string> policy_owners;  // nearest first
};
AuthorityShape organization_shape(const fleet::Organization& organization);
AuthorityShape workspace_shape(const fleet::Workspace& workspace);
AuthorityShape group_shape(const fleet::Workspace& workspace, const fleet::NodeGroup& group);

// What the next authority of that shape is called: the first as the shape says, those that follow
// it with their number, because some clients look for an issuer by its name alone.
Result<std::string> next_name(const Context& context, const AuthorityShape& shape);

// Makes the key that the next authority of that shape gets, away from the loop where that takes
// long (RSA). For callers that can wait, right before they have the authority made.
net::Task<Result<void>> prepare_key(Context& context, AuthorityShape shape);

// The key for the next authority of that shape, of the kind that the policy wants: the one that was
// prepared, or made here and now.
Result<x509::PrivateKey> take_key(Context& context, const AuthorityShape& shape);

// A further authority of that shape with a key of its own, in the given state.
Result<store::CertificateRecord> make_authority(Context& context, const AuthorityShape& shape,
                                                store::CertificateState state);

// A certificate whose common name is the code, signed with the authority's key.
Result<std::string> prove_possession(Context& context, const store::CertificateRecord& authority,
                                     const std::string& verification_code);

// By the group's authority that issues. Code::invalid_argument for a key that the policy does not
// allow, or that is unsound. Not stored: the caller inserts the record in the transaction that uses
// the token up.
Result<store::CertificateRecord> issue_node_certificate(Context& context,
                                                        const fleet::Workspace& workspace,
                                                        const fleet::Node& node,
                                                        const x509::PublicKey& key);
// By the workspace's authority that issues, for a key on the node's device: what Microsoft's
// runtime there signs its modules' certificates with. Not below the group's, which has no room for
// another authority and none for servers. Not stored either.
Result<store::CertificateRecord> issue_edge_authority(Context& context,
                                                      const fleet::Workspace& workspace,
                                                      const fleet::Node& node,
                                                      const x509::PublicKey& key);
// PEM: the certificate and everything above it that Ferry knows, up to the root.
Result<std::string> full_chain(const Context& context, const store::CertificateRecord& certificate);
// From the certificate's issuer up.
Result<std::vector<store::CertificateRecord>> issuers_of(
    const Context& context, const store::CertificateRecord& certificate);

// The ends of the chains of the workspace's authorities, those that leave included, and of what
// devices still have from authorities that have left.
Result<std::vector<store::CertificateRecord>> trust_anchors(const Context& context,
                                                            const fleet::Workspace& workspace);

// A new record's fields, as the certificate says them.
store::CertificateRecord describe_certificate(const x509::Certificate& certificate);

}  // namespace ferry::control
