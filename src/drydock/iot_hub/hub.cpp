// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/hub.hpp"

#include "base/log.hpp"
#include "drydock/iot_hub/deployment_engine.hpp"
#include "drydock/iot_hub/store.hpp"

namespace drydock::iot_hub {
namespace {

using ferry::fail;
using ferry::Result;

bool is_system_module(std::string_view module) {
  return module == "$edgeAgent" || module == "$edgeHub";
}

Outcome<void> check_etag(std::string_view if_match, const std::string& etag) {
  if (if_match.empty() || if_match == "*" || if_match == etag) return {};
  return refuse(412001, "the ETag does not match: it was changed in the meantime");
}

constexpr std::size_t kModulesPerDevice = 50;

}  // namespace

Hub::Hub(std::string name, ferry::net::Executor executor, const ferry::Clock& clock, Store& store,
         std::shared_ptr<CloudToDevice> messages)
    : name_(std::move(name)),
      executor_(executor),
      clock_(clock),
      store_(store),
      messages_(std::move(messages)) {}

Result<void> Hub::load() {
  auto content = store_.load(name_);
  if (!content) return fail(std::move(content).error().with("load hub {}", name_));
  for (Entity& entity : content->entities) {
    const EntityKey key = entity.identity.key;
    if (key.module.empty()) {
      devices_[key.device].self = std::move(entity);
    } else if (Device* device = find_device(key.device)) {
      device->modules[key.module] = std::move(entity);
    }
  }
  for (Configuration& configuration : content->configurations) {
    const std::string id = configuration.id;
    configurations_[id] = std::move(configuration);
  }
  DeploymentEngine(*this).rebuild();
  return commit();
}

Device* Hub::find_device(std::string_view id) {
  const auto found = devices_.find(id);
  return found == devices_.end() ? nullptr : &found->second;
}
const Device* Hub::find_device(std::string_view id) const {
  const auto found = devices_.find(id);
  return found == devices_.end() ? nullptr : &found->second;
}

Entity* Hub::find(const EntityKey& key) {
  Device* device = find_device(key.device);
  if (!device || key.module.empty()) return device ? &device->self : nullptr;
  const auto found = device->modules.find(key.module);
  return found == device->modules.end() ? nullptr : &found->second;
}

Outcome<Entity*> Hub::require(const EntityKey& key) {
  if (Entity* entity = find(key)) return entity;
  if (!key.module.empty() && find_device(key.device)) {
    return refuse(404010, "there is no module {} on device {}", key.module, key.device);
  }
  return refuse(404001, "there is no device {}", key.device);
}

Entity& Hub::insert(Identity identity) {
  const EntityKey key = identity.key;
  Device& device = devices_[key.device];
  Entity& entity = key.module.empty() ? device.self : device.modules[key.module];
  entity.identity = std::move(identity);
  entity.twin = new_twin(now());
  mark_dirty(entity);
  note(entity, HubEvent::Kind::lifecycle, "createDeviceIdentity",
       [&] { return twin_body(entity); });
  return entity;
}

void Hub::add_system_modules(Device& device) {
  for (const char* module : {"$edgeAgent", "$edgeHub"}) {
    if (device.modules.contains(module)) continue;
    IdentityRequest request;
    request.authentication = Authentication::none;
    request.managed_by = "iotEdge";
    auto identity = create_identity({device.self.identity.key.device, module}, request, now());
    FERRY_CHECK(identity.has_value());
    insert(*std::move(identity));
  }
}

Entity& Hub::add_managed_module(Device& device, const std::string& module) {
  const auto found = device.modules.find(module);
  if (found != device.modules.end()) return found->second;
  IdentityRequest request;
  request.authentication = Authentication::none;
  request.managed_by = "iotEdge";
  auto identity = create_identity({device.self.identity.key.device, module}, request, now());
  FERRY_CHECK(identity.has_value());
  return insert(*std::move(identity));
}

Outcome<Entity*> Hub::create_device(const std::string& id, const IdentityRequest& request) {
  if (auto valid = validate_id(id, "device id"); !valid) return refuse(std::move(valid).error());
  if (find_device(id)) return refuse(409001, "the device {} exists already", id);
  auto identity = create_identity({id, ""}, request, now());
  if (!identity) return refuse(std::move(identity).error());
  Entity& entity = insert(*std::move(identity));
  Device& device = *find_device(id);
  if (entity.identity.iot_edge) add_system_modules(device);
  DeploymentEngine(*this).device_changed(device);
  return &entity;
}

Outcome<Entity*> Hub::create_module(const EntityKey& key, const IdentityRequest& request) {
  Device* device = find_device(key.device);
  if (!device) return refuse(404001, "there is no device {}", key.device);
  if (auto valid = validate_id(key.module, "module id"); !valid) {
    return refuse(std::move(valid).error());
  }
  if (device->modules.contains(key.module)) {
    return refuse(409301, "the module {} exists already on device {}", key.module, key.device);
  }
  if (device->modules.size() >= kModulesPerDevice) {
    return refuse(413003, "the device {} has {} modules, which is the limit", key.device,
                  kModulesPerDevice);
  }
  auto identity = create_identity(key, request, now());
  if (!identity) return refuse(std::move(identity).error());
  Entity& entity = insert(*std::move(identity));
  DeploymentEngine(*this).device_changed(*device);
  return &entity;
}

Outcome<Entity*> Hub::update(const EntityKey& key, const IdentityRequest& request,
                             std::string_view if_match) {
  auto found = require(key);
  if (!found) return found;
  Entity& entity = **found;
  auto matched = check_etag(if_match, registry_etag(entity.identity.etag));
  if (!matched) return refuse(std::move(matched).error());
  auto updated = update_identity(entity.identity, request, now());
  if (!updated) return refuse(std::move(updated).error());
  const Identity before = std::exchange(entity.identity, *std::move(updated));
  const Identity& after = entity.identity;
  mark_dirty(entity);
  const bool credentials_changed = before.authentication != after.authentication ||
                                   before.primary_key != after.primary_key ||
                                   before.secondary_key != after.secondary_key ||
                                   before.primary_thumbprint != after.primary_thumbprint ||
                                   before.secondary_thumbprint != after.secondary_thumbprint;
  if (entity.session && (credentials_changed || (before.enabled && !after.enabled))) {
    entity.session->close("its identity was changed");
  }
  if (!key.module.empty()) return &entity;
  Device& device = *find_device(key.device);
  if (before.enabled && !after.enabled) {
    for (auto& [name, module] : device.modules) {
      if (module.session) module.session->close("its device was disabled");
    }
  }
  if (after.iot_edge) add_system_modules(device);
  DeploymentEngine(*this).device_changed(device);
  return &entity;
}

Outcome<void> Hub::remove_device(std::string_view id, std::string_view if_match) {
  Device* device = find_device(id);
  if (!device) return refuse(404001, "there is no device {}", id);
  auto matched = check_etag(if_match, registry_etag(device->self.identity.etag));
  if (!matched) return matched;
  DeploymentEngine(*this).device_removed(*device);
  mark_dirty(device->self);
  note_deletion(device->self);
  if (device->self.session) device->self.session->close("its identity was deleted");
  for (auto& [name, module] : device->modules) {
    mark_dirty(module);
    note_deletion(module);
    if (module.session) module.session->close("its identity was deleted");
  }
  const auto connected = [](const Entity& entity) { return entity.session ? 1U : 0U; };
  connected_ -= connected(device->self);
  for (const auto& [name, module] : device->modules) connected_ -= connected(module);
  devices_.erase(devices_.find(id));
  removed_devices_.emplace_back(id);
  return {};
}

Outcome<void> Hub::remove_module(const EntityKey& key, std::string_view if_match) {
  auto found = require(key);
  if (!found) return refuse(std::move(found).error());
  if (is_system_module(key.module)) {
    return refuse(401100, "{} belongs to the IoT Edge device and cannot be deleted", key.module);
  }
  Entity& entity = **found;
  auto matched = check_etag(if_match, registry_etag(entity.identity.etag));
  if (!matched) return matched;
  mark_dirty(entity);
  note_deletion(entity);
  if (entity.session) {
    entity.session->close("its identity was deleted");
    --connected_;
  }
  Device& device = *find_device(key.device);
  DeploymentEngine(*this).module_removed(entity);
  device.modules.erase(key.module);
  DeploymentEngine(*this).device_changed(device);
  return {};
}

void Hub::erase_configuration(const std::string& id) {
  configurations_.erase(id);
  dirty_configurations_.insert(id);
}

Result<void> Hub::commit() {
  if (retired_) return {};
  if (!dirty_.empty() || !dirty_configurations_.empty()) {
    auto saved = store_.save(*this, dirty_, dirty_configurations_);
    if (!saved) {
      ferry::log::error("iot_hub", "hub {}: {}", name_, saved.error().describe());
      return saved;
    }
    dirty_.clear();
    dirty_configurations_.clear();
  }
  for (const std::string& device : std::exchange(removed_devices_, {})) {
    if (auto erased = messages_->erase_device(name_, device); !erased) {
      ferry::log::error("iot_hub", "messages for {}: {}", device, erased.error().describe());
    }
  }
  for (const Notification& notification : std::exchange(notifications_, {})) {
    const Entity* entity = find(notification.key);
    if (entity && entity->session) {
      entity->session->desired_changed(notification.patch, notification.version);
    }
  }
  tell_noted();
  return {};
}

void Hub::note(const Entity& entity, HubEvent::Kind kind, std::string_view operation,
               const std::function<json::object()>& body) {
  if (listener_ == nullptr || !listener_->wants(name_, kind)) return;
  noted_.push_back(
      {name_, entity.identity.key, kind, std::string(operation), body(), clock_.now()});
}

void Hub::note_deletion(const Entity& entity) {
  note(entity, HubEvent::Kind::lifecycle, "deleteDeviceIdentity",
       [&] { return twin_body(entity); });
}

void Hub::tell_connection(const Entity& entity, std::string_view operation) {
  constexpr auto kKind = HubEvent::Kind::connection_state;
  if (listener_ == nullptr || !listener_->wants(name_, kKind)) return;
  listener_->happened({name_, entity.identity.key, kKind, std::string(operation),
                       connection_body(now(), ++connection_events_), now()},
                      &entity.twin);
}

void Hub::tell_noted() {
  if (listener_ == nullptr) return;
  for (HubEvent& event : std::exchange(noted_, {})) {
    const Entity* entity = find(event.key);
    listener_->happened(std::move(event), entity == nullptr ? nullptr : &entity->twin);
  }
}

void Hub::commit_soon(std::function<void(bool)> done) {
  waiting_.push_back(std::move(done));
  if (waiting_.size() == 1) ferry::net::spawn(executor_, flush(shared_from_this()));
}

ferry::net::Task<void> Hub::flush(std::shared_ptr<Hub> self) {
  // What becomes ready in this turn of the loop joins the same transaction.
  co_await ferry::net::sleep_for(std::chrono::milliseconds(0));
  const auto waiting = std::exchange(self->waiting_, {});
  const bool saved = self->commit().has_value();
  for (const auto& done : waiting) done(saved);
}

void Hub::retire(std::string_view reason) {
  retired_ = true;
  listener_ = nullptr;
  for (auto& [id, device] : devices_) {
    if (device.self.session) device.self.session->close(reason);
    for (auto& [name, module] : device.modules) {
      if (module.session) module.session->close(reason);
    }
  }
}

void Hub::attach(Entity& entity, DeviceSession& session) {
  if (entity.session) {
    entity.session->close("another connection took its place");
  } else {
    ++connected_;
    tell_connection(entity, "deviceConnected");
  }
  entity.session = &session;
  entity.connection_changed = now();
  entity.last_activity = now();
}

void Hub::detach(const EntityKey& key, DeviceSession& session) {
  if (retired_) return;  // sessions may end after everything that the hub stands on
  Entity* entity = find(key);
  if (!entity || entity->session != &session) return;
  entity->session = nullptr;
  entity->connection_changed = now();
  --connected_;
  tell_connection(*entity, "deviceDisconnected");
}

}  // namespace drydock::iot_hub
