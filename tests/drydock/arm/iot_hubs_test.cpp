// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

const std::string kBody = R"({"location":"West Europe","sku":{"name":"S1","capacity":2}})";

TEST_F(ArmTest, CreatesAHubWhileTheClientPolls) {
  create_group();
  const Reply started = send("PUT", hub_path("Hub-One"), kBody);
  ASSERT_EQ(started.status, 201) << started.text;
  EXPECT_EQ(started.at("properties.provisioningState"), "Accepted");
  EXPECT_EQ(started.at("properties.hostName"), "");
  EXPECT_EQ(started.headers.get_or("Retry-After", ""), "1");
  const std::string poll = target_of(started, "Azure-AsyncOperation");
  EXPECT_EQ(send("GET", poll).at("status"), "Running");
  EXPECT_FALSE(arm_->find_hub("hub-one"));
  EXPECT_EQ(send("POST", hub_path("hub-one", "/listkeys")).status, 409);
  EXPECT_EQ(send("PUT", hub_path("hub-one"), kBody).at("error.code"), "AnotherOperationInProgress");

  let_operations_end();
  EXPECT_EQ(send("GET", poll).at("status"), "Succeeded");
  const Reply hub = send("GET", hub_path("HUB-ONE"));
  EXPECT_EQ(hub.status, 200);
  EXPECT_EQ(hub.at("name"), "Hub-One");
  EXPECT_EQ(hub.at("properties.state"), "Active");
  EXPECT_EQ(hub.at("properties.hostName"), "hub-one.azure-devices.drydock.localhost");
  EXPECT_EQ(hub.at("properties.eventHubEndpoints.events.partitionIds"), R"(["0","1","2","3"])");
  EXPECT_EQ(hub.at("properties.routing.fallbackRoute.isEnabled"), "true");
  EXPECT_EQ(hub.at("sku.tier"), "Standard");

  const auto info = arm_->find_hub("HUB-one");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->host_name, "hub-one.azure-devices.drydock.localhost");
  EXPECT_EQ(info->policies.size(), 5U);
}

TEST_F(ArmTest, TellsTheDataPlaneOfTheBuiltInEndpoint) {
  create_group();
  create_hub("hub-one");
  send("PUT", hub_path("hub-one", "/eventHubEndpoints/events/ConsumerGroups/ferry"),
       R"({"properties":{"name":"ferry"}})");
  const auto info = arm_->find_hub("hub-one");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->events.partitions, 4);
  EXPECT_EQ(info->events.retention_hours, 24);
  EXPECT_EQ(info->events.consumer_groups, std::vector<std::string>{"ferry"});
  const Reply hub = send("GET", hub_path("hub-one"));
  EXPECT_EQ(hub.at("properties.eventHubEndpoints.events.path"), info->events.path);
  EXPECT_EQ(hub.at("properties.eventHubEndpoints.events.endpoint"),
            fmt::format("sb://{}/", info->events.host));
  const auto space = name_from_host(info->events.host, Endpoints::kServiceBusSuffix);
  ASSERT_TRUE(space);
  EXPECT_EQ(arm_->find_hub_by_namespace(*space)->name, "hub-one");
  EXPECT_FALSE(arm_->find_hub_by_namespace("nobody"));
}

TEST_F(ArmTest, TellsTheDataPlaneOfMessagesToDevices) {
  create_group();
  send("PUT", hub_path("hub-one"),
       R"({"location":"West Europe","sku":{"name":"S1","capacity":1},"properties":{"cloudToDevice":
          {"maxDeliveryCount":3,"defaultTtlAsIso8601":"P1DT2H30M10S",
           "feedback":{"ttlAsIso8601":"nonsense","maxDeliveryCount":4}}}})");
  let_operations_end();
  const auto info = arm_->find_hub("hub-one");
  ASSERT_TRUE(info);
  const CloudToDeviceSettings& settings = info->cloud_to_device;
  EXPECT_EQ(settings.max_delivery_count, 3);
  EXPECT_EQ(settings.default_time_to_live, std::chrono::seconds(26 * 3600 + 30 * 60 + 10));
  EXPECT_EQ(settings.feedback_time_to_live, std::chrono::seconds(3600));
  EXPECT_EQ(settings.feedback_max_delivery_count, 4);
}

