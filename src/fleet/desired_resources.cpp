// SPDX-License-Identifier: Apache-2.0
#include "fleet/desired_resources.hpp"

#include <algorithm>

#include "fleet/azure_id.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::fleet {
namespace {

constexpr const char* kResources = "2022-09-01";
constexpr const char* kIotHubs = "2023-06-30";
constexpr const char* kProvisioning = "2022-12-12";
constexpr const char* kStorage = "2023-05-01";
constexpr const char* kRegistries = "2023-07-01";
constexpr const char* kEventHubs = "2024-01-01";
constexpr const char* kAuthorization = "2022-04-01";

constexpr const char* kEndpointName = "telemetry";
// Azure Event Hubs Data Sender.
constexpr const char* kSenderRoleId = "2b629674-e913-4c01-ae53-ef4638d8f975";

Expectation expect(std::string path, json::value value) {
  return {std::move(path), std::move(value), true};
}
Expectation expect_fixed(std::string path, json::value value) {
  return {std::move(path), std::move(value), false};
}

// Builds the table entry by entry.
class Table {
 public:
  explicit Table(const Workspace& workspace)
      : workspace_(workspace),
        names_(workspace.names),
        group_("/resourceGroups/" + workspace.names.resource_group) {
    if (needs_group()) add_group();
    const Hub first{keys::kIotHub, names_.iot_hub, 1};
    add_hub(first);
    add_provisioning_service();
    if (!adopted().provisioning_service.empty()) add_link(first);
    add_storage();
    add_registry();
    if (workspace_.options.event_hubs) add_event_hubs(*workspace_.options.event_hubs, first);
    int number = 1;
    for (const auto& further : workspace_.further_hubs) {
      const Hub hub{further.key, further.name, ++number};
      add_hub(hub);
      add_link(hub);
      if (workspace_.options.event_hubs) add_routes_of(hub);
    }
  }
  std::vector<DesiredResource> take() { return std::move(entries_); }

 private:
  struct Hub {
    std::string key;
    std::string name;
    int number = 1;
    // What belongs to the first hub is called by its plain key and title.
    std::string key_of(const std::string& kind) const {
      return number == 1 ? kind : fmt::format("{}-{}", kind, number);
    }
    std::string title_of(const std::string& plain) const {
      return number == 1 ? plain : fmt::format("{} of IoT Hub {}", plain, number);
    }
  };

  const AdoptedResources& adopted() const { return workspace_.options.adopted; }
  bool needs_group() const {
    return adopted().iot_hub.empty() || adopted().provisioning_service.empty() ||
           adopted().storage_account.empty() || adopted().registry.empty() ||
           workspace_.options.event_hubs || !workspace_.further_hubs.empty();
  }

