// SPDX-License-Identifier: Apache-2.0
// Port 8883: one listener for hubs and provisioning services, told apart by the CONNECT user name.
#pragma once

#include "drydock/dps/service.hpp"
#include "drydock/faults/faults.hpp"
#include "drydock/iot_hub/service.hpp"

namespace drydock::dps {

class MqttGateway {
 public:
  MqttGateway(iot_hub::IotHubService& hubs, ProvisioningService& provisioning, Faults& faults)
      : hubs_(hubs), provisioning_(provisioning), faults_(faults) {}

  // Serves one connection until it ends. CONNECT must come within 60 s.
  ferry::net::Task<void> serve_mqtt(std::unique_ptr<ferry::net::Stream> stream);

 private:
  // False when a fault has ended the connection.
  ferry::net::Task<bool> pass_faults(std::shared_ptr<iot_hub::MqttLink> link, Service service,
                                     std::string path);

  iot_hub::IotHubService& hubs_;
  ProvisioningService& provisioning_;
  Faults& faults_;
};

}  // namespace drydock::dps
