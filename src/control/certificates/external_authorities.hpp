// SPDX-License-Identifier: Apache-2.0
// Authorities that others sign or bring. The organization's CA or a workspace's can be signed by an
// authority outside of Ferry (an offline root): a request goes out, the signed chain comes in; the
// request waits as long as that takes. Or a CA comes with its key. Either way it is checked whole
// before anything changes, and then follows the present one as in any rollover.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "control/certificates/rollovers.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct AuthorityShape;

struct PendingRequest {
  std::string use;        // "organization-root" or "workspace-ca"
  std::string workspace;  // name; empty for the organization's
  std::string subject;
  std::string csr;  // PEM
  Timestamp created_at;
};

class ExternalAuthorities {
 public:
  explicit ExternalAuthorities(Context& context) : context_(context) {}

  // Makes a key and a request for it; while one waits, the same again. `workspace` empty: the
  // organization's CA, which then needs room for two authorities below it; a workspace's for one.
  net::Task<Result<PendingRequest>> export_request(fleet::OrganizationId organization,
                                                   std::string workspace);
  Result<std::vector<PendingRequest>> pending(const fleet::OrganizationId& organization) const;
  // Drops request and key.
  Result<void> abandon(const fleet::OrganizationId& organization, const std::string& workspace);
  // `chain_pem`: the signed certificate and everything above it, in any order.
  // Code::invalid_argument says what is wrong with it; the request then waits on.
  Result<RolloverStarted> import_chain(const fleet::OrganizationId& organization,
                                       const std::string& workspace, const std::string& chain_pem);
  // A CA of one's own with its private key.
  Result<RolloverStarted> import_authority(const fleet::OrganizationId& organization,
                                           const std::string& workspace,
                                           const std::string& chain_pem, const Secret& key_pem);

 private:
  Result<PendingRequest> request_for(const AuthorityShape& shape);
  Context& context_;
};

}  // namespace ferry::control
