// SPDX-License-Identifier: Apache-2.0
#include "azure/environment.hpp"

#include <array>

#include "azure/service_error.hpp"

namespace ferry::azure {
namespace {

std::string without_slash(std::string text) {
  while (!text.empty() && text.back() == '/') text.pop_back();
  return text;
}

std::string suffix(std::string text) {
  while (!text.empty() && text.front() == '.') text.erase(0, 1);
  return text;
}

bool same_url(std::string_view a, std::string_view b) {
  return equals_ignore_case(without_slash(std::string(a)), without_slash(std::string(b)));
}

const std::array<const CloudEnvironment*, 3>& built_in() {
  static const std::array<const CloudEnvironment*, 3> clouds = {
      &azure_public(), &azure_us_government(), &azure_china()};
  return clouds;
}

// The entry of an array of clouds that describes `resource_manager`.
Result<json::object> choose(const json::array& clouds, std::string_view resource_manager) {
  const json::object* only = nullptr;
  for (const auto& item : clouds) {
    const auto* cloud = item.if_object();
    if (!cloud) continue;
    if (same_url(string_or(*cloud, "resourceManager", ""), resource_manager)) return *cloud;
    only = cloud;
  }
  if (clouds.size() == 1 && only) return *only;
  return fail(Code::invalid_argument,
              "none of the {} clouds in the metadata has the Resource Manager {}", clouds.size(),
              resource_manager);
}

void fill_from_built_in(CloudEnvironment& environment) {
  for (const auto* cloud : built_in()) {
    if (!same_url(cloud->resource_manager, environment.resource_manager) &&
        cloud->suffixes.storage != environment.suffixes.storage) {
      continue;
    }
    const auto fill = [](std::string& value, const std::string& known) {
      if (value.empty()) value = known;
    };
    fill(environment.name, cloud->name);
    fill(environment.portal, cloud->portal);
    fill(environment.audience, cloud->audience);
    fill(environment.suffixes.storage, cloud->suffixes.storage);
    fill(environment.suffixes.acr_login_server, cloud->suffixes.acr_login_server);
    fill(environment.suffixes.iot_hub, cloud->suffixes.iot_hub);
    fill(environment.suffixes.device_provisioning, cloud->suffixes.device_provisioning);
    fill(environment.suffixes.service_bus, cloud->suffixes.service_bus);
    fill(environment.device_provisioning_host, cloud->device_provisioning_host);
  }
}

}  // namespace

std::string CloudEnvironment::management_scope() const {
  // A slash at the end of the audience belongs to it:
  // "https://management.core.windows.net//.default".
  return audience + "/.default";
}

const CloudEnvironment& azure_public() {
  static const CloudEnvironment environment{
      .name = "AzureCloud",
      .resource_manager = "https://management.azure.com",
      .active_directory = "https://login.microsoftonline.com",
      .portal = "https://portal.azure.com",
      .audience = "https://management.azure.com",
      .tenant = "common",
      .suffixes = {"core.windows.net", "azurecr.io", "azure-devices.net",
                   "azure-devices-provisioning.net", "servicebus.windows.net"},
      .device_provisioning_host = "global.azure-devices-provisioning.net",
      .ca_pem = ""};
  return environment;
}

const CloudEnvironment& azure_us_government() {
  static const CloudEnvironment environment{
      .name = "AzureUSGovernment",
      .resource_manager = "https://management.usgovcloudapi.net",
      .active_directory = "https://login.microsoftonline.us",
      .portal = "https://portal.azure.us",
      .audience = "https://management.usgovcloudapi.net",
      .tenant = "common",
      .suffixes = {"core.usgovcloudapi.net", "azurecr.us", "azure-devices.us",
                   "azure-devices-provisioning.us", "servicebus.usgovcloudapi.net"},
      .device_provisioning_host = "global.azure-devices-provisioning.us",
      .ca_pem = ""};
  return environment;
}

const CloudEnvironment& azure_china() {
  static const CloudEnvironment environment{
      .name = "AzureChinaCloud",
      .resource_manager = "https://management.chinacloudapi.cn",
      .active_directory = "https://login.chinacloudapi.cn",
      .portal = "https://portal.azure.cn",
      .audience = "https://management.core.chinacloudapi.cn/",
      .tenant = "common",
      .suffixes = {"core.chinacloudapi.cn", "azurecr.cn", "azure-devices.cn",
                   "azure-devices-provisioning.cn", "servicebus.chinacloudapi.cn"},
      .device_provisioning_host = "global.azure-devices-provisioning.cn",
      .ca_pem = ""};
  return environment;
}

std::optional<CloudEnvironment> built_in_environment(std::string_view name) {
  if (equals_ignore_case(name, "public")) return azure_public();
  if (equals_ignore_case(name, "usgov")) return azure_us_government();
  if (equals_ignore_case(name, "china")) return azure_china();
  for (const auto* cloud : built_in()) {
    if (equals_ignore_case(name, cloud->name)) return *cloud;
  }
  return std::nullopt;
}

Result<CloudEnvironment> parse_environment(const json::value& metadata,
                                           std::string_view resource_manager) {
  json::object cloud;
  if (const auto* clouds = metadata.if_array()) {
    auto chosen = choose(*clouds, resource_manager);
    if (!chosen) return fail(std::move(chosen).error());
    cloud = *std::move(chosen);
  } else if (const auto* object = metadata.if_object()) {
    cloud = *object;
  } else {
    return fail(Code::invalid_argument, "the cloud's metadata is neither an object nor an array");
  }
  const json::object none;
  const auto* authentication = find_object(cloud, "authentication");
  const auto* suffixes = find_object(cloud, "suffixes");
  if (!authentication) authentication = &none;
  if (!suffixes) suffixes = &none;

  CloudEnvironment environment;
  environment.name = string_or(cloud, "name", "");
  environment.resource_manager =
      without_slash(string_or(cloud, "resourceManager", resource_manager));
  environment.active_directory = without_slash(string_or(*authentication, "loginEndpoint", ""));
  environment.portal =
      without_slash(string_or(cloud, "portal", string_or(cloud, "portalEndpoint", "")));
  environment.tenant = string_or(*authentication, "tenant", "common");
  if (const auto* audiences = find_array(*authentication, "audiences")) {
    if (!audiences->empty() && audiences->front().is_string()) {
      environment.audience = std::string(audiences->front().get_string());
    }
  }
  environment.suffixes = {suffix(string_or(*suffixes, "storage", "")),
                          suffix(string_or(*suffixes, "acrLoginServer", "")),
                          suffix(string_or(*suffixes, "iotHub", "")),
                          suffix(string_or(*suffixes, "deviceProvisioning", "")),
                          suffix(string_or(*suffixes, "serviceBus", ""))};
  environment.device_provisioning_host = string_or(cloud, "deviceProvisioningHost", "");
  fill_from_built_in(environment);
  if (environment.active_directory.empty()) {
    return fail(Code::invalid_argument, "the metadata of {} names no sign-in address",
                resource_manager);
  }
  if (environment.name.empty()) environment.name = "custom";
  if (environment.audience.empty()) environment.audience = environment.resource_manager;
  if (environment.device_provisioning_host.empty() &&
      !environment.suffixes.device_provisioning.empty()) {
    environment.device_provisioning_host = "global." + environment.suffixes.device_provisioning;
  }
  return environment;
}

net::Task<Result<CloudEnvironment>> fetch_environment(Transport transport,
                                                      std::string resource_manager) {
  resource_manager = without_slash(std::move(resource_manager));
  net::HttpCall call;
  call.url = resource_manager + "/metadata/endpoints?api-version=2022-09-01";
  call.timeout = std::chrono::seconds(30);
  const std::string what = "read the cloud's endpoints at " + resource_manager;
  auto response = co_await transport(std::move(call));
  if (!response) co_return fail(std::move(response).error().with("{}", what));
  if (response->status != 200) {
    co_return fail(to_error(read_service_error(*response), what));
  }
  auto metadata = parse_json(response->body);
  if (!metadata) co_return fail(std::move(metadata).error().with("{}", what));
  auto environment = parse_environment(*metadata, resource_manager);
  if (!environment) co_return fail(std::move(environment).error().with("{}", what));
  co_return std::move(*environment);
}

}  // namespace ferry::azure
