// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/deployment_engine.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "drydock/iot_hub/composition.hpp"

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

// As `targeted` and `applied` name it.
std::string key_of(const EntityKey& key) {
  return key.module.empty() ? key.device : key.device + "/" + key.module;
}

std::string device_of(const std::string& key) {
  return key.substr(0, key.find('/'));
}

bool is_marked(const Entity& entity, const std::string& id) {
  const auto mark = entity.twin.configurations.find(id);
  return mark != entity.twin.configurations.end() && mark->second == "Applied";
}

bool has_marks(const Device& device) {
  return !device.self.twin.configurations.empty() ||
         std::ranges::any_of(device.modules, [](const auto& module) {
           return !module.second.twin.configurations.empty();
         });
}

bool fits(const Composition& composition) {
  return std::ranges::all_of(composition.desired, [](const auto& module) {
    return validate_size(module.second, kSectionLimit, module.first).has_value();
  });
}

}  // namespace

bool DeploymentEngine::refresh(Configuration& configuration, const std::string& key,
                               bool targeted) {
  if (targeted) return configuration.targeted.insert(key).second;
  return configuration.targeted.erase(key) > 0;
}

bool DeploymentEngine::refresh(Configuration& configuration, const Device& device) {
  const auto holds = [&](const Entity& entity) {
    return configuration.condition &&
           query::matches(*configuration.condition, TwinSource(device, entity));
  };
  if (configuration.kind != Configuration::Kind::modules) {
    const bool eligible = !configuration.is_edge() || device.self.identity.iot_edge;
    return refresh(configuration, id_of(device), eligible && holds(device.self));
  }
  bool moved = false;
  for (const auto& [name, module] : device.modules) {
    moved = refresh(configuration, key_of(module.identity.key), holds(module)) || moved;
  }
  return moved;
}

Configuration* DeploymentEngine::choose(Configuration::Kind kind, const std::string& key) {
  Configuration* best = nullptr;
  for (auto& [id, configuration] : hub_.configurations()) {
    if (configuration.kind != kind || !configuration.targeted.contains(key)) continue;
    if (!best || outranks(configuration, *best)) best = &configuration;
  }
  return best;
}

std::vector<const Configuration*> DeploymentEngine::layers_over(const Configuration& base,
                                                                const std::string& device) {
  std::vector<const Configuration*> layers;
  for (const auto& [id, configuration] : hub_.configurations()) {
    if (configuration.kind == Configuration::Kind::layer &&
        configuration.targeted.contains(device) && configuration.priority > base.priority) {
      layers.push_back(&configuration);
    }
  }
  std::ranges::sort(layers, [](const auto* a, const auto* b) { return outranks(*b, *a); });
  return layers;
}

void DeploymentEngine::apply_content(Device& device,
                                     const std::map<std::string, json::object>& desired) {
  for (const std::string& module : modules_to_run(desired)) hub_.add_managed_module(device, module);
  for (const auto& [module, values] : desired) {
    hub_.set_desired(hub_.add_managed_module(device, module), values);
  }
}

void DeploymentEngine::settle_deployment(Device& device, Marks& marks) {
  const std::string& id = id_of(device);
  Composition composition;
  if (const Configuration* base = choose(Configuration::Kind::base, id)) {
    composition = compose(*base, layers_over(*base, id));
    if (!fits(composition)) {
      ferry::log::warning("iot_hub", "device {}: {} with its layers is too large for a twin", id,
                          base->id);
      composition = compose(*base, {});
    }
    composition.applied["$edgeAgent"].insert(base->id);
    apply_content(device, composition.desired);
  }
  for (const auto& [name, configuration] : hub_.configurations()) {
    if (!configuration.is_edge() || !configuration.targeted.contains(id)) continue;
    const bool applied = composition.applied["$edgeAgent"].contains(name);
    marks["$edgeAgent"][name] = applied ? "Applied" : "Targeted";
  }
  for (const auto& [module, applied] : composition.applied) {
    for (const std::string& name : applied) marks[module][name] = "Applied";
  }
}

void DeploymentEngine::settle_values(Entity& entity, Configuration::Kind kind,
                                     const Configuration* gone, Marks& marks) {
  const EntityKey& key = entity.identity.key;
  const Configuration* winner = choose(kind, key_of(key));
  json::object desired = entity.twin.desired.values;
  const auto take_back = [&](const Configuration& former) {
    if (former.kind != kind || &former == winner || !is_marked(entity, former.id)) return;
    for (const Setting& setting : former.settings) take_from(desired, setting.path);
  };
  for (const auto& [id, configuration] : hub_.configurations()) take_back(configuration);
  if (gone) take_back(*gone);
  json::object wanted = desired;
  if (winner) {
    for (const Setting& setting : winner->settings) put_at(wanted, setting.path, setting.value);
    wanted = without_nulls(wanted);
  }
  const bool fitting = validate_size(wanted, kSectionLimit, key.device).has_value();
  hub_.set_desired(entity, fitting ? wanted : desired);
  for (const auto& [id, configuration] : hub_.configurations()) {
    if (configuration.kind != kind || !configuration.targeted.contains(key_of(key))) continue;
    marks[key.module][id] = fitting && &configuration == winner ? "Applied" : "Targeted";
  }
}

