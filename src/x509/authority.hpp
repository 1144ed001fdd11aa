// SPDX-License-Identifier: Apache-2.0
// Issuing certificates. What a certificate says is the profile's business; who signs it, the
// signer's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "x509/certificate.hpp"
#include "x509/keys.hpp"
#include "x509/signer.hpp"

namespace ferry::x509 {

struct CertificateProfile {
  std::string common_name;                  // 1 to 64 characters
  std::optional<std::string> organization;  // 1 to 64 characters
  Timestamp not_before;  // back-date by a few minutes for devices whose clock is behind
  Timestamp not_after;
  bool ca = false;
  std::optional<int> path_length;  // only with `ca`: how many further CAs may follow below
  // A CA gets keyCertSign and cRLSign; a leaf digitalSignature (and keyEncipherment with an RSA
  // key). On a CA the extended uses bound what it may issue for.
  bool client_auth = false;
  bool server_auth = false;
  std::vector<std::string> dns_names;     // may have a leading "*."
  std::vector<std::string> ip_addresses;  // IPv4 or IPv6 text
};

// A root: signed with its own key.
Result<Certificate> issue_self_signed(const PrivateKey& key, const CertificateProfile& profile);

// A certificate for `subject_key` below `issuer`, with a random serial number of 160 bits of
// which the first two are 01 (positive, no leading zero). Refused
// with Code::invalid_argument when `issuer` may not issue it: not a CA, no key usage for it, path
// length used up, signer's key is not the issuer's, or a validity that the issuer's does not
// contain.
Result<Certificate> issue(const Certificate& issuer, const Signer& signer,
                          const PublicKey& subject_key, const CertificateProfile& profile);

}  // namespace ferry::x509
