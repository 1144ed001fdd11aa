// SPDX-License-Identifier: Apache-2.0
// The public installer protocol: one-time token -> session -> certificate. Only hashes of tokens
// are kept. The one-time token is used up in the same transaction that records the certificate;
// until then it may log in again, so a device that lost power can repeat the command. When the
// answer itself was lost, the same session gets the same certificate again for the same key.
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "fleet/types.hpp"

namespace ferry::store {
struct CertificateRecord;
struct NodeSessionRecord;
}  // namespace ferry::store

namespace ferry::x509 {
class PublicKey;
}  // namespace ferry::x509

namespace ferry::control {

struct Context;

struct NodeSession {
  Secret access_token;  // ten minutes, one certificate
  std::string registration_id;
};

struct IssuedCertificate {
  std::string full_chain;             // PEM: node, group CA, workspace CA, organization root
  std::optional<Secret> private_key;  // PEM; only when the request had no CSR
  json::object device_payload;        // {"ferry": {...}}: goes with the DPS registration
  std::string provisioning_host;
  std::string id_scope;
};

class Registration {
 public:
  explicit Registration(Context& context) : context_(context) {}

  // Code::unauthenticated for an unknown, used or expired token; the words do not tell which.
  Result<NodeSession> login_node(const Secret& token);
  // `csr_pem` nullopt: Ferry makes the key, for old installers. The certificate's common name is
  // the registration id, whatever the CSR asks for. Code::unauthenticated for an access token that
  // is unknown, expired or has had a certificate for another key; Code::invalid_argument for a CSR
  // that cannot be read or does not prove possession of its key.
  Result<IssuedCertificate> get_certificate(const Secret& access_token,
                                            const std::optional<std::string>& csr_pem);

 private:
  Result<store::CertificateRecord> issue(const store::NodeSessionRecord& session,
                                         const fleet::Workspace& workspace, const fleet::Node& node,
                                         const x509::PublicKey& key);
  Result<void> record_issue(const store::NodeSessionRecord& session, fleet::Node node,
                            const store::CertificateRecord& certificate);
  Context& context_;
};

}  // namespace ferry::control
