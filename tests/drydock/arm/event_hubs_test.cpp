// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

class EventHubs : public ArmTest {
 protected:
  std::string path(std::string_view rest = "", std::string_view name = "harbour-ns") const {
    return fmt::format("{}/providers/Microsoft.EventHub/namespaces/{}{}?api-version=2024-01-01",
                       group(), name, rest);
  }
  void create_namespace(std::string_view sku = "Standard") {
    create_group();
    const Reply made = send("PUT", path(), body(sku));
    ASSERT_EQ(made.status, 200) << made.text;
    let_operations_end();
  }
  static std::string body(std::string_view sku = "Standard") {
    return fmt::format(R"({{"location":"westeurope","sku":{{"name":"{}","capacity":1}}}})", sku);
  }
};

TEST_F(EventHubs, ANamespaceIsWatchedUntilItSucceeds) {
  create_group();
  const Reply made = send("PUT", path(), body());
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_FALSE(made.headers.contains("Azure-AsyncOperation"));
  EXPECT_FALSE(made.headers.contains("Location"));
  EXPECT_EQ(made.at("properties.provisioningState"), "Created");
  EXPECT_EQ(made.at("properties.status"), "Activating");
  EXPECT_EQ(made.at("location"), "West Europe");
  EXPECT_EQ(send("PUT", path("/eventhubs/telemetry"), "{}").status, 409);
  EXPECT_FALSE(arm_->find_event_hub_namespace("harbour-ns"));
  let_operations_end();
  EXPECT_EQ(send("GET", path()).at("properties.provisioningState"), "Succeeded");
  EXPECT_EQ(send("GET", path()).at("properties.status"), "Active");
  EXPECT_EQ(send("GET", path()).at("properties.serviceBusEndpoint"),
            "https://harbour-ns.servicebus.drydock.localhost:443/");
  const Reply again = send("PUT", path(), body());
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.at("properties.provisioningState"), "Succeeded");
}

TEST_F(EventHubs, ANamespaceGoesByItsLocation) {
  create_namespace();
  const Reply started = send("DELETE", path());
  ASSERT_EQ(started.status, 202);
  const std::string poll = target_of(started, "Location");
  EXPECT_NE(poll.find("resourceType=Namespace"), std::string::npos);
  EXPECT_EQ(send("GET", poll).status, 202);
  EXPECT_EQ(send("DELETE", path()).status, 202);
  let_operations_end();
  EXPECT_EQ(send("GET", poll).status, 204);
  EXPECT_EQ(send("GET", path()).status, 404);
  ASSERT_EQ(deletions_.seen.size(), 1U);
  EXPECT_EQ(deletions_.seen[0].first, ResourceKind::event_hub_namespace);
}

TEST_F(EventHubs, AnEventHubHasDefaultsAndFixedPartitions) {
  create_namespace();
  const Reply made = send("PUT", path("/eventhubs/telemetry"), "{}");
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.at("properties.partitionCount"), "4");
  EXPECT_EQ(made.at("properties.messageRetentionInDays"), "7");
  EXPECT_EQ(made.at("properties.retentionDescription.retentionTimeInHours"), "168");
  EXPECT_EQ(made.at("properties.partitionIds"), R"(["0","1","2","3"])");
  const Reply shorter =
      send("PUT", path("/eventhubs/telemetry"),
           R"({"properties":{"retentionDescription":{"retentionTimeInHours":24}}})");
  EXPECT_EQ(shorter.at("properties.messageRetentionInDays"), "1");
  EXPECT_EQ(
      send("PUT", path("/eventhubs/telemetry"), R"({"properties":{"partitionCount":8}})").status,
      400);
  EXPECT_EQ(send("PUT", path("/eventhubs/other"), R"({"properties":{"messageRetentionInDays":8}})")
                .status,
            400);
  EXPECT_EQ(send("PUT", path("/eventhubs/other"), R"({"properties":{"partitionCount":33}})").status,
            400);
  EXPECT_EQ(send("GET", path("/eventhubs/nowhere")).at("error.code"), "NotFound");
  EXPECT_EQ(send("DELETE", path("/eventhubs/telemetry")).status, 200);
  EXPECT_EQ(send("DELETE", path("/eventhubs/telemetry")).status, 204);
  ASSERT_EQ(deletions_.seen.size(), 1U);
  EXPECT_EQ(deletions_.seen[0].second, "harbour-ns/telemetry");
}

