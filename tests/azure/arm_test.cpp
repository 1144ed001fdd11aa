// SPDX-License-Identifier: Apache-2.0
#include "azure/arm/client.hpp"

#include "azure/arm/iot_hubs.hpp"
#include "azure/arm/operation.hpp"
#include "azure/arm/provisioning_services.hpp"
#include "azure/arm/registries.hpp"
#include "azure/arm/resource_groups.hpp"
#include "azure/arm/storage_accounts.hpp"
#include "tests/azure/scripted.hpp"

namespace ferry::azure::arm {
namespace {

constexpr const char* kArm = "https://management.azure.com";
constexpr const char* kReady =
    R"({"name":"x","location":"West Europe","properties":{"provisioningState":"Succeeded"}})";
constexpr const char* kHub =
    R"({"location":"westeurope","etag":"E","properties":{"provisioningState":"Succeeded",
        "state":"Active","hostName":"x.azure-devices.net",
        "eventHubEndpoints":{"events":{"path":"x-1","endpoint":"sb://ns/"}}}})";

class ArmTest : public ScriptedTest {
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
  IotHubSpec hub_spec() { return {.group = "rg", .name = "x", .location = "westeurope"}; }
  Progress remember() {
    return
        [this](std::string_view state, std::chrono::milliseconds) { states.emplace_back(state); };
  }
  FixedToken tokens;
  std::vector<std::string> states;

 private:
  std::optional<ArmClient> arm_;
};

TEST_F(ArmTest, FollowsAStatusDocumentAndItsNewerAddresses) {
  const std::string base = kArm;
  script.then(404)
      .then(201, R"({"properties":{"provisioningState":"Accepted"}})",
            {{"Azure-AsyncOperation", base + "/op/1?t=1"}, {"Retry-After", "5"}})
      .then(200, R"({"status":"Running"})", {{"Azure-AsyncOperation", base + "/op/2"}})
      .then(200, R"({"status":"succeeded"})")
      .then(200, kHub);
  auto hub = run(ensure_iot_hub(arm(), hub_spec(), remember()));
  ASSERT_TRUE(hub) << hub.error().describe();
  EXPECT_EQ(hub->host_name, "x.azure-devices.net");
  EXPECT_EQ(hub->event_path, "x-1");
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{5000, 2000}));
  EXPECT_EQ(states, (std::vector<std::string>{"Accepted", "Running"}));
  const std::string id =
      base + "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Devices/IotHubs/x";
  EXPECT_EQ(script.asked(),
            (std::vector<std::string>{"GET " + id + "?api-version=2023-06-30",
                                      "PUT " + id + "?api-version=2023-06-30",
                                      "GET " + base + "/op/1?t=1", "GET " + base + "/op/2",
                                      "GET " + id + "?api-version=2023-06-30"}));
  const json::value body = *parse_json(script.calls[1].body);
  EXPECT_EQ(find_path(body, "properties.eventHubEndpoints.events.partitionCount")->as_int64(), 4);
  EXPECT_EQ(find_path(body, "sku.name")->as_string(), "S1");
  EXPECT_EQ(script.calls[1].headers.get_or("Authorization", ""), "Bearer token-1");
}

TEST_F(ArmTest, FollowsALocationUntilItIsNo202) {
  const std::string poll = std::string(kArm) + "/poll";
  script.then(404)
      .then(202, "", {{"Location", poll}, {"Retry-After", "17"}})
      .then(202, "", {{"Location", poll + "/b"}})
      .then(200, R"({"name":"acct"})")
      .then(200, R"({"properties":{"provisioningState":"ResolvingDNS"}})")
      .then(200, R"({"properties":{"provisioningState":"Succeeded",
                    "primaryEndpoints":{"blob":"https://acct.blob.core.windows.net/"}}})");
  auto account = run(ensure_storage_account(
      arm(), {.group = "rg", .name = "acct", .location = "westeurope"}, remember()));
  ASSERT_TRUE(account) << account.error().describe();
  EXPECT_EQ(account->blob_endpoint, "https://acct.blob.core.windows.net/");
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{17000, 2000, 2000}));
  EXPECT_EQ(script.asked()[3], "GET " + poll + "/b");
}