  DesiredResource& add(std::string key, std::string title, std::string type, std::string name,
                       std::string path, std::string version, json::object body) {
    DesiredResource entry;
    entry.kind = key;
    entry.key = std::move(key);
    entry.title = std::move(title);
    entry.type = std::move(type);
    entry.name = std::move(name);
    entry.path = std::move(path);
    entry.api_version = std::move(version);
    entry.body = std::move(body);
    entries_.push_back(std::move(entry));
    return entries_.back();
  }
  // A resource of the group, with location and tags.
  DesiredResource& add_in_group(std::string key, std::string title, std::string type,
                                std::string name, std::string version, json::object body) {
    body["location"] = workspace_.location;
    body["tags"] = workspace_tags(workspace_);
    std::string path = fmt::format("{}/providers/{}/{}", group_, type, name);
    auto& entry = add(std::move(key), std::move(title), std::move(type), std::move(name),
                      std::move(path), std::move(version), std::move(body));
    entry.after = {keys::kResourceGroup};
    return entry;
  }
  // One that is there already, under a full Azure id that has been looked at before it was kept.
  bool add_adopted(const std::string& id, std::string key, std::string title, std::string type,
                   std::string version) {
    if (id.empty()) return false;
    const auto parts = parse_azure_id(id).value_or(AzureId{});
    auto& entry = add(std::move(key), std::move(title), std::move(type), parts.name, parts.path(),
                      std::move(version), {});
    entry.adopted = true;
    return true;
  }
  // A part of another resource: "<parent>/<segments>/<name>".
  DesiredResource& add_part(const std::string& parent, std::string key, std::string title,
                            std::string_view segments, std::string name, json::object body) {
    const DesiredResource& whole = *find_resource(entries_, parent);
    std::string type = fmt::format("{}/{}", whole.type, segments);
    // "blobServices/default/containers": the type has no instance names in it.
    const auto instance = type.find("/default/");
    if (instance != std::string::npos) type.erase(instance, std::string_view("/default").size());
    const auto events = type.find("/events/");
    if (events != std::string::npos) type.erase(events, std::string_view("/events").size());
    std::string path = fmt::format("{}/{}/{}", whole.path, segments, name);
    std::string version = whole.api_version;
    auto& entry = add(std::move(key), std::move(title), std::move(type), std::move(name),
                      std::move(path), std::move(version), std::move(body));
    entry.parent = parent;
    entry.after = {parent};
    return entry;
  }

  void add_group() {
    add(keys::kResourceGroup, "Resource group", "Microsoft.Resources/resourceGroups",
        names_.resource_group, group_, kResources,
        {{"location", workspace_.location}, {"tags", workspace_tags(workspace_)}});
  }

  void add_hub(const Hub& hub) {
    const bool is_adopted = hub.number == 1 && add_adopted(adopted().iot_hub, hub.key, "IoT Hub",
                                                           "Microsoft.Devices/IotHubs", kIotHubs);
    if (!is_adopted) add_own_hub(hub);
    // A consumer group of Ferry's own: readers of one group take turns.
    const std::string name = consumer_group_name(workspace_, hub.key);
    add_part(hub.key, hub.key_of(keys::kConsumerGroup), hub.title_of("Consumer group"),
             "eventHubEndpoints/events/ConsumerGroups", name, {{"properties", {{"name", name}}}})
        .kind = keys::kConsumerGroup;
  }

  void add_own_hub(const Hub& which) {
    const auto& options = workspace_.options;
    const int partitions = hub_limits(options).partitions;
    const json::object fallback{{"name", "$fallback"},
                                {"source", "DeviceMessages"},
                                {"condition", "true"},
                                {"endpointNames", json::array{"events"}},
                                {"isEnabled", true}};
    json::object events{{"retentionTimeInDays", 1}, {"partitionCount", partitions}};
    json::object properties{{"minTlsVersion", "1.2"},
                            {"publicNetworkAccess", "Enabled"},
                            {"eventHubEndpoints", {{"events", std::move(events)}}},
                            {"routing", {{"fallbackRoute", fallback}}},
                            {"features", "None"}};
    json::object body{{"sku", {{"name", options.sku}, {"capacity", options.units}}},
                      {"properties", std::move(properties)}};
    const bool identity = options.identity_based && options.event_hubs.has_value();
    if (identity) body["identity"] = {{"type", "SystemAssigned"}};
    const std::string title =
        which.number == 1 ? "IoT Hub" : fmt::format("IoT Hub {}", which.number);
    auto& hub = add_in_group(which.key, title, "Microsoft.Devices/IotHubs", which.name, kIotHubs,
                             std::move(body));
    hub.kind = keys::kIotHub;
    hub.sku = options.sku;
    hub.expectations = {
        expect("sku.name", json::value(options.sku)),
        expect("sku.capacity", options.units),
        expect("properties.minTlsVersion", "1.2"),
        expect("properties.eventHubEndpoints.events.retentionTimeInDays", 1),
        expect_fixed("properties.eventHubEndpoints.events.partitionCount", partitions),
        expect("properties.routing.fallbackRoute.isEnabled", true),
    };
  }

