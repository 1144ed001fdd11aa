// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/lease.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"
#include "base/id.hpp"

namespace drydock::blob {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kShortest = 15;
constexpr std::int64_t kLongestLease = 60;
constexpr std::string_view kIdHeader = "x-ms-lease-id";

tl::unexpected<Refusal> conflict(std::string code, std::string message) {
  return refuse(409, std::move(code), std::move(message));
}

tl::unexpected<Refusal> wrong_id() {
  return conflict("LeaseIdMismatchWithLeaseOperation",
                  "The lease ID specified did not match the lease ID for the resource.");
}

Outcome<std::optional<std::int64_t>> number_in(const net::Headers& headers, std::string_view name) {
  const auto text = headers.get(name);
  if (!text) return std::optional<std::int64_t>();
  std::int64_t number = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  if (read.ec != std::errc() || read.ptr != text->data() + text->size()) {
    return refuse_header(name, *text);
  }
  return std::optional(number);
}

Lease begin(std::string id, std::int64_t duration, ferry::Timestamp now) {
  return {std::move(id), duration, now + seconds(std::max<std::int64_t>(duration, 0)), {}};
}

LeaseChange held(Lease lease, int status) {
  LeaseChange change{std::move(lease), status, {}};
  change.headers.set(std::string(kIdHeader), change.lease->id);
  return change;
}

Outcome<LeaseChange> acquire(const std::optional<Lease>& lease, LeaseState state,
                             const net::Headers& headers, ferry::Timestamp now) {
  auto duration = number_in(headers, "x-ms-lease-duration");
  if (!duration) return refuse(std::move(duration).error());
  const std::int64_t length = duration->value_or(0);
  if (length != -1 && (length < kShortest || length > kLongestLease)) {
    return refuse_header("x-ms-lease-duration", headers.get_or("x-ms-lease-duration", ""));
  }
  std::string id = headers.get_or("x-ms-proposed-lease-id", "");
  if (id.empty()) id = ferry::random_uuid();
  const bool same = lease && ferry::equals_ignore_case(lease->id, id);
  if (state == LeaseState::breaking && same) {
    return conflict("LeaseIsBreakingAndCannotBeAcquired",
                    "The lease is breaking and cannot be acquired until it is broken.");
  }
  if (state == LeaseState::breaking || (state == LeaseState::leased && !same)) {
    return conflict("LeaseAlreadyPresent", "There is already a lease present.");
  }
  return held(begin(std::move(id), length, now), 201);
}

Outcome<LeaseChange> renew(const Lease& lease, LeaseState state, ferry::Timestamp now) {
  if (state == LeaseState::breaking || state == LeaseState::broken) {
    return conflict("LeaseIsBrokenAndCannotBeRenewed",
                    "The lease has been broken explicitly and cannot be renewed.");
  }
  return held(begin(lease.id, lease.seconds, now), 200);
}

Outcome<LeaseChange> change_id(const Lease& lease, LeaseState state, const std::string& proposed) {
  if (proposed.empty()) return refuse_header("x-ms-proposed-lease-id", proposed);
  if (state == LeaseState::breaking) {
    return conflict("LeaseIsBreakingAndCannotBeChanged",
                    "The lease is breaking and cannot be changed.");
  }
  if (state != LeaseState::leased) return wrong_id();
  Lease changed = lease;
  changed.id = proposed;
  return held(std::move(changed), 200);
}

Outcome<LeaseChange> break_off(const Lease& lease, LeaseState state, const net::Headers& headers,
                               ferry::Timestamp now) {
  auto period = number_in(headers, "x-ms-lease-break-period");
  if (!period) return refuse(std::move(period).error());
  if (*period && (**period < 0 || **period > kLongestLease)) {
    return refuse_header("x-ms-lease-break-period", std::to_string(**period));
  }
  Lease broken = lease;
  auto end = now;  // of a lease without end, or one that has ended
  if (state == LeaseState::leased && lease.seconds >= 0) end = lease.until;
  if (state == LeaseState::leased && lease.seconds < 0 && *period) end = now + seconds(**period);
  if (state == LeaseState::breaking) end = *lease.broken_at;
  if (*period) end = std::min(end, now + seconds(**period));
  broken.broken_at = end;
  LeaseChange change{std::move(broken), 202, {}};
  change.headers.set("x-ms-lease-time",
                     std::to_string(std::chrono::ceil<seconds>(end - now).count()));
  return change;
}

tl::unexpected<Refusal> precondition(std::string_view code, Leased what, std::string message) {
  return refuse(412,
                fmt::format("{}With{}Operation", code, what == Leased::blob ? "Blob" : "Container"),
                std::move(message));
}

bool protects(LeaseState state) {
  return state == LeaseState::leased || state == LeaseState::breaking;
}

}  // namespace

