// SPDX-License-Identifier: Apache-2.0
// Where messages go: the rules alone, and the router with its stores.
#include "drydock/iot_hub/routing.hpp"

#include <gtest/gtest.h>

#include "drydock/event_hubs/partition.hpp"
#include "drydock/iot_hub/message_router.hpp"
#include "drydock/iot_hub/twin.hpp"
#include "tests/drydock/iot_hub/fixture.hpp"

namespace drydock::testing {
namespace {

using namespace std::chrono_literals;
namespace routing = iot_hub::routing;
using iot_hub::query::Truth;

routing::Message message(std::string_view bag, std::string body = "") {
  routing::Message result;
  routing::read_property_bag(bag, result);
  result.body = std::move(body);
  return result;
}

Truth ask(std::string_view condition, const routing::Message& about) {
  const auto parsed = routing::parse_condition(condition);
  EXPECT_TRUE(parsed) << condition;
  return parsed ? routing::evaluate(*parsed, about) : Truth::undefined;
}

TEST(RouteConditions, ReadApplicationProperties) {
  const auto storm = message("level=storm&site=quay%207");
  EXPECT_EQ(ask("true", storm), Truth::yes);
  EXPECT_EQ(ask("", storm), Truth::yes);
  EXPECT_EQ(ask("level = 'storm' AND site = 'quay 7'", storm), Truth::yes);
  EXPECT_EQ(ask("LEVEL = 'storm'", storm), Truth::yes);
  EXPECT_EQ(ask("level = 'calm'", storm), Truth::no);
  EXPECT_EQ(ask("depth = '3'", storm), Truth::undefined);
  EXPECT_EQ(ask("NOT depth = '3'", storm), Truth::undefined);
  EXPECT_EQ(ask("NOT IS_DEFINED(depth)", storm), Truth::yes);
}

TEST(RouteConditions, ReadSystemPropertiesAndTwins) {
  auto about = message("%24.ct=application%2Fjson&%24.mid=m-1");
  about.system["connectionDeviceId"] = "crane-07";
  about.twin = {{"tags", json::object{{"site", "north"}}}};
  EXPECT_EQ(ask("$contentType = 'application/json'", about), Truth::yes);
  EXPECT_EQ(ask("$connectionDeviceId = 'crane-07'", about), Truth::yes);
  EXPECT_EQ(ask("$messageid = 'm-1'", about), Truth::yes);
  EXPECT_EQ(ask("$twin.tags.site = 'north'", about), Truth::yes);
  EXPECT_EQ(ask("$twin.tags.dock = 'north'", about), Truth::undefined);
}

TEST(RouteConditions, ReadABodyThatSaysThatItIsJson) {
  const std::string body = R"({"wind":{"speed":12}})";
  const std::string as_json = "%24.ct=application%2Fjson&%24.ce=utf-8";
  EXPECT_EQ(ask("$body.wind.speed > 10", message(as_json, body)), Truth::yes);
  EXPECT_EQ(ask("$body.wind.speed > 20", message(as_json, body)), Truth::no);
  EXPECT_EQ(ask("$body.wind.gusts > 20", message(as_json, body)), Truth::undefined);
  EXPECT_EQ(ask("$body.wind.speed > 10", message("", body)), Truth::undefined);
  EXPECT_EQ(ask("$body.wind.speed > 10", message(as_json, "no json")), Truth::undefined);
}

HubRouting two_routes() {
  HubRouting table;
  table.routes = {{"storms", "DeviceMessages", "level = 'storm'", "fleet"},
                  {"all storms", "DeviceMessages", "level = 'storm'", "fleet"},
                  {"wet", "DeviceMessages", "wet = 'yes'", "events"},
                  {"twins", "TwinChangeEvents", "true", "fleet"},
                  {"off", "DeviceMessages", "true", "fleet", false}};
  return table;
}

TEST(Routes, GoToEachEndpointOnce) {
  const routing::Table table(two_routes());
  EXPECT_EQ(table.endpoints_of("DeviceMessages", message("level=storm")),
            std::vector<std::string>{"fleet"});
  EXPECT_EQ(table.endpoints_of("DeviceMessages", message("level=storm&wet=yes")),
            (std::vector<std::string>{"fleet", "events"}));
}

TEST(Routes, FallBackOnlyWhenNoRouteTakesADevicesMessage) {
  HubRouting routes = two_routes();
  const auto calm = message("level=calm");
  EXPECT_EQ(routing::Table(routes).endpoints_of("DeviceMessages", calm),
            std::vector<std::string>{"events"});
  EXPECT_EQ(routing::Table(routes).endpoints_of("DeviceMessages", message("")),
            std::vector<std::string>{"events"});
  EXPECT_TRUE(routing::Table(routes).endpoints_of("DeviceLifecycleEvents", calm).empty());
  routes.fallback_enabled = false;
  EXPECT_TRUE(routing::Table(routes).endpoints_of("DeviceMessages", calm).empty());
  HubRouting nothing;
  nothing.fallback_enabled = false;
  EXPECT_TRUE(routing::Table(nothing).endpoints_of("DeviceMessages", calm).empty());
}

TEST(Enrichments, AddWhatTheirValueLeadsTo) {
  HubRouting routes;
  routes.enrichments = {{"hub", "$iotHubName", {"fleet"}},
                        {"site", "$twin.tags.site", {"fleet", "events"}},
                        {"dock", "$twin.tags.dock", {"fleet"}},
                        {"kind", "crane", {"events"}}};
  auto about = message("");
  about.twin = {{"tags", json::object{{"site", "north"}}}};
  const routing::Table table(routes);
  EXPECT_EQ(table.enrichments_of("fleet", "hub-one", about),
            (std::map<std::string, std::string>{
                {"hub", "hub-one"}, {"site", "north"}, {"dock", "$twin.tags.dock"}}));
  EXPECT_EQ(table.enrichments_of("events", "hub-one", about),
            (std::map<std::string, std::string>{{"site", "north"}, {"kind", "crane"}}));
}

// A directory with one hub and one event hub.
class RoutingDirectory final : public Directory {
 public:
  std::optional<HubInfo> find_hub(std::string_view) const override { return hub; }
  std::optional<ProvisioningServiceInfo> find_provisioning_service(
      std::string_view) const override {
    return std::nullopt;
  }
  std::optional<ProvisioningServiceInfo> find_provisioning_service_by_scope(
      std::string_view) const override {
    return std::nullopt;
  }
  std::optional<StorageAccountInfo> find_storage_account(std::string_view) const override {
    return std::nullopt;
  }
  std::optional<RegistryInfo> find_registry(std::string_view) const override {
    return std::nullopt;
  }
  std::optional<EventHubNamespaceInfo> find_event_hub_namespace(std::string_view) const override {
    return space;
  }
  HubInfo hub;
  std::optional<EventHubNamespaceInfo> space;
};

class MessageRouterTest : public ::testing::Test {
 protected:
  MessageRouterTest() : path_(std::filesystem::temp_directory_path() / ferry::random_id("route")) {
    std::filesystem::create_directories(path_);
    events_ = event_hubs::EventStore::open(path_ / "events.db", loop_.executor()).value();
    router_.emplace(directory_, clock_, events_);
    directory_.hub.name = "hub-one";
    directory_.hub.events.partitions = 8;
    EventHubInfo telemetry;
    telemetry.name = "telemetry";
    telemetry.rules.push_back(
        {"hub-send", ferry::Secret("a2V5"), ferry::Secret("b3RoZXI="), "Send"});
    directory_.space = EventHubNamespaceInfo{"/id", "ns", "ns.servicebus.drydock.localhost"};
    directory_.space->event_hubs.push_back(telemetry);
    RoutingEndpoint fleet;
    fleet.name = "fleet";
    fleet.kind = "eventHubs";
    fleet.host = "ns.servicebus.drydock.localhost";
    fleet.event_hub = "telemetry";
    fleet.rule = "hub-send";
    fleet.key = ferry::Secret("a2V5");
    directory_.hub.routing.endpoints = {fleet};
    directory_.hub.routing.routes = {{"storms", "DeviceMessages", "level = 'storm'", "fleet"}};
    directory_.hub.routing.enrichments = {{"site", "$twin.tags.site", {"fleet"}},
                                          {"via", "ferry", {"events"}}};
    twin_.tags = {{"site", "north"}};
  }
  ~MessageRouterTest() override {
    router_.reset();
    std::filesystem::remove_all(path_);
  }

