// SPDX-License-Identifier: Apache-2.0
// Public keys in and out of their DER form (SubjectPublicKeyInfo, RFC 5280 s.4.1.2.7). OpenSSL 3.0
// finds a decoder or encoder for each key anew, which takes several times as long as a signature
// with it; for the two curves that most keys are on this goes by their points instead. Not for use
// outside this module.
#pragma once

#include <memory>

#include "x509/openssl.hpp"

namespace ferry::x509 {

struct Spki {
  X509_ALGOR* algorithm;
  ASN1_BIT_STRING* key;
};
DECLARE_ASN1_ITEM(Spki)

// Null, with OpenSSL's reason in its queue, for a key that cannot be used.
std::shared_ptr<EVP_PKEY> key_in(const X509_ALGOR* algorithm, const ASN1_BIT_STRING* key);
std::shared_ptr<EVP_PKEY> key_in(X509_PUBKEY* field);

// False for a key on no such curve, which OpenSSL has to write.
bool put_point(X509_PUBKEY* field, const EVP_PKEY* key);

}  // namespace ferry::x509