  json::object link_to(const Hub& hub) const {
    const bool is_adopted = hub.number == 1 && !adopted().iot_hub.empty();
    return {
        {"connectionString", fmt::format("${{{}.connectionString}}", hub.key)},
        {"location", is_adopted ? fmt::format("${{{}.location}}", hub.key) : workspace_.location},
        {"applyAllocationPolicy", true},
        {"allocationWeight", 1}};
  }

  // A part of the service's document.
  void add_link(const Hub& hub) {
    const auto& service = *find_resource(entries_, keys::kProvisioningService);
    std::string before = keys::kWorkspaceCa;  // the service takes one change at a time
    for (const auto& entry : entries_) {
      if (entry.kind == keys::kHubLink) before = entry.key;
    }
    auto& link = add(hub.key_of(keys::kHubLink), hub.title_of("Hub link"),
                     "Microsoft.Devices/provisioningServices/iotHubs", hub.name, service.path,
                     kProvisioning, link_to(hub));
    link.kind = keys::kHubLink;
    link.hub = hub.key;
    link.parent = keys::kProvisioningService;
    link.after = {hub.key, std::move(before)};
  }

  void add_provisioning_service() {
    const bool is_adopted = add_adopted(adopted().provisioning_service, keys::kProvisioningService,
                                        "Device Provisioning Service",
                                        "Microsoft.Devices/provisioningServices", kProvisioning);
    if (!is_adopted) {
      auto& service = add_in_group(
          keys::kProvisioningService, "Device Provisioning Service",
          "Microsoft.Devices/provisioningServices", names_.provisioning_service, kProvisioning,
          {{"sku", {{"name", "S1"}, {"capacity", 1}}},
           {"properties",
            {{"allocationPolicy", "Hashed"},
             {"iotHubs", json::array{link_to({keys::kIotHub, names_.iot_hub, 1})}}}}});
      service.sku = "S1";
      service.after.push_back(keys::kIotHub);
      service.hub = keys::kIotHub;
      service.expectations = {expect("properties.allocationPolicy", "Hashed")};
    }
    add_part(
        keys::kProvisioningService, keys::kWorkspaceCa, "Workspace CA", "certificates",
        names_.ca_certificate,
        {{"properties", {{"certificate", "${workspace-ca.certificate}"}, {"isVerified", false}}}})
        .expectations = {expect("properties.isVerified", true)};
  }

  void add_storage() {
    if (!add_adopted(adopted().storage_account, keys::kStorageAccount, "Storage account",
                     "Microsoft.Storage/storageAccounts", kStorage)) {
      add_own_storage();
    }
    add_part(keys::kStorageAccount, keys::kBlobContainer, "Blob container",
             "blobServices/default/containers", names_.container,
             {{"properties", {{"publicAccess", "None"}}}});
  }

  void add_own_storage() {
    auto& account =
        add_in_group(keys::kStorageAccount, "Storage account", "Microsoft.Storage/storageAccounts",
                     names_.storage_account, kStorage,
                     {{"sku", {{"name", "Standard_LRS"}}},
                      {"kind", "StorageV2"},
                      {"properties",
                       {{"minimumTlsVersion", "TLS1_2"},
                        {"supportsHttpsTrafficOnly", true},
                        {"allowBlobPublicAccess", false},
                        {"allowSharedKeyAccess", true},
                        {"allowCrossTenantReplication", false},
                        {"accessTier", "Hot"}}}});
    account.sku = "Standard_LRS";
    account.expectations = {expect("properties.minimumTlsVersion", "TLS1_2"),
                            expect("properties.supportsHttpsTrafficOnly", true),
                            expect("properties.allowBlobPublicAccess", false)};
  }

