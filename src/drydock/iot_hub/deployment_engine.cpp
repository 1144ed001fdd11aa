// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/deployment_engine.hpp"

namespace drydock::iot_hub {
namespace {

// Highest priority first; among equals the younger one.
bool outranks(const Configuration& a, const Configuration& b) {
  return std::tie(a.priority, a.created, a.id) > std::tie(b.priority, b.created, b.id);
}

const std::string& id_of(const Device& device) {
  return device.self.identity.key.device;
}

// Modules that $edgeAgent shall run need an identity too.
std::vector<std::string> modules_to_run(const std::map<std::string, json::object>& desired) {
  std::vector<std::string> names;
  const auto agent = desired.find("$edgeAgent");
  if (agent == desired.end()) return names;
  if (const auto* modules = ferry::find_object(agent->second, "modules")) {
    for (const auto& [name, definition] : *modules) {
      if (validate_id(name, "module id")) names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace

bool DeploymentEngine::refresh(Configuration& configuration, const Device& device) {
  const bool targeted = device.self.identity.iot_edge && configuration.condition &&
                        query::matches(*configuration.condition, TwinSource(device, device.self));
  if (targeted) return configuration.targeted.insert(id_of(device)).second;
  return configuration.targeted.erase(id_of(device)) > 0;
}

Configuration* DeploymentEngine::choose(const std::string& device) {
  Configuration* best = nullptr;
  for (auto& [id, configuration] : hub_.configurations()) {
    if (!configuration.targeted.contains(device)) continue;
    if (!best || outranks(configuration, *best)) best = &configuration;
  }
  return best;
}

void DeploymentEngine::apply_content(Device& device,
                                     const std::map<std::string, json::object>& desired) {
  for (const std::string& module : modules_to_run(desired)) hub_.add_managed_module(device, module);
  for (const auto& [module, values] : desired) {
    hub_.set_desired(hub_.add_managed_module(device, module), values);
  }
}

void DeploymentEngine::mark(Device& device, const Configuration* winner) {
  const std::string& id = id_of(device);
  std::map<std::string, std::string> agent_marks;
  for (auto& [name, configuration] : hub_.configurations()) {
    const bool applied = &configuration == winner;
    if (configuration.targeted.contains(id)) agent_marks[name] = applied ? "Applied" : "Targeted";
    if (applied) {
      configuration.applied.insert(id);
    } else {
      configuration.applied.erase(id);
    }
  }
  for (auto& [name, module] : device.modules) {
    std::map<std::string, std::string> marks;
    if (name == "$edgeAgent") {
      marks = agent_marks;
    } else if (winner && winner->desired.contains(name)) {
      marks[winner->id] = "Applied";
    }
    if (module.twin.configurations == marks) continue;
    module.twin.configurations = std::move(marks);
    hub_.mark_dirty(module);
  }
}

void DeploymentEngine::settle(Device& device) {
  const Configuration* winner = choose(id_of(device));
  if (winner) apply_content(device, winner->desired);
  mark(device, winner);
}

void DeploymentEngine::rebuild() {
  for (const auto& [id, device] : hub_.devices()) {
    for (auto& [name, configuration] : hub_.configurations()) refresh(configuration, device);
    if (device.self.identity.iot_edge) settle(*hub_.find_device(id));
  }
}

void DeploymentEngine::device_changed(Device& device) {
  bool moved = false;
  for (auto& [name, configuration] : hub_.configurations()) {
    moved = refresh(configuration, device) || moved;
  }
  if (moved || device.self.identity.iot_edge) settle(device);
}

void DeploymentEngine::reported_changed(Device& device) {
  static const query::Path kReported{"properties", "reported"};
  bool moved = false;
  for (auto& [name, configuration] : hub_.configurations()) {
    if (!configuration.condition || !query::reads(*configuration.condition, kReported)) continue;
    moved = refresh(configuration, device) || moved;
  }
  if (moved) settle(device);
}

void DeploymentEngine::device_removed(const Device& device) {
  for (auto& [name, configuration] : hub_.configurations()) {
    configuration.targeted.erase(id_of(device));
    configuration.applied.erase(id_of(device));
  }
}

void DeploymentEngine::configuration_changed(Configuration& configuration) {
  for (const auto& [id, known] : hub_.devices()) {
    const bool moved = refresh(configuration, known);
    if (moved || configuration.targeted.contains(id)) settle(*hub_.find_device(id));
  }
}

void DeploymentEngine::configuration_removed(const std::string& id) {
  const auto found = hub_.configurations().find(id);
  if (found == hub_.configurations().end()) return;
  const auto targeted = std::exchange(found->second.targeted, {});
  hub_.erase_configuration(id);
  for (const std::string& device : targeted) {
    if (Device* known = hub_.find_device(device)) settle(*known);
  }
}

}  // namespace drydock::iot_hub