TEST_F(ArmTest, GivesTheKeysOfAHubAndNotInItsDocument) {
  create_group();
  const std::string key = create_hub("hub-one");
  EXPECT_EQ(key.size(), 44U);
  const Reply all = send("POST", hub_path("hub-one", "/listkeys"));
  EXPECT_EQ(find_array(all.body, "value")->size(), 5U);
  const Reply missing = send("POST", hub_path("hub-one", "/IotHubKeys/nobody/listkeys"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.at("httpStatusCode"), "404");
  EXPECT_EQ(send("GET", hub_path("hub-one")).text.find(key), std::string::npos);
}

TEST_F(ArmTest, RefusesHubsInTheFlatFormOfDevices) {
  create_group();
  const Reply partitions = send("PUT", hub_path("hub-one"),
                                R"({"location":"westeurope","sku":{"name":"F1","capacity":1},
               "properties":{"eventHubEndpoints":{"events":{"partitionCount":4}}}})");
  EXPECT_EQ(partitions.status, 400);
  EXPECT_EQ(partitions.at("code"), "400016");
  EXPECT_NE(partitions.at("message").find("errorcode: IH400016"), std::string::npos);
  EXPECT_EQ(
      send("PUT", hub_path("hub-one"), R"({"location":"westeurope","sku":{"name":"S9"}})").status,
      400);
  EXPECT_EQ(send("PUT", hub_path("12345"), kBody).status, 400);
  EXPECT_EQ(send("PUT", hub_path("hub-one"),
                 R"({"location":"westeurope","sku":{"name":"S1"},"properties":{"routing":{"routes":[
                 {"name":"r","source":"DeviceMessages","endpointNames":["nowhere"]}]}}})")
                .at("code"),
            "400131");
}

TEST_F(ArmTest, HoldsHubNamesUniqueAndChecksThem) {
  create_group();
  create_hub("hub-one");
  ASSERT_EQ(
      send("PUT", group("pier") + "?api-version=2022-09-01", R"({"location":"westeurope"})").status,
      201);
  EXPECT_EQ(
      send("PUT",
           group("pier") + "/providers/Microsoft.Devices/IotHubs/HUB-ONE?api-version=2023-06-30",
           kBody)
          .status,
      409);
  const std::string check =
      subscription() + "/providers/Microsoft.Devices/checkNameAvailability?api-version=2023-06-30";
  const Reply taken = send("POST", check, R"({"name":"hub-one"})");
  EXPECT_EQ(taken.at("nameAvailable"), "false");
  EXPECT_EQ(taken.at("reason"), "AlreadyExists");
  EXPECT_EQ(send("POST", check, R"({"name":"hub-two"})").at("nameAvailable"), "true");
}

TEST_F(ArmTest, MasksConnectionStringsAndKeepsThemWhenTheyComeBackMasked) {
  create_group();
  create_hub("hub-one");
  const std::string body =
      R"({"location":"westeurope","sku":{"name":"S1","capacity":1},"properties":{"routing":{
      "endpoints":{"eventHubs":[{"name":"telemetry","connectionString":"Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0;EntityPath=t"}]},
      "routes":[{"name":"all","source":"DeviceMessages","condition":"true","endpointNames":["telemetry"],"isEnabled":true}]}}})";
  ASSERT_EQ(send("PUT", hub_path("hub-one"), body).status, 201);
  let_operations_end();
  const Reply shown = send("GET", hub_path("hub-one"));
  EXPECT_EQ(shown.text.find("c2VjcmV0"), std::string::npos);
  EXPECT_NE(shown.text.find("servicebus.windows.net:5671/;"), std::string::npos);
  EXPECT_NE(shown.text.find("SharedAccessKey=****"), std::string::npos);
  ASSERT_EQ(send("PUT", hub_path("hub-one"), shown.text).status, 201);
  let_operations_end();
  EXPECT_EQ(send("GET", hub_path("hub-one")).at("properties.routing.endpoints"),
            shown.at("properties.routing.endpoints"));

  json::object renamed = shown.body;
  renamed["properties"].at("routing").at("endpoints").at("eventHubs").at(0).as_object()["name"] =
      "other";
  renamed["properties"].at("routing").as_object()["routes"] = json::array();
  EXPECT_EQ(send("PUT", hub_path("hub-one"), json::serialize(renamed)).status, 400);
}

