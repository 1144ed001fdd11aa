// SPDX-License-Identifier: Apache-2.0
// The certificate authorities of the chain of trust. All are EC P-256; validities nest.
//
//   organization root  20 years  path length 2
//   workspace CA       10 years  path length 1
//   group CA            5 years  path length 0
//   node                1 year   client authentication
#pragma once

#include <string>

#include "control/context.hpp"
#include "x509/certificate.hpp"
#include "x509/keys.hpp"

namespace ferry::control {

// Each makes the CA with its sealed key when it is not there, in one transaction of its own.
Result<store::CertificateRecord> ensure_organization_root(Context& context,
                                                          const fleet::Organization& organization);
Result<store::CertificateRecord> ensure_workspace_ca(Context& context,
                                                     const fleet::Workspace& workspace);
Result<store::CertificateRecord> ensure_group_ca(Context& context,
                                                 const fleet::Workspace& workspace,
                                                 const fleet::NodeGroup& group);

// A certificate whose common name is the code, signed with the workspace CA's key.
Result<std::string> prove_possession(Context& context, const fleet::Workspace& workspace,
                                     const std::string& verification_code);

// Not stored: the caller inserts the record in the transaction that uses the token up.
Result<store::CertificateRecord> issue_node_certificate(Context& context,
                                                        const fleet::Workspace& workspace,
                                                        const fleet::Node& node,
                                                        const x509::PublicKey& key);
// PEM: the certificate, its group's CA, its workspace's CA, the organization's root.
Result<std::string> full_chain(Context& context, const fleet::Workspace& workspace,
                               const fleet::NodeGroupId& group,
                               const store::CertificateRecord& certificate);

}  // namespace ferry::control
