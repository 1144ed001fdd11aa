// SPDX-License-Identifier: Apache-2.0
// What the first certificate of a device and all later ones have in common.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "base/secret.hpp"
#include "fleet/types.hpp"
#include "store/certificates.hpp"
#include "x509/keys.hpp"

namespace ferry::control {

struct Context;

struct IssuedCertificate {
  std::string registration_id;
  std::string full_chain;             // PEM: node and everything above it
  std::optional<Secret> private_key;  // PEM; only when the request had no CSR
  json::object device_payload;        // {"ferry": {...}}: goes with the DPS registration
  std::string provisioning_host;
  std::string id_scope;
  Timestamp renew_after;
};

// What was asked for waits for a person.
struct AwaitedApproval {
  std::string request_id;
  std::chrono::seconds retry_after{60};
};

// The key of a CSR that proves that its sender holds it; Code::invalid_argument otherwise.
Result<x509::PublicKey> key_of_csr(const std::string& csr_pem);
std::string digest_of(const x509::PublicKey& key);  // as store::CertificateRecord::spki

// Two thirds of the certificate's life, up to a twentieth of it earlier, so that devices that were
// made together do not renew together.
Timestamp renewal_time(const store::CertificateRecord& certificate);

json::object payload_of(const fleet::Workspace& workspace, const fleet::NodeGroup& group,
                        const fleet::Node& node);

// The answer that brings `certificate` to its node.
Result<IssuedCertificate> answer_with(const Context& context, const fleet::Workspace& workspace,
                                      const fleet::Node& node,
                                      const store::CertificateRecord& certificate);

// Code::permission_denied when the node, its group or its workspace has been revoked, or the node
// is being deleted.
Result<void> check_admitted(const Context& context, const fleet::Node& node);

}  // namespace ferry::control
