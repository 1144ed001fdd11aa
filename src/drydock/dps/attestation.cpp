// SPDX-License-Identifier: Apache-2.0
#include "drydock/dps/attestation.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "drydock/iot_hub/sas.hpp"
#include "x509/chain.hpp"

namespace drydock::dps {
namespace {

using ferry::x509::Certificate;

constexpr std::string_view kTokenPolicy = "registration";

Outcome<std::vector<Certificate>> read_chain(const std::string& registration_id,
                                             const Proof& proof) {
  if (proof.certificate_chain.empty()) {
    return refuse(401002, "Unauthorized: neither a client certificate nor a token was presented");
  }
  std::vector<Certificate> chain;
  for (const std::string& pem : proof.certificate_chain) {
    auto certificate = Certificate::from_pem(pem);
    if (!certificate) return refuse(401002, "Invalid certificate");
    chain.push_back(*std::move(certificate));
  }
  if (!ferry::equals_ignore_case(chain.front().subject_cn(), registration_id)) {
    return refuse(401002,
                  "Unauthorized: the certificate's common name '{}' is not the registration id",
                  chain.front().subject_cn());
  }
  return chain;
}

Outcome<Attested> attest_by_group(const Store& store, const ProvisioningServiceInfo& service,
                                  const std::vector<Certificate>& chain, ferry::Timestamp now) {
  std::vector<Certificate> anchors;
  std::vector<const Enrollment*> owners;
  const auto& groups = store.enrollments(ferry::to_lower(service.name), EnrollmentKind::group);
  for (const auto& [id, group] : groups) {
    for (const Certificate& certificate : group.certificates) {
      anchors.push_back(certificate);
      owners.push_back(&group);
    }
    for (const std::string& reference : group.ca_references) {
      for (const auto& known : service.certificates) {
        if (!known.verified || !ferry::equals_ignore_case(known.name, reference)) continue;
        if (auto certificate = Certificate::parse(known.pem)) {
          anchors.push_back(*std::move(certificate));
          owners.push_back(&group);
        }
      }
    }
  }
  // The nearest signer that an enrollment knows decides, whatever groups further up say: walk up
  // from the leaf and take the first anchor with which the chain holds.
  const std::vector<Certificate> intermediates(chain.begin() + 1, chain.end());
  std::string why = "no enrollment group knows a signer of the certificate";
  std::optional<std::size_t> nearest;
  std::size_t length = 0;
  for (std::size_t index = 0; index < anchors.size(); ++index) {
    const bool related = std::any_of(chain.begin(), chain.end(), [&](const Certificate& link) {
      return link == anchors[index] || link.issuer_cn() == anchors[index].subject_cn();
    });
    if (!related) continue;
    const auto verified =
        ferry::x509::verify_chain(chain.front(), intermediates, {anchors[index]}, now);
    if (!verified) {
      why = verified.error().message;
      continue;
    }
    if (nearest && verified->certificates.size() >= length) continue;
    nearest = index;
    length = verified->certificates.size();
  }
  if (!nearest) return refuse(401002, "Unauthorized: {}", why);
  return Attested{owners[*nearest], chain.front(), anchors[*nearest], std::nullopt};
}

// An individual enrollment that names exactly this certificate decides before all groups.
Outcome<Attested> attest_by_certificate(const Store& store, const ProvisioningServiceInfo& service,
                                        const std::string& registration_id, const Proof& proof,
                                        ferry::Timestamp now) {
  auto chain = read_chain(registration_id, proof);
  if (!chain) return refuse(std::move(chain).error());
  const Certificate& leaf = chain->front();
  const Enrollment* individual =
      store.find(ferry::to_lower(service.name), EnrollmentKind::individual, registration_id);
  const bool has_own =
      individual && std::find(individual->certificates.begin(), individual->certificates.end(),
                              leaf) != individual->certificates.end();
  if (!has_own) return attest_by_group(store, service, *chain, now);
  if (now < leaf.not_before() || now > leaf.not_after()) {
    return refuse(401002, "Unauthorized: the certificate is expired or not valid yet");
  }
  return Attested{individual, leaf, std::nullopt, std::nullopt};
}

bool is_signed(const iot_hub::SasToken& token, const SymmetricKeys& keys) {
  return iot_hub::signed_with(token, keys.primary) || iot_hub::signed_with(token, keys.secondary);
}

Outcome<Attested> attest_by_token(const Store& store, const ProvisioningServiceInfo& service,
                                  const std::string& registration_id, const Proof& proof,
                                  ferry::Timestamp now) {
  const auto token = iot_hub::parse_sas(proof.token);
  if (!token) return refuse(401002, "Unauthorized: {}", token.error().message);
  const std::string resource =
      fmt::format("{}/registrations/{}", service.id_scope, registration_id);
  if (!iot_hub::covers(*token, resource)) {
    return refuse(401002, "Unauthorized: the token is not for '{}'", resource);
  }
  if (iot_hub::is_expired(*token, now)) {
    return refuse(401002, "Unauthorized: the token has expired");
  }
  if (!token->policy.empty() && token->policy != kTokenPolicy) {
    return refuse(401002, "Unauthorized: a device's token has skn=registration");
  }
  const std::string name = ferry::to_lower(service.name);
  if (const auto* own = store.find(name, EnrollmentKind::individual, registration_id)) {
    if (own->keys && is_signed(*token, *own->keys)) {
      return Attested{own, std::nullopt, std::nullopt, own->keys};
    }
    return refuse(401002, "Unauthorized: the token is not signed with the enrollment's key");
  }
  for (const auto& [id, group] : store.enrollments(name, EnrollmentKind::group)) {
    if (!group.keys) continue;
    const SymmetricKeys derived{derive_key(group.keys->primary, registration_id),
                                derive_key(group.keys->secondary, registration_id)};
    if (is_signed(*token, derived)) return Attested{&group, std::nullopt, std::nullopt, derived};
  }
  return refuse(401002, "Unauthorized: no enrollment has the key that signed the token");
}

}  // namespace

ferry::Secret derive_key(const ferry::Secret& group_key, std::string_view registration_id) {
  const auto key = ferry::base64_decode(group_key.reveal());
  return ferry::Secret(
      ferry::base64_encode(ferry::hmac_sha256(key.value_or(std::string()), registration_id)));
}

Outcome<Attested> attest(const Store& store, const ProvisioningServiceInfo& service,
                         const std::string& registration_id, const Proof& proof,
                         ferry::Timestamp now) {
  auto attested = proof.token.empty()
                      ? attest_by_certificate(store, service, registration_id, proof, now)
                      : attest_by_token(store, service, registration_id, proof, now);
  if (attested && !attested->enrollment->enabled) {
    return refuse(401002, "Unauthorized: the enrollment {} is disabled", attested->enrollment->id);
  }
  return attested;
}

json::object attestation_record(const Attested& attested) {
  const bool of_group = attested.enrollment->kind == EnrollmentKind::group;
  json::object record;
  if (of_group) record["enrollmentGroupId"] = attested.enrollment->id;
  if (attested.keys) return {{"symmetricKey", std::move(record)}};
  record["certificateInfo"] = certificate_info(*attested.leaf);
  if (attested.signer) record["signingCertificateInfo"] = certificate_info(*attested.signer);
  return {{"x509", std::move(record)}};
}

Outcome<void> check_same_device(const Store& store, const ProvisioningServiceInfo& service,
                                const json::object& state, const Proof& proof,
                                ferry::Timestamp now) {
  const std::string registration_id = ferry::string_or(state, "registrationId", "");
  if (!proof.token.empty()) {
    auto attested = attest(store, service, registration_id, proof, now);
    if (!attested) return refuse(std::move(attested).error());
    if (state.contains("symmetricKey")) return {};
    return refuse(401002, "Unauthorized: it registered with a certificate");
  }
  auto chain = read_chain(registration_id, proof);
  if (!chain) return refuse(std::move(chain).error());
  const json::value whole = state;
  const json::value* thumbprint = ferry::find_path(whole, "x509.certificateInfo.sha256Thumbprint");
  if (thumbprint && thumbprint->is_string() &&
      thumbprint->get_string() == chain->front().sha256_thumbprint()) {
    return {};
  }
  return refuse(401002, "Unauthorized: the certificate is not the one that registered");
}

}  // namespace drydock::dps
