// SPDX-License-Identifier: Apache-2.0
// The public installer protocol: one-time token -> session -> certificate. Only hashes of tokens
// are kept. The one-time token is used up in the same transaction that records the certificate;
// until then it may log in again, so a device that lost power can repeat the command. When the
// answer itself was lost, the same session gets the same certificate again for the same key.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "control/registration/issuing.hpp"
#include "net/task.hpp"
#include "store/nodes.hpp"

namespace ferry::control {

struct NodeSession {
  Secret access_token;  // ten minutes, one certificate
  std::string registration_id;
};

struct LoginRequest {
  Secret token;                                 // a node's, or an enrollment's
  std::optional<std::string> name = {};         // for an enrollment: what the node shall be called
  std::optional<std::string> hardware_id = {};  // for an enrollment: tells devices apart
  std::string address = {};                     // where it comes from: "1.2.3.4:567"
};

using LoginAnswer = std::variant<NodeSession, AwaitedApproval>;

class Registration {
 public:
  explicit Registration(Context& context) : context_(context) {}

  // Code::unauthenticated for an unknown, used or expired token; the words do not tell which.
  // Code::permission_denied when a person or the policy refuses, Code::conflict for a name that is
  // another device's, Code::resource_exhausted after too many failures from one address.
  Result<LoginAnswer> login_node(const LoginRequest& request);
  // `csr_pem` nullopt: Ferry makes the key, for old installers, unless the policy forbids it
  // (Code::permission_denied). The certificate's common name is the registration id, whatever the
  // CSR asks for. Code::unauthenticated for an access token that is unknown, expired or has had a
  // certificate for another key; Code::invalid_argument for a CSR that cannot be read or does not
  // prove possession of its key.
  net::Task<Result<IssuedCertificate>> get_certificate(Secret access_token,
                                                       std::optional<std::string> csr_pem,
                                                       std::string address = {});

 private:
  Result<LoginAnswer> log_in(const LoginRequest& request);
  Result<LoginAnswer> log_in_node(const store::NodeToken& token);
  Result<IssuedCertificate> certify(const Secret& access_token,
                                    const std::optional<std::string>& csr_pem,
                                    const std::string& address, fleet::NodeId& node);
  Result<NodeSession> open_session(const fleet::Node& node, const std::string& token_hash);
  Result<store::CertificateRecord> issue(const store::NodeSessionRecord& session,
                                         const fleet::Workspace& workspace, fleet::Node& node,
                                         const x509::PublicKey& key, const std::string& address);
  Result<void> record_issue(const store::NodeSessionRecord& session, fleet::Node& node,
                            const store::CertificateRecord& certificate,
                            const std::string& address);
  Context& context_;
};

}  // namespace ferry::control
