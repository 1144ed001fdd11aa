// SPDX-License-Identifier: Apache-2.0
// Port 8883: one listener for hubs and provisioning services, told apart by the CONNECT user name.
#pragma once

#include "drydock/dps/service.hpp"
#include "drydock/iot_hub/service.hpp"

namespace drydock::dps {

class MqttGateway {
 public:
  MqttGateway(iot_hub::IotHubService& hubs, ProvisioningService& provisioning)
      : hubs_(hubs), provisioning_(provisioning) {}

  // Serves one connection until it ends. CONNECT must come within 60 s.
  ferry::net::Task<void> serve_mqtt(std::unique_ptr<ferry::net::Stream> stream);

 private:
  iot_hub::IotHubService& hubs_;
  ProvisioningService& provisioning_;
};

}  // namespace drydock::dps