  void add_registry() {
    if (!add_adopted(adopted().registry, keys::kRegistry, "Container registry",
                     "Microsoft.ContainerRegistry/registries", kRegistries)) {
      auto& registry = add_in_group(
          keys::kRegistry, "Container registry", "Microsoft.ContainerRegistry/registries",
          names_.registry, kRegistries,
          {{"sku", {{"name", "Basic"}}},
           {"properties", {{"adminUserEnabled", false}, {"publicNetworkAccess", "Enabled"}}}});
      registry.sku = "Basic";
      registry.expectations = {expect("properties.adminUserEnabled", false)};
    }
    const std::string path = find_resource(entries_, keys::kRegistry)->path;
    const std::string name = push_token_name(workspace_);
    json::array actions;
    for (const char* right : {"content/read", "metadata/read", "content/write", "metadata/write"}) {
      actions.push_back(json::value(fmt::format("repositories/*/{}", right)));
    }
    // Ferry's own credential for publishing; never the registry's admin user.
    add_part(keys::kRegistry, keys::kPushScopeMap, "Push rights", "scopeMaps", name,
             {{"properties", {{"description", "made by Ferry"}, {"actions", std::move(actions)}}}});
    const std::string map =
        fmt::format("/subscriptions/${{subscription}}{}/scopeMaps/{}", path, name);
    auto& token = add_part(keys::kRegistry, keys::kPushToken, "Push credential", "tokens", name,
                           {{"properties", {{"scopeMapId", map}, {"status", "enabled"}}}});
    token.after = {keys::kPushScopeMap};
    token.expectations = {expect("properties.status", "enabled")};
  }

  void add_event_hubs(const EventHubsOptions& options, const Hub& first) {
    auto& space =
        add_in_group(keys::kEventHubsNamespace, "Event Hubs namespace",
                     "Microsoft.EventHub/namespaces", names_.event_hubs_namespace, kEventHubs,
                     {{"sku", {{"name", "Standard"}, {"tier", "Standard"}, {"capacity", 1}}},
                      {"properties",
                       {{"minimumTlsVersion", "1.2"},
                        {"publicNetworkAccess", "Enabled"},
                        {"isAutoInflateEnabled", false}}}});
    space.sku = "Standard";
    space.expectations = {expect("properties.minimumTlsVersion", "1.2")};
    auto& hub = add_part(
        keys::kEventHubsNamespace, keys::kEventHub, "Event hub", "eventhubs", kEndpointName,
        {{"properties",
          {{"partitionCount", options.partitions},
           {"retentionDescription",
            {{"cleanupPolicy", "Delete"}, {"retentionTimeInHours", options.retention_hours}}}}}});
    hub.expectations = {
        expect_fixed("properties.partitionCount", options.partitions),
        expect("properties.retentionDescription.retentionTimeInHours", options.retention_hours)};
    const auto policy = [&](const std::string& key, const char* title, const char* name,
                            const char* right) {
      add_part(keys::kEventHub, key, title, "authorizationRules", name,
               {{"properties", {{"rights", json::array{right}}}}})
          .expectations = {expect("properties.rights", json::array{right})};
    };
    policy(keys::kListenPolicy, "Listen policy", "ferry-listen", "Listen");
    if (!workspace_.options.identity_based) {
      policy(keys::kSendPolicy, "Send policy", "ferry-send", "Send");
    }
    add_routes_of(first);
  }

  void add_routes_of(const Hub& hub) {
    if (workspace_.options.identity_based) add_sender_role(hub);
    add_routing(hub);
  }

  // The name of the assignment depends on the hub's identity: known once that stands.
  void add_sender_role(const Hub& hub) {
    const std::string event_hub_path = find_resource(entries_, keys::kEventHub)->path;
    json::object properties{
        {"roleDefinitionId",
         fmt::format("/subscriptions/${{subscription}}/providers/Microsoft.Authorization/"
                     "roleDefinitions/{}",
                     kSenderRoleId)},
        {"principalId", fmt::format("${{{}.principalId}}", hub.key)},
        {"principalType", "ServicePrincipal"}};
    auto& role = add(hub.key_of(keys::kSenderRole), hub.title_of("Sender role"),
                     "Microsoft.Authorization/roleAssignments", "Azure Event Hubs Data Sender",
                     event_hub_path + "/providers/Microsoft.Authorization/roleAssignments",
                     kAuthorization, {{"properties", std::move(properties)}});
    role.kind = keys::kSenderRole;
    role.hub = hub.key;
    role.parent = keys::kEventHub;
    role.after = {hub.key, keys::kEventHub};
  }

