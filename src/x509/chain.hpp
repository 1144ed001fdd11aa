// SPDX-License-Identifier: Apache-2.0
// Path validation (RFC 5280 s.6): signatures, dates, basic constraints, path length, key usage.
#pragma once

#include <vector>

#include "base/clock.hpp"
#include "x509/certificate.hpp"

namespace ferry::x509 {

enum class Purpose { any, client_auth, server_auth };

struct VerifiedChain {
  std::vector<Certificate> certificates;  // from the leaf to the anchor, both included
  Certificate anchor;                     // the trust anchor that ended the chain
};

// An anchor may be a root or an intermediate that is trusted by itself. `intermediates` may hold
// more than is needed, in any order. Errors are Code::unauthenticated and say which certificate
// failed and why.
Result<VerifiedChain> verify_chain(const Certificate& leaf,
                                   const std::vector<Certificate>& intermediates,
                                   const std::vector<Certificate>& anchors, Timestamp at,
                                   Purpose purpose = Purpose::any);

}  // namespace ferry::x509
