// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/hub_routing.hpp"

#include "azure/arm/hub_document.hpp"
#include "azure/arm/shapes.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kType = "Microsoft.Devices/IotHubs";
constexpr const char* kVersion = "2023-06-30";
constexpr int kEditAttempts = 5;

std::string consumer_groups_of(const std::string& hub_id) {
  return hub_id + "/eventHubEndpoints/events/ConsumerGroups";
}

json::object write_pairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  json::object object;
  for (const auto& [name, value] : pairs) object[name] = value;
  return object;
}

json::object write_message(const TestMessage& message) {
  return {{"body", message.body},
          {"appProperties", write_pairs(message.app_properties)},
          {"systemProperties", write_pairs(message.system_properties)}};
}

RouteTest read_test(const json::object& answer) {
  RouteTest test{string_or(answer, "result", ""), {}};
  const auto* details = find_object(answer, "details");
  const auto* errors = details ? find_array(*details, "compilationErrors") : nullptr;
  if (!errors) return test;
  for (const auto& item : *errors) {
    const auto* error = item.if_object();
    if (!error) continue;
    const auto* start = find_path(*error, "location.start");
    const json::object none;
    const auto& place = start && start->is_object() ? start->get_object() : none;
    test.problems.push_back(fmt::format("line {}, column {}: {}", int_or(place, "line", 0),
                                        int_or(place, "column", 0),
                                        string_or(*error, "message", "")));
  }
  return test;
}

}  // namespace

net::Task<Result<json::object>> update_iot_hub(ArmClient& arm, std::string group, std::string hub,
                                               std::function<bool(json::object&)> edit,
                                               Progress progress) {
  const std::string id = arm.resource_id(group, kType, hub);
  for (int attempt = 1;; ++attempt) {
    auto document = co_await arm.wait_until_settled(id, kVersion, progress);
    if (!document) co_return fail(std::move(document).error().with("read IoT hub {}", hub));
    const std::string etag = string_or(*document, "etag", "");
    if (!edit(*document)) co_return std::move(*document);
    auto updated = co_await arm.put(id, kVersion, std::move(*document), progress, etag);
    if (updated) co_return updated;
    if (updated.error().code != Code::precondition_failed || attempt == kEditAttempts) {
      co_return fail(std::move(updated).error().with("change IoT hub {}", hub));
    }
  }
}

net::Task<Result<Routing>> get_routing(ArmClient& arm, std::string group, std::string hub) {
  auto document = co_await arm.get(arm.resource_id(group, kType, hub), kVersion);
  if (!document) {
    co_return fail(std::move(document).error().with("read the routing of IoT hub {}", hub));
  }
  co_return read_routing(*document);
}

net::Task<Result<void>> ensure_routing(ArmClient& arm, std::string group, std::string hub,
                                       Routing wanted, bool rewrite_keys, Progress progress) {
  const auto edit = [wanted = std::move(wanted), rewrite_keys](json::object& document) {
    return merge_routing(document, wanted, rewrite_keys);
  };
  auto updated = co_await update_iot_hub(arm, group, hub, edit, std::move(progress));
  if (!updated) co_return fail(std::move(updated).error().with("set up message routing"));
  co_return Result<void>();
}

net::Task<Result<void>> remove_routing(ArmClient& arm, std::string group, std::string hub,
                                       std::vector<std::string> endpoints, Progress progress) {
  const auto edit = [endpoints = std::move(endpoints)](json::object& document) {
    return drop_endpoints(document, endpoints);
  };
  auto updated = co_await update_iot_hub(arm, group, hub, edit, std::move(progress));
  if (!updated) {
    if (updated.error().code == Code::not_found) co_return Result<void>();
    co_return fail(std::move(updated).error().with("take message routing away"));
  }
  co_return Result<void>();
}

