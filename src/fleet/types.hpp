// SPDX-License-Identifier: Apache-2.0
// The vocabulary of a fleet. Values only: what they mean and how they hang together, no behaviour
// that needs a clock, a database or a network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/secret.hpp"
#include "fleet/settings.hpp"

namespace ferry::fleet {

using OrganizationId = Id<struct OrganizationTag>;
using CloudAccountId = Id<struct CloudAccountTag>;
using WorkspaceId = Id<struct WorkspaceTag>;
using ResourceId = Id<struct ResourceTag>;
using NodeGroupId = Id<struct NodeGroupTag>;
using NodeId = Id<struct NodeTag>;
using VersionId = Id<struct VersionTag>;
using DeploymentId = Id<struct DeploymentTag>;
using OperationId = Id<struct OperationTag>;

// Of workspaces and node groups.
enum class LifeState { provisioning, ready, failed, deleting };
// Of one cloud object.
enum class ResourceState { planned, creating, ready, failed, deleting };
enum class ResourceOrigin { created, adopted };
// draft -> publishing -> published or failed; failed -> publishing again. Published never changes.
enum class VersionState { draft, publishing, published, failed };
// Of operations and their steps.
enum class RunState { pending, running, succeeded, failed, cancelled };
enum class Role { owner, operator_, viewer };

std::string_view to_string(LifeState state);
std::string_view to_string(ResourceState state);
std::string_view to_string(ResourceOrigin origin);
std::string_view to_string(VersionState state);
std::string_view to_string(RunState state);
std::string_view to_string(Role role);  // "Owner", "Operator", "Viewer"
Result<LifeState> parse_life_state(std::string_view text);
Result<ResourceState> parse_resource_state(std::string_view text);
Result<ResourceOrigin> parse_resource_origin(std::string_view text);
Result<VersionState> parse_version_state(std::string_view text);
Result<RunState> parse_run_state(std::string_view text);
Result<Role> parse_role(std::string_view text);

enum class CredentialKind {
  client_secret,
  client_certificate,
  managed_identity,
  workload_identity,
  device_code,  // a person's sign-in
  azure_cli,    // of the machine that ferryd runs on
};
std::string_view to_string(CredentialKind kind);  // "client-secret", "device-code", ...
Result<CredentialKind> parse_credential_kind(std::string_view text);

struct Organization {
  OrganizationId id;
  std::string name;
  Timestamp created_at;
};

// The endpoints of one cloud, as its /metadata/endpoints says them. Host name suffixes come without
// a leading dot: "azure-devices.net".
struct Environment {
  std::string name;              // "AzureCloud", "AzureUSGovernment", "Drydock"
  std::string resource_manager;  // "https://management.azure.com/"
  std::string active_directory;  // "https://login.microsoftonline.com/"
  std::string portal;            // "https://portal.azure.com/"
  std::string audience;          // of tokens for the resource manager
  struct Suffixes {
    std::string storage;              // "core.windows.net"
    std::string acr_login_server;     // "azurecr.io"
    std::string iot_hub;              // "azure-devices.net"
    std::string device_provisioning;  // "azure-devices-provisioning.net"
    std::string service_bus;          // "servicebus.windows.net"
  } suffixes;
};

// How a cloud account signs in, without what is secret in it.
struct Credential {
  CredentialKind kind = CredentialKind::client_secret;
  std::string token_file;   // of a workload identity; empty: as the platform says
  bool send_chain = false;  // of a client certificate: its chain goes along
};

struct CloudAccount {
  CloudAccountId id;
  OrganizationId organization;
  std::string name;
  Environment environment;
  std::string ca_pem;  // extra trusted roots; empty where the system's are enough
  std::string tenant_id;
  std::string subscription_id;
  std::string client_id;  // may be empty for identities of the machine
  Timestamp created_at;
  Credential credential = {};
};

// How a workspace's cloud resources are to be.
struct EventHubsOptions {
  int partitions = 4;
  int retention_hours = 24;
};
// Resources that are there already and are taken instead of being made: full Azure ids, in the
// account's subscription; empty: Ferry makes one. Their settings stay their owner's.
struct AdoptedResources {
  std::string iot_hub;
  std::string provisioning_service;
  std::string storage_account;
  std::string registry;
  friend bool operator==(const AdoptedResources&, const AdoptedResources&) = default;
};
struct WorkspaceOptions {
  std::string sku = "S1";  // of the IoT Hub
  int units = 1;
  std::optional<EventHubsOptions> event_hubs;  // messages go to an event hub of the workspace
  bool identity_based = false;                 // the hub reaches it by its own identity, not a key
  AdoptedResources adopted;
};

// What its cloud objects are called. Derived at first (fleet/azure_names.hpp); a name that somebody
// else has is replaced before the object is made, so only what is kept here counts.
struct AzureNames {
  std::string resource_group;        // ferry-plant-a-abcdefgh
  std::string iot_hub;               // plant-a-abcdefgh: 3-50 letters, digits, hyphens; global
  std::string provisioning_service;  // plant-a-abcdefgh-dps: 3-64; global
  std::string storage_account;       // plantaabcdefgh: 3-24 lower-case letters and digits; global
  std::string container;             // the workspace identifier, ws-...: 3-63
  std::string registry;              // plantaabcdefgh: 5-50 letters and digits; global
  std::string event_hubs_namespace;  // ferry-plant-a-abcdefgh: 6-50, a letter first; global
  std::string ca_certificate;        // name of the workspace CA in the DPS
};

// An IoT hub beside the first, made when that has no more room for node groups (fleet/hubs.hpp).
struct FurtherHub {
  std::string key;   // of its resource: "iot-hub-2"
  std::string name;  // in Azure
  std::string host;  // once it stands
  friend bool operator==(const FurtherHub&, const FurtherHub&) = default;
};

// A project, linked to exactly one cloud account for its whole life.
struct Workspace {
  WorkspaceId id;
  OrganizationId organization;
  CloudAccountId cloud_account;
  std::string name;
  std::string location;
  WorkspaceOptions options;
  AzureNames names;
  LifeState state = LifeState::provisioning;
  std::string id_scope;              // of the DPS, once it stands
  std::string provisioning_host;     // that devices dial: "global.azure-devices-provisioning.net"
  std::string provisioning_service;  // service endpoint's host name
  std::string hub_host;              // of the first hub: "<hub>.azure-devices.net"
  std::vector<FurtherHub> further_hubs;
  std::string blob_endpoint;  // "https://<account>.blob.core.windows.net/"
  std::string login_server;   // "<registry>.azurecr.io"
  Timestamp created_at;
};

// One cloud object that was made for a workspace, or adopted by it.
struct Resource {
  ResourceId id;
  WorkspaceId workspace;
  std::string key;   // in the table of desired resources (fleet/desired_resources.hpp)
  std::string type;  // "Microsoft.Devices/IotHubs"
  std::string name;
  std::string azure_id;  // "/subscriptions/.../IotHubs/x"
  std::string region;
  ResourceState state = ResourceState::planned;  // planned: never asked for, so not there
  ResourceOrigin origin = ResourceOrigin::created;
  std::string sku;                     // empty for what has none
  std::vector<std::string> endpoints;  // hosts and addresses that it is reached by
  Timestamp created_at;
  std::optional<Timestamp> last_verified_at;
  std::string drift = "[]";  // what was found then: a JSON array of fleet::Drift
};

// Devices that run the same software.
struct NodeGroup {
  NodeGroupId id;
  WorkspaceId workspace;
  std::string name;
  LifeState state = LifeState::provisioning;
  std::string enrollment_group;          // DPS enrollment group id
  std::string pull_token;                // name of the registry token
  std::string configuration;             // id of the standing IoT Hub configuration
  std::int64_t composition_version = 0;  // the one that stands; 0 before the first
  Timestamp created_at;
  std::string hub = "iot-hub";  // key of the hub that its devices and deployments are in
};

struct Node {
  NodeId id;
  WorkspaceId workspace;
  NodeGroupId group;
  std::string name;
  std::string registration_id;             // also the device id in the IoT Hub
  std::optional<Timestamp> registered_at;  // when its certificate was issued
  bool deleting = false;
  Timestamp created_at;
  std::optional<Timestamp> renew_after;   // when its newest certificate is to be renewed
  std::optional<Timestamp> pinned_until;  // see control/nodes/node_gate.hpp
  std::optional<Timestamp> seen_at;  // when it last talked to Ferry; of late, not to the second
  std::string hardware = {};         // what tells the device from others, as it said
};

struct VersionFile {
  std::string path;  // relative, '/' separated
  std::int64_t size = 0;
  std::string sha256;  // hex
  std::uint32_t mode = 0644;
};

struct ComponentVersion {
  VersionId id;
  WorkspaceId workspace;
  std::string component;
  std::string version;
  VersionState state = VersionState::draft;
  std::string manifest;  // component.json as given
  std::string image;     // "<login server>/components/<name>@sha256:..." once published
  std::string digest;    // "sha256:..."
  std::string error;     // why publishing failed
  std::vector<VersionFile> files;
  Timestamp created_at;
  std::optional<Timestamp> published_at;
};

// One component in one version: what deployments are made of.
struct ComponentRef {
  std::string name;
  std::string version;
  friend auto operator<=>(const ComponentRef&, const ComponentRef&) = default;
};

// Published component versions x target groups: those named, and those whose labels the selector
// matches. `groups` holds names (unique in the workspace).
struct Deployment {
  DeploymentId id;
  std::string name;
  std::int64_t revision = 0;  // 1 is the first; every edit counts up
  std::vector<ComponentRef> components;
  std::vector<std::string> groups;
  Timestamp created_at;
  std::string selector = {};  // as fleet::Selector::str() writes it; empty: none
  Settings settings = {};     // its own configuration of its components
};

// What lets a device pull, and nothing else: a repository-scoped token of the registry.
struct PullCredential {
  std::string registry;  // login server
  std::string username;
  Secret password;
};

}  // namespace ferry::fleet
