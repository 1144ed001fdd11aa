// SPDX-License-Identifier: Apache-2.0
// Edge CAs: authorities on devices, with which Microsoft's runtime signs the certificates of its
// modules. A device gets one for a key of its own by showing its own certificate, and another when
// it wants to; nothing has to be told of the one before, whose end is near then.
#pragma once

#include <string>
#include <vector>

#include "fleet/types.hpp"
#include "x509/certificate.hpp"
#include "x509/keys.hpp"

namespace ferry::control {

struct Context;

class EdgeAuthorities {
 public:
  explicit EdgeAuthorities(Context& context) : context_(context) {}

  // `chain`: what the device presented, as in Renewals. Code::permission_denied as there, for a
  // certificate that is not the device's present one, and where the policy forbids edge CAs.
  Result<x509::Certificate> issue(const std::vector<std::string>& chain, const x509::PublicKey& key,
                                  const std::string& address);
  // What is above the device's edge CA: the authorities that issue for it now, nearest first, and
  // every root that its workspace trusts.
  Result<std::vector<x509::Certificate>> above_edge_authority(const std::vector<std::string>& chain,
                                                              const std::string& address);
  // The same for the device's own certificate.
  Result<std::vector<x509::Certificate>> above_node(const std::vector<std::string>& chain,
                                                    const std::string& address);

 private:
  Result<std::vector<x509::Certificate>> above(const fleet::Workspace& workspace,
                                               const std::string& owner) const;
  Context& context_;
};

}  // namespace ferry::control
