// SPDX-License-Identifier: Apache-2.0
// Registering a device: which enrollment lets it in, which hub it gets.
#pragma once

#include "drydock/dps/attestation.hpp"
#include "drydock/iot_hub/device_registry.hpp"

namespace drydock::dps {

class Registrar {
 public:
  Registrar(const ferry::Clock& clock, Store& store, iot_hub::DeviceRegistry& hubs)
      : clock_(clock), store_(store), hubs_(hubs) {}

  // Registers (again) and returns the operation id. A registration that the enrollment allows but
  // the hub refuses is recorded as failed. 401002 when no enrollment lets the device in.
  Outcome<std::string> enroll(const ProvisioningServiceInfo& service,
                              const std::string& registration_id, const Proof& proof);
  // {"operationId", "status", "registrationState"}. Only for the device that registered.
  Outcome<json::object> operation(const ProvisioningServiceInfo& service,
                                  const std::string& registration_id,
                                  const std::string& operation_id, const Proof& proof);
  // Its registrationState.
  Outcome<json::object> look_up(const ProvisioningServiceInfo& service,
                                const std::string& registration_id, const Proof& proof);

 private:
  Outcome<void> assign(const ProvisioningServiceInfo& service, const Attested& attested,
                       json::object& state, const std::optional<json::object>& before);
  Outcome<json::object> own_record(const ProvisioningServiceInfo& service,
                                   const std::string& registration_id, const Proof& proof);

  const ferry::Clock& clock_;
  Store& store_;
  iot_hub::DeviceRegistry& hubs_;
};

}  // namespace drydock::dps