net::Task<Result<std::string>> ensure_iot_hub_identity(ArmClient& arm, std::string group,
                                                       std::string hub, Progress progress) {
  const auto principal_of = [](const json::object& document) {
    const auto* identity = find_object(document, "identity");
    return identity ? string_or(*identity, "principalId", "") : std::string();
  };
  const auto edit = [&](json::object& document) {
    if (!principal_of(document).empty()) return false;
    const auto* identity = find_object(document, "identity");
    const bool has_others = identity && identity->contains("userAssignedIdentities");
    json::object wanted = has_others ? *identity : json::object();
    wanted["type"] = has_others ? "SystemAssigned, UserAssigned" : "SystemAssigned";
    document["identity"] = std::move(wanted);
    return true;
  };
  auto updated = co_await update_iot_hub(arm, group, hub, edit, std::move(progress));
  if (!updated) co_return fail(std::move(updated).error().with("give the IoT hub an identity"));
  std::string principal = principal_of(*updated);
  if (principal.empty()) co_return fail(Code::unavailable, "IoT hub {} has no identity yet", hub);
  co_return principal;
}

net::Task<Result<std::vector<EndpointHealth>>> get_endpoint_health(ArmClient& arm,
                                                                   std::string group,
                                                                   std::string hub) {
  auto items =
      co_await arm.list(arm.resource_id(group, kType, hub) + "/routingEndpointsHealth", kVersion);
  if (!items) {
    co_return fail(std::move(items).error().with("read the endpoints' health of IoT hub {}", hub));
  }
  std::vector<EndpointHealth> all;
  for (const auto& item : *items) {
    const auto* health = item.if_object();
    if (!health) continue;
    all.push_back({string_or(*health, "endpointId", ""), string_or(*health, "healthStatus", ""),
                   string_or(*health, "lastKnownError", ""),
                   string_or(*health, "lastKnownErrorTime", ""),
                   string_or(*health, "lastSuccessfulSendAttemptTime", "")});
  }
  co_return all;
}

net::Task<Result<RouteTest>> test_route(ArmClient& arm, std::string group, std::string hub,
                                        Route route, TestMessage message) {
  json::object body{{"message", write_message(message)}, {"route", write_route(route)}};
  const std::string id = arm.resource_id(group, kType, hub) + "/routing/routes/$testnew";
  auto answer = co_await arm.post(id, kVersion, std::move(body));
  if (!answer) co_return fail(std::move(answer).error().with("try route {}", route.name));
  co_return read_test(*answer);
}

net::Task<Result<std::vector<std::string>>> test_all_routes(ArmClient& arm, std::string group,
                                                            std::string hub, TestMessage message,
                                                            std::string source) {
  json::object body{{"routingSource", source}, {"message", write_message(message)}};
  const std::string id = arm.resource_id(group, kType, hub) + "/routing/routes/$testall";
  auto answer = co_await arm.post(id, kVersion, std::move(body));
  if (!answer) co_return fail(std::move(answer).error().with("try the routes of {}", hub));
  std::vector<std::string> names;
  if (const auto* routes = find_array(*answer, "routes")) {
    for (const auto& route : *routes) {
      const auto* object = route.if_object();
      if (object) names.push_back(string_or(properties_of(*object), "name", ""));
    }
  }
  co_return names;
}

net::Task<Result<void>> ensure_hub_consumer_group(ArmClient& arm, std::string group,
                                                  std::string hub, std::string name) {
  const std::string id =
      consumer_groups_of(arm.resource_id(group, kType, hub)) + "/" + percent_encode(name);
  json::object body{{"properties", {{"name", name}}}};
  auto made = co_await arm.put(id, kVersion, std::move(body));
  if (!made) {
    co_return fail(
        std::move(made).error().with("create consumer group {} of IoT hub {}", name, hub));
  }
  co_return Result<void>();
}

net::Task<Result<std::vector<std::string>>> list_hub_consumer_groups(ArmClient& arm,
                                                                     std::string group,
                                                                     std::string hub) {
  auto groups = co_await arm.list(consumer_groups_of(arm.resource_id(group, kType, hub)), kVersion);
  if (!groups) {
    co_return fail(std::move(groups).error().with("list the consumer groups of IoT hub {}", hub));
  }
  co_return names_of(*groups);
}

net::Task<Result<void>> remove_hub_consumer_group(ArmClient& arm, std::string group,
                                                  std::string hub, std::string name) {
  const std::string id =
      consumer_groups_of(arm.resource_id(group, kType, hub)) + "/" + percent_encode(name);
  co_return co_await arm.remove(id, kVersion);
}

}  // namespace ferry::azure::arm
