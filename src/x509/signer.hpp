// SPDX-License-Identifier: Apache-2.0
// The one way in which certificates and requests get their signature. Whoever signs sees bytes
// only, so the key may live in this process, in a token (PKCS#11) or behind an API that signs
// digests.
#pragma once

#include <string>
#include <string_view>

#include "x509/keys.hpp"

struct x509_st;
struct X509_req_st;

namespace ferry::x509 {

class Signer {
 public:
  virtual ~Signer() = default;
  virtual PublicKey public_key() const = 0;
  // As PrivateKey::sign(): the digest and form follow from the kind of key. May take long, so never
  // inside a database transaction; fails when the key cannot be reached.
  virtual Result<std::string> sign(std::string_view bytes) const = 0;
};

class KeySigner final : public Signer {
 public:
  explicit KeySigner(PrivateKey key) : key_(std::move(key)) {}
  PublicKey public_key() const override { return key_.public_key(); }
  Result<std::string> sign(std::string_view bytes) const override { return key_.sign(bytes); }

 private:
  PrivateKey key_;
};

// Put algorithm and signature into a certificate or request whose other fields are complete.
Result<void> sign(x509_st* certificate, const Signer& signer);
Result<void> sign(X509_req_st* request, const Signer& signer);

}  // namespace ferry::x509
