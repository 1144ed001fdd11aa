// SPDX-License-Identifier: Apache-2.0
#include "x509/keys.hpp"

#include <array>

#include <fmt/ranges.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "x509/openssl.hpp"
#include "x509/spki.hpp"

namespace ferry::x509 {

using std::string_literals::operator""s;

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

constexpr std::array<std::string_view, 5> kKeyTypes{"ec-p256", "ec-p384", "rsa-2048", "rsa-3072",
                                                    "rsa-4096"};

std::string curve_of(const EVP_PKEY* key) {
  char name[64] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) ERR_clear_error();
  return name;
}

}  // namespace

std::string_view to_string(KeyType type) {
  return kKeyTypes[static_cast<std::size_t>(type)];
}

Result<KeyType> parse_key_type(std::string_view text) {
  for (std::size_t i = 0; i < kKeyTypes.size(); ++i) {
    if (kKeyTypes[i] == text) return static_cast<KeyType>(i);
  }
  return fail(Error{Code::invalid_argument, fmt::format("'{}' is no kind of key", text),
                    fmt::format("one of {}", fmt::join(kKeyTypes, ", "))});
}

Result<KeyType> PublicKey::type() const {
  const int kind = EVP_PKEY_base_id(key_.get());
  const int bits = EVP_PKEY_bits(key_.get());
  if (kind == EVP_PKEY_EC) {
    const std::string curve = curve_of(key_.get());
    if (curve == SN_X9_62_prime256v1) return KeyType::ec_p256;
    if (curve == SN_secp384r1) return KeyType::ec_p384;
    return fail(Code::invalid_argument, "a key on the curve {} is not supported",
                curve.empty() ? "of its own parameters" : curve);
  }
  if (kind == EVP_PKEY_RSA) {
    if (bits == 2048) return KeyType::rsa_2048;
    if (bits == 3072) return KeyType::rsa_3072;
    if (bits == 4096) return KeyType::rsa_4096;
    return fail(Code::invalid_argument, "an RSA key of {} bits is not supported", bits);
  }
  const char* name = EVP_PKEY_get0_type_name(key_.get());
  return fail(Code::invalid_argument, "a key for {} is not supported",
              name == nullptr ? "an unknown algorithm" : name);
}

Result<void> PublicKey::check() const {
  if (auto numbers = rsa_numbers()) {
    const std::string& exponent = numbers->exponent;
    const bool small = exponent.size() < 3 || (exponent.size() == 3 && exponent < "\x01\x00\x01"s);
    if (small) return fail(Code::invalid_argument, "the RSA key's exponent is below 65537");
  }
  const std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new(key_.get(), nullptr));
  // On curves of prime order a point on the curve is enough, which is what the quick check sees.
  const bool sound = context && EVP_PKEY_public_check_quick(context.get()) == 1;
  const std::string reason = take_openssl_reason();
  if (sound) return {};
  return fail(Code::invalid_argument, "the public key is not sound: {}", reason);
}

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
  const std::unique_ptr<X509_PUBKEY, FreeWith<X509_PUBKEY_free>> field(X509_PUBKEY_new());
  if (put_point(field.get(), key_.get())) {
    FERRY_CHECK(i2d_X509_PUBKEY_bio(bio.get(), field.get()) == 1);
    return bio_content(bio.get());
  }
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
    case KeyType::rsa_4096:
      key = EVP_RSA_gen(4096);
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

Result<std::string> PrivateKey::sign_pss(std::string_view bytes) const {
  if (EVP_PKEY_get_base_id(key_.get()) != EVP_PKEY_RSA) {
    return fail(Code::invalid_argument, "the key is not an RSA key");
  }
  DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;
  FERRY_CHECK(EVP_DigestSignInit(context.get(), &padding, EVP_sha256(), nullptr, key_.get()) == 1);
  FERRY_CHECK(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1);
  FERRY_CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t size = 0;
  FERRY_CHECK(EVP_DigestSign(context.get(), nullptr, &size, data, bytes.size()) == 1);
  std::string signature(size, '\0');
  FERRY_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                             &size, data, bytes.size()) == 1);
  signature.resize(size);
  return signature;
}

}  // namespace ferry::x509
