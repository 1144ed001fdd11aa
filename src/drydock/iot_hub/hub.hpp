// SPDX-License-Identifier: Apache-2.0
// The state of one IoT hub: identities, twins, configurations, and the devices connected to it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "drydock/iot_hub/cloud_to_device.hpp"
#include "drydock/iot_hub/hub_event.hpp"
#include "drydock/iot_hub/identity.hpp"
#include "drydock/iot_hub/query.hpp"
#include "drydock/iot_hub/twin.hpp"
#include "net/task.hpp"

namespace drydock::iot_hub {

class Store;

// A device or module that is connected. Owned by its connection; known to its entity while it
// lives.
class DeviceSession {
 public:
  virtual ~DeviceSession() = default;
  virtual void desired_changed(const json::object& patch, std::int64_t version) = 0;
  virtual bool accepts_methods() const = 0;
  virtual void call_method(std::string_view name, std::string_view call_id,
                           std::string_view payload) = 0;
  virtual void messages_waiting() = 0;  // for the device, in the queue
  virtual void close(std::string_view reason) = 0;
};

struct Entity {
  Identity identity;
  Twin twin;
  std::optional<ferry::Timestamp> last_activity;
  std::optional<ferry::Timestamp> connection_changed;
  DeviceSession* session = nullptr;
};

struct Device {
  Entity self;
  std::map<std::string, Entity, std::less<>> modules;
};

// One value in a configuration's content: where it goes in the desired properties of a module, or,
// without one, of the device or module that is targeted.
struct Setting {
  std::string module;
  query::Path path;  // empty: the whole section
  json::value value;
};

// An automatic deployment or configuration.
struct Configuration {
  // For IoT Edge devices: a base is a whole deployment, a layer goes over one of lower priority.
  // For all devices, and for modules: values in the twins of those that it targets.
  enum class Kind { base, layer, devices, modules };
  std::string id;
  std::string schema_version = "1.0";
  json::object labels;
  json::object content;  // {"modulesContent": {...}}, {"deviceContent": {...}} or {"moduleContent"}
  std::string target_condition;
  std::int64_t priority = 0;
  ferry::Timestamp created;
  ferry::Timestamp updated;
  json::object metric_queries;
  std::int64_t etag = 1;

  // Derived from the above; see configurations.hpp.
  Kind kind = Kind::base;
  std::optional<query::Expression> condition;  // nothing: targets nobody
  std::vector<Setting> settings;               // coarser paths before finer ones
  // Derived from the devices; kept by the deployment engine. Device ids, or "device/module".
  std::unordered_set<std::string> targeted;  // for which the condition holds
  std::unordered_set<std::string> applied;   // those of them that it is applied to

  bool is_edge() const { return kind <= Kind::layer; }
};

// Changes happen in memory first and are written by commit(): nothing may be acknowledged before it
// has succeeded. What it could not write stays due for the next commit.
class Hub : public std::enable_shared_from_this<Hub> {
 public:
  using Devices = std::map<std::string, Device, std::less<>>;
  using Configurations = std::map<std::string, Configuration, std::less<>>;

  Hub(std::string name, ferry::net::Executor executor, const ferry::Clock& clock, Store& store,
      std::shared_ptr<CloudToDevice> messages);
  ferry::Result<void> load();
  // Told what happens until the hub is retired; must outlive that.
  void tell(HubListener& listener) { listener_ = &listener; }

  const std::string& name() const { return name_; }  // lower case
  const std::shared_ptr<CloudToDevice>& messages() const { return messages_; }
  ferry::Timestamp now() const { return clock_.now(); }
  const Devices& devices() const { return devices_; }
  Configurations& configurations() { return configurations_; }
  const Configurations& configurations() const { return configurations_; }

  Device* find_device(std::string_view id);
  const Device* find_device(std::string_view id) const;
  Entity* find(const EntityKey& key);
  // 404001 or 404010.
  Outcome<Entity*> require(const EntityKey& key);
  std::size_t connected_count() const { return connected_; }

