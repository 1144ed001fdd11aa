// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/provisioning_services.hpp"

#include <algorithm>

#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kType = "Microsoft.Devices/provisioningServices";
constexpr const char* kVersion = "2022-12-12";

json::object write_link(const LinkedHub& hub) {
  return {{"connectionString", hub.connection_string.reveal()},
          {"location", hub.location},
          {"applyAllocationPolicy", true},
          {"allocationWeight", 1}};
}

json::object write_service(const ProvisioningServiceSpec& spec) {
  return {{"location", spec.location},
          {"tags", write_tags(spec.tags)},
          {"sku", {{"name", "S1"}, {"capacity", 1}}},
          {"properties",
           {{"allocationPolicy", "Hashed"}, {"iotHubs", json::array{write_link(spec.hub)}}}}};
}

// The hub's name in a link; older answers give it only inside the connection string.
std::string linked_host(const json::object& link) {
  std::string name = string_or(link, "name", "");
  if (!name.empty()) return name;
  for (const std::string& item : split(string_or(link, "connectionString", ""), ';')) {
    constexpr std::string_view kHost = "HostName=";
    if (item.compare(0, kHost.size(), kHost) == 0) return item.substr(kHost.size());
  }
  return {};
}

Result<ProvisioningService> read_service(const json::object& object, std::string id,
                                         std::string name) {
  const auto& properties = properties_of(object);
  ProvisioningService service;
  service.id = std::move(id);
  service.name = std::move(name);
  service.location = string_or(object, "location", "");
  service.state = string_or(properties, "state", provisioning_state(object));
  service.id_scope = string_or(properties, "idScope", "");
  service.service_host = string_or(properties, "serviceOperationsHostName", "");
  service.device_host = string_or(properties, "deviceProvisioningHostName", "");
  if (const auto* links = find_array(properties, "iotHubs")) {
    for (const auto& link : *links) {
      if (const auto* entry = link.if_object()) service.linked_hubs.push_back(linked_host(*entry));
    }
  }
  return service;
}

bool is_linked(const ProvisioningService& service, std::string_view host) {
  for (const auto& linked : service.linked_hubs) {
    if (equals_ignore_case(linked, host)) return true;
  }
  return false;
}

// The document as it is put back, with other links. Keys of those that stay come masked and go back
// masked, which the service takes as "unchanged".
json::object with_links(const json::object& current, json::array links) {
  const json::object& properties = properties_of(current);
  json::object written{{"iotHubs", std::move(links)}};
  if (properties.contains("allocationPolicy")) {
    written["allocationPolicy"] = properties.at("allocationPolicy");
  }
  json::object body{{"location", current.at("location")}, {"properties", std::move(written)}};
  for (const char* kept : {"tags", "sku", "etag"}) {
    if (current.contains(kept)) body[kept] = current.at(kept);
  }
  return body;
}

// Those of the document but the one with this hub.
json::array other_links(const json::object& service, std::string_view host) {
  json::array links;
  if (const auto* existing = find_array(properties_of(service), "iotHubs")) {
    for (const auto& link : *existing) {
      const auto* entry = link.if_object();
      if (entry && !equals_ignore_case(linked_host(*entry), host)) links.push_back(link);
    }
  }
  return links;
}

constexpr int kLinkAttempts = 5;  // others may change the service at the same moment

// Puts the service with the links that `change` makes of it, until nobody was faster; nothing from
// `change` means that nothing is to be put.
net::Task<Result<bool>> update_links(
    ArmClient& arm, std::string id,
    std::function<std::optional<json::array>(const json::object&)> change, Progress progress) {
  for (int attempt = 1;; ++attempt) {
    auto current = co_await arm.wait_until_settled(id, kVersion, progress);
    if (!current) co_return fail(std::move(current).error());
    auto links = change(*current);
    if (!links) co_return false;
    auto put = co_await arm.put(id, kVersion, with_links(*current, *std::move(links)), progress,
                                string_or(*current, "etag", ""));
    if (put) co_return true;
    if (put.error().code != Code::precondition_failed || attempt == kLinkAttempts) {
      co_return fail(std::move(put).error());
    }
  }
}

}  // namespace

