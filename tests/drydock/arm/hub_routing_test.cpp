// SPDX-License-Identifier: Apache-2.0
// Routing endpoints, routes and enrichments of a hub, as Resource Manager takes and tries them.
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

class FixedGauge final : public HubGauge {
 public:
  HubNumbers numbers(std::string_view) override { return {7, 5, 42}; }
  EndpointRecord endpoint_record(std::string_view, std::string_view) const override {
    return record;
  }
  EndpointRecord record;
};

class HubRoutingTest : public ArmTest {
 protected:
  void SetUp() override {
    ArmTest::SetUp();
    create_group();
    create_hub("hub-one");
    ASSERT_EQ(send("PUT", space_path(),
                   R"({"location":"westeurope","sku":{"name":"Standard","capacity":1}})")
                  .status,
              200);
    let_operations_end();
    ASSERT_EQ(send("PUT", space_path("/eventhubs/telemetry"), "{}").status, 200);
    ASSERT_EQ(rule("hub-send", "Send"), 200);
    key_ =
        send("POST", rule_path("hub-send") + "/listKeys?api-version=2024-01-01").at("primaryKey");
  }
  std::string space_path(std::string_view rest = "") const {
    return fmt::format(
        "{}/providers/Microsoft.EventHub/namespaces/harbour-ns{}"
        "?api-version=2024-01-01",
        group(), rest);
  }
  std::string rule_path(std::string_view name) const {
    return fmt::format(
        "{}/providers/Microsoft.EventHub/namespaces/harbour-ns/eventhubs/telemetry/"
        "authorizationRules/{}",
        group(), name);
  }
  int rule(std::string_view name, std::string_view right) {
    return send("PUT", rule_path(name) + "?api-version=2024-01-01",
                fmt::format(R"({{"properties":{{"rights":["{}"]}}}})", right))
        .status;
  }
  json::object endpoint(std::string_view key, std::string_view rule = "hub-send",
                        std::string_view entity = "telemetry") const {
    return {
        {"name", "fleet"},
        {"connectionString", fmt::format("Endpoint=sb://harbour-ns.servicebus.drydock.localhost/;"
                                         "SharedAccessKeyName={};SharedAccessKey={};EntityPath={}",
                                         rule, key, entity)}};
  }
  static json::object route(std::string_view condition, std::string_view to = "fleet",
                            std::string_view name = "all") {
    return {{"name", name},
            {"source", "DeviceMessages"},
            {"condition", condition},
            {"endpointNames", json::array{to}},
            {"isEnabled", true}};
  }
  Reply put(json::object routing, std::string_view sku = "S1", json::object more = {}) {
    json::object body{{"location", "westeurope"},
                      {"sku", json::object{{"name", sku}, {"capacity", 1}}},
                      {"properties", json::object{{"routing", std::move(routing)}}}};
    for (const auto& member : more) body[member.key()] = member.value();
    const Reply reply = send("PUT", hub_path("hub-one"), json::serialize(body));
    let_operations_end();
    return reply;
  }
  static json::object with(json::object endpoint, json::object route) {
    return {{"endpoints", json::object{{"eventHubs", json::array{std::move(endpoint)}}}},
            {"routes", json::array{std::move(route)}}};
  }
  std::string health(std::string_view name) {
    const Reply all = send("GET", hub_path("hub-one", "/routingEndpointsHealth"));
    for (const json::value& item : *find_array(all.body, "value")) {
      if (string_or(item.get_object(), "endpointId", "") == name) {
        return string_or(item.get_object(), "healthStatus", "");
      }
    }
    return "absent";
  }

  std::string key_;
};

TEST_F(HubRoutingTest, TriesAnEventHubBeforeItTakesTheEndpoint) {
  EXPECT_EQ(put(with(endpoint(key_), route("true"))).status, 201);
  EXPECT_EQ(put(with(endpoint("d3Jvbmc="), route("true"))).at("code"), "400143");
  EXPECT_EQ(put(with(endpoint(key_, "nobody"), route("true"))).at("code"), "400143");
  EXPECT_EQ(put(with(endpoint(key_, "hub-send", "nowhere"), route("true"))).at("code"), "400143");
  ASSERT_EQ(rule("listener", "Listen"), 200);
  const std::string other =
      send("POST", rule_path("listener") + "/listKeys?api-version=2024-01-01").at("primaryKey");
  EXPECT_EQ(put(with(endpoint(other, "listener"), route("true"))).at("code"), "400143");

  const auto info = arm_->find_hub("hub-one");
  ASSERT_TRUE(info);
  ASSERT_EQ(info->routing.endpoints.size(), 1U);
  EXPECT_EQ(info->routing.endpoints[0].host, "harbour-ns.servicebus.drydock.localhost");
  EXPECT_EQ(info->routing.endpoints[0].event_hub, "telemetry");
  EXPECT_EQ(info->routing.endpoints[0].key.reveal(), key_);
  ASSERT_EQ(info->routing.routes.size(), 1U);
  EXPECT_EQ(info->routing.routes[0].endpoint, "fleet");
  EXPECT_TRUE(info->routing.fallback_enabled);
}