  // Identities. `if_match` is an etag without quotes, "*" for any, nothing to create.
  Outcome<Entity*> create_device(const std::string& id, const IdentityRequest& request);
  Outcome<Entity*> create_module(const EntityKey& key, const IdentityRequest& request);
  Outcome<Entity*> update(const EntityKey& key, const IdentityRequest& request,
                          std::string_view if_match);
  Outcome<void> remove_device(std::string_view id, std::string_view if_match);
  Outcome<void> remove_module(const EntityKey& key, std::string_view if_match);

  // Twins. The service may change tags and desired, the device reported.
  struct TwinChange {
    std::optional<json::object> tags;
    std::optional<json::object> desired;
    bool replace = false;
  };
  Outcome<Entity*> change_twin(const EntityKey& key, const TwinChange& change,
                               std::string_view if_match);
  // Returns the new version of the reported section.
  Outcome<std::int64_t> report(Entity& entity, const json::object& patch);
  // For the deployment engine: replaces desired when it differs.
  void set_desired(Entity& entity, const json::object& desired);
  Entity& add_managed_module(Device& device, const std::string& module);
  void mark_dirty(const Entity& entity) { dirty_.insert(entity.identity.key); }
  void mark_dirty(const Configuration& configuration) {
    dirty_configurations_.insert(configuration.id);
  }
  void erase_configuration(const std::string& id);

  // Whether what devices change has its effect on deployments at once, or at the next pass.
  bool evaluates_at_once() const { return evaluates_at_once_; }
  void evaluate_in_passes() { evaluates_at_once_ = false; }

  // Writes what has changed and then tells connected devices about their new desired properties.
  ferry::Result<void> commit();
  // The same in the next turn of the loop together with everything else of this turn.
  void commit_soon(std::function<void(bool)> done);
  // The hub was deleted, or the program ends: ends all sessions and never writes again.
  void retire(std::string_view reason);
  bool is_retired() const { return retired_; }

  void attach(Entity& entity, DeviceSession& session);  // ends a session that is there already
  void detach(const EntityKey& key, DeviceSession& session);

 private:
  static ferry::net::Task<void> flush(std::shared_ptr<Hub> self);
  Entity& insert(Identity identity);
  void add_system_modules(Device& device);
  // The patch that it came to.
  Outcome<json::object> change_desired(Entity& entity, const TwinChange& change);
  void write_desired(Entity& entity, const json::object& patch);

  void note(const Entity& entity, HubEvent::Kind kind, std::string_view operation,
            const std::function<json::object()>& body);
  void note_deletion(const Entity& entity);
  void note_update(const Entity& entity, const TwinPatch& patch);
  void tell_noted();
  void tell_connection(const Entity& entity, std::string_view operation);

  struct Notification {
    EntityKey key;
    json::object patch;
    std::int64_t version;
  };

  std::string name_;
  ferry::net::Executor executor_;
  const ferry::Clock& clock_;
  Store& store_;
  std::shared_ptr<CloudToDevice> messages_;
  bool retired_ = false;
  bool evaluates_at_once_ = true;
  Devices devices_;
  Configurations configurations_;
  std::size_t connected_ = 0;
  std::set<EntityKey> dirty_;
  std::set<std::string> dirty_configurations_;
  std::vector<std::string> removed_devices_;  // whose messages have not been erased yet
  std::vector<Notification> notifications_;
  HubListener* listener_ = nullptr;
  std::vector<HubEvent> noted_;
  std::uint64_t connection_events_ = 0;
  std::vector<std::function<void(bool)>> waiting_;
};

// Of a body with "tags" and "properties.desired"; a replacement makes empty what is absent.
Hub::TwinChange read_twin_change(const json::object& body, bool replace);

// JSON as the service API gives it.
json::object identity_json(const Hub& hub, const Entity& entity);
json::object twin_json(const Hub& hub, const Device& device, const Entity& entity);

// What query paths mean for a device or module twin.
class TwinSource final : public query::Source {
 public:
  TwinSource(const Device& device, const Entity& entity) : device_(device), entity_(entity) {}
  query::Found find(const query::Path& path) const override;

 private:
  const Device& device_;
  const Entity& entity_;
};

}  // namespace drydock::iot_hub
