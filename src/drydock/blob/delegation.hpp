// SPDX-License-Identifier: Apache-2.0
// User delegation keys (Storage REST, "Get User Delegation Key"): what an identity signs SAS with
// instead of an account key. None is kept: a key follows from what is said of it and a seed.
#pragma once

#include "drydock/blob/request.hpp"

namespace drydock::blob {

struct Delegation {
  std::string object;  // of the identity
  std::string tenant;
  std::string start;  // RFC 3339
  std::string expiry;
  std::string service = "b";
  std::string version;
};

// Of the body of a request for a key, for an identity. At most a week from now.
Outcome<Delegation> parse_delegation(const BlobRequest& request, ferry::Timestamp now);
// What a SAS says of the key that it was signed with.
Delegation delegation_of(const BlobRequest& request);

ferry::Secret delegation_key(const Delegation& delegation, std::string_view seed);
std::string delegation_xml(const Delegation& delegation, std::string_view seed);

}  // namespace drydock::blob
