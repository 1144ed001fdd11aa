// SPDX-License-Identifier: Apache-2.0
#include "drydock/dps/registrar.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "drydock/dps/allocation.hpp"

namespace drydock::dps {
namespace {

json::object initial_twin_part(const Enrollment& enrollment, std::string_view path) {
  const json::value document = enrollment.document;
  const json::value* part = ferry::find_path(document, path);
  return part && part->is_object() ? part->get_object() : json::object();
}

std::string new_operation_id() {
  return fmt::format("5.{}.{}", ferry::hex_encode(ferry::random_bytes(8)), ferry::random_uuid());
}

}  // namespace

Outcome<void> Registrar::assign(const ProvisioningServiceInfo& service, const Attested& attested,
                                json::object& state, const std::optional<json::object>& before) {
  const Enrollment& enrollment = *attested.enrollment;
  const std::string registration_id = ferry::string_or(state, "registrationId", "");
  const ReprovisionPolicy policy = reprovision_policy(enrollment);
  const std::string old_hub = before ? ferry::string_or(*before, "assignedHub", "") : "";
  const std::string old_device = before ? ferry::string_or(*before, "deviceId", "") : "";
  std::string hub = old_hub;
  if (old_hub.empty() || policy.update_hub) {
    auto chosen = allocate(service, enrollment, registration_id);
    if (!chosen) return refuse(std::move(chosen).error());
    hub = *std::move(chosen);
  }
  iot_hub::ProvisionedDevice device;
  device.device_id = ferry::string_or(enrollment.document, "deviceId",
                                      old_device.empty() ? registration_id : old_device);
  if (attested.leaf) device.sha256_thumbprint = attested.leaf->sha256_thumbprint();
  if (attested.keys) {
    device.primary_key = attested.keys->primary;
    device.secondary_key = attested.keys->secondary;
  }
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
                                       const std::string& registration_id, const Proof& proof) {
  if (!is_valid_registration_id(registration_id)) {
    return refuse(400004, "the registration id is not one");
  }
  auto attested = attest(store_, service, registration_id, proof, clock_.now());
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
  json::object state{
      {"registrationId",
       before ? ferry::string_or(*before, "registrationId", registration_id) : registration_id},
      {"createdDateTimeUtc", before ? ferry::string_or(*before, "createdDateTimeUtc", now) : now},
      {"lastUpdatedDateTimeUtc", now},
      {"etag", ferry::base64_encode(ferry::random_id("r"))}};
  for (const auto& member : attestation_record(*attested)) {
    state[member.key()] = member.value();
  }
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
                                            const Proof& proof) {
  auto record = store_.registration(ferry::to_lower(service.name), registration_id);
  if (!record) return refuse(500001, "the registration record cannot be read");
  if (!*record) return refuse(404201, "there is no registration of {}", registration_id);
  const auto* state = ferry::find_object(**record, "registrationState");
  auto same =
      check_same_device(store_, service, state ? *state : json::object(), proof, clock_.now());
  if (!same) return refuse(std::move(same).error());
  return **std::move(record);
}

Outcome<json::object> Registrar::operation(const ProvisioningServiceInfo& service,
                                           const std::string& registration_id,
                                           const std::string& operation_id, const Proof& proof) {
  auto record = own_record(service, registration_id, proof);
  if (!record) return record;
  if (ferry::string_or(*record, "operationId", "") != operation_id) {
    return refuse(404201, "there is no operation {}", operation_id);
  }
  return record;
}

Outcome<json::object> Registrar::look_up(const ProvisioningServiceInfo& service,
                                         const std::string& registration_id, const Proof& proof) {
  auto record = own_record(service, registration_id, proof);
  if (!record) return record;
  const auto* state = ferry::find_object(*record, "registrationState");
  return state ? *state : json::object();
}

}  // namespace drydock::dps
