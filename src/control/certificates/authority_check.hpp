// SPDX-License-Identifier: Apache-2.0
// Whether a CA from outside can do what Ferry needs of it. Pure: no database, no clock.
#pragma once

#include <vector>

#include "x509/certificate.hpp"
#include "x509/signer.hpp"

namespace ferry::control {

struct AuthorityDemand {
  int levels_below = 0;  // authorities that will follow below it
  std::chrono::hours least_life{0};
  Timestamp now;
};

// `certificates` in any order; `key` is whoever signs for the CA. Returns the CA and what is above
// it, up to a root, in order. Proves it by signing: a chain down to a client below the CA has to
// verify, with all constraints that stand above. Code::invalid_argument says what is wrong and what
// to do.
Result<std::vector<x509::Certificate>> check_external_authority(
    const std::vector<x509::Certificate>& certificates, const x509::Signer& key,
    const AuthorityDemand& demand);

}  // namespace ferry::control
