// SPDX-License-Identifier: Apache-2.0
// What the provisioning service does to a hub.
#pragma once

#include "base/secret.hpp"
#include "drydock/iot_hub/refusal.hpp"

namespace drydock::iot_hub {

struct ProvisionedDevice {
  std::string device_id;
  std::string sha256_thumbprint;  // upper-case hex; becomes primary and secondary
  ferry::Secret primary_key;      // base64: in place of a thumbprint
  ferry::Secret secondary_key;
  bool iot_edge = false;
  ferry::json::object tags;  // of the initial twin
  ferry::json::object desired;
  bool reset_twin = false;  // also when the device exists already
};

class DeviceRegistry {
 public:
  virtual ~DeviceRegistry() = default;
  // Creates the device, or gives an existing one the thumbprint or the keys. True when it is new.
  // Durable when it returns. `hub` is a name or a host name.
  virtual Outcome<bool> provision(std::string_view hub, const ProvisionedDevice& device) = 0;
  // What a move to another hub takes along; nothing when there is no such device.
  struct TwinData {
    ferry::json::object tags;
    ferry::json::object desired;
  };
  virtual std::optional<TwinData> twin_data(std::string_view hub, const std::string& device_id) = 0;
  // Removes the device; fine when it is not there.
  virtual Outcome<void> withdraw(std::string_view hub, const std::string& device_id) = 0;
};

}  // namespace drydock::iot_hub
