// SPDX-License-Identifier: Apache-2.0
// What the data planes (IoT Hub, DPS, Blob, Registry) need to know of the resources that Azure
// Resource Manager keeps. ARM (drydock/arm) implements it; the data planes never look into ARM's
// documents.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace drydock {

struct SharedAccessPolicy {
  std::string name;
  ferry::Secret primary_key;  // base64 text
  ferry::Secret secondary_key;
  std::string rights;  // "RegistryWrite, ServiceConnect, DeviceConnect"
};

// Where a hub's routes may lead beside the built-in endpoint.
struct RoutingEndpoint {
  std::string id;
  std::string name;
  std::string kind;       // "eventHubs", "storageContainers", ...
  std::string host;       // of the Event Hubs namespace
  std::string event_hub;  // as the connection string or the entity path says
  bool identity_based = false;
  std::string rule;  // with a key
  ferry::Secret key;
  std::string principal;  // with an identity
};

struct HubRoute {
  std::string name;
  std::string source;
  std::string condition;
  std::string endpoint;
  bool enabled = true;
};

struct HubEnrichment {
  std::string key;
  std::string value;
  std::vector<std::string> endpoints;
};

struct HubRouting {
  std::vector<RoutingEndpoint> endpoints;
  std::vector<HubRoute> routes;
  std::vector<HubEnrichment> enrichments;
  bool fallback_enabled = true;
};

// What a hub says about messages to devices (and the feedback on them) when the message does not.
struct CloudToDeviceSettings {
  int max_delivery_count = 10;
  std::chrono::seconds default_time_to_live{3600};
  std::chrono::seconds feedback_lock{60};
  std::chrono::seconds feedback_time_to_live{3600};
  int feedback_max_delivery_count = 10;
};

struct CaCertificate {
  std::string name;
  std::string pem;
  bool verified = false;  // by proof of possession
};

// The Event Hubs-compatible endpoint that every hub has, "events" among its routing endpoints.
struct BuiltInEndpoint {
  std::string host;  // of its namespace
  std::string path;  // the event hub's name
  int partitions = 4;
  std::int64_t retention_hours = 24;
  std::vector<std::string> consumer_groups = {};  // beside $Default
};

struct HubInfo {
  std::string name;       // ARM's spelling
  std::string host_name;  // "<name>.azure-devices.drydock.localhost"
  std::string sku;        // "S1"
  std::vector<SharedAccessPolicy> policies;
  HubRouting routing = {};
  CloudToDeviceSettings cloud_to_device = {};
  std::string id = {};  // Resource Manager's, for role assignments
  std::vector<CaCertificate> certificates = {};
  bool local_auth = true;  // by the policies' keys
  bool device_sas = true;
  bool module_sas = true;
  BuiltInEndpoint events = {};
  ferry::Timestamp created = {};
};

struct ProvisioningServiceInfo {
  std::string name;
  std::string host_name;  // service endpoint
  std::string id_scope;   // "0ne" + 8 hex digits
  std::string allocation_policy;
  std::vector<std::string> linked_hubs;  // host names
  std::vector<SharedAccessPolicy> policies;
  std::vector<CaCertificate> certificates;
};

struct StorageAccountInfo {
  std::string name;
  ferry::Secret key1;  // base64 text
  ferry::Secret key2;
};

struct RegistryToken {
  std::string name;
  bool enabled = true;
  struct Password {
    ferry::Secret value;
    std::optional<ferry::Timestamp> expiry;
  };
  std::vector<Password> passwords;
  std::vector<std::string> actions;  // "repositories/app1/content/read", as in the scope map
};

struct RegistryInfo {
  std::string name;
  std::string login_server;  // lower case, "<name>.azurecr.drydock.localhost"
  bool admin_enabled = false;
  std::vector<ferry::Secret> admin_passwords;  // the user is the registry's name
  std::vector<RegistryToken> tokens;
};

struct EventHubInfo {
  std::string name;
  int partitions = 4;
  std::int64_t retention_hours = 168;
  std::vector<SharedAccessPolicy> rules;  // rights: "Listen, Send"
  std::vector<std::string> consumer_groups;
  ferry::Timestamp created = {};
};

struct EventHubNamespaceInfo {
  std::string id;  // Resource Manager's, for role assignments
  std::string name;
  std::string host_name;  // "<name>.servicebus.drydock.localhost"
  bool local_auth = true;
  std::vector<SharedAccessPolicy> rules = {};
  std::vector<EventHubInfo> event_hubs = {};
};

// Names compare without case. Answers are copies of the state at the time of the call.
class Directory {
 public:
  virtual ~Directory() = default;
  // Another number after every change, so that copies can be kept; nothing: it is not known.
  virtual std::optional<std::uint64_t> version() const { return std::nullopt; }
  virtual std::optional<HubInfo> find_hub(std::string_view name) const = 0;
  // By the name of its built-in endpoint's namespace.
  virtual std::optional<HubInfo> find_hub_by_namespace(std::string_view /*name*/) const {
    return std::nullopt;
  }
  virtual std::optional<ProvisioningServiceInfo> find_provisioning_service(
      std::string_view name) const = 0;
  virtual std::optional<ProvisioningServiceInfo> find_provisioning_service_by_scope(
      std::string_view id_scope) const = 0;
  virtual std::optional<StorageAccountInfo> find_storage_account(std::string_view name) const = 0;
  virtual std::optional<RegistryInfo> find_registry(std::string_view name) const = 0;
  virtual std::optional<EventHubNamespaceInfo> find_event_hub_namespace(
      std::string_view /*name*/) const {
    return std::nullopt;
  }
  // Whether the roles of a principal grant the data action at the scope, a resource's id.
  virtual bool grants_data_action(std::string_view /*principal*/, std::string_view /*scope*/,
                                  std::string_view /*action*/) const {
    return false;
  }
};

// A data plane that holds data of resources: told by ARM when one is deleted, so that nothing of it
// comes back when the name is used again.
enum class ResourceKind {
  iot_hub,
  provisioning_service,
  storage_account,
  container_registry,
  event_hub_namespace,
  event_hub,  // its name is "<namespace>/<event hub>"
};
class ResourceObserver {
 public:
  virtual ~ResourceObserver() = default;
  virtual void on_deleted(ResourceKind kind, std::string_view name) = 0;
};

// What Resource Manager asks hubs about themselves.
struct HubNumbers {
  std::int64_t devices = 0;
  std::int64_t enabled_devices = 0;
  std::int64_t messages_today = 0;  // since midnight, UTC, and since Drydock started
};
// How sending to a routing endpoint went.
struct EndpointRecord {
  std::optional<ferry::Timestamp> last_attempt;
  std::optional<ferry::Timestamp> last_success;
  std::optional<ferry::Timestamp> failing_since;
};
class HubGauge {
 public:
  virtual ~HubGauge() = default;
  virtual HubNumbers numbers(std::string_view hub) = 0;
  virtual EndpointRecord endpoint_record(std::string_view hub, std::string_view endpoint) const = 0;
};

// Checks tokens that Drydock's Entra issued, for the data planes that take them.
struct TokenIdentity {
  std::string object_id;
  std::string application_id;
  std::string audience;
  std::string tenant_id = {};
};
class TokenVerifier {
 public:
  virtual ~TokenVerifier() = default;
  // Signature, issuer, validity; `audiences` are the accepted ones, compared without trailing
  // slash.
  virtual std::optional<TokenIdentity> verify(std::string_view jwt,
                                              const std::vector<std::string>& audiences) const = 0;
};

}  // namespace drydock
