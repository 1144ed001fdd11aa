// SPDX-License-Identifier: Apache-2.0
// The chain of trust: organization root -> workspace CA -> group CA -> node. Private keys of CAs
// are kept sealed; a node's own key never comes here when the node sends a CSR.
#pragma once

#include <string>
#include <vector>

#include "fleet/types.hpp"

namespace ferry::control {

struct Context;

struct CertificateView {
  std::string subject;
  std::string issuer;
  std::string use;  // "organization-root", "workspace-ca", "group-ca", "node"
  Timestamp not_before;
  Timestamp not_after;
  std::string sha256_thumbprint;  // hex, lower case
  std::string pem;
};

class Certificates {
 public:
  explicit Certificates(Context& context) : context_(context) {}
  // Root first, then the workspace's own, its groups', its nodes'.
  Result<std::vector<CertificateView>> list(const fleet::OrganizationId& organization,
                                            const std::string& workspace) const;

 private:
  Context& context_;
};

}  // namespace ferry::control
