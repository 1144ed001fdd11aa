// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/rollover_pace.hpp"

#include "base/crypto.hpp"

namespace ferry::control {
namespace {

using store::CertificateRecord;
using store::CertificateState;

constexpr std::chrono::minutes kMinute{1};
constexpr std::chrono::hours kLastDay{24};

// That its certificates are being replaced for, now.
Result<std::optional<store::RolloverRecord>> switched_rollover(const Context& context,
                                                               const CertificateRecord& record) {
  if (!record.issuer_id) return std::optional<store::RolloverRecord>();
  auto rollover = context.store.rollovers.find_leaving(*record.issuer_id);
  if (rollover && *rollover && !(*rollover)->switched_at) rollover->reset();
  return rollover;
}

}  // namespace

Result<std::optional<Timestamp>> rollover_renewal(const Context& context,
                                                  const CertificateRecord& certificate) {
  if (!certificate.issuer_id) return std::optional<Timestamp>();
  auto issuer = context.store.certificates.find_by_id(*certificate.issuer_id);
  if (!issuer) return fail(std::move(issuer).error());
  if (*issuer && (*issuer)->state == CertificateState::retired) {
    return std::optional<Timestamp>(context.clock.now());
  }
  auto rollover = switched_rollover(context, certificate);
  if (!rollover) return fail(std::move(rollover).error());
  if (!*rollover) return std::optional<Timestamp>();
  // A place of its own for each node, the same whenever it is asked for.
  const std::string digest = sha256(certificate.owner);
  std::uint64_t place = 0;
  for (int i = 0; i < 4; ++i) {
    place = place << 8U | static_cast<unsigned char>(digest[static_cast<std::size_t>(i)]);
  }
  const auto window =
      std::chrono::milliseconds(kMinute) * (*rollover)->nodes / (*rollover)->nodes_per_minute;
  const auto offset = window.count() * static_cast<std::int64_t>(place) / (std::int64_t{1} << 32);
  return std::optional<Timestamp>(*(*rollover)->switched_at + std::chrono::milliseconds(offset));
}

Result<void> take_renewal_place(Context& context, const CertificateRecord& certificate) {
  const Timestamp now = context.clock.now();
  if (certificate.not_after - now < kLastDay) return {};
  auto rollover = switched_rollover(context, certificate);
  if (!rollover) return fail(std::move(rollover).error());
  if (!*rollover) return {};
  auto& taken = context.renewal_places[(*rollover)->id];
  while (!taken.empty() && taken.front() + kMinute <= now) taken.pop_front();
  if (static_cast<std::int64_t>(taken.size()) >= (*rollover)->nodes_per_minute) {
    return fail(Error{Code::resource_exhausted, "other nodes of the group renew first",
                      "the same request again in half a minute"});
  }
  taken.push_back(now);
  return {};
}

}  // namespace ferry::control
