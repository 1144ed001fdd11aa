// SPDX-License-Identifier: Apache-2.0
#include "control/cloud_port.hpp"

#include <array>

namespace ferry::control {
namespace {

constexpr std::uint16_t kHttpsPort = 443;

std::uint16_t port_of(const fleet::Environment& environment) {
  const auto url = net::parse_url(environment.resource_manager);
  return url ? url->port : kHttpsPort;
}

}  // namespace

azure::Transport at_port_of(const fleet::Environment& environment, azure::Transport transport) {
  const auto port = port_of(environment);
  if (port == kHttpsPort) return transport;
  return [port, suffixes = environment.suffixes,
          transport = std::move(transport)](net::HttpCall call) {
    auto url = net::parse_url(call.url);
    if (url && url->scheme == "https" && url->port == kHttpsPort) {
      for (const auto* suffix :
           std::array{&suffixes.iot_hub, &suffixes.device_provisioning, &suffixes.storage,
                      &suffixes.acr_login_server, &suffixes.service_bus}) {
        if (suffix->empty() || !url->host.ends_with("." + *suffix)) continue;
        url->port = port;
        call.url = url->str();
        break;
      }
    }
    return transport(std::move(call));
  };
}

std::string with_port_of(const fleet::Environment& environment, const std::string& host) {
  const auto port = port_of(environment);
  return port == kHttpsPort ? host : fmt::format("{}:{}", host, port);
}

}  // namespace ferry::control
