// SPDX-License-Identifier: Apache-2.0
// How a module becomes a container: name, labels, environment, network. Pure.
//
// Container names carry this agent's instance ("ferry-k3v9q2xa-pump"), because Docker names are
// unique per engine, and several agents (a laptop that plays three devices) may share one engine.
// Inside, the module still answers to its plain name: host name and network alias are "pump", as
// modules expect.
#pragma once

#include <string>
#include <string_view>

#include "agent/composition.hpp"
#include "agent/reconcile.hpp"

namespace ferry::agent {

inline constexpr std::string_view kOwnerLabel = "net.azure-devices.edge.owner";
inline constexpr std::string_view kOwnerValue = "Microsoft.Azure.Devices.Edge.Agent";
inline constexpr std::string_view kVersionLabel = "net.azure-devices.edge.version";
inline constexpr std::string_view kImageLabel = "net.azure-devices.edge.original-image";
inline constexpr std::string_view kCreateOptionsLabel = "net.azure-devices.edge.create-options";
inline constexpr std::string_view kEnvLabel = "net.azure-devices.edge.env";
// These tie a container to one agent's data directory: an agent looks at no others.
inline constexpr std::string_view kInstanceLabel = "io.ferry.agent.instance";
inline constexpr std::string_view kModuleLabel = "io.ferry.agent.module";
inline constexpr std::string_view kFingerprintLabel = "io.ferry.agent.fingerprint";

// What a container learns of the device it runs on.
struct DeviceContext {
  std::string instance;  // random, made once per data directory
  std::string hub_host;  // without port
  std::string device_id;
  std::string host_name;  // of the device, as its gateway name
  std::string network = "azure-iot-edge";
};

std::string container_name(std::string_view instance, std::string_view module);

// The body of POST /containers/create (Docker Engine API).
Result<json::object> container_body(const ModuleSpec& spec, const Composition& composition,
                                    const DeviceContext& device, std::string_view generation_id);

// From one entry of GET /containers/json: state and labels; exit code and times come by inspection.
Result<ObservedContainer> parse_listed_container(const json::value& entry);
// Adds what GET /containers/{id}/json knows.
void add_inspection(ObservedContainer& container, const json::object& inspection);

// The text that a process sees for an environment value of the manifest.
std::string env_text(const json::value& value);

}  // namespace ferry::agent
