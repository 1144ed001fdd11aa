// SPDX-License-Identifier: Apache-2.0
// Registering a device: which enrollment its certificate belongs to, which hub it gets.
#pragma once

#include "drydock/directory.hpp"
#include "drydock/dps/store.hpp"
#include "drydock/iot_hub/device_registry.hpp"
#include "net/stream.hpp"

namespace drydock::dps {

class Registrar {
 public:
  Registrar(const ferry::Clock& clock, Store& store, iot_hub::DeviceRegistry& hubs)
      : clock_(clock), store_(store), hubs_(hubs) {}

  // Registers (again) and returns the operation id. A registration that the enrollment allows but
  // the hub refuses is recorded as failed. 401002 when no enrollment lets the device in.
  Outcome<std::string> enroll(const ProvisioningServiceInfo& service,
                              const std::string& registration_id, const ferry::net::PeerInfo& peer);
  // {"operationId", "status", "registrationState"}. Only for the certificate that registered.
  Outcome<json::object> operation(const ProvisioningServiceInfo& service,
                                  const std::string& registration_id,
                                  const std::string& operation_id,
                                  const ferry::net::PeerInfo& peer);
  // Its registrationState.
  Outcome<json::object> look_up(const ProvisioningServiceInfo& service,
                                const std::string& registration_id,
                                const ferry::net::PeerInfo& peer);

 private:
  struct Attested {
    const Enrollment* enrollment = nullptr;
    ferry::x509::Certificate leaf;
    std::optional<ferry::x509::Certificate> signer;  // of groups
  };
  Outcome<Attested> attest(const ProvisioningServiceInfo& service,
                           const std::string& registration_id,
                           const ferry::net::PeerInfo& peer) const;
  Outcome<Attested> attest_by_group(const ProvisioningServiceInfo& service,
                                    const std::vector<ferry::x509::Certificate>& chain) const;
  Outcome<void> assign(const ProvisioningServiceInfo& service, const Attested& attested,
                       json::object& state, const std::optional<json::object>& before);
  Outcome<json::object> own_record(const ProvisioningServiceInfo& service,
                                   const std::string& registration_id,
                                   const ferry::net::PeerInfo& peer);

  const ferry::Clock& clock_;
  Store& store_;
  iot_hub::DeviceRegistry& hubs_;
};

}  // namespace drydock::dps
