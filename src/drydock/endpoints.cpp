// SPDX-License-Identifier: Apache-2.0
#include "drydock/endpoints.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace drydock {

namespace {
std::string host_below(std::string_view name, std::string_view suffix) {
  return fmt::format("{}.{}", ferry::to_lower(name), suffix);
}
}  // namespace

std::string Endpoints::hub_host(std::string_view hub) {
  return host_below(hub, kHubSuffix);
}

std::string Endpoints::provisioning_service_host(std::string_view service) {
  return host_below(service, kProvisioningSuffix);
}

std::string Endpoints::blob_host(std::string_view account) {
  return host_below(account, kBlobSuffix);
}

std::string Endpoints::registry_host(std::string_view registry) {
  return host_below(registry, kRegistrySuffix);
}

std::string Endpoints::service_bus_host(std::string_view name) {
  return host_below(name, kServiceBusSuffix);
}

std::string Endpoints::authority(std::string_view host) const {
  constexpr std::uint16_t kStandardPort = 443;
  if (https_port == kStandardPort) return std::string(host);
  return fmt::format("{}:{}", host, https_port);
}

std::string Endpoints::url(std::string_view host) const {
  return "https://" + authority(host);
}

std::optional<std::string> name_from_host(std::string_view host, std::string_view suffix) {
  std::string name = ferry::to_lower(host.substr(0, host.find(':')));
  if (name.size() <= suffix.size() + 1 || !name.ends_with(suffix)) return std::nullopt;
  name.resize(name.size() - suffix.size());
  if (name.back() != '.') return std::nullopt;
  name.pop_back();
  if (name.empty() || name.find('.') != std::string::npos) return std::nullopt;
  return name;
}

}  // namespace drydock
