// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/secret.hpp"

namespace ferry::control {

// Tokens are random, so that their plain hash cannot be searched for; looking the hash up takes a
// time that says nothing about the token.
inline std::string hash_token(const Secret& token) {
  return hex_encode(sha256(token.reveal()));
}

}  // namespace ferry::control