TEST_F(ArmTest, FollowsTheResourcesOwnState) {
  script.then(200, R"({"properties":{"provisioningState":"Created"}})")
      .then(200, R"({"properties":{"provisioningState":"Creating"}})")
      .then(200, kReady)
      .then(200, kReady);
  auto made = run(arm().put("/subscriptions/sub/x", "v", {}, remember()));
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(states, (std::vector<std::string>{"Created", "Creating"}));
}

TEST_F(ArmTest, TellsWhyAnOperationFailed) {
  script.then(201, "{}", {{"Azure-AsyncOperation", std::string(kArm) + "/op"}})
      .then(200,
            R"({"status":"Failed","error":{"code":"SkuNotAvailable","message":"none left here"}})");
  auto made = run(arm().put("/subscriptions/sub/x", "v", {}));
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().describe().find("SkuNotAvailable: none left here"), std::string::npos);
}

TEST_F(ArmTest, GivesUpAnOperationThatNeverEnds) {
  script.then(201, "{}", {{"Azure-AsyncOperation", std::string(kArm) + "/op"}});
  for (int i = 0; i < 3; ++i) {
    script.then(200, R"({"status":"Running"})", {{"Retry-After", "800"}});
  }
  auto made = run(arm().put("/subscriptions/sub/x", "v", {}));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::deadline_exceeded);
}

TEST_F(ArmTest, DoesNotSendItsTokenElsewhere) {
  script.then(201, "{}",
              {{"Azure-AsyncOperation", "https://management.azure.com.evil.example/op"}});
  auto made = run(arm().put("/subscriptions/sub/x", "v", {}));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::permission_denied);
  EXPECT_EQ(script.calls.size(), 1u);
}

TEST_F(ArmTest, AsksForANewTokenOnceWhenTheOldOneIsRefused) {
  script.then(401).then(200, kReady);
  ASSERT_TRUE(run(arm().get("/subscriptions/sub/x", "v")));
  EXPECT_EQ(script.calls[1].headers.get_or("Authorization", ""), "Bearer token-2");
}

TEST_F(ArmTest, RegistersAProviderThatTheSubscriptionLacks) {
  script.then(409, R"({"error":{"code":"MissingSubscriptionRegistration","message":"m"}})")
      .then(200, R"({"registrationState":"Registering"})")
      .then(200, R"({"registrationState":"Registering"})")
      .then(200, R"({"registrationState":"Registered"})")
      .then(200, kReady);
  auto made = run(arm().put(arm().resource_id("rg", "Microsoft.Devices/IotHubs", "x"), "v", {}));
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_NE(script.asked()[1].find("POST " + std::string(kArm) +
                                   "/subscriptions/sub/providers/Microsoft.Devices/register"),
            std::string::npos);
}

TEST_F(ArmTest, WaitsForTheOperationOfAnEarlierRunAndPutsAgain) {
  script.then(409, R"({"error":{"code":"AnotherOperationInProgress","message":"busy"}})")
      .then(200, R"({"properties":{"provisioningState":"Creating"}})")
      .then(200, R"({"properties":{"provisioningState":"Creating"}})")
      .then(200, kReady)
      .then(200, kReady);
  ASSERT_TRUE(run(arm().put("/subscriptions/sub/x", "v", {})));
  EXPECT_EQ(script.asked().back(),
            std::string("PUT ") + kArm + "/subscriptions/sub/x?api-version=v");
}

TEST_F(ArmTest, ReportsAConflictThatWaitingDoesNotCure) {
  script.then(409, R"({"code":409002,"message":"name is taken"})").then(200, kReady);
  auto made = run(arm().put("/subscriptions/sub/x", "v", {}));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::conflict);
  EXPECT_NE(made.error().describe().find("name is taken"), std::string::npos);
}

