// SPDX-License-Identifier: Apache-2.0
#include "azure/environment.hpp"

#include "azure/entra/client_credentials.hpp"

#include "tests/azure/scripted.hpp"

namespace ferry::azure {
namespace {

json::value parsed(std::string_view text) {
  return *parse_json(text);
}

constexpr const char* kLocal = R"({
  "name":"Local","resourceManager":"https://management.local.localhost:8443/",
  "portal":"https://portal.local.localhost",
  "authentication":{"loginEndpoint":"https://login.local.localhost:8443/",
    "audiences":["https://management.local.localhost/"],"tenant":"t-1"},
  "suffixes":{"storage":".core.local.localhost","acrLoginServer":"azurecr.local.localhost",
    "iotHub":"azure-devices.local.localhost","deviceProvisioning":"dps.local.localhost",
    "serviceBus":"sb.local.localhost"}})";

TEST(Environment, IsReadFromOneObject) {
  auto environment = parse_environment(parsed(kLocal), "https://management.local.localhost:8443");
  ASSERT_TRUE(environment) << environment.error().describe();
  EXPECT_EQ(environment->name, "Local");
  EXPECT_EQ(environment->resource_manager, "https://management.local.localhost:8443");
  EXPECT_EQ(environment->active_directory, "https://login.local.localhost:8443");
  EXPECT_EQ(environment->audience, "https://management.local.localhost/");
  EXPECT_EQ(environment->management_scope(), "https://management.local.localhost//.default");
  EXPECT_EQ(environment->tenant, "t-1");
  EXPECT_EQ(environment->suffixes.storage, "core.local.localhost");
  EXPECT_EQ(environment->suffixes.iot_hub, "azure-devices.local.localhost");
  EXPECT_EQ(environment->device_provisioning_host, "global.dps.local.localhost");
}

TEST(Environment, IsChosenFromAnArrayByItsResourceManager) {
  const json::value clouds = parsed(R"([
    {"name":"A","resourceManager":"https://a.example","authentication":{"loginEndpoint":"https://la"}},
    {"name":"B","resourceManager":"https://b.example/","authentication":{"loginEndpoint":"https://lb"}}])");
  auto environment = parse_environment(clouds, "https://b.example");
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->name, "B");
  EXPECT_EQ(environment->audience, "https://b.example");
  EXPECT_FALSE(parse_environment(clouds, "https://c.example"));
}

TEST(Environment, TakesTheIotSuffixesOfAKnownCloud) {
  const json::value cloud = parsed(R"({"resourceManager":"https://management.usgovcloudapi.net",
    "authentication":{"loginEndpoint":"https://login.microsoftonline.us/","audiences":["x"]},
    "suffixes":{"storage":"core.usgovcloudapi.net"}})");
  auto environment = parse_environment(cloud, "https://management.usgovcloudapi.net");
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->suffixes.iot_hub, "azure-devices.us");
  EXPECT_EQ(environment->device_provisioning_host, "global.azure-devices-provisioning.us");
}

TEST(Environment, IsReadFromTheOldestShape) {
  const json::value cloud = parsed(R"({"galleryEndpoint":"https://x","portalEndpoint":"https://p",
    "authentication":{"loginEndpoint":"https://x/adfs","audiences":["https://x/arm"]}})");
  auto environment = parse_environment(cloud, "https://x:18443");
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->active_directory, "https://x/adfs");
  EXPECT_EQ(environment->resource_manager, "https://x:18443");
  EXPECT_EQ(environment->portal, "https://p");
}

TEST(Environment, IsRefusedWhenItIsNoMetadata) {
  for (const char* text : {"[]", "{}", "3", "[1]", R"({"authentication":{}})", "null"}) {
    EXPECT_FALSE(parse_environment(parsed(text), "https://x.example")) << text;
  }
}

TEST(Environment, HasThreeBuiltInClouds) {
  EXPECT_EQ(built_in_environment("AZURECLOUD")->suffixes.iot_hub, "azure-devices.net");
  EXPECT_EQ(built_in_environment("usgov")->suffixes.acr_login_server, "azurecr.us");
  EXPECT_EQ(built_in_environment("china")->suffixes.storage, "core.chinacloudapi.cn");
  EXPECT_FALSE(built_in_environment("mars"));
}

class TokenTest : public ScriptedTest {
 protected:
  ClientSecretTokenSource source() {
    return {pipeline(), "https://login.example", {"tenant", "client", Secret("p&ss word")}};
  }
  static std::string token(const char* text, int life) {
    return fmt::format(R"({{"token_type":"Bearer","expires_in":{},"access_token":"{}"}})", life,
                       text);
  }
};

TEST_F(TokenTest, IsAskedForOnceAndRenewedEarly) {
  script.then(200, token("one", 3600)).then(200, token("two", 3600));
  auto tokens = source();
  EXPECT_EQ(run(tokens.token("s/.default"))->reveal(), "one");
  clock.advance(std::chrono::seconds(3299));
  EXPECT_EQ(run(tokens.token("s/.default"))->reveal(), "one");
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(run(tokens.token("s/.default"))->reveal(), "two");
  const auto& call = script.calls.front();
  EXPECT_EQ(call.url, "https://login.example/tenant/oauth2/v2.0/token");
  EXPECT_EQ(call.body,
            "grant_type=client_credentials&client_id=client&client_secret=p%26ss%20word&scope=s%2F."
            "default");
}

TEST_F(TokenTest, IsKeptPerScope) {
  script.then(200, token("a", 3600)).then(200, token("b", 3600));
  auto tokens = source();
  EXPECT_EQ(run(tokens.token("a"))->reveal(), "a");
  EXPECT_EQ(run(tokens.token("b"))->reveal(), "b");
  EXPECT_EQ(run(tokens.token("a"))->reveal(), "a");
}

TEST_F(TokenTest, StaysInUseWhileItsRenewalFails) {
  script.then(200, token("one", 3600));
  auto tokens = source();
  ASSERT_TRUE(run(tokens.token("s")));
  clock.advance(std::chrono::seconds(3400));
  script.then(400);
  EXPECT_EQ(run(tokens.token("s"))->reveal(), "one");
  clock.advance(std::chrono::seconds(300));
  script.then(400);
  EXPECT_FALSE(run(tokens.token("s")));
}

TEST_F(TokenTest, RefusalSaysWhyAndWhatToDoWithoutTheSecret) {
  script.then(
      401,
      R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."})");
  auto tokens = source();
  auto refused = run(tokens.token("s"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unauthenticated);
  const std::string text = refused.error().describe();
  EXPECT_NE(text.find("AADSTS7000215"), std::string::npos);
  EXPECT_FALSE(refused.error().hint.empty());
  EXPECT_EQ(text.find("p&ss"), std::string::npos);
}

TEST_F(TokenTest, AnAnswerWithoutTokenIsAnError) {
  script.then(200, "{}");
  auto tokens = source();
  EXPECT_FALSE(run(tokens.token("s")));
}

}  // namespace
}  // namespace ferry::azure