  void deliver(std::string bag, std::string body) {
    iot_hub::TelemetryMessage message{"hub-one",      "crane-07",      "",          "g", "sas",
                                      std::move(bag), std::move(body), clock_.now()};
    const std::string name = message.body;
    router_->deliver(std::move(message), &twin_,
                     [this, name](bool stored) { answers_ += stored ? name : "!"; });
  }
  void turn() { loop_.run_until_done(pause()); }
  static net::Task<int> pause() {
    co_await net::sleep_for(10ms);
    co_return 0;
  }
  std::vector<event_hubs::StoredEvent> routed() {
    const int partition = event_hubs::partition_of("crane-07", 4);
    return events_->read({"ns", "telemetry"}, partition, -1, 100).value();
  }
  std::vector<event_hubs::StoredEvent> built_in() {
    const int partition = event_hubs::partition_of("crane-07", 8);
    return events_->read(iot_hub::built_in_log("Hub-one"), partition, -1, 100).value();
  }

  ferry::ManualClock clock_{ferry::from_unix_seconds(1'795'000'000)};
  net::EventLoop loop_;
  RoutingDirectory directory_;
  std::filesystem::path path_;
  std::shared_ptr<event_hubs::EventStore> events_;
  std::optional<iot_hub::MessageRouter> router_;
  iot_hub::Twin twin_;
  std::string answers_;
};

TEST_F(MessageRouterTest, TakesMessagesWhereTheRoutesLead) {
  deliver("level=storm&%24.ct=application%2Fjson", "a");
  deliver("level=calm", "b");
  deliver("level=storm", "c");
  turn();
  EXPECT_EQ(answers_, "abc");
  const auto events = routed();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].event.body, "a");
  EXPECT_EQ(events[1].event.body, "c");
  EXPECT_EQ(events[0].event.properties, (json::object{{"level", "storm"}, {"site", "north"}}));
  EXPECT_EQ(text_at(events[0].event.system, "iothub-connection-device-id"), "crane-07");
  EXPECT_EQ(text_at(events[0].event.system, "iothub-message-source"), "Telemetry");
  EXPECT_EQ(text_at(events[0].event.system, "content-type"), "application/json");
  const auto messages = built_in();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].event.body, "b");
  EXPECT_EQ(messages[0].event.properties, (json::object{{"level", "calm"}, {"via", "ferry"}}));
  EXPECT_EQ(router_->messages_today("hub-one"), 3);
  EXPECT_TRUE(router_->endpoint_record("hub-one", "fleet").last_success);
}

