// SPDX-License-Identifier: Apache-2.0
// Names, ports and URLs under which Drydock's services are reached.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drydock {

// The names are fixed; only the ports differ, when the standard ones cannot be had. Azure's clients
// leave the port out of a URL when it is the standard one, and so do the URLs made here.
struct Endpoints {
  std::uint16_t https_port = 443;
  std::uint16_t mqtt_port = 8883;
  std::uint16_t amqp_port = 5671;

  static constexpr std::string_view kDomain = "drydock.localhost";
  static constexpr std::string_view kHubSuffix = "azure-devices.drydock.localhost";
  static constexpr std::string_view kProvisioningSuffix =
      "azure-devices-provisioning.drydock.localhost";
  static constexpr std::string_view kStorageSuffix = "core.drydock.localhost";
  static constexpr std::string_view kBlobSuffix = "blob.core.drydock.localhost";
  static constexpr std::string_view kRegistrySuffix = "azurecr.drydock.localhost";
  static constexpr std::string_view kServiceBusSuffix = "servicebus.drydock.localhost";

  // Host names, without port, lower case.
  static std::string management_host() { return "management.drydock.localhost"; }
  static std::string login_host() { return "login.drydock.localhost"; }
  static std::string portal_host() { return "portal.drydock.localhost"; }
  static std::string provisioning_host() {
    return "global.azure-devices-provisioning.drydock.localhost";
  }
  static std::string hub_host(std::string_view hub);
  static std::string provisioning_service_host(std::string_view service);
  static std::string blob_host(std::string_view account);
  static std::string registry_host(std::string_view registry);
  static std::string service_bus_host(std::string_view name);

  // "host" or "host:8443": what belongs into a URL or an image reference.
  std::string authority(std::string_view host) const;
  // "https://host" or "https://host:8443", without a trailing slash.
  std::string url(std::string_view host) const;
  std::string management_url() const { return url(management_host()); }
  std::string login_url() const { return url(login_host()); }
  std::string portal_url() const { return url(portal_host()); }
  std::string blob_url(std::string_view account) const { return url(blob_host(account)); }
};

// "hub-1" of ("hub-1.azure-devices.drydock.localhost", Endpoints::kHubSuffix): the single label in
// front of the suffix, lower case. Nothing when `host` is not of that form. A port is tolerated.
std::optional<std::string> name_from_host(std::string_view host, std::string_view suffix);

}  // namespace drydock
