// SPDX-License-Identifier: Apache-2.0
#include "oci/digest.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::oci {

std::string sha256_digest(std::string_view bytes) {
  return "sha256:" + hex_encode(sha256(bytes));
}

bool is_digest(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = text.substr(colon + 1);
  const std::size_t length = algorithm == "sha256" ? 64 : algorithm == "sha512" ? 128 : 0;
  return length != 0 && hex.size() == length &&
         hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool matches_digest(std::string_view bytes, std::string_view digest) {
  return digest == sha256_digest(bytes);
}

}  // namespace ferry::oci
