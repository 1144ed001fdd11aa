// SPDX-License-Identifier: Apache-2.0
#include "fleet/desired_resources.hpp"

#include <algorithm>
#include <set>

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
    add_group();
    add_hub();
    add_provisioning_service();
    add_storage();
    add_registry();
    if (workspace_.options.event_hubs) add_event_hubs(*workspace_.options.event_hubs);
  }
  std::vector<DesiredResource> take() { return std::move(entries_); }

 private:
  DesiredResource& add(std::string key, std::string title, std::string type, std::string name,
                       std::string path, std::string version, json::object body) {
    DesiredResource entry;
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

  void add_hub() {
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
    auto& hub = add_in_group(keys::kIotHub, "IoT Hub", "Microsoft.Devices/IotHubs", names_.iot_hub,
                             kIotHubs, std::move(body));
    hub.sku = options.sku;
    hub.expectations = {
        expect("sku.name", json::value(options.sku)),
        expect("sku.capacity", options.units),
        expect("properties.minTlsVersion", "1.2"),
        expect("properties.eventHubEndpoints.events.retentionTimeInDays", 1),
        expect_fixed("properties.eventHubEndpoints.events.partitionCount", partitions),
        expect("properties.routing.fallbackRoute.isEnabled", true),
    };
    // A consumer group of Ferry's own: readers of one group take turns.
    add_part(keys::kIotHub, keys::kConsumerGroup, "Consumer group",
             "eventHubEndpoints/events/ConsumerGroups", "ferry",
             {{"properties", {{"name", "ferry"}}}});
  }

  void add_provisioning_service() {
    json::object link{{"connectionString", "${iot-hub.connectionString}"},
                      {"location", workspace_.location},
                      {"applyAllocationPolicy", true},
                      {"allocationWeight", 1}};
    auto& service = add_in_group(
        keys::kProvisioningService, "Device Provisioning Service",
        "Microsoft.Devices/provisioningServices", names_.provisioning_service, kProvisioning,
        {{"sku", {{"name", "S1"}, {"capacity", 1}}},
         {"properties",
          {{"allocationPolicy", "Hashed"}, {"iotHubs", json::array{std::move(link)}}}}});
    service.sku = "S1";
    service.after.push_back(keys::kIotHub);
    service.expectations = {expect("properties.allocationPolicy", "Hashed")};
    add_part(
        keys::kProvisioningService, keys::kWorkspaceCa, "Workspace CA", "certificates",
        names_.ca_certificate,
        {{"properties", {{"certificate", "${workspace-ca.certificate}"}, {"isVerified", false}}}})
        .expectations = {expect("properties.isVerified", true)};
  }

  void add_storage() {
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
    add_part(keys::kStorageAccount, keys::kBlobContainer, "Blob container",
             "blobServices/default/containers", names_.container,
             {{"properties", {{"publicAccess", "None"}}}});
  }

  void add_registry() {
    auto& registry = add_in_group(
        keys::kRegistry, "Container registry", "Microsoft.ContainerRegistry/registries",
        names_.registry, kRegistries,
        {{"sku", {{"name", "Basic"}}},
         {"properties", {{"adminUserEnabled", false}, {"publicNetworkAccess", "Enabled"}}}});
    registry.sku = "Basic";
    registry.expectations = {expect("properties.adminUserEnabled", false)};
    const std::string path = registry.path;
    json::array actions;
    for (const char* right : {"content/read", "metadata/read", "content/write", "metadata/write"}) {
      actions.push_back(json::value(fmt::format("repositories/*/{}", right)));
    }
    // Ferry's own credential for publishing; never the registry's admin user.
    add_part(keys::kRegistry, keys::kPushScopeMap, "Push rights", "scopeMaps", "ferry-push",
             {{"properties", {{"description", "made by Ferry"}, {"actions", std::move(actions)}}}});
    const std::string map =
        fmt::format("/subscriptions/${{subscription}}{}/scopeMaps/ferry-push", path);
    auto& token =
        add_part(keys::kRegistry, keys::kPushToken, "Push credential", "tokens", "ferry-push",
                 {{"properties", {{"scopeMapId", map}, {"status", "enabled"}}}});
    token.after = {keys::kPushScopeMap};
    token.expectations = {expect("properties.status", "enabled")};
  }

  void add_event_hubs(const EventHubsOptions& options) {
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
    const std::string event_hub_path = hub.path;
    const auto policy = [&](const std::string& key, const char* title, const char* name,
                            const char* right) {
      add_part(keys::kEventHub, key, title, "authorizationRules", name,
               {{"properties", {{"rights", json::array{right}}}}})
          .expectations = {expect("properties.rights", json::array{right})};
    };
    policy(keys::kListenPolicy, "Listen policy", "ferry-listen", "Listen");
    if (workspace_.options.identity_based) {
      add_sender_role(event_hub_path);
    } else {
      policy(keys::kSendPolicy, "Send policy", "ferry-send", "Send");
    }
    add_routing();
  }

  // The name of the assignment depends on the hub's identity: known once that stands.
  void add_sender_role(const std::string& event_hub_path) {
    json::object properties{
        {"roleDefinitionId",
         fmt::format("/subscriptions/${{subscription}}/providers/Microsoft.Authorization/"
                     "roleDefinitions/{}",
                     kSenderRoleId)},
        {"principalId", "${iot-hub.principalId}"},
        {"principalType", "ServicePrincipal"}};
    auto& role = add(keys::kSenderRole, "Sender role", "Microsoft.Authorization/roleAssignments",
                     "Azure Event Hubs Data Sender",
                     event_hub_path + "/providers/Microsoft.Authorization/roleAssignments",
                     kAuthorization, {{"properties", std::move(properties)}});
    role.parent = keys::kEventHub;
    role.after = {keys::kIotHub, keys::kEventHub};
  }

  // A part of the hub's document: the endpoint, the route that takes every message there, and what
  // is stamped on each. A message that no route takes lands in the built-in endpoint.
  void add_routing() {
    json::object endpoint{{"name", kEndpointName},
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
    const json::array to{kEndpointName};
    const json::object route{{"name", "ferry-telemetry"},
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
    auto& entry = add(keys::kRouting, "Message routing", "Microsoft.Devices/IotHubs/routing",
                      kEndpointName, find_resource(entries_, keys::kIotHub)->path, kIotHubs,
                      {{"properties", {{"routing", std::move(routing)}}}});
    entry.parent = keys::kIotHub;
    // The consumer group is a change of the hub too, and a hub takes one at a time.
    entry.after = {keys::kConsumerGroup, keys::kEventHub,
                   workspace_.options.identity_based ? keys::kSenderRole : keys::kSendPolicy};
  }

  const Workspace& workspace_;
  const AzureNames& names_;
  std::string group_;
  std::vector<DesiredResource> entries_;
};

bool is_basic(std::string_view sku) {
  return sku == "B1" || sku == "B2" || sku == "B3";
}

}  // namespace

std::vector<DesiredResource> desired_resources(const Workspace& workspace) {
  return Table(workspace).take();
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

Result<void> check_options(const WorkspaceOptions& options) {
  static const std::set<std::string, std::less<>> kSkus{"F1", "S1", "S2", "S3"};
  if (is_basic(options.sku)) {
    return fail(Error{Code::invalid_argument,
                      fmt::format("a hub of the Basic tier ({}) has neither device twins nor IoT "
                                  "Edge deployments, which Ferry works with",
                                  options.sku),
                      "choose S1, S2 or S3 (or F1 to try it out)"});
  }
  if (!kSkus.contains(options.sku)) {
    return fail(Error{Code::invalid_argument,
                      fmt::format("there is no IoT Hub SKU '{}'", options.sku),
                      "choose S1, S2 or S3 (or F1 to try it out)"});
  }
  const int most = options.sku == "F1" ? 1 : options.sku == "S3" ? 10 : 200;
  if (options.units < 1 || options.units > most) {
    return fail(Code::invalid_argument, "a hub of SKU {} has 1 to {} units, not {}", options.sku,
                most, options.units);
  }
  if (options.identity_based && !options.event_hubs) {
    return fail(Code::invalid_argument,
                "identityBased says how the hub reaches the event hub: it needs eventHubs");
  }
  if (!options.event_hubs) return {};
  if (options.event_hubs->partitions < 1 || options.event_hubs->partitions > 32) {
    return fail(Code::invalid_argument, "an event hub has 1 to 32 partitions, not {}",
                options.event_hubs->partitions);
  }
  if (options.event_hubs->retention_hours < 1 || options.event_hubs->retention_hours > 168) {
    return fail(Code::invalid_argument, "an event hub keeps messages for 1 to 168 hours, not {}",
                options.event_hubs->retention_hours);
  }
  return {};
}

HubLimits hub_limits(const WorkspaceOptions& options) {
  if (options.sku == "F1") return {8'000, 500, 10, 1, 5, 2};
  const std::int64_t per_unit = options.sku == "S3"   ? 300'000'000
                                : options.sku == "S2" ? 6'000'000
                                                      : 400'000;
  return {per_unit * options.units, 1'000'000, 100, 10, 100, 4};
}

}  // namespace ferry::fleet
