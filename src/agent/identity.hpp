// SPDX-License-Identifier: Apache-2.0
// The device's key and the certificate that goes with it.
#pragma once

#include "agent/data_directory.hpp"
#include "net/tls.hpp"
#include "x509/keys.hpp"

namespace ferry::agent {

struct Identity {
  Registration registration;
  Secret key_pem;
};

// Chain, key and registration id belong together.
Result<void> check_identity(const Registration& registration, const x509::PrivateKey& key);

// What is in use, when the directory holds a certificate that fits the key in it.
Result<std::optional<Identity>> identity_in_use(const DataDirectory& directory);
// What a renewal tries, under the same condition.
Result<std::optional<Identity>> candidate_identity(const DataDirectory& directory);

// The leaf's dates, and when it is to be renewed.
Result<CertificateLife> life_of(const Registration& registration);

// A key of the kind that the settings name.
Result<x509::PrivateKey> make_key(const AgentSettings& settings);

// PEM.
Result<std::string> certificate_request(const x509::PrivateKey& key,
                                        std::string_view registration_id);

// TLS towards the cloud, with `identity`; `clock` may be null.
Result<std::shared_ptr<const net::TlsClientContext>> cloud_tls(const AgentSettings& settings,
                                                               const Identity& identity,
                                                               std::shared_ptr<const Clock> clock);
// TLS towards Ferry, with `identity` if there is one.
Result<std::shared_ptr<const net::TlsClientContext>> ferry_tls(const AgentSettings& settings,
                                                               const Identity* identity,
                                                               std::shared_ptr<const Clock> clock);

}  // namespace ferry::agent
