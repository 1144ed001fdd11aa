// SPDX-License-Identifier: Apache-2.0
// Leases (Storage REST, "Lease Blob", "Lease Container"): who holds one may write, nobody else. A
// state machine without store and clock.
#pragma once

#include <optional>

#include "drydock/blob/refusal.hpp"

namespace drydock::blob {

enum class LeaseState { available, leased, expired, breaking, broken };
std::string_view to_string(LeaseState state);

struct Lease {
  std::string id;
  std::int64_t seconds = -1;  // -1: without end
  ferry::Timestamp until;     // when `seconds` are over
  std::optional<ferry::Timestamp> broken_at = {};
};

LeaseState state_of(const std::optional<Lease>& lease, ferry::Timestamp now);

// What becomes of a lease, and the answer that says so.
struct LeaseChange {
  std::optional<Lease> lease;  // nullopt: none is left
  int status = 200;
  net::Headers headers;
};
// `headers`: of the request, with x-ms-lease-action and so on.
Outcome<LeaseChange> change_lease(const std::optional<Lease>& lease, const net::Headers& headers,
                                  ferry::Timestamp now);

enum class Leased { blob, container };
// For what only the holder may do. A lease id that is given must be the right one.
Outcome<void> check_holder(const std::optional<Lease>& lease, const net::Headers& headers,
                           Leased what, ferry::Timestamp now);
// For what everybody may do.
Outcome<void> check_lease_id(const std::optional<Lease>& lease, const net::Headers& headers,
                             Leased what, ferry::Timestamp now);

void set_lease_headers(net::Headers& headers, const std::optional<Lease>& lease,
                       ferry::Timestamp now);

}  // namespace drydock::blob
