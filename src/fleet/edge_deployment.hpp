// SPDX-License-Identifier: Apache-2.0
// The content of an Azure IoT Edge automatic deployment (IoT Hub configuration, "modulesContent"),
// as the runtime's schema 1.1 has it. A full deployment, never a layered one.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "base/json.hpp"
#include "fleet/composition.hpp"

namespace ferry::fleet {

// Modules of the runtime itself. Devices that run something else ignore them.
inline constexpr std::string_view kEdgeAgentImage = "mcr.microsoft.com/azureiotedge-agent:1.6";
inline constexpr std::string_view kEdgeHubImage = "mcr.microsoft.com/azureiotedge-hub:1.6";

// Tools write pieces of this many bytes: createOptions, createOptions01 ... createOptions99.
inline constexpr std::size_t kCreateOptionsPiece = 512;
inline constexpr std::size_t kCreateOptionsPieces = 100;

// Desired properties of $edgeAgent. Holds the credential's password: never log it.
json::object edge_agent_desired(const Composition& composition,
                                const std::optional<PullCredential>& credential);
json::object edge_hub_desired();

// The variables of its container, as the twin holds them: those of its manifest and its settings.
json::object module_env(const Module& module);
// What goes to the module's own twin.
json::object module_desired(const Module& module);
// Whether its twin is Ferry's to write.
bool has_twin_settings(const Module& module);

// What edge_agent_desired() is counted as by the hub (fleet/twin_size.hpp), without making it each
// time: what a version contributes is measured once.
class ManifestSizes {
 public:
  std::int64_t manifest_size(const Composition& composition,
                             const std::optional<PullCredential>& credential);

 private:
  std::unordered_map<std::shared_ptr<const PublishedVersion>, std::int64_t> entries_;
};

// {"modulesContent": {"$edgeAgent": {"properties.desired": ...}, "$edgeHub": ..., and the modules
// with twins of their own}}
json::object edge_deployment_content(const Composition& composition,
                                     const std::optional<PullCredential>& credential);

// What of it does not fit a twin, in words; empty when everything does.
std::vector<std::string> check_twin_limits(const Module& module);
std::vector<std::string> check_twin_limits(const Composition& composition);

}  // namespace ferry::fleet
