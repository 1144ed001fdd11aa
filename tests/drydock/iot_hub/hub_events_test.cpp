// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/iot_hub/fixture.hpp"

namespace drydock::testing {
namespace {

class HubEventsTest : public HubTest {
 protected:
  HubEventsTest() {
    for (const char* source :
         {"TwinChangeEvents", "DeviceLifecycleEvents", "DeviceConnectionStateEvents"}) {
      directory_.routing.routes.push_back({source, source, "true", "events"});
    }
  }
  // "createDeviceIdentity/$edgeAgent updateTwin": operations and modules of a device's events.
  std::string told(std::string_view device) {
    loop_.run_until_done(pause());
    std::string text;
    for (const auto& stored : built_in(device)) {
      const json::value properties = stored.event.properties;
      const std::string module = text_at(properties, "moduleId");
      text += (text.empty() ? "" : " ") + text_at(properties, "opType") +
              (module.empty() ? "" : "/" + module);
    }
    return text;
  }
  json::value last_body(std::string_view device) {
    return ferry::parse_json(built_in(device).back().event.body).value();
  }
  static net::Task<int> pause() {
    co_await net::sleep_for(std::chrono::milliseconds(10));
    co_return 0;
  }
};

TEST_F(HubEventsTest, TellOfIdentitiesThatComeAndGo) {
  create_edge_device("crane");
  EXPECT_EQ(told("crane"),
            "createDeviceIdentity createDeviceIdentity/$edgeAgent createDeviceIdentity/$edgeHub");
  EXPECT_EQ(text_at(last_body("crane"), "moduleId"), "$edgeHub");
  EXPECT_EQ(number_at(last_body("crane"), "properties.reported.$version"), 1);
  EXPECT_EQ(call("DELETE", "/devices/crane", nullptr, "*").status, 204);
  EXPECT_TRUE(told("crane").ends_with(
      "deleteDeviceIdentity deleteDeviceIdentity/$edgeAgent deleteDeviceIdentity/$edgeHub"));
}

TEST_F(HubEventsTest, TellWhatOfATwinChanged) {
  create_edge_device("crane");
  call("PATCH", "/twins/crane",
       json::object{{"tags", {{"site", "north"}}}, {"properties", {{"desired", {{"fan", 1}}}}}});
  EXPECT_TRUE(told("crane").ends_with(" updateTwin"));
  json::value body = last_body("crane");
  EXPECT_EQ(text_at(body, "tags.site"), "north");
  EXPECT_EQ(number_at(body, "properties.desired.fan"), 1);
  EXPECT_EQ(number_at(body, "properties.desired.$version"), 2);
  EXPECT_EQ(number_at(body, "properties.desired.$metadata.fan.$lastUpdatedVersion"), 2);
  EXPECT_EQ(number_at(body, "version"), 4);
  call("PUT", "/twins/crane", json::object{{"tags", {{"site", "south"}}}});
  EXPECT_TRUE(told("crane").ends_with(" replaceTwin"));
  body = last_body("crane");
  EXPECT_EQ(text_at(body, "deviceId"), "crane");
  EXPECT_EQ(text_at(body, "tags.site"), "south");
}

TEST_F(HubEventsTest, AreNotMadeWhenNoRouteWantsThem) {
  directory_.routing.routes.clear();
  create_edge_device("crane");
  EXPECT_EQ(told("crane"), "");
}

TEST(HubEvent, NumbersConnectionsSoThatLaterOnesAreGreater) {
  const auto number = [](std::int64_t milliseconds, std::uint64_t count) {
    const json::value body =
        iot_hub::connection_body(ferry::Timestamp(std::chrono::milliseconds(milliseconds)), count);
    return text_at(body, "sequenceNumber");
  };
  EXPECT_EQ(number(1'795'000'000'000, 1).size(), 64U);
  EXPECT_LT(number(1'795'000'000'000, 9), number(1'795'000'000'000, 10));
  EXPECT_LT(number(1'795'000'000'000, 10), number(1'795'000'000'001, 1));
}

}  // namespace
}  // namespace drydock::testing