std::string_view to_string(LeaseState state) {
  constexpr std::string_view kNames[] = {"available", "leased", "expired", "breaking", "broken"};
  return kNames[static_cast<std::size_t>(state)];
}

LeaseState state_of(const std::optional<Lease>& lease, ferry::Timestamp now) {
  if (!lease) return LeaseState::available;
  if (lease->broken_at) {
    return now < *lease->broken_at ? LeaseState::breaking : LeaseState::broken;
  }
  return lease->seconds < 0 || now < lease->until ? LeaseState::leased : LeaseState::expired;
}

Outcome<LeaseChange> change_lease(const std::optional<Lease>& lease, const net::Headers& headers,
                                  ferry::Timestamp now) {
  const std::string action = ferry::to_lower(headers.get_or("x-ms-lease-action", ""));
  const LeaseState state = state_of(lease, now);
  if (action == "acquire") return acquire(lease, state, headers, now);
  if (action != "renew" && action != "change" && action != "release" && action != "break") {
    return refuse_header("x-ms-lease-action", action);
  }
  if (!lease) {
    return conflict("LeaseNotPresentWithLeaseOperation", "There is currently no lease on this.");
  }
  if (action == "break") return break_off(*lease, state, headers, now);
  const std::string id = headers.get_or(kIdHeader, "");
  const std::string proposed = headers.get_or("x-ms-proposed-lease-id", "");
  const bool matches = ferry::equals_ignore_case(id, lease->id) ||
                       (action == "change" && ferry::equals_ignore_case(proposed, lease->id));
  if (id.empty()) {
    return refuse(400, "MissingRequiredHeader", "The header x-ms-lease-id is missing.");
  }
  if (!matches) return wrong_id();
  if (action == "renew") return renew(*lease, state, now);
  if (action == "change") return change_id(*lease, state, proposed);
  return LeaseChange{std::nullopt, 200, {}};
}

Outcome<void> check_lease_id(const std::optional<Lease>& lease, const net::Headers& headers,
                             Leased what, ferry::Timestamp now) {
  const auto id = headers.get(kIdHeader);
  if (!id) return {};
  if (!protects(state_of(lease, now))) {
    return precondition("LeaseNotPresent", what, "There is currently no lease on this.");
  }
  if (ferry::equals_ignore_case(*id, lease->id)) return {};
  return precondition("LeaseIdMismatch", what,
                      "The lease ID specified did not match the lease ID for this.");
}

Outcome<void> check_holder(const std::optional<Lease>& lease, const net::Headers& headers,
                           Leased what, ferry::Timestamp now) {
  if (protects(state_of(lease, now)) && !headers.contains(kIdHeader)) {
    return refuse(412, "LeaseIdMissing",
                  "There is currently a lease and no lease ID was specified in the request.");
  }
  return check_lease_id(lease, headers, what, now);
}

void set_lease_headers(net::Headers& headers, const std::optional<Lease>& lease,
                       ferry::Timestamp now) {
  const LeaseState state = state_of(lease, now);
  headers.set("x-ms-lease-status", protects(state) ? "locked" : "unlocked");
  headers.set("x-ms-lease-state", std::string(to_string(state)));
  if (state == LeaseState::leased) {
    headers.set("x-ms-lease-duration", lease->seconds < 0 ? "infinite" : "fixed");
  }
}

}  // namespace drydock::blob