TEST_F(ArmTest, ChecksTheHubsEtag) {
  create_group();
  create_hub("hub-one");
  const std::string etag = send("GET", hub_path("hub-one")).at("etag");
  const Reply wrong = send_if_match("PUT", hub_path("hub-one"), "AAAAAAAAAAA=", kBody);
  EXPECT_EQ(wrong.status, 412);
  EXPECT_EQ(wrong.at("code"), "412001");
  EXPECT_EQ(wrong.at("httpStatusCode"), "PreconditionFailed");
  EXPECT_EQ(send_if_match("PUT", hub_path("hub-one"), etag, kBody).status, 201);
}

TEST_F(ArmTest, DeletesAHub) {
  create_group();
  create_hub("hub-one");
  const Reply started = send("DELETE", hub_path("hub-one"));
  EXPECT_EQ(started.status, 202);
  EXPECT_FALSE(arm_->find_hub("hub-one"));
  const std::string location = target_of(started, "Location");
  EXPECT_EQ(send("GET", target_of(started, "Azure-AsyncOperation")).at("status"), "Running");
  EXPECT_EQ(send("GET", location).status, 202);
  let_operations_end();
  EXPECT_EQ(send("GET", location).status, 200);
  EXPECT_EQ(send("GET", hub_path("hub-one")).at("error.code"), "ResourceNotFound");
  EXPECT_EQ(send("DELETE", hub_path("hub-one")).status, 204);
  ASSERT_EQ(deletions_.seen.size(), 1U);
  EXPECT_EQ(deletions_.seen[0].first, ResourceKind::iot_hub);
}

TEST_F(ArmTest, LetsAnOperationFailOnDemand) {
  create_group();
  bool failing = true;
  arm_->decide_operations([&](const net::HttpRequest&) {
    return failing ? std::optional(OperationFailure{"QuotaExceeded", "no more hubs"})
                   : std::nullopt;
  });
  const Reply started = send("PUT", hub_path("hub-one"), kBody);
  ASSERT_EQ(started.status, 201);
  let_operations_end();
  const Reply poll = send("GET", target_of(started, "Azure-AsyncOperation"));
  EXPECT_EQ(poll.status, 200);
  EXPECT_EQ(poll.at("status"), "Failed");
  EXPECT_EQ(poll.at("error.code"), "QuotaExceeded");
  EXPECT_EQ(send("GET", hub_path("hub-one")).at("properties.provisioningState"), "Failed");
  EXPECT_EQ(send("GET", hub_path("hub-one")).at("properties.state"), "ActivationFailed");
  EXPECT_FALSE(arm_->find_hub("hub-one"));

  const Reply deletion = send("DELETE", group() + "?api-version=2022-09-01");
  let_operations_end();
  const Reply refused = send("GET", target_of(deletion, "Location"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.at("error.code"), "QuotaExceeded");
  EXPECT_EQ(send("GET", group() + "?api-version=2022-09-01").at("properties.provisioningState"),
            "Succeeded");

  failing = false;
  ASSERT_EQ(send("PUT", hub_path("hub-one"), kBody).status, 201);
  let_operations_end();
  EXPECT_TRUE(arm_->find_hub("hub-one"));
}

TEST_F(ArmTest, EndsAnOperationThatAnotherProcessBegan) {
  create_group();
  const Reply started = send("PUT", hub_path("hub-one"), kBody);
  open();
  EXPECT_EQ(send("GET", target_of(started, "Azure-AsyncOperation")).at("status"), "Running");
  open();
  let_operations_end();
  const auto hub = arm_->find_hub("hub-one");
  ASSERT_TRUE(hub);
  EXPECT_EQ(hub->sku, "S1");
  EXPECT_EQ(send("GET", target_of(started, "Azure-AsyncOperation")).at("status"), "Succeeded");
}

}  // namespace
}  // namespace drydock::arm::test
