// SPDX-License-Identifier: Apache-2.0
// Asymmetric keys over OpenSSL's EVP. Values: cheap to copy, immutable, freed with the last copy.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

struct evp_pkey_st;

namespace ferry::x509 {

enum class KeyType { ec_p256, ec_p384, rsa_2048, rsa_3072, rsa_4096 };
std::string_view to_string(KeyType type);  // "ec-p256", "rsa-2048", ...
Result<KeyType> parse_key_type(std::string_view text);

class PublicKey {
 public:
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  // From SubjectPublicKeyInfo, PEM ("BEGIN PUBLIC KEY").
  static Result<PublicKey> from_pem(std::string_view pem);

  std::string to_pem() const;
  std::string to_der() const;  // SubjectPublicKeyInfo (RFC 5280 s.4.1.2.7)
  // Checks a signature as PrivateKey::sign() makes it.
  bool verify(std::string_view bytes, std::string_view signature) const;
  friend bool operator==(const PublicKey& a, const PublicKey& b);

  // Which of the kinds it is; Code::invalid_argument for any other curve, size or algorithm.
  Result<KeyType> type() const;
  // That the numbers are sound: a point on its curve; an RSA modulus without small factors and an
  // exponent of at least 65537. For keys that come from elsewhere.
  Result<void> check() const;

  // Modulus and exponent, big-endian without leading zeros; for JSON Web Keys. Fails for EC keys.
  struct RsaNumbers {
    std::string modulus;
    std::string exponent;
  };
  Result<RsaNumbers> rsa_numbers() const;

  evp_pkey_st* native() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

class PrivateKey {
 public:
  static PrivateKey generate(KeyType type = KeyType::ec_p256);
  // PKCS#8, or the older SEC 1 and PKCS#1 forms; never an encrypted one.
  static Result<PrivateKey> from_pem(const Secret& pem);

  Secret to_pem() const;  // PKCS#8, "BEGIN PRIVATE KEY"
  PublicKey public_key() const { return PublicKey(key_); }

  // Hashes with SHA-256 (SHA-384 for P-384) and signs: ECDSA as a DER sequence, RSA with PKCS#1
  // v1.5 padding (what JWS calls RS256).
  std::string sign(std::string_view bytes) const;
  // RSA-PSS with SHA-256 and a salt as long as the digest: what JWS calls PS256 (RFC 7518 s.3.5).
  // Fails for EC keys.
  Result<std::string> sign_pss(std::string_view bytes) const;

  evp_pkey_st* native() const { return key_.get(); }

 private:
  explicit PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace ferry::x509
