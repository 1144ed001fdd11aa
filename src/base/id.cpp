// SPDX-License-Identifier: Apache-2.0
#include "base/id.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry {

std::string random_id(std::string_view prefix) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::string id = std::string(prefix) + "-";
  for (unsigned char byte : random_bytes(16)) id += kAlphabet[byte & 31];
  return id;
}

std::string random_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = hex_encode(bytes);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

}  // namespace ferry
