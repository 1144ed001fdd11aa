// SPDX-License-Identifier: Apache-2.0
#include "base/crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace ferry {
namespace {

constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;

unsigned char* bytes_of(std::string& s) {
  return reinterpret_cast<unsigned char*>(s.data());
}
const unsigned char* bytes_of(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  std::string result(static_cast<std::size_t>(EVP_MD_get_size(algorithm)), '\0');
  FERRY_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), bytes_of(result), nullptr, algorithm, nullptr));
  return result;
}

struct CipherContext {
  EVP_CIPHER_CTX* raw = EVP_CIPHER_CTX_new();
  CipherContext() = default;
  CipherContext(const CipherContext&) = delete;
  CipherContext& operator=(const CipherContext&) = delete;
  ~CipherContext() { EVP_CIPHER_CTX_free(raw); }
};

}  // namespace

std::string sha256(std::string_view bytes) {
  return digest(EVP_sha256(), bytes);
}
std::string sha1(std::string_view bytes) {
  return digest(EVP_sha1(), bytes);
}
std::string md5(std::string_view bytes) {
  return digest(EVP_md5(), bytes);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string result(32, '\0');
  FERRY_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(bytes),
                   bytes.size(), bytes_of(result), nullptr));
  return result;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  FERRY_CHECK(RAND_bytes(bytes_of(bytes), static_cast<int>(count)) == 1);
  return bytes;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { FERRY_CHECK(EVP_DigestInit_ex(context, EVP_sha256(), nullptr)); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  FERRY_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
  std::string result(32, '\0');
  FERRY_CHECK(EVP_DigestFinal_ex(state_->context, bytes_of(result), nullptr));
  return result;
}

std::string seal(std::string_view key, std::string_view plaintext,
                 std::string_view associated_data) {
  FERRY_CHECK(key.size() == 32);
  const std::string nonce = random_bytes(kNonceSize);
  std::string ciphertext(plaintext.size(), '\0');
  std::string tag(kTagSize, '\0');
  CipherContext context;
  int length = 0;
  FERRY_CHECK(EVP_EncryptInit_ex(context.raw, EVP_aes_256_gcm(), nullptr, bytes_of(key),
                                 bytes_of(std::string_view(nonce))));
  FERRY_CHECK(EVP_EncryptUpdate(context.raw, nullptr, &length, bytes_of(associated_data),
                                static_cast<int>(associated_data.size())));
  FERRY_CHECK(EVP_EncryptUpdate(context.raw, bytes_of(ciphertext), &length, bytes_of(plaintext),
                                static_cast<int>(plaintext.size())));
  FERRY_CHECK(EVP_EncryptFinal_ex(context.raw, bytes_of(tag), &length));
  FERRY_CHECK(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_GCM_GET_TAG, kTagSize, tag.data()));
  return nonce + ciphertext + tag;
}

Result<std::string> unseal(std::string_view key, std::string_view sealed,
                           std::string_view associated_data) {
  if (key.size() != 32) return fail(Code::invalid_argument, "the sealing key must have 32 bytes");
  if (sealed.size() < kNonceSize + kTagSize) {
    return fail(Code::invalid_argument, "sealed data is too short");
  }
  const auto nonce = sealed.substr(0, kNonceSize);
  const auto ciphertext = sealed.substr(kNonceSize, sealed.size() - kNonceSize - kTagSize);
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  std::string plaintext(ciphertext.size(), '\0');
  CipherContext context;
  int length = 0;
  FERRY_CHECK(
      EVP_DecryptInit_ex(context.raw, EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)));
  FERRY_CHECK(EVP_DecryptUpdate(context.raw, nullptr, &length, bytes_of(associated_data),
                                static_cast<int>(associated_data.size())));
  FERRY_CHECK(EVP_DecryptUpdate(context.raw, bytes_of(plaintext), &length, bytes_of(ciphertext),
                                static_cast<int>(ciphertext.size())));
  FERRY_CHECK(EVP_CIPHER_CTX_ctrl(context.raw, EVP_CTRL_GCM_SET_TAG, kTagSize, tag.data()));
  unsigned char none[16];
  if (EVP_DecryptFinal_ex(context.raw, none, &length) != 1) {
    return fail(Code::permission_denied, "sealed data was made with another key, or was changed");
  }
  return plaintext;
}

}  // namespace ferry
