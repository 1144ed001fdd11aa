// SPDX-License-Identifier: Apache-2.0
#include "drydock/dps/registrar.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "x509/chain.hpp"

namespace drydock::dps {
namespace {

using ferry::x509::Certificate;

Outcome<std::vector<Certificate>> read_chain(const std::string& registration_id,
                                             const ferry::net::PeerInfo& peer) {
  if (peer.certificate_chain.empty()) {
    return refuse(401002, "Unauthorized: no client certificate was presented");
  }
  std::vector<Certificate> chain;
  for (const std::string& pem : peer.certificate_chain) {
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

// Hosts of the enrollment, or all that are linked to the service.
Outcome<std::vector<std::string>> candidate_hubs(const ProvisioningServiceInfo& service,
                                                 const Enrollment& enrollment) {
  std::vector<std::string> hubs;
  if (const auto* wanted = ferry::find_array(enrollment.document, "iotHubs")) {
    for (const json::value& hub : *wanted) {
      if (!hub.is_string()) continue;
      const std::string name(hub.get_string());
      const bool linked = std::any_of(
          service.linked_hubs.begin(), service.linked_hubs.end(),
          [&](const std::string& known) { return ferry::equals_ignore_case(known, name); });
      if (!linked) {
        return refuse(400208, "the hub {} is not linked to the provisioning service", name);
      }
      hubs.push_back(name);
    }
  }
  if (hubs.empty()) hubs = service.linked_hubs;
  if (hubs.empty()) return refuse(400208, "no IoT hub is linked to the provisioning service");
  return hubs;
}

// Static takes the first; everything else spreads by the registration id, always the same way.
std::string choose_hub(const ProvisioningServiceInfo& service, const Enrollment& enrollment,
                       std::string_view registration_id, std::vector<std::string> hubs) {
  const std::string policy =
      ferry::string_or(enrollment.document, "allocationPolicy", service.allocation_policy);
  if (ferry::equals_ignore_case(policy, "static")) return hubs.front();
  std::sort(hubs.begin(), hubs.end());
  const std::string digest = ferry::sha256(ferry::to_lower(registration_id));
  const auto number =
      static_cast<unsigned char>(digest[0]) * 256U + static_cast<unsigned char>(digest[1]);
  return hubs[number % hubs.size()];
}

json::object initial_twin_part(const Enrollment& enrollment, std::string_view path) {
  const json::value document = enrollment.document;
  const json::value* part = ferry::find_path(document, path);
  return part && part->is_object() ? part->get_object() : json::object();
}

std::string new_operation_id() {
  return fmt::format("5.{}.{}", ferry::hex_encode(ferry::random_bytes(8)), ferry::random_uuid());
}

}  // namespace

Outcome<Registrar::Attested> Registrar::attest_by_group(
    const ProvisioningServiceInfo& service, const std::vector<Certificate>& chain) const {
  std::vector<Certificate> anchors;
  std::vector<const Enrollment*> owners;
  const auto& groups = store_.enrollments(ferry::to_lower(service.name), EnrollmentKind::group);
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
        ferry::x509::verify_chain(chain.front(), intermediates, {anchors[index]}, clock_.now());
    if (!verified) {
      why = verified.error().message;
      continue;
    }
    if (nearest && verified->certificates.size() >= length) continue;
    nearest = index;
    length = verified->certificates.size();
  }
  if (!nearest) return refuse(401002, "Unauthorized: {}", why);
  return Attested{owners[*nearest], chain.front(), anchors[*nearest]};
}

Outcome<Registrar::Attested> Registrar::attest(const ProvisioningServiceInfo& service,
                                               const std::string& registration_id,
                                               const ferry::net::PeerInfo& peer) const {
  auto chain = read_chain(registration_id, peer);
  if (!chain) return refuse(std::move(chain).error());
  const Certificate& leaf = chain->front();
  Outcome<Attested> attested = refuse(401002, "Unauthorized");
  const Enrollment* individual =
      store_.find(ferry::to_lower(service.name), EnrollmentKind::individual, registration_id);
  const bool has_own =
      individual && std::find(individual->certificates.begin(), individual->certificates.end(),
                              leaf) != individual->certificates.end();
  if (has_own) {
    if (clock_.now() < leaf.not_before() || clock_.now() > leaf.not_after()) {
      return refuse(401002, "Unauthorized: the certificate is expired or not valid yet");
    }
    attested = Attested{individual, leaf, std::nullopt};
  } else {
    attested = attest_by_group(service, *chain);
  }
  if (attested && !attested->enrollment->enabled) {
    return refuse(401002, "Unauthorized: the enrollment {} is disabled", attested->enrollment->id);
  }
  return attested;
}

Outcome<void> Registrar::assign(const ProvisioningServiceInfo& service, const Attested& attested,
                                json::object& state, const std::optional<json::object>& before) {
  const Enrollment& enrollment = *attested.enrollment;
  const std::string registration_id = ferry::string_or(state, "registrationId", "");
  const ReprovisionPolicy policy = reprovision_policy(enrollment);
  const std::string old_hub = before ? ferry::string_or(*before, "assignedHub", "") : "";
  const std::string old_device = before ? ferry::string_or(*before, "deviceId", "") : "";
  std::string hub = old_hub;
  if (old_hub.empty() || policy.update_hub) {
    auto hubs = candidate_hubs(service, enrollment);
    if (!hubs) return refuse(std::move(hubs).error());
    hub = choose_hub(service, enrollment, registration_id, *std::move(hubs));
  }
  iot_hub::ProvisionedDevice device;
  device.device_id = ferry::string_or(enrollment.document, "deviceId",
                                      old_device.empty() ? registration_id : old_device);
  device.sha256_thumbprint = attested.leaf.sha256_thumbprint();
  if (const auto* capabilities = ferry::find_object(enrollment.document, "capabilities")) {
    device.iot_edge = ferry::bool_or(*capabilities, "iotEdge", false);
  }
  device.tags = initial_twin_part(enrollment, "initialTwin.tags");
  device.desired = initial_twin_part(enrollment, "initialTwin.properties.desired");
  state["substatus"] = "initialAssignment";
  const bool moves = !old_hub.empty() && !ferry::equals_ignore_case(hub, old_hub);
  if (!old_hub.empty()) {
    device.reset_twin = policy.update_hub && !policy.migrate_data;
    state["substatus"] = !policy.update_hub    ? "reprovisionedToInitialAssignment"
                         : policy.migrate_data ? "deviceDataMigrated"
                                               : "deviceDataReset";
  }
  if (moves && policy.migrate_data) {
    if (auto data = hubs_.twin_data(old_hub, old_device)) {
      device.tags = std::move(data->tags);
      device.desired = std::move(data->desired);
    }
  }
  auto provisioned = hubs_.provision(hub, device);
  if (!provisioned) {
    return refuse(400209, "the hub {} refused: {}", hub, provisioned.error().message);
  }
  if (moves) {
    const auto gone = hubs_.withdraw(old_hub, old_device);
    if (!gone) ferry::log::warning("dps", "withdraw {}: {}", old_device, gone.error().message);
  }
  state["assignedHub"] = hub;
  state["deviceId"] = device.device_id;
  return {};
}

Outcome<std::string> Registrar::enroll(const ProvisioningServiceInfo& service,
                                       const std::string& registration_id,
                                       const ferry::net::PeerInfo& peer) {
  if (!is_valid_registration_id(registration_id)) {
    return refuse(400004, "the registration id is not one");
  }
  auto attested = attest(service, registration_id, peer);
  if (!attested) {
    ferry::log::info("dps", "registration of '{}' refused: {}", registration_id,
                     attested.error().message);
    return refuse(std::move(attested).error());
  }
  const std::string name = ferry::to_lower(service.name);
  auto stored = store_.registration(name, registration_id);
  if (!stored) return refuse(500001, "the registration record cannot be read");
  std::optional<json::object> before;
  if (*stored) {
    if (const auto* state = ferry::find_object(**stored, "registrationState")) before = *state;
  }
  const std::string now = ferry::format_rfc3339(clock_.now());
  json::object x509{{"certificateInfo", certificate_info(attested->leaf)}};
  if (attested->signer) {
    x509["enrollmentGroupId"] = attested->enrollment->id;
    x509["signingCertificateInfo"] = certificate_info(*attested->signer);
  }
  json::object state{
      {"registrationId",
       before ? ferry::string_or(*before, "registrationId", registration_id) : registration_id},
      {"createdDateTimeUtc", before ? ferry::string_or(*before, "createdDateTimeUtc", now) : now},
      {"lastUpdatedDateTimeUtc", now},
      {"etag", ferry::base64_encode(ferry::random_id("r"))},
      {"x509", std::move(x509)}};
  const auto assigned = assign(service, *attested, state, before);
  state["status"] = assigned ? "assigned" : "failed";
  if (!assigned) {
    state["errorCode"] = assigned.error().number;
    state["errorMessage"] = assigned.error().message;
  }
  const std::string operation_id = new_operation_id();
  const json::object record{
      {"operationId", operation_id}, {"status", state["status"]}, {"registrationState", state}};
  if (!store_.save_registration(name, registration_id, record)) {
    return refuse(500001, "the registration record cannot be written");
  }
  return operation_id;
}

Outcome<json::object> Registrar::own_record(const ProvisioningServiceInfo& service,
                                            const std::string& registration_id,
                                            const ferry::net::PeerInfo& peer) {
  auto chain = read_chain(registration_id, peer);
  if (!chain) return refuse(std::move(chain).error());
  auto record = store_.registration(ferry::to_lower(service.name), registration_id);
  if (!record) return refuse(500001, "the registration record cannot be read");
  if (!*record) return refuse(404201, "there is no registration of {}", registration_id);
  const json::value whole = **record;
  const json::value* thumbprint =
      ferry::find_path(whole, "registrationState.x509.certificateInfo.sha256Thumbprint");
  if (!thumbprint || !thumbprint->is_string() ||
      thumbprint->get_string() != chain->front().sha256_thumbprint()) {
    return refuse(401002, "Unauthorized: the certificate is not the one that registered");
  }
  return **std::move(record);
}

Outcome<json::object> Registrar::operation(const ProvisioningServiceInfo& service,
                                           const std::string& registration_id,
                                           const std::string& operation_id,
                                           const ferry::net::PeerInfo& peer) {
  auto record = own_record(service, registration_id, peer);
  if (!record) return record;
  if (ferry::string_or(*record, "operationId", "") != operation_id) {
    return refuse(404201, "there is no operation {}", operation_id);
  }
  return record;
}

Outcome<json::object> Registrar::look_up(const ProvisioningServiceInfo& service,
                                         const std::string& registration_id,
                                         const ferry::net::PeerInfo& peer) {
  auto record = own_record(service, registration_id, peer);
  if (!record) return record;
  const auto* state = ferry::find_object(*record, "registrationState");
  return state ? *state : json::object();
}

}  // namespace drydock::dps
