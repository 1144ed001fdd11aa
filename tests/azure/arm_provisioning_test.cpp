// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "azure/arm/authorization.hpp"
#include "azure/arm/event_hubs.hpp"
#include "azure/arm/hub_document.hpp"
#include "azure/arm/hub_routing.hpp"
#include "azure/arm/storage_accounts.hpp"
#include "azure/arm/subscriptions.hpp"
#include "tests/azure/scripted.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kRouted = R"({"location":"westeurope","etag":"E1","sku":{"name":"S1"},
  "properties":{"provisioningState":"Succeeded","features":"RootCertificateV2",
    "routing":{"endpoints":{"eventHubs":[{"id":"guid","name":"telemetry","subscriptionId":"sub",
          "resourceGroup":"rg","connectionString":
          "Endpoint=sb://ns.servicebus.windows.net:5671/;SharedAccessKeyName=send;SharedAccessKey=****;EntityPath=hub"}],
        "storageContainers":[{"name":"archive"}]},
      "routes":[{"name":"all","source":"DeviceMessages","condition":"true",
          "endpointNames":["telemetry"],"isEnabled":true},
        {"name":"mine","source":"DeviceMessages","condition":"true","endpointNames":["archive"],
          "isEnabled":true}],
      "enrichments":[{"key":"k","value":"v","endpointNames":["telemetry","archive"]}],
      "fallbackRoute":{"name":"$fallback","source":"DeviceMessages","condition":"true",
          "endpointNames":["events"],"isEnabled":true}}}})";

Routing wanted_routing() {
  Routing routing;
  routing.event_hubs.push_back(
      {.name = "telemetry",
       .group = "rg",
       .subscription = "sub",
       .connection_string = Secret("Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName="
                                   "send;SharedAccessKey=abc;EntityPath=hub")});
  routing.routes.push_back({.name = "all", .endpoint = "telemetry"});
  routing.enrichments.push_back({"k", "v", {"telemetry", "archive"}});
  routing.fallback = true;
  return routing;
}

class ArmProvisioningTest : public ScriptedTest {
 protected:
  ArmClient& arm() {
    if (!arm_) {
      ArmOptions options;
      options.environment = azure_public();
      options.subscription = "sub";
      arm_.emplace(pipeline(), tokens, std::move(options));
    }
    return *arm_;
  }
  json::value body_of(std::size_t call) { return *parse_json(script.calls.at(call).body); }
  FixedToken tokens;

 private:
  std::optional<ArmClient> arm_;
};

TEST_F(ArmProvisioningTest, MakesAnEventHubAndReadsItsKeys) {
  script.then(404)
      .then(200, R"({"properties":{"provisioningState":"Created","status":"Activating"}})")
      .then(200, R"({"location":"West Europe","sku":{"name":"Standard","capacity":1},
                     "properties":{"provisioningState":"Succeeded","status":"Active"}})")
      .then(200, R"({"location":"West Europe","sku":{"name":"Standard","capacity":1},
                     "properties":{"provisioningState":"Succeeded","status":"Active"}})")
      .then(404)
      .then(200, R"({"properties":{"partitionCount":2,"status":"Active",
                     "retentionDescription":{"retentionTimeInHours":72}}})")
      .then(200, R"({"properties":{"rights":["Send"]}})")
      .then(200, R"({"primaryKey":"a","secondaryKey":"b","primaryConnectionString":"P;EntityPath=t",
                     "secondaryConnectionString":"S"})");
  auto space = run(
      ensure_event_hub_namespace(arm(), {.group = "rg", .name = "ns-1", .location = "westeurope"}));
  ASSERT_TRUE(space) << space.error().describe();
  EXPECT_EQ(space->state, "Active");
  auto hub = run(ensure_event_hub(
      arm(), {.namespace_id = space->id, .name = "t", .partitions = 2, .retention_hours = 72}));
  ASSERT_TRUE(hub) << hub.error().describe();
  EXPECT_EQ(hub->retention_hours, 72);
  ASSERT_TRUE(run(ensure_event_hub_policy(arm(), hub->id, {"send", {"Send"}})));
  auto keys = run(get_event_hub_keys(arm(), hub->id, "send"));
  ASSERT_TRUE(keys) << keys.error().describe();
  EXPECT_EQ(keys->primary_connection_string.reveal(), "P;EntityPath=t");
  EXPECT_TRUE(script.finished());
}

