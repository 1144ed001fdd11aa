// SPDX-License-Identifier: Apache-2.0
// Which automatic deployments and configurations stand on which devices and modules. Azure looks
// every five minutes; here every change is followed at once, and only where it can matter: a
// device's change concerns that device, a configuration's change those that it targets or did
// target. When the hub evaluates in passes, what devices change waits for the next rebuild().
#pragma once

#include "drydock/iot_hub/hub.hpp"

namespace drydock::iot_hub {

class DeploymentEngine {
 public:
  explicit DeploymentEngine(Hub& hub) : hub_(hub) {}

  void rebuild();                         // after loading, and in passes
  void device_changed(Device& device);    // identity, tags, desired, or one of its modules
  void reported_changed(Device& device);  // reported properties of the device or a module
  void device_removed(const Device& device);
  void module_removed(const Entity& module);
  void configuration_changed(
      Configuration& configuration);  // created, or its condition or priority
  void configuration_removed(const std::string& id);

  // Writes content at once to one device, outside of any configuration.
  void apply_content(Device& device, const std::map<std::string, json::object>& desired);

 private:
  using Marks = std::map<std::string, std::map<std::string, std::string>>;  // by module, "" device

  bool refresh(Configuration& configuration, const Device& device);  // whether membership changed
  bool refresh(Configuration& configuration, const std::string& key, bool targeted);
  Configuration* choose(Configuration::Kind kind, const std::string& key);
  std::vector<const Configuration*> layers_over(const Configuration& base,
                                                const std::string& device);
  // `gone` was just deleted: what it set goes as well.
  void settle(Device& device, const Configuration* gone = nullptr);
  void settle_deployment(Device& device, Marks& marks);
  void settle_values(Entity& entity, Configuration::Kind kind, const Configuration* gone,
                     Marks& marks);
  void write_marks(Device& device, const Marks& marks);

  Hub& hub_;
};

}  // namespace drydock::iot_hub