TEST_F(ArmTest, LeavesAReadyHubAlone) {
  script.then(200, kHub);
  ASSERT_TRUE(run(ensure_iot_hub(arm(), hub_spec())));
  EXPECT_EQ(script.calls.size(), 1u);
}

TEST_F(ArmTest, WaitsForAHubThatIsStillBeingMade) {
  script.then(200, R"({"location":"westeurope","properties":{"provisioningState":"Accepted"}})")
      .then(200, kHub);
  ASSERT_TRUE(run(ensure_iot_hub(arm(), hub_spec())));
  EXPECT_EQ(script.asked()[1].substr(0, 4), "GET ");
}

TEST_F(ArmTest, PutsAHubAgainWhoseCreationFailed) {
  script.then(200, R"({"location":"westeurope","properties":{"provisioningState":"Failed"}})")
      .then(200, kHub);
  ASSERT_TRUE(run(ensure_iot_hub(arm(), hub_spec())));
  EXPECT_EQ(script.asked()[1].substr(0, 4), "PUT ");
}

TEST_F(ArmTest, RefusesAHubInAnotherPlace) {
  script.then(200, R"({"location":"East US","properties":{"provisioningState":"Succeeded"}})");
  auto hub = run(ensure_iot_hub(arm(), hub_spec()));
  ASSERT_FALSE(hub);
  EXPECT_EQ(hub.error().code, Code::conflict);
}

TEST_F(ArmTest, DeletesAndWaits) {
  script.then(202, "", {{"Location", "/subscriptions/sub/operationresults/1?api-version=v"}})
      .then(202)
      .then(200);
  ASSERT_TRUE(run(remove_resource_group(arm(), "rg")));
  EXPECT_EQ(script.asked().back(),
            std::string("GET ") + kArm + "/subscriptions/sub/operationresults/1?api-version=v");
}

TEST_F(ArmTest, TakesWhatIsGoneAsDeleted) {
  script.then(404);
  EXPECT_TRUE(run(remove_iot_hub(arm(), "rg", "x")));
  script.then(204);
  EXPECT_TRUE(run(remove_iot_hub(arm(), "rg", "x")));
}

TEST_F(ArmTest, ReadsPagedListsToTheEnd) {
  script.then(200, R"({"value":[{"a":1}],"nextLink":"https://management.azure.com/next?p=2"})")
      .then(200, R"({"value":[{"a":2}],"nextLink":""})");
  auto items = run(arm().list("/subscriptions/sub/things", "v"));
  ASSERT_TRUE(items);
  EXPECT_EQ(items->size(), 2u);
}

TEST_F(ArmTest, LinksAHubToAServiceThatLacksItAndKeepsTheOthers) {
  const char* unlinked =
      R"({"location":"westeurope","sku":{"name":"S1","capacity":1},"properties":{
          "provisioningState":"Succeeded","idScope":"0ne1","serviceOperationsHostName":"d.example",
          "iotHubs":[{"name":"other.azure-devices.net","location":"x",
                      "connectionString":"HostName=other.azure-devices.net;SharedAccessKey=****"}]}})";
  const char* linked =
      R"({"location":"westeurope","properties":{"provisioningState":"Succeeded","idScope":"0ne1",
          "serviceOperationsHostName":"d.example","deviceProvisioningHostName":"global.example",
          "iotHubs":[{"name":"other.azure-devices.net"},{"name":"x.azure-devices.net"}]}})";
  // Looked for, read once more for its ETag, put, and read as it is then.
  script.then(200, unlinked).then(200, unlinked).then(200, linked).then(200, linked);
  ProvisioningServiceSpec spec{.group = "rg", .name = "d", .location = "westeurope"};
  spec.hub = {"x.azure-devices.net", "westeurope", Secret("HostName=x.azure-devices.net;...")};
  auto service = run(ensure_provisioning_service(arm(), spec));
  ASSERT_TRUE(service) << service.error().describe();
  EXPECT_EQ(service->id_scope, "0ne1");
  EXPECT_EQ(service->linked_hubs.size(), 2u);
  const json::value body = *parse_json(script.calls[2].body);
  EXPECT_EQ(find_path(body, "properties.iotHubs")->as_array().size(), 2u);
}

