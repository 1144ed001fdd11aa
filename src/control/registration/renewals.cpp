// SPDX-License-Identifier: Apache-2.0
#include "control/registration/renewals.hpp"

#include <algorithm>

#include "control/certificates/authority.hpp"
#include "control/certificates/rollover_pace.hpp"
#include "control/lookup.hpp"
#include "control/nodes/node_gate.hpp"
#include "control/registration/registration_policy.hpp"
#include "control/trail.hpp"

namespace ferry::control {
namespace {

using std::chrono::hours;
using store::CertificateRecord;
using store::RequestState;

constexpr std::chrono::seconds kCheckAfter{6 * 3600};
constexpr hours kApprovalLife{24 * 7};
// Writing down that a node was seen is worth a transaction once an hour.
constexpr hours kSeenResolution{1};

std::int64_t days_between(Timestamp from, Timestamp to) {
  return std::chrono::ceil<std::chrono::days>(to - from).count();
}

}  // namespace

// The certificate is in use, so what was issued before it is not. True when that is news.
Result<bool> Renewals::confirm(PresentedDevice& presented, const std::string& address) {
  const Timestamp now = context_.clock.now();
  auto records = context_.store.certificates.list_of(presented.node.id.str());
  if (!records) return fail(std::move(records).error());
  bool superseded = false;
  for (const auto& record : *records) {
    if (record.id == presented.certificate.id) break;
    if (record.revoked_at) continue;
    auto revoked = context_.store.certificates.revoke(record.id, now, std::string(kSuperseded));
    if (!revoked) return fail(std::move(revoked).error());
    superseded = true;
  }
  const auto& seen = presented.node.seen_at;
  if (!superseded && seen && now - *seen < kSeenResolution) return false;
  presented.node.seen_at = now;
  auto updated = context_.store.nodes.update(presented.node);
  if (!updated) return fail(std::move(updated).error());
  if (!superseded) return false;
  auto noted = note(context_, presented.node, "certificate.in_use", device_actor(address),
                    "certificate " + presented.certificate.serial);
  if (!noted) return fail(std::move(noted).error());
  return true;
}

// nullopt: let in. Otherwise a person has to decide, and has not.
Result<std::optional<AwaitedApproval>> Renewals::admit_late(const PresentedDevice& presented,
                                                            const std::string& key_digest,
                                                            const std::string& why,
                                                            const std::string& address) {
  const Timestamp now = context_.clock.now();
  auto known = context_.store.enrollments.find_recovering(presented.node.id, key_digest);
  if (!known) return fail(std::move(known).error());
  if (*known && (*known)->state == RequestState::rejected) {
    return fail(Code::permission_denied, "the recovery was rejected: {}",
                (*known)->note.empty() ? "no reason given" : (*known)->note);
  }
  if (*known && (*known)->state == RequestState::pending) return AwaitedApproval{(*known)->id};
  if (*known) {  // approved: good once, and not for ever
    auto removed = context_.store.enrollments.remove_request((*known)->id);
    if (!removed) return fail(std::move(removed).error());
    if (now - (*known)->decided_at.value_or(now) < kApprovalLife) {
      return std::optional<AwaitedApproval>();
    }
  }
  // A device whose key changes with every try must not fill the list.
  auto removed = context_.store.enrollments.remove_recoveries(presented.node.id);
  if (!removed) return fail(std::move(removed).error());
  store::RegistrationRequest request;
  request.id = random_id("req");
  request.workspace = presented.node.workspace;
  request.kind = "recovery";
  request.node = presented.node.id.str();
  request.name = presented.node.name;
  request.device = key_digest;
  request.address = address;
  request.why = why;
  request.created_at = now;
  auto inserted = context_.store.enrollments.insert_request(request);
  if (!inserted) return fail(std::move(inserted).error());
  auto noted = note(context_, presented.node, "request.made", device_actor(address), why);
  if (!noted) return fail(std::move(noted).error());
  return AwaitedApproval{request.id};
}

Result<IssuedCertificate> Renewals::issue(PresentedDevice& presented, const x509::PublicKey& key,
                                          std::string action, const std::string& address) {
  auto certificate = issue_node_certificate(context_, presented.workspace, presented.node, key);
  if (!certificate) return fail(std::move(certificate).error());
  auto inserted = context_.store.certificates.insert(*certificate);
  if (!inserted) return fail(std::move(inserted).error());
  presented.node.renew_after = renewal_time(*certificate);
  auto updated = context_.store.nodes.update(presented.node);
  if (!updated) return fail(std::move(updated).error());
  auto noted = note(context_, presented.node, std::move(action), device_actor(address),
                    "certificate " + certificate->serial);
  if (!noted) return fail(std::move(noted).error());
  return answer_with(context_, presented.workspace, presented.node, *certificate);
}

Result<RenewAnswer> Renewals::decide(PresentedDevice& presented, const std::string& csr_pem,
                                     const std::string& address) {
  auto key = key_of_csr(csr_pem);
  if (!key) return fail(std::move(key).error());
  const Timestamp now = context_.clock.now();
  const std::string digest = digest_of(*key);
  const auto& [workspace, node, certificate, newest] = presented;
  // The answer that did not arrive, once more.
  if (newest.id != certificate.id && newest.spki == digest && !newest.revoked_at &&
      newest.not_after > now) {
    auto again = answer_with(context_, workspace, node, newest);
    if (!again) return fail(std::move(again).error());
    return RenewAnswer(*std::move(again));
  }
  auto in_place = check_not_replaced(presented);
  if (!in_place) return fail(std::move(in_place).error());
  auto room = check_daily_count(context_, node.id.str());
  if (!room) return fail(std::move(room).error());
  auto policy = registration_policy(context_, workspace.id, node.group);
  if (!policy) return fail(std::move(policy).error());
  const bool expired = certificate.not_after <= now;
  const bool in_grace = now - certificate.not_after <= std::chrono::days(policy->grace_days);
  std::string why;
  if (is_superseded(certificate)) {
    why = "shows a certificate that was replaced by a newer one: it may be a copy";
  } else if (expired && !in_grace) {
    why = fmt::format("its certificate ended {} days ago, {} more than the policy lets pass",
                      days_between(certificate.not_after, now),
                      days_between(certificate.not_after, now) - policy->grace_days);
  }
  if (!why.empty()) {
    if (!policy->late_approval) {
      return fail(Error{Code::permission_denied, "the device comes too late: it " + why,
                        "ferry node replace gives a token, or ferry policy set --late approve"});
    }
    auto awaited = admit_late(presented, digest, why, address);
    if (!awaited) return fail(std::move(awaited).error());
    if (*awaited) return RenewAnswer(**std::move(awaited));
  } else if (!expired) {
    auto place = take_renewal_place(context_, certificate);
    if (!place) return fail(std::move(place).error());
    auto confirmed = confirm(presented, address);
    if (!confirmed) return fail(std::move(confirmed).error());
  }
  auto issued =
      issue(presented, *key, why.empty() && !expired ? "node.renewed" : "node.recovered", address);
  if (!issued) return fail(std::move(issued).error());
  return RenewAnswer(*std::move(issued));
}

net::Task<Result<RenewAnswer>> Renewals::renew(std::vector<std::string> chain, std::string csr_pem,
                                               std::string address) {
  Result<RenewAnswer> answer = fail(Code::internal, "nothing was decided");
  fleet::NodeId node;
  {
    auto transaction = context_.store.begin();
    if (!transaction) co_return fail(std::move(transaction).error());
    auto presented = identify_device(context_, chain, address);
    if (!presented) co_return fail(std::move(presented).error());
    answer = decide(*presented, csr_pem, address);
    if (!answer) co_return answer;
    auto committed = transaction->commit();
    if (!committed) co_return fail(std::move(committed).error());
    node = presented->node.id;
  }
  // What was issued is on record: should the cloud be away, the same request gets it again.
  if (std::holds_alternative<IssuedCertificate>(*answer)) {
    auto settled = co_await settle_gate(context_, node);
    if (!settled) co_return fail(gate_failure(std::move(settled).error()));
  }
  co_return answer;
}

Result<StatusAnswer> Renewals::status(const std::vector<std::string>& chain,
                                      const std::string& address) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto presented = identify_device(context_, chain, address);
  if (!presented) return fail(std::move(presented).error());
  auto good = check_current(context_, *presented);
  if (!good) return fail(std::move(good).error());
  const auto& certificate = presented->certificate;
  const Timestamp now = context_.clock.now();
  auto news = confirm(*presented, address);
  if (!news) return fail(std::move(news).error());
  std::optional<store::Operation> settling;
  if (*news && presented->node.pinned_until) {
    auto prepared = prepare_settling(context_, presented->workspace, presented->node);
    if (!prepared) return fail(std::move(prepared).error());
    settling = *std::move(prepared);
  }
  auto group = load_group(context_, presented->node.group);
  if (!group) return fail(std::move(group).error());
  auto committed = transaction->commit();
  if (!committed) return fail(std::move(committed).error());
  if (settling) context_.engine.launch(*settling);
  // An older certificate than the newest: the device has lost that one, or not taken it yet.
  const bool newest = certificate.id == presented->newest.id;
  Timestamp renew_after = newest ? presented->node.renew_after.value_or(now) : now;
  auto leaving = rollover_renewal(context_, certificate);
  if (!leaving) return fail(std::move(leaving).error());
  if (*leaving) renew_after = std::min(renew_after, **leaving);
  auto wait = std::chrono::duration_cast<std::chrono::seconds>(renew_after - now);
  return StatusAnswer{presented->node.registration_id,
                      renew_after,
                      std::clamp(wait, std::chrono::seconds(60), kCheckAfter),
                      certificate.thumbprint,
                      certificate.not_after,
                      payload_of(presented->workspace, *group, presented->node),
                      presented->workspace.provisioning_host,
                      presented->workspace.id_scope};
}

}  // namespace ferry::control