TEST_F(HubRoutingTest, AnIdentityNeedsARoleFirst) {
  const json::object by_identity{{"name", "fleet"},
                                 {"authenticationType", "identityBased"},
                                 {"endpointUri", "sb://harbour-ns.servicebus.drydock.localhost"},
                                 {"entityPath", "telemetry"}};
  const json::object identity{{"identity", json::object{{"type", "SystemAssigned"}}}};
  EXPECT_EQ(put(with(by_identity, route("true")), "S1", identity).at("code"), "400143");
  ASSERT_EQ(put({}, "S1", identity).status, 201);
  const std::string principal = send("GET", hub_path("hub-one")).at("identity.principalId");
  ASSERT_EQ(principal.size(), 36U);
  const std::string assignment = fmt::format(
      "{}/providers/Microsoft.EventHub/namespaces/harbour-ns/eventhubs/telemetry/providers/"
      "Microsoft.Authorization/roleAssignments/aaaaaaaa-0000-0000-0000-000000000009"
      "?api-version=2022-04-01",
      group());
  const Reply assigned = send(
      "PUT", assignment,
      fmt::format(
          R"({{"properties":{{"principalId":"{}","roleDefinitionId":"{}/providers/)"
          R"(Microsoft.Authorization/roleDefinitions/2b629674-e913-4c01-ae53-ef4638d8f975"}}}})",
          principal, subscription()));
  ASSERT_EQ(assigned.status, 201) << assigned.text;
  ASSERT_EQ(put(with(by_identity, route("true")), "S1", identity).status, 201);
  EXPECT_EQ(health("fleet"), "healthy");
  EXPECT_EQ(send("DELETE", assignment).status, 200);
  EXPECT_EQ(health("fleet"), "unhealthy");
}

TEST_F(HubRoutingTest, HealthTellsWhenTheEventHubOrTheKeyIsGone) {
  FixedGauge gauge;
  arm_->observe_hubs(gauge);
  ASSERT_EQ(put(with(endpoint(key_), route("true"))).status, 201);
  EXPECT_EQ(health("fleet"), "healthy");
  EXPECT_EQ(health("events"), "healthy");
  ASSERT_EQ(send("POST", rule_path("hub-send") + "/regenerateKeys?api-version=2024-01-01",
                 R"({"keyType":"PrimaryKey"})")
                .status,
            200);
  EXPECT_EQ(health("fleet"), "unhealthy");
  gauge.record.failing_since = clock_.now();
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(health("fleet"), "dead");
  // An endpoint that stays as it is does not stand in the way of other changes.
  const Reply shown = send("GET", hub_path("hub-one"));
  EXPECT_EQ(send("PUT", hub_path("hub-one"), shown.text).status, 201);
}

TEST_F(HubRoutingTest, ChecksRoutesEnrichmentsAndFallback) {
  const auto code = [&](json::object routing, std::string_view sku = "S1") {
    return put(std::move(routing), sku).at("code");
  };
  EXPECT_EQ(code({{"routes", json::array{route("level = ", "events")}}}), "400136");
  EXPECT_EQ(code({{"routes", json::array{route("true", "nowhere")}}}), "400131");
  EXPECT_EQ(
      code({{"routes", json::array{route("true", "events", "a"), route("true", "events", "A")}}}),
      "400132");
  EXPECT_EQ(code({{"routes", json::array{route("true", "events", "with blank")}}}), "400132");
  const auto enriched = [](std::string_view to) {
    return json::object{
        {"enrichments",
         json::array{json::object{
             {"key", "fleet"}, {"value", "north"}, {"endpointNames", json::array{to}}}}}};
  };
  EXPECT_EQ(code(enriched("nowhere")), "400131");
  EXPECT_EQ(put(enriched("events")).status, 201);
  EXPECT_EQ(
      code({{"fallbackRoute", json::object{{"source", "TwinChangeEvents"}, {"isEnabled", true}}}}),
      "400137");
}

