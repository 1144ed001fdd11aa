// SPDX-License-Identifier: Apache-2.0
// Which automatic deployment stands on which IoT Edge device. Azure looks every five minutes; here
// every change is followed at once, and only where it can matter: a device's change concerns that
// device, a configuration's change the devices that it targets or did target.
#pragma once

#include "drydock/iot_hub/hub.hpp"

namespace drydock::iot_hub {

class DeploymentEngine {
 public:
  explicit DeploymentEngine(Hub& hub) : hub_(hub) {}

  void rebuild();                         // after loading
  void device_changed(Device& device);    // identity, tags, desired, or one of its modules
  void reported_changed(Device& device);  // reported properties of the device itself
  void device_removed(const Device& device);
  void configuration_changed(
      Configuration& configuration);  // created, or its condition or priority
  void configuration_removed(const std::string& id);

  // Writes content at once to one device, outside of any configuration.
  void apply_content(Device& device, const std::map<std::string, json::object>& desired);

 private:
  bool refresh(Configuration& configuration, const Device& device);  // whether membership changed
  Configuration* choose(const std::string& device);
  void settle(Device& device);
  void mark(Device& device, const Configuration* winner);

  Hub& hub_;
};

}  // namespace drydock::iot_hub