TEST_F(ArmProvisioningTest, LeavesAnEventHubAloneThatIsAsWanted) {
  script.then(200, R"({"properties":{"partitionCount":4,"messageRetentionInDays":1}})");
  ASSERT_TRUE(run(ensure_event_hub(arm(), {.namespace_id = "/ns", .name = "t"})));
  EXPECT_TRUE(script.finished());
}

TEST_F(ArmProvisioningTest, RaisesALoweredRetentionAndKeepsThePartitions) {
  const char* there = R"({"properties":{"partitionCount":8,"messageRetentionInDays":1}})";
  script.then(200, there).then(200, there);
  ASSERT_TRUE(run(ensure_event_hub(
      arm(), {.namespace_id = "/ns", .name = "t", .partitions = 4, .retention_hours = 48})));
  EXPECT_EQ(find_path(body_of(1), "properties.partitionCount")->as_int64(), 8);
}

TEST_F(ArmProvisioningTest, AddsARouteUnderTheHubsEtagAndKeepsTheRest) {
  script
      .then(200, R"({"location":"westeurope","etag":"E1","sku":{"name":"S1"},"properties":{
                     "provisioningState":"Succeeded","features":"RootCertificateV2"}})")
      .then(200, kRouted);
  ASSERT_TRUE(run(ensure_routing(arm(), "rg", "x", wanted_routing())));
  EXPECT_EQ(script.calls[1].headers.get_or("If-Match", ""), "E1");
  const auto body = body_of(1);
  EXPECT_EQ(find_path(body, "properties.features")->as_string(), "RootCertificateV2");
  const auto routing = read_routing(body.as_object());
  EXPECT_TRUE(routing.fallback);
  EXPECT_EQ(routing.routes, wanted_routing().routes);
  EXPECT_EQ(routing.enrichments, wanted_routing().enrichments);
}

TEST_F(ArmProvisioningTest, SendsNothingWhenTheRoutingStands) {
  script.then(200, kRouted);
  ASSERT_TRUE(run(ensure_routing(arm(), "rg", "x", wanted_routing())));
  EXPECT_EQ(script.calls.size(), 1u);
}

TEST_F(ArmProvisioningTest, SendsARenewedKeyUnderTheSameEndpointId) {
  script.then(200, kRouted).then(200, kRouted);
  ASSERT_TRUE(run(ensure_routing(arm(), "rg", "x", wanted_routing(), true)));
  const auto routing = read_routing(body_of(1).as_object());
  ASSERT_EQ(routing.event_hubs.size(), 1u);
  EXPECT_EQ(routing.event_hubs[0].id, "guid");
  EXPECT_NE(routing.event_hubs[0].connection_string.reveal().find("SharedAccessKey=abc"),
            std::string::npos);
}

TEST_F(ArmProvisioningTest, ReadsAgainWhenSomebodyElseWasFaster) {
  const char* bare =
      R"({"etag":"E1","location":"w","properties":{"provisioningState":"Succeeded"}})";
  const char* newer =
      R"({"etag":"E2","location":"w","properties":{"provisioningState":"Succeeded"}})";
  script.then(200, bare)
      .then(412, R"({"code":412001,"httpStatusCode":"PreconditionFailed","message":"etag"})")
      .then(200, newer)
      .then(200, kRouted);
  ASSERT_TRUE(run(ensure_routing(arm(), "rg", "x", wanted_routing())));
  EXPECT_EQ(script.calls[3].headers.get_or("If-Match", ""), "E2");
}