TEST_F(HubRoutingTest, FreeHubsHaveSmallLimitsAndStayFree) {
  EXPECT_EQ(put({}, "F1").at("code"), "400022");
  const auto free_hub = [&](std::string_view name, std::string routing) {
    return send("PUT", hub_path(name),
                fmt::format(R"({{"location":"westeurope","sku":{{"name":"F1","capacity":1}},
                "properties":{{"routing":{}}}}})",
                            routing));
  };
  json::array routes;
  for (int i = 0; i < 6; ++i) routes.push_back(route("true", "events", fmt::format("r{}", i)));
  EXPECT_EQ(
      free_hub("free-one", json::serialize(json::object{{"routes", std::move(routes)}})).at("code"),
      "400135");
  ASSERT_EQ(free_hub("free-one", "{}").status, 201);
  EXPECT_EQ(free_hub("free-two", "{}").at("code"), "403004");
}

TEST_F(HubRoutingTest, TriesRoutesWithoutSending) {
  ASSERT_EQ(put(with(endpoint(key_), route("level = 'storm'"))).status, 201);
  const auto test_new = [&](std::string_view condition, std::string_view message) {
    return send("POST", hub_path("hub-one", "/routing/routes/$testnew"),
                fmt::format(R"({{"message":{},"route":{{"name":"x","source":"DeviceMessages",
                "condition":"{}","endpointNames":["events"],"isEnabled":true}}}})",
                            message, condition));
  };
  constexpr std::string_view kStorm = R"({"body":"x","appProperties":{"level":"storm"}})";
  EXPECT_EQ(test_new("level = 'storm'", kStorm).at("result"), "true");
  EXPECT_EQ(test_new("level = 'calm'", kStorm).at("result"), "false");
  EXPECT_EQ(test_new("depth > 3", kStorm).at("result"), "undefined");
  const Reply broken = test_new("level = ", kStorm);
  EXPECT_EQ(broken.at("result"), "undefined");
  EXPECT_NE(broken.at("details.compilationErrors").find("\"severity\":\"error\""),
            std::string::npos);
  constexpr std::string_view kJson =
      R"({"body":"{\"wind\":{\"speed\":12}}","systemProperties":{"contentType":"application/json","contentEncoding":"utf-8"}})";
  EXPECT_EQ(test_new("$body.wind.speed > 10", kJson).at("result"), "true");

  const auto test_all = [&](std::string_view message) {
    const Reply reply =
        send("POST", hub_path("hub-one", "/routing/routes/$testall"),
             fmt::format(R"({{"routingSource":"DeviceMessages","message":{}}})", message));
    return string_or(object_of(find_array(reply.body, "routes")->at(0).get_object(), "properties"),
                     "name", "");
  };
  EXPECT_EQ(test_all(kStorm), "all");
  EXPECT_EQ(test_all(R"({"body":"x"})"), "$fallback");
}

TEST_F(HubRoutingTest, TellsDevicesMessagesAndUsage) {
  FixedGauge gauge;
  arm_->observe_hubs(gauge);
  EXPECT_EQ(send("GET", hub_path("hub-one", "/IotHubStats")).text,
            R"({"totalDeviceCount":7,"enabledDeviceCount":5,"disabledDeviceCount":2})");
  EXPECT_NE(send("GET", hub_path("hub-one", "/quotaMetrics"))
                .text.find(R"({"name":"TotalMessages","currentValue":42,"maxValue":400000})"),
            std::string::npos);
  EXPECT_EQ(find_array(send("GET", hub_path("hub-one", "/skus")).body, "value")->size(), 3U);
  const Reply usages = send("GET", subscription() +
                                       "/providers/Microsoft.Devices/usages"
                                       "?api-version=2023-06-30");
  EXPECT_EQ(usages.status, 200);
}

TEST_F(HubRoutingTest, TheBuiltInEndpointHasConsumerGroups) {
  const auto path = [&](std::string_view name) {
    return hub_path("hub-one", fmt::format("/eventHubEndpoints/events/ConsumerGroups{}", name));
  };
  const Reply made = send("PUT", path("/ferry"), R"({"properties":{"name":"ferry"}})");
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.at("properties.properties.name"), "ferry");
  const Reply all = send("GET", path(""));
  ASSERT_EQ(find_array(all.body, "value")->size(), 2U);
  EXPECT_NE(all.text.find("ConsumerGroups/%24Default"), std::string::npos);
  EXPECT_EQ(send("GET", path("/%24Default")).at("name"), "$Default");
  EXPECT_EQ(send("DELETE", path("/ferry")).status, 200);
  EXPECT_EQ(send("GET", path("/ferry")).status, 404);
  EXPECT_EQ(send("DELETE", path("/%24Default")).status, 400);
}

}  // namespace
}  // namespace drydock::arm::test