net::Task<Result<ProvisioningService>> ensure_provisioning_service(ArmClient& arm,
                                                                   ProvisioningServiceSpec spec,
                                                                   Progress progress) {
  const std::string id = arm.resource_id(spec.group, kType, spec.name);
  json::object body = write_service(spec);
  auto made = co_await ensure_resource(arm, id, kVersion, std::move(body), progress);
  if (!made) co_return fail(std::move(made).error().with("create DPS {}", spec.name));
  auto service = read_service(*made, id, spec.name);
  if (service && !is_linked(*service, spec.hub.host_name)) {
    auto linked = co_await ensure_hub_link(arm, id, spec.hub, false, std::move(progress));
    if (!linked) co_return fail(std::move(linked).error());
    auto again = co_await get_provisioning_service(arm, spec.group, spec.name);
    service = std::move(again);
  }
  if (service && (service->id_scope.empty() || service->service_host.empty())) {
    co_return fail(Code::unavailable, "DPS {} is made but has no id scope or host name", spec.name);
  }
  co_return service;
}

bool has_hub_link(const json::object& service, std::string_view host_name) {
  const auto* links = find_array(properties_of(service), "iotHubs");
  return links && std::any_of(links->begin(), links->end(), [&](const json::value& link) {
           const auto* entry = link.if_object();
           return entry && equals_ignore_case(linked_host(*entry), host_name);
         });
}

net::Task<Result<bool>> ensure_hub_link(ArmClient& arm, std::string service_id, LinkedHub hub,
                                        bool rewrite, Progress progress) {
  const std::string host = hub.host_name;
  auto linked = co_await update_links(
      arm, service_id,
      [&hub, rewrite](const json::object& service) -> std::optional<json::array> {
        if (!rewrite && has_hub_link(service, hub.host_name)) return std::nullopt;
        auto links = other_links(service, hub.host_name);
        links.push_back(write_link(hub));
        return links;
      },
      std::move(progress));
  if (!linked) co_return fail(std::move(linked).error().with("link IoT hub {} to DPS", host));
  co_return linked;
}

net::Task<Result<void>> remove_hub_link(ArmClient& arm, std::string service_id,
                                        std::string host_name, Progress progress) {
  auto changed = co_await update_links(
      arm, service_id,
      [&host_name](const json::object& service) -> std::optional<json::array> {
        if (!has_hub_link(service, host_name)) return std::nullopt;
        return other_links(service, host_name);
      },
      std::move(progress));
  if (changed || changed.error().code == Code::not_found) co_return Result<void>();
  co_return fail(std::move(changed).error().with("unlink IoT hub {} from DPS", host_name));
}

net::Task<Result<ProvisioningService>> get_provisioning_service(ArmClient& arm, std::string group,
                                                                std::string name) {
  const std::string id = arm.resource_id(group, kType, name);
  auto found = co_await arm.get(id, kVersion);
  if (!found) co_return fail(std::move(found).error().with("read DPS {}", name));
  co_return read_service(*found, id, name);
}

net::Task<Result<std::vector<SasKey>>> list_provisioning_service_keys(ArmClient& arm,
                                                                      ProvisioningService service) {
  co_return co_await list_policies(arm, service.id, kVersion, service.service_host);
}

net::Task<Result<SasKey>> get_provisioning_service_key(ArmClient& arm, ProvisioningService service,
                                                       std::string policy) {
  const std::string id = service.id + "/keys/" + percent_encode(policy) + "/listkeys";
  auto answer = co_await arm.post(id, kVersion, {});
  if (!answer) {
    co_return fail(std::move(answer).error().with("read key '{}' of DPS {}", policy, service.name));
  }
  co_return read_policy(*answer, service.service_host);
}

net::Task<Result<void>> remove_provisioning_service(ArmClient& arm, std::string group,
                                                    std::string name, Progress progress) {
  auto removed =
      co_await arm.remove(arm.resource_id(group, kType, name), kVersion, std::move(progress));
  if (!removed) co_return fail(std::move(removed).error().with("delete DPS {}", name));
  co_return removed;
}

net::Task<Result<NameAvailability>> check_provisioning_service_name(ArmClient& arm,
                                                                    std::string name) {
  json::object body{{"name", name}};
  co_return co_await arm.check_name("Microsoft.Devices/checkProvisioningServiceNameAvailability",
                                    kVersion, std::move(body));
}

}  // namespace ferry::azure::arm
