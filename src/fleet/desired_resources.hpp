// SPDX-License-Identifier: Apache-2.0
// What must stand in Azure for a workspace, as data: the one place that says type, name, API
// version, body, order and what must stay true of every cloud resource. Pure: the same workspace
// gives the same table.
//
// How to use it:
//   create   each entry once all in `after` stand: PUT `body` at "/subscriptions/{s}" + `path`
//   adopt    an entry that is `adopted` is only read; it has no body, and its parts are Ferry's
//   delete   the entries without parent, in the opposite order; the others go with their parent,
//            but those of what was adopted one by one
//   verify   GET, then look at `expectations`; `mendable` says whether a PUT can set it right
//   repair   PUT `body` again (an IoT hub's document is replaced as a whole: merge into it)
//   export   `body` is what a template says; references become listKeys() and reference()
//   prices   `type` and `sku`
// Rows of the table `resources` have the entry's `key`. A new kind of resource is a new entry here
// and, when it has keys or hosts to be kept, a few lines in control/workspaces/provisioning.cpp.
//
// Bodies hold no secrets. What is only known once another resource stands is a reference, as text:
//   ${subscription}                      the subscription's id
//   ${suffix.serviceBus}                 of the cloud's Event Hubs: "servicebus.windows.net"
//   ${iot-hub.connectionString}          of the hub's owner policy (secret); so for each hub's key
//   ${iot-hub.principalId}               of the hub's own identity
//   ${iot-hub.location}                  where it is
//   ${event-hub-send.connectionString}   of that policy, with EntityPath (secret)
//   ${workspace-ca.certificate}          PEM in base64
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "fleet/types.hpp"

namespace ferry::fleet {

struct Expectation {
  std::string path;  // dotted, in the answer to a GET
  json::value value;
  bool mendable = true;  // false: fixed once the resource is made
};

struct DesiredResource {
  std::string key;    // "iot-hub", "iot-hub-2": unique in the workspace, never changes
  std::string kind;   // "iot-hub": the key of the first of its kind
  std::string title;  // "IoT Hub": for people, and the name of its step
  std::string type;   // "Microsoft.Devices/IotHubs"
  std::string name;
  std::string path;  // below the subscription: "/resourceGroups/x/providers/..."
  std::string api_version;
  json::object body;
  std::string parent;              // key of the resource that it is a part of and goes away with
  std::vector<std::string> after;  // keys
  std::vector<Expectation> expectations;
  std::string sku;
  bool adopted = false;  // Ferry neither makes it nor changes it nor deletes it
  std::string hub;       // key of the IoT hub that a link, a role or a routing is about
};

namespace keys {
inline const std::string kResourceGroup = "resource-group";
inline const std::string kIotHub = "iot-hub";
inline const std::string kConsumerGroup = "iot-hub-consumer-group";
inline const std::string kProvisioningService = "provisioning-service";
inline const std::string kWorkspaceCa = "workspace-ca";
inline const std::string kHubLink = "hub-link";  // of a hub that the service was not made with
inline const std::string kStorageAccount = "storage-account";
inline const std::string kBlobContainer = "blob-container";
inline const std::string kRegistry = "registry";
inline const std::string kPushScopeMap = "registry-push-scope-map";
inline const std::string kPushToken = "registry-push-token";
inline const std::string kEventHubsNamespace = "event-hubs-namespace";
inline const std::string kEventHub = "event-hub";
inline const std::string kSendPolicy = "event-hub-send";
inline const std::string kListenPolicy = "event-hub-listen";
inline const std::string kSenderRole = "event-hub-sender-role";
inline const std::string kRouting = "message-routing";
}  // namespace keys

// Each entry stands behind those that it comes after.
std::vector<DesiredResource> desired_resources(const Workspace& workspace);
// The entry that it is a part of, or itself.
const DesiredResource& whole_of(const std::vector<DesiredResource>& resources,
                                const DesiredResource& part);
const DesiredResource* find_resource(const std::vector<DesiredResource>& resources,
                                     std::string_view key);

// Tags of everything that takes tags: by them Ferry knows what it made.
inline const std::string kWorkspaceTag = "ferry-workspace";
json::object workspace_tags(const Workspace& workspace);

// Whether Ferry can work with such a hub; the error says why not and what can be had.
Result<void> check_tier(const WorkspaceOptions& options);  // SKU and units alone
Result<void> check_options(const WorkspaceOptions& options);

// What the hub's tier allows (Azure's "IoT Hub quotas and throttling"), for all units together.
struct HubLimits {
  std::int64_t messages_per_day = 0;
  std::int64_t devices = 0;
  int deployments = 0;
  int endpoints = 0;  // custom ones, for routing
  int routes = 0;
  int partitions = 0;  // of the built-in endpoint
};
HubLimits hub_limits(const WorkspaceOptions& options);

}  // namespace ferry::fleet