TEST_F(ArmTest, ProvesPossessionOfACertificateCarryingEtags) {
  script.then(404)
      .then(200, R"({"etag":"e1","properties":{"isVerified":false}})")
      .then(200, R"({"etag":"e2","properties":{"verificationCode":"ABC"}})")
      .then(200, R"({"etag":"e3","properties":{"isVerified":true,"thumbprint":"T"}})");
  auto uploaded = run(upload_certificate(arm(), "/d", "root", "PEM"));
  ASSERT_TRUE(uploaded) << uploaded.error().describe();
  auto challenged = run(generate_verification_code(arm(), "/d", *uploaded));
  ASSERT_TRUE(challenged);
  EXPECT_EQ(challenged->verification_code, "ABC");
  auto verified = run(verify_certificate(arm(), "/d", *challenged, "LEAF"));
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->verified);
  EXPECT_EQ(script.calls[2].headers.get_or("If-Match", ""), "e1");
  EXPECT_EQ(script.calls[3].headers.get_or("If-Match", ""), "e2");
  EXPECT_EQ(script.calls[3].body, R"({"certificate":"TEVBRg=="})");
}

TEST_F(ArmTest, MakesARegistryPasswordWithoutShowingItInErrors) {
  script.then(200, R"({"username":"tok","passwords":[{"name":"password1","value":"pw"}]})")
      .then(200, R"({"username":"tok","passwords":[{"name":"password2","value":"pw"}]})");
  auto made = run(generate_credentials(arm(), "/r", "/r/tokens/tok"));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->username, "tok");
  EXPECT_EQ(made->password.reveal(), "pw");
  EXPECT_FALSE(run(generate_credentials(arm(), "/r", "/r/tokens/tok")));
}

TEST_F(ArmTest, TakesAForbiddenNameCheckAsUnknown) {
  script.then(403)
      .then(200, R"({"nameAvailable":true,"reason":"Invalid","message":""})")
      .then(200, R"({"nameAvailable":false,"reason":"AlreadyExists","message":"taken"})");
  auto unknown = run(check_iot_hub_name(arm(), "x"));
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->reason, "Unknown");
  auto open = run(check_iot_hub_name(arm(), "x"));
  EXPECT_TRUE(open->available);
  EXPECT_EQ(open->reason, "");
  auto taken = run(check_registry_name(arm(), "x"));
  EXPECT_FALSE(taken->available);
  EXPECT_EQ(taken->message, "taken");
}

TEST_F(ArmTest, ReadsKeys) {
  script.then(200, R"({"keyName":"service","primaryKey":"QUJD","rights":"ServiceConnect"})")
      .then(200, R"({"keys":[{"keyName":"key1","value":"S1"},{"keyName":"key2","value":"S2"}]})");
  IotHub hub;
  hub.id = "/hub";
  hub.host_name = "h.example";
  auto key = run(get_iot_hub_key(arm(), hub, "service"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->host, "h.example");
  EXPECT_EQ(key->key.reveal(), "QUJD");
  EXPECT_EQ(run(get_storage_account_key(arm(), "rg", "acct"))->reveal(), "S1");
}

TEST(OperationState, IsTerminalInAnyCase) {
  for (const char* word : {"Succeeded", "FAILED", "canceled", "Cancelled"}) {
    EXPECT_TRUE(is_terminal(word)) << word;
  }
  for (const char* word : {"", "Running", "Accepted", "Creating", "Deleting"}) {
    EXPECT_FALSE(is_terminal(word)) << word;
  }
}

}  // namespace
}  // namespace ferry::azure::arm