  // A part of the hub's document: the endpoint, the route that takes every message there, and what
  // is stamped on each. A message that no route takes lands in the built-in endpoint.
  void add_routing(const Hub& hub) {
    // Beside what an adopted hub has already.
    const bool is_adopted = hub.number == 1 && !adopted().iot_hub.empty();
    const std::string name =
        is_adopted ? fmt::format("ferry-{}", workspace_suffix(workspace_)) : kEndpointName;
    json::object endpoint{{"name", name},
                          {"resourceGroup", names_.resource_group},
                          {"subscriptionId", "${subscription}"}};
    if (workspace_.options.identity_based) {
      endpoint["authenticationType"] = "identityBased";
      endpoint["endpointUri"] =
          fmt::format("sb://{}.${{suffix.serviceBus}}", names_.event_hubs_namespace);
      endpoint["entityPath"] = kEndpointName;
    } else {
      endpoint["connectionString"] = "${event-hub-send.connectionString}";
    }
    const json::array to{json::value(name)};
    const json::object route{{"name", is_adopted ? name : "ferry-telemetry"},
                             {"source", "DeviceMessages"},
                             {"condition", "true"},
                             {"endpointNames", to},
                             {"isEnabled", true}};
    const auto enrichment = [&](const char* name, const char* value) {
      return json::object{{"key", name}, {"value", value}, {"endpointNames", to}};
    };
    json::object routing{
        {"endpoints", {{"eventHubs", json::array{std::move(endpoint)}}}},
        {"routes", json::array{route}},
        {"enrichments", json::array{enrichment("ferryNodeGroup", "$twin.tags.ferry.nodeGroup"),
                                    enrichment("ferryHub", "$iothubname")}}};
    auto& entry =
        add(hub.key_of(keys::kRouting), hub.title_of("Message routing"),
            "Microsoft.Devices/IotHubs/routing", name, find_resource(entries_, hub.key)->path,
            kIotHubs, {{"properties", {{"routing", std::move(routing)}}}});
    entry.kind = keys::kRouting;
    entry.hub = hub.key;
    entry.parent = hub.key;
    // The consumer group is a change of the hub too, and a hub takes one at a time.
    entry.after = {
        hub.key_of(keys::kConsumerGroup), keys::kEventHub,
        workspace_.options.identity_based ? hub.key_of(keys::kSenderRole) : keys::kSendPolicy};
  }

  const Workspace& workspace_;
  const AzureNames& names_;
  std::string group_;
  std::vector<DesiredResource> entries_;
};

}  // namespace

std::vector<DesiredResource> desired_resources(const Workspace& workspace) {
  return Table(workspace).take();
}

const DesiredResource& whole_of(const std::vector<DesiredResource>& resources,
                                const DesiredResource& part) {
  const auto* whole = &part;
  while (!whole->parent.empty()) whole = find_resource(resources, whole->parent);
  return *whole;
}

const DesiredResource* find_resource(const std::vector<DesiredResource>& resources,
                                     std::string_view key) {
  const auto found = std::find_if(resources.begin(), resources.end(),
                                  [&](const DesiredResource& entry) { return entry.key == key; });
  return found == resources.end() ? nullptr : &*found;
}

json::object workspace_tags(const Workspace& workspace) {
  return {{kWorkspaceTag, workspace.id.str()}, {"ferry-workspace-name", workspace.name}};
}

}  // namespace ferry::fleet
