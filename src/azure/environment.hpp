// SPDX-License-Identifier: Apache-2.0
// Where a cloud's services live. Azure Public, the sovereign clouds and a local cloud differ in
// these values and in nothing else.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "azure/transport.hpp"
#include "base/json.hpp"

namespace ferry::azure {

// DNS suffixes without a leading dot: "core.windows.net", "azurecr.io", "azure-devices.net", ...
struct DnsSuffixes {
  std::string storage;
  std::string acr_login_server;
  std::string iot_hub;
  std::string device_provisioning;
  std::string service_bus;
  friend bool operator==(const DnsSuffixes&, const DnsSuffixes&) = default;
};

// URLs are absolute and without a trailing slash, `audience` aside, which is taken as published.
struct CloudEnvironment {
  std::string name;  // "AzureCloud", "AzureUSGovernment", "AzureChinaCloud", or a custom name
  std::string resource_manager;
  std::string active_directory;
  std::string portal;
  std::string audience;  // of Resource Manager tokens
  std::string tenant;    // "common" unless the cloud has a single tenant
  DnsSuffixes suffixes;
  std::string device_provisioning_host;  // that devices register with, "global.azure-devices-..."
  std::string ca_pem;                    // roots to trust besides the system's; usually empty

  // OAuth scope for Resource Manager calls: "<audience>/.default".
  std::string management_scope() const;
};

const CloudEnvironment& azure_public();
const CloudEnvironment& azure_us_government();
const CloudEnvironment& azure_china();
// By name, without regard to case; also "public", "usgov", "china".
std::optional<CloudEnvironment> built_in_environment(std::string_view name);

// Reads the answer of GET {resourceManager}/metadata/endpoints at any of its api-versions: the
// array of clouds (2019-05-01 and later), one object (2022-09-01), or the flat object of
// 2015-01-01. In an array the entry whose resourceManager is `resource_manager` is taken, else the
// only one. What the answer does not say (the IoT suffixes, on Azure itself) comes from the
// built-in cloud with the same Resource Manager or storage suffix. Code::invalid_argument when the
// sign-in address is missing.
Result<CloudEnvironment> parse_environment(const json::value& metadata,
                                           std::string_view resource_manager);

// Asks `resource_manager` (an https URL) itself.
net::Task<Result<CloudEnvironment>> fetch_environment(Transport transport,
                                                      std::string resource_manager);

}  // namespace ferry::azure
