// SPDX-License-Identifier: Apache-2.0
// Digests, HMAC and randomness over OpenSSL. Keys and certificates live in x509/.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ferry {

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string sha1(std::string_view bytes);    // 20 raw bytes; for certificate thumbprints only
std::string md5(std::string_view bytes);     // 16 raw bytes; for Content-MD5 only
std::string hmac_sha256(std::string_view key, std::string_view bytes);
std::string random_bytes(std::size_t count);
bool constant_time_equal(std::string_view a, std::string_view b);

// A SHA-256 fed piece by piece.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  std::string finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// AES-256-GCM with a random 96-bit nonce: nonce | ciphertext | tag. `key` is 32 bytes;
// `associated_data` binds the ciphertext to its place, so that it cannot be moved to another.
std::string seal(std::string_view key, std::string_view plaintext,
                 std::string_view associated_data);
Result<std::string> unseal(std::string_view key, std::string_view sealed,
                           std::string_view associated_data);

}  // namespace ferry