TEST_F(ArmProvisioningTest, TakesAnEndpointOutWithWhatRefersToIt) {
  json::object hub = parse_json(kRouted)->as_object();
  ASSERT_TRUE(drop_endpoints(hub, {"Telemetry"}));
  const auto routing = read_routing(hub);
  EXPECT_TRUE(routing.event_hubs.empty());
  ASSERT_EQ(routing.routes.size(), 1u);
  EXPECT_EQ(routing.routes[0].name, "mine");
  ASSERT_EQ(routing.enrichments.size(), 1u);
  EXPECT_EQ(routing.enrichments[0].endpoints, (std::vector<std::string>{"archive"}));
  EXPECT_TRUE(routing.fallback);
  EXPECT_FALSE(drop_endpoints(hub, {"telemetry"}));
}

TEST_F(ArmProvisioningTest, TriesARouteAndTellsWhatIsWrongWithIt) {
  script.then(200, R"({"result":"undefined","details":{"compilationErrors":[
      {"message":"no","severity":"error","location":{"start":{"line":1,"column":7}}}]}})");
  auto test = run(test_route(arm(), "rg", "x", {.name = "r", .condition = "("}, {.body = "{}"}));
  ASSERT_TRUE(test) << test.error().describe();
  EXPECT_EQ(test->result, "undefined");
  EXPECT_EQ(test->problems, (std::vector<std::string>{"line 1, column 7: no"}));
}

TEST_F(ArmProvisioningTest, ReadsEndpointHealth) {
  script.then(200, R"({"value":[{"endpointId":"guid","healthStatus":"unhealthy",
      "lastKnownError":"Unauthorized"}]})");
  auto health = run(get_endpoint_health(arm(), "rg", "x"));
  ASSERT_TRUE(health);
  ASSERT_EQ(health->size(), 1u);
  EXPECT_EQ(health->front().status, "unhealthy");
}

TEST_F(ArmProvisioningTest, AssignsARoleUnderANameThatIsAlwaysTheSame) {
  const RoleAssignmentSpec spec{
      .scope = "/subscriptions/sub", .principal_id = "P", .role = std::string(roles::kAcrPull)};
  RoleAssignmentSpec other = spec;
  other.principal_id = "Q";
  EXPECT_EQ(role_assignment_name(spec), role_assignment_name(spec));
  EXPECT_NE(role_assignment_name(spec), role_assignment_name(other));
  EXPECT_EQ(role_assignment_name(spec)[14], '5');
  script.then(201, R"({"id":"a","properties":{"scope":"/subscriptions/sub"}})");
  ASSERT_TRUE(run(ensure_role_assignment(arm(), spec)));
  EXPECT_EQ(find_path(body_of(0), "properties.principalType")->as_string(), "ServicePrincipal");
}

TEST_F(ArmProvisioningTest, TakesTheSameAssignmentUnderAnotherNameAsItsOwn) {
  script.then(409, R"({"error":{"code":"RoleAssignmentExists","message":"there"}})")
      .then(404)
      .then(200, R"({"value":[{"id":"other","properties":{"scope":"/subscriptions/SUB",
        "roleDefinitionId":"/x/roleDefinitions/7F951DDA-4ed3-4680-a7ca-43fe172d538d"}}]})");
  auto made = run(ensure_role_assignment(
      arm(),
      {.scope = "/subscriptions/sub", .principal_id = "P", .role = std::string(roles::kAcrPull)}));
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(made->id, "other");
}

TEST_F(ArmProvisioningTest, CallsAnUnknownPrincipalSomethingToTryAgain) {
  script.then(400, R"({"error":{"code":"PrincipalNotFound","message":"m"}})");
  auto made = run(ensure_role_assignment(
      arm(), {.scope = "/subscriptions/sub", .principal_id = "P", .role = "r"}));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::unavailable);
}

