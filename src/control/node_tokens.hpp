// SPDX-License-Identifier: Apache-2.0
// Tokens of the registration protocol: 256 random bits as text. Only their hashes are kept.
#pragma once

#include <chrono>
#include <string>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/secret.hpp"
#include "control/token_hash.hpp"

namespace ferry::control {

inline constexpr std::chrono::hours kNodeTokenLife{24};
inline constexpr std::chrono::minutes kNodeSessionLife{10};

inline Secret make_node_token() {
  return Secret("fnt_" + base64url_encode(random_bytes(32)));
}
inline Secret make_session_token() {
  return Secret("fst_" + base64url_encode(random_bytes(32)));
}

}  // namespace ferry::control
