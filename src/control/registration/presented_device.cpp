// SPDX-License-Identifier: Apache-2.0
#include "control/registration/presented_device.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "control/lookup.hpp"
#include "control/registration/issuing.hpp"

namespace ferry::control {
namespace {

constexpr int kCertificatesADay = 10;
// Certificates begin a quarter of an hour before they are issued.
constexpr std::chrono::minutes kIssuedAfterBeginning{16};

}  // namespace

bool is_superseded(const store::CertificateRecord& record) {
  return record.revoked_at && record.revocation_reason == kSuperseded;
}

Result<PresentedDevice> identify_device(Context& context, const std::vector<std::string>& chain,
                                        const std::string& address) {
  if (chain.empty()) {
    return fail(Error{Code::unauthenticated, "no client certificate was presented",
                      "connect with the device's certificate and key"});
  }
  auto allowed = context.failures.check(address_key(address));
  if (!allowed) return fail(std::move(allowed).error());
  const auto leaf = x509::Certificate::parse(chain.front());
  std::optional<store::CertificateRecord> record;
  if (leaf) {
    auto found = context.store.certificates.find_by_thumbprint(to_lower(leaf->sha256_thumbprint()));
    if (!found) return fail(std::move(found).error());
    record = *std::move(found);
  }
  if (!record || record->use != "node") {
    context.failures.count(address_key(address));
    return fail(Error{Code::unauthenticated, "the client certificate is not one of a node here",
                      "register the device: ferry node create or ferry node replace"});
  }
  auto node = context.store.nodes.find(fleet::NodeId(record->owner));
  if (!node) return fail(std::move(node).error());
  if (!*node) return fail(Code::internal, "node {} is not there", record->owner);
  auto admitted = check_admitted(context, **node);
  if (!admitted) return fail(std::move(admitted).error());
  if (record->revoked_at && !is_superseded(*record)) {
    return fail(
        Error{Code::permission_denied,
              fmt::format("the certificate has been revoked: {}", record->revocation_reason),
              "ferry node replace gives a token for a new one"});
  }
  auto newest = context.store.certificates.find(record->owner);
  if (!newest) return fail(std::move(newest).error());
  if (!*newest) return fail(Code::internal, "node {} has no certificate", record->owner);
  auto workspace = load_workspace(context, (*node)->workspace);
  if (!workspace) return fail(std::move(workspace).error());
  return PresentedDevice{*std::move(workspace), **std::move(node), *std::move(record),
                         **std::move(newest)};
}

Result<void> check_current(const Context& context, const PresentedDevice& presented) {
  const auto& certificate = presented.certificate;
  const bool superseded = is_superseded(certificate);
  if (!superseded && certificate.not_after > context.clock.now()) return {};
  return fail(Error{
      Code::permission_denied,
      superseded ? "the certificate was replaced by a newer one" : "the certificate has expired",
      "ask for a new one: POST /registration/renew"});
}

Result<void> check_not_replaced(const PresentedDevice& presented) {
  const auto& registered = presented.node.registered_at;
  if (!registered || presented.certificate.not_before + kIssuedAfterBeginning >= *registered) {
    return {};
  }
  return fail(Error{Code::permission_denied,
                    "another device has been registered in the place of this one",
                    "ferry node replace gives a token for this one"});
}

Result<void> check_daily_count(const Context& context, const std::string& owner) {
  auto records = context.store.certificates.list_of(owner);
  if (!records) return fail(std::move(records).error());
  const auto since = context.clock.now() - std::chrono::hours(24);
  const auto recent = std::count_if(records->begin(), records->end(),
                                    [&](const auto& record) { return record.not_before > since; });
  if (recent < kCertificatesADay) return {};
  return fail(Code::resource_exhausted, "the node has had {} certificates in a day", recent);
}

}  // namespace ferry::control