TEST(Permissions, MatchWithStarsAndWithoutCase) {
  EXPECT_TRUE(matches_action("*", "Microsoft.Devices/iotHubs/Read"));
  EXPECT_TRUE(matches_action("microsoft.devices/*/read", "Microsoft.Devices/iotHubs/keys/Read"));
  EXPECT_TRUE(matches_action("Microsoft.Devices/*", "Microsoft.Devices/iotHubs/Write"));
  EXPECT_FALSE(matches_action("Microsoft.Devices/*/read", "Microsoft.Devices/iotHubs/write"));
  EXPECT_FALSE(matches_action("", "x"));
  EXPECT_FALSE(matches_action("Microsoft.Devices/register", "Microsoft.Devices/register/action"));
  const std::vector<Permission> permissions = {{{"*"}, {"Microsoft.Authorization/*/write"}, {}, {}},
                                               {{"A/b"}, {}, {"D/*"}, {"D/x"}}};
  EXPECT_TRUE(allows_action(permissions, "Microsoft.Devices/iotHubs/write"));
  EXPECT_FALSE(allows_action(permissions, "Microsoft.Authorization/roleAssignments/write"));
  EXPECT_FALSE(allows_data_action(permissions, "D/x"));
  EXPECT_TRUE(allows_data_action(permissions, "d/y"));
}

RC_GTEST_PROP(PermissionsProperty, AStarTakesAnyText, ()) {
  const auto before = *rc::gen::container<std::string>(rc::gen::inRange('a', 'd'));
  const auto between = *rc::gen::container<std::string>(rc::gen::inRange('a', 'd'));
  const auto after = *rc::gen::container<std::string>(rc::gen::inRange('a', 'd'));
  RC_ASSERT(matches_action(before + "*" + after, before + between + after));
  RC_ASSERT(matches_action("*" + between + "*", before + between + after));
  RC_ASSERT(!matches_action(before + "*" + after + "z", before + between + after));
}

TEST_F(ArmProvisioningTest, ReadsProvidersLocationsAndQuotas) {
  script
      .then(200, R"({"registrationState":"NotRegistered","resourceTypes":[
            {"resourceType":"IotHubs","locations":["West Europe","East US"]}]})")
      .then(200, R"({"value":[{"name":"westeurope","displayName":"West Europe",
            "metadata":{"regionType":"Physical","geographyGroup":"Europe"}},
            {"name":"europe","metadata":{"regionType":"Logical"}}]})")
      .then(200, R"({"value":[{"currentValue":49,"limit":50,"name":{"value":"IotHubs"}}]})")
      .then(200, R"({"value":[{"name":"TotalMessages","currentValue":1,"maxValue":400000}]})");
  auto provider = run(get_resource_provider(arm(), "Microsoft.Devices"));
  ASSERT_TRUE(provider);
  EXPECT_FALSE(provider->registered());
  EXPECT_TRUE(provider->offers("iothubs", "westeurope"));
  EXPECT_FALSE(provider->offers("IotHubs", "northeurope"));
  auto locations = run(list_locations(arm()));
  ASSERT_TRUE(locations);
  EXPECT_EQ(locations->size(), 1u);
  auto usages = run(list_iot_hub_usages(arm()));
  ASSERT_TRUE(usages);
  EXPECT_EQ(usages->front().limit, 50);
  auto quota = run(get_iot_hub_quota(arm(), "rg", "x"));
  ASSERT_TRUE(quota);
  EXPECT_EQ(quota->front().limit, 400000);
}

TEST_F(ArmProvisioningTest, MakesANewStorageKeyAndReturnsThatOne) {
  script.then(200,
              R"({"keys":[{"keyName":"key1","value":"old"},{"keyName":"key2","value":"new"}]})");
  auto key = run(regenerate_storage_account_key(arm(), "rg", "acct", "key2"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->reveal(), "new");
}

TEST_F(ArmProvisioningTest, ReadsTagsAndLocks) {
  script.then(200, R"({"properties":{"tags":{"a":"b"}}})")
      .then(200, R"({"value":[{"name":"l","properties":{"level":"CanNotDelete"}}]})");
  auto tags = run(get_tags(arm(), "/subscriptions/sub/resourceGroups/rg"));
  ASSERT_TRUE(tags);
  EXPECT_EQ(*tags, (Tags{{"a", "b"}}));
  auto locks = run(list_locks(arm(), "/subscriptions/sub/resourceGroups/rg"));
  ASSERT_TRUE(locks);
  EXPECT_EQ(locks->front().level, "CanNotDelete");
}

}  // namespace
}  // namespace ferry::azure::arm