TEST_F(MessageRouterTest, TheFallbackDoesNotRescueWhatAnEndpointCannotTake) {
  directory_.space->event_hubs[0].rules.clear();
  deliver("level=storm", "a");
  turn();
  EXPECT_EQ(answers_, "a");
  EXPECT_TRUE(routed().empty());
  EXPECT_TRUE(built_in().empty());
  auto record = router_->endpoint_record("hub-one", "fleet");
  EXPECT_EQ(record.failing_since, clock_.now());
  EXPECT_FALSE(record.last_success);
  directory_.space.reset();
  clock_.advance(1min);
  deliver("level=storm", "b");
  turn();
  record = router_->endpoint_record("hub-one", "fleet");
  EXPECT_EQ(record.failing_since, clock_.now() - 1min);
  EXPECT_EQ(record.last_attempt, clock_.now());
}

TEST_F(MessageRouterTest, TellsOfDevicesOnlyWhereARouteForThatLeads) {
  const iot_hub::HubEvent event{
      "hub-one",    {"crane-07", "winch"}, iot_hub::HubEvent::Kind::twin_change,
      "updateTwin", {{"version", 3}},      clock_.now()};
  EXPECT_FALSE(router_->wants("hub-one", event.kind));
  router_->happened(event, &twin_);
  turn();
  EXPECT_TRUE(built_in().empty());
  directory_.hub.routing.routes.push_back(
      {"changes", "TwinChangeEvents", "opType = 'updateTwin'", "events"});
  router_->happened(event, &twin_);
  turn();
  const auto messages = built_in();
  ASSERT_EQ(messages.size(), 1U);
  const event_hubs::Event& stored = messages[0].event;
  EXPECT_EQ(stored.body, R"({"version":3})");
  EXPECT_EQ(text_at(stored.system, "iothub-message-source"), "twinChangeEvents");
  EXPECT_EQ(text_at(stored.system, "iothub-connection-module-id"), "winch");
  EXPECT_EQ(text_at(stored.properties, "hubName"), "hub-one");
  EXPECT_EQ(text_at(stored.properties, "moduleId"), "winch");
  EXPECT_EQ(text_at(stored.properties, "iothub-message-schema"), "twinChangeNotification");
  EXPECT_EQ(text_at(stored.properties, "via"), "ferry");
  EXPECT_EQ(router_->messages_today("hub-one"), 0);
}

TEST_F(MessageRouterTest, WithoutRoutesAndFallbackMessagesAreLost) {
  directory_.hub.routing = HubRouting();
  directory_.hub.routing.fallback_enabled = false;
  deliver("", "a");
  turn();
  EXPECT_EQ(answers_, "a");
  EXPECT_TRUE(built_in().empty());
}

}  // namespace
}  // namespace drydock::testing
