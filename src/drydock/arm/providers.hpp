// SPDX-License-Identifier: Apache-2.0
// The parts that Resource Manager is put together from; each adds its routes.
#pragma once

#include "drydock/arm/access.hpp"
#include "drydock/arm/context.hpp"
#include "drydock/arm/routes.hpp"

namespace drydock::arm {

inline constexpr std::string_view kHubType = "Microsoft.Devices/IotHubs";
inline constexpr std::string_view kProvisioningType = "Microsoft.Devices/provisioningServices";
inline constexpr std::string_view kStorageType = "Microsoft.Storage/storageAccounts";
inline constexpr std::string_view kRegistryType = "Microsoft.ContainerRegistry/registries";
inline constexpr std::string_view kScopeMapType =
    "Microsoft.ContainerRegistry/registries/scopeMaps";
inline constexpr std::string_view kTokenType = "Microsoft.ContainerRegistry/registries/tokens";
inline constexpr std::string_view kNamespaceType = "Microsoft.EventHub/Namespaces";
inline constexpr std::string_view kNamespaceRuleType =
    "Microsoft.EventHub/namespaces/authorizationrules";
inline constexpr std::string_view kEventHubType = "Microsoft.EventHub/namespaces/eventhubs";
inline constexpr std::string_view kEventHubRuleType =
    "Microsoft.EventHub/namespaces/eventhubs/authorizationrules";
inline constexpr std::string_view kConsumerGroupType =
    "Microsoft.EventHub/namespaces/eventhubs/consumergroups";
inline constexpr std::string_view kHubCertificateType = "Microsoft.Devices/IotHubs/Certificates";
inline constexpr std::string_view kHubConsumerGroupType =
    "Microsoft.Devices/IotHubs/EventHubEndpoints/ConsumerGroups";
inline constexpr std::string_view kProvisioningCertificateType =
    "Microsoft.Devices/provisioningServices/Certificates";

// Answers GET /metadata/endpoints, which needs no token.
HttpResponse cloud_metadata(const Context& context, const HttpRequest& request);

void add_subscription_routes(Context& context, Access& access, Routes& routes);
void add_provider_routes(Context& context, Routes& routes);
void add_resource_group_routes(Context& context, Routes& routes);
void add_resource_list_routes(Context& context, Routes& routes);
void add_operation_routes(Context& context, Routes& routes);
void add_iot_hub_routes(Context& context, Routes& routes);
void add_hub_consumer_group_routes(Context& context, Routes& routes);
void add_hub_reading_routes(Context& context, Routes& routes);
void add_hub_routing_routes(Context& context, Routes& routes);
void add_provisioning_service_routes(Context& context, Routes& routes);
// Certificates of hubs and of provisioning services: the same protocol below another parent.
void add_certificate_routes(Context& context, Routes& routes, std::string_view parent_type,
                            std::string_view type);
Outcome<std::vector<CaCertificate>> read_certificates(Context& context, const Resource& parent,
                                                      std::string_view type);
void add_storage_account_routes(Context& context, Routes& routes);
void add_storage_container_routes(Context& context, Routes& routes);
void add_registry_routes(Context& context, Routes& routes);
void add_registry_usage_routes(Context& context, Routes& routes);
void add_registry_token_routes(Context& context, Routes& routes);
// The scope maps that every registry has from the start.
Outcome<void> create_system_scope_maps(Context& context, const Resource& registry);
// Resources that hang on others; {scope} is set beside the parameters of the pattern.
void add_role_assignment_routes(Context& context, Access& access, Routes& extensions);
void add_role_definition_routes(Context& context, Routes& extensions);
void add_lock_routes(Context& context, Routes& extensions);
void add_tag_routes(Context& context, Routes& extensions);

// What the data planes see; nothing while the resource is being created or deleted.
std::optional<HubInfo> read_hub(Context& context, const Resource& resource);
std::optional<ProvisioningServiceInfo> read_provisioning_service(Context& context,
                                                                 const Resource& resource);
std::optional<StorageAccountInfo> read_storage_account(Context& context, const Resource& resource);
std::optional<RegistryInfo> read_registry(Context& context, const Resource& resource);
std::optional<EventHubNamespaceInfo> read_event_hub_namespace(Context& context,
                                                              const Resource& resource);

}  // namespace drydock::arm
