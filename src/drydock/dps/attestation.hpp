// SPDX-License-Identifier: Apache-2.0
// Which enrollment lets a device in: by its certificates, or by a token that a symmetric key
// signed.
#pragma once

#include "drydock/directory.hpp"
#include "drydock/dps/store.hpp"

namespace drydock::dps {

// What a device shows: the chain of its TLS connection, or a shared access signature.
struct Proof {
  std::vector<std::string> certificate_chain;  // PEM, leaf first
  std::string token;
};

struct Attested {
  const Enrollment* enrollment = nullptr;
  std::optional<ferry::x509::Certificate> leaf;    // by certificate
  std::optional<ferry::x509::Certificate> signer;  // by certificate, of groups
  std::optional<SymmetricKeys> keys;               // by token: the device's own
};

// 401002 when no enrollment lets it in, or the one that decides is disabled. An individual
// enrollment decides before every group; among groups by certificate the nearest signer's.
Outcome<Attested> attest(const Store& store, const ProvisioningServiceInfo& service,
                         const std::string& registration_id, const Proof& proof,
                         ferry::Timestamp now);

// What attested it, for the registration's record: {"x509": ...} or {"symmetricKey": ...}.
json::object attestation_record(const Attested& attested);
// Whether a device that shows `proof` is the one of this registrationState.
Outcome<void> check_same_device(const Store& store, const ProvisioningServiceInfo& service,
                                const json::object& state, const Proof& proof,
                                ferry::Timestamp now);

// Of one device in a group: base64 of HMAC-SHA256 of the registration id with the group's key.
ferry::Secret derive_key(const ferry::Secret& group_key, std::string_view registration_id);

}  // namespace drydock::dps