TEST_F(EventHubs, RulesHaveRightsAndKeys) {
  create_namespace();
  ASSERT_EQ(send("PUT", path("/eventhubs/telemetry"), "{}").status, 200);
  const std::string rule = "/eventhubs/telemetry/authorizationRules/hub-send";
  ASSERT_EQ(send("PUT", path(rule), R"({"properties":{"rights":["Send"]}})").status, 200);
  const Reply keys = send("POST", path(rule + "/listKeys"));
  ASSERT_EQ(keys.status, 200) << keys.text;
  const std::string key = keys.at("primaryKey");
  EXPECT_EQ(key.size(), 44U);
  EXPECT_EQ(keys.at("primaryConnectionString"),
            fmt::format("Endpoint=sb://harbour-ns.servicebus.drydock.localhost/;"
                        "SharedAccessKeyName=hub-send;SharedAccessKey={};EntityPath=telemetry",
                        key));
  const Reply renewed = send("POST", path(rule + "/regenerateKeys"), R"({"keyType":"PrimaryKey"})");
  EXPECT_NE(renewed.at("primaryKey"), key);
  EXPECT_EQ(renewed.at("secondaryKey"), keys.at("secondaryKey"));
  EXPECT_EQ(send("POST", path(rule + "/regenerateKeys"), R"({"keyType":"Third"})").status, 400);
  EXPECT_EQ(send("PUT", path(rule), R"({"properties":{"rights":["Manage"]}})").status, 400);
  EXPECT_EQ(send("PUT", path(rule), R"({"properties":{"rights":["Fly"]}})").status, 400);

  const std::string root = "/authorizationRules/RootManageSharedAccessKey";
  EXPECT_EQ(send("POST", path(root + "/listKeys")).at("primaryConnectionString").find("EntityPath"),
            std::string::npos);
  EXPECT_EQ(send("DELETE", path(root)).status, 400);

  const auto info = arm_->find_event_hub_namespace("HARBOUR-NS");
  ASSERT_TRUE(info);
  ASSERT_EQ(info->event_hubs.size(), 1U);
  ASSERT_EQ(info->event_hubs[0].rules.size(), 1U);
  EXPECT_EQ(info->event_hubs[0].rules[0].rights, "Send");
  EXPECT_EQ(info->event_hubs[0].rules[0].primary_key.reveal(), renewed.at("primaryKey"));
}

TEST_F(EventHubs, ConsumerGroupsDependOnTheTier) {
  create_namespace("Basic");
  ASSERT_EQ(send("PUT", path("/eventhubs/telemetry"), "{}").status, 200);
  const std::string groups = "/eventhubs/telemetry/consumergroups";
  EXPECT_EQ(send("GET", path(groups + "/%24Default")).at("name"), "$Default");
  EXPECT_EQ(send("PUT", path(groups + "/ferry"), "{}").status, 403);
  EXPECT_EQ(send("PATCH", path(), R"({"sku":{"name":"Standard","capacity":1}})").status, 200);
  EXPECT_EQ(send("PUT", path(groups + "/ferry"), R"({"properties":{"userMetadata":"m"}})")
                .at("properties.userMetadata"),
            "m");
  EXPECT_EQ(find_array(send("GET", path(groups)).body, "value")->size(), 2U);
  EXPECT_EQ(send("DELETE", path(groups + "/ferry")).status, 200);
  EXPECT_EQ(send("DELETE", path(groups + "/ferry")).status, 204);
  EXPECT_EQ(send("DELETE", path(groups + "/%24Default")).status, 400);
}

TEST_F(EventHubs, NamesAreUniqueAndChecked) {
  create_namespace();
  ASSERT_EQ(
      send("PUT", group("pier") + "?api-version=2022-09-01", R"({"location":"westeurope"})").status,
      201);
  EXPECT_EQ(send("PUT",
                 group("pier") +
                     "/providers/Microsoft.EventHub/namespaces/HARBOUR-NS?api-version=2024-01-01",
                 body())
                .status,
            409);
  EXPECT_EQ(send("PUT", path("", "1-starts-with-a-digit"), body()).status, 400);
  EXPECT_EQ(send("PUT", path("", "short"), body()).status, 400);
  const std::string check =
      subscription() + "/providers/Microsoft.EventHub/checkNameAvailability?api-version=2024-01-01";
  EXPECT_EQ(send("POST", check, R"({"name":"harbour-ns"})").at("reason"), "NameInUse");
  EXPECT_EQ(send("POST", check, R"({"name":"x"})").at("reason"), "InvalidName");
  const Reply open = send("POST", check, R"({"name":"pier-ns"})");
  EXPECT_EQ(open.at("nameAvailable"), "true");
  EXPECT_EQ(open.at("reason"), "None");
}

TEST_F(EventHubs, ListsComeInPages) {
  create_namespace("Premium");
  for (int i = 0; i < 7; ++i) {
    ASSERT_EQ(send("PUT", path(fmt::format("/eventhubs/hub-{}", i)), "{}").status, 200);
  }
  std::string target = path("/eventhubs") + "&$top=3";
  std::string sizes;
  std::string names;
  for (int pages = 0; pages < 5 && !target.empty(); ++pages) {
    const Reply page = send("GET", target);
    ASSERT_EQ(page.status, 200) << page.text;
    const json::array& values = *find_array(page.body, "value");
    sizes += std::to_string(values.size());
    for (const json::value& item : values) names += string_or(item.get_object(), "name", "").back();
    const std::string link = page.at("nextLink");
    target = link.empty() ? "" : link.substr(endpoints_.management_url().size());
  }
  EXPECT_EQ(sizes, "331");
  EXPECT_EQ(names, "0123456");
}

}  // namespace
}  // namespace drydock::arm::test