void DeploymentEngine::write_marks(Device& device, const Marks& marks) {
  const auto write = [&](Entity& entity) {
    const auto found = marks.find(entity.identity.key.module);
    const auto wanted = found == marks.end() ? std::map<std::string, std::string>() : found->second;
    if (entity.twin.configurations != wanted) {
      entity.twin.configurations = wanted;
      hub_.mark_dirty(entity);
    }
  };
  write(device.self);
  for (auto& [name, module] : device.modules) write(module);
  const auto note = [](Configuration& configuration, const Entity* entity, const std::string& key) {
    if (entity && is_marked(*entity, configuration.id)) {
      configuration.applied.insert(key);
    } else {
      configuration.applied.erase(key);
    }
  };
  for (auto& [id, configuration] : hub_.configurations()) {
    if (configuration.kind == Configuration::Kind::modules) {
      for (const auto& [name, module] : device.modules) {
        note(configuration, &module, key_of(module.identity.key));
      }
      continue;
    }
    const auto agent = device.modules.find("$edgeAgent");
    const Entity* deployed = agent == device.modules.end() ? nullptr : &agent->second;
    note(configuration, configuration.is_edge() ? deployed : &device.self, id_of(device));
  }
}

void DeploymentEngine::settle(Device& device, const Configuration* gone) {
  Marks marks;
  if (device.self.identity.iot_edge) settle_deployment(device, marks);
  settle_values(device.self, Configuration::Kind::devices, gone, marks);
  for (auto& [name, module] : device.modules) {
    settle_values(module, Configuration::Kind::modules, gone, marks);
  }
  write_marks(device, marks);
}

void DeploymentEngine::rebuild() {
  for (const auto& [id, device] : hub_.devices()) {
    bool targeted = false;
    for (auto& [name, configuration] : hub_.configurations()) {
      targeted = refresh(configuration, device) || targeted;
    }
    if (targeted || has_marks(device)) settle(*hub_.find_device(id));
  }
}

void DeploymentEngine::device_changed(Device& device) {
  if (!hub_.evaluates_at_once()) return;
  bool moved = false;
  for (auto& [name, configuration] : hub_.configurations()) {
    moved = refresh(configuration, device) || moved;
  }
  if (moved || has_marks(device)) settle(device);
}

void DeploymentEngine::reported_changed(Device& device) {
  static const query::Path kReported{"properties", "reported"};
  if (!hub_.evaluates_at_once()) return;
  bool moved = false;
  for (auto& [name, configuration] : hub_.configurations()) {
    if (!configuration.condition || !query::reads(*configuration.condition, kReported)) continue;
    moved = refresh(configuration, device) || moved;
  }
  if (moved) settle(device);
}

void DeploymentEngine::device_removed(const Device& device) {
  for (auto& [name, configuration] : hub_.configurations()) {
    const auto forget = [&](const std::string& key) {
      configuration.targeted.erase(key);
      configuration.applied.erase(key);
    };
    forget(id_of(device));
    for (const auto& [module, entity] : device.modules) forget(key_of(entity.identity.key));
  }
}

void DeploymentEngine::module_removed(const Entity& module) {
  for (auto& [name, configuration] : hub_.configurations()) {
    configuration.targeted.erase(key_of(module.identity.key));
    configuration.applied.erase(key_of(module.identity.key));
  }
}

void DeploymentEngine::configuration_changed(Configuration& configuration) {
  for (const auto& [id, known] : hub_.devices()) {
    const bool moved = refresh(configuration, known);
    if (moved || configuration.targeted.contains(id) || has_marks(known)) {
      settle(*hub_.find_device(id));
    }
  }
}

void DeploymentEngine::configuration_removed(const std::string& id) {
  const auto found = hub_.configurations().find(id);
  if (found == hub_.configurations().end()) return;
  const Configuration gone = found->second;
  hub_.erase_configuration(id);
  std::set<std::string> devices;
  for (const std::string& key : gone.targeted) devices.insert(device_of(key));
  for (const std::string& device : devices) {
    if (Device* known = hub_.find_device(device)) settle(*known, &gone);
  }
}

}  // namespace drydock::iot_hub
