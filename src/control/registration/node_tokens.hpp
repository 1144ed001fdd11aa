// SPDX-License-Identifier: Apache-2.0
// Tokens of the registration protocol: 256 random bits as text. Only their hashes are kept.
#pragma once

#include <chrono>
#include <string>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/secret.hpp"
#include "control/registration/token_hash.hpp"

namespace ferry::control {

inline constexpr std::chrono::minutes kNodeSessionLife{10};

inline Secret make_node_token() {
  return Secret("fnt_" + base64url_encode(random_bytes(32)));
}
inline Secret make_enrollment_token() {
  return Secret("fet_" + base64url_encode(random_bytes(32)));
}
inline Secret make_session_token() {
  return Secret("fst_" + base64url_encode(random_bytes(32)));
}
// Kind and 48 bits: tells tokens apart and leaves more than 200 bits to guess.
inline std::string token_prefix(const Secret& token) {
  return token.reveal().substr(0, 12);
}

}  // namespace ferry::control
