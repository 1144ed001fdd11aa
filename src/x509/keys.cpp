// SPDX-License-Identifier: Apache-2.0
#include "x509/keys.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "x509/openssl.hpp"

namespace ferry::x509 {

namespace {

std::shared_ptr<EVP_PKEY> share(EVP_PKEY* key) {
  return std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
}

Result<std::string> rsa_number(const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) {
    ERR_clear_error();
    return fail(Code::invalid_argument, "the key is not an RSA key");
  }
  BignumPtr number(raw);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

// OpenSSL asks for the password of an encrypted key here; without this it would ask the terminal.
int refuse_password(char*, int, int, void*) {
  return -1;
}

}  // namespace

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  BioPtr bio = bio_over(pem);
  EVP_PKEY* key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
  if (key == nullptr) {
    return fail(Code::invalid_argument, "not a public key in PEM: {}", take_openssl_reason());
  }
  return PublicKey(share(key));
}

std::string PublicKey::to_pem() const {
  BioPtr bio = bio_in_memory();
  FERRY_CHECK(PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1);
  return bio_content(bio.get());
}

std::string PublicKey::to_der() const {
  BioPtr bio = bio_in_memory();
  FERRY_CHECK(i2d_PUBKEY_bio(bio.get(), key_.get()) == 1);
  return bio_content(bio.get());
}

bool PublicKey::verify(std::string_view bytes, std::string_view signature) const {
  DigestContextPtr context(EVP_MD_CTX_new());
  if (EVP_DigestVerifyInit(context.get(), nullptr, digest_for(key_.get()), nullptr, key_.get()) !=
      1) {
    ERR_clear_error();
    return false;
  }
  const int verdict = EVP_DigestVerify(
      context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  ERR_clear_error();
  return verdict == 1;
}

bool operator==(const PublicKey& a, const PublicKey& b) {
  const bool same = EVP_PKEY_eq(a.key_.get(), b.key_.get()) == 1;
  ERR_clear_error();
  return same;
}

Result<PublicKey::RsaNumbers> PublicKey::rsa_numbers() const {
  auto modulus = rsa_number(key_.get(), OSSL_PKEY_PARAM_RSA_N);
  if (!modulus) return fail(std::move(modulus).error());
  auto exponent = rsa_number(key_.get(), OSSL_PKEY_PARAM_RSA_E);
  if (!exponent) return fail(std::move(exponent).error());
  return RsaNumbers{*std::move(modulus), *std::move(exponent)};
}

PrivateKey PrivateKey::generate(KeyType type) {
  EVP_PKEY* key = nullptr;
  switch (type) {
    case KeyType::ec_p256:
      key = EVP_EC_gen("P-256");
      break;
    case KeyType::ec_p384:
      key = EVP_EC_gen("P-384");
      break;
    case KeyType::rsa_2048:
      key = EVP_RSA_gen(2048);
      break;
    case KeyType::rsa_3072:
      key = EVP_RSA_gen(3072);
      break;
  }
  FERRY_CHECK(key != nullptr);
  return PrivateKey(share(key));
}

Result<PrivateKey> PrivateKey::from_pem(const Secret& pem) {
  BioPtr bio = bio_over(pem.reveal());
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_password, nullptr);
  if (key == nullptr) {
    return fail(Code::invalid_argument, "not an unencrypted private key in PEM: {}",
                take_openssl_reason());
  }
  return PrivateKey(share(key));
}

Secret PrivateKey::to_pem() const {
  BioPtr bio = bio_in_memory();
  FERRY_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr) == 1);
  return Secret(bio_content(bio.get()));
}

std::string PrivateKey::sign(std::string_view bytes) const {
  DigestContextPtr context(EVP_MD_CTX_new());
  FERRY_CHECK(
      EVP_DigestSignInit(context.get(), nullptr, digest_for(key_.get()), nullptr, key_.get()) == 1);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t size = 0;
  FERRY_CHECK(EVP_DigestSign(context.get(), nullptr, &size, data, bytes.size()) == 1);
  std::string signature(size, '\0');
  FERRY_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                             &size, data, bytes.size()) == 1);
  signature.resize(size);  // an ECDSA signature may be shorter than announced
  return signature;
}

}  // namespace ferry::x509
