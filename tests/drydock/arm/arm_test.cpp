// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

TEST_F(ArmTest, AsksForATokenAndSaysWhere) {
  const Reply none = send("GET", "/subscriptions?api-version=2022-12-01", "", {});
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.at("error.code"), "AuthenticationFailed");
  EXPECT_TRUE(none.headers.get_or("WWW-Authenticate", "")
                  .starts_with("Bearer authorization_uri=\"https://login.drydock.localhost/"));
  const Reply wrong =
      send("GET", "/subscriptions?api-version=2022-12-01", "", {{"Authorization", "Bearer bad"}});
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.at("error.code"), "InvalidAuthenticationToken");
  EXPECT_EQ(
      send("GET", "/subscriptions?api-version=2022-12-01", "", {{"Authorization", "Basic good"}})
          .status,
      401);
}

TEST_F(ArmTest, InsistsOnAnApiVersion) {
  EXPECT_EQ(send("GET", "/subscriptions").at("error.code"), "MissingApiVersionParameter");
  EXPECT_EQ(send("GET", "/subscriptions?api-version=").at("error.code"),
            "MissingApiVersionParameter");
  EXPECT_EQ(send("GET", "/subscriptions?api-version=new").at("error.code"),
            "InvalidApiVersionParameter");
  EXPECT_EQ(send("GET", "/subscriptions?api-version=2023-06-30-preview").status, 200);
}

TEST_F(ArmTest, PutsTheCommonHeadersOnEveryAnswer) {
  const Reply reply = send("GET", "/tenants?api-version=2022-12-01", "",
                           {{"Authorization", "Bearer good"},
                            {"x-ms-client-request-id", "mine"},
                            {"x-ms-return-client-request-id", "true"},
                            {"x-ms-correlation-request-id", "thread"}});
  EXPECT_EQ(reply.headers.get_or("x-ms-client-request-id", ""), "mine");
  EXPECT_EQ(reply.headers.get_or("x-ms-correlation-request-id", ""), "thread");
  for (const std::string_view header : {"x-ms-request-id", "x-ms-routing-request-id",
                                        "Strict-Transport-Security", "Cache-Control"}) {
    EXPECT_TRUE(reply.headers.contains(header)) << header;
  }
}

TEST_F(ArmTest, KnowsOneSubscription) {
  const Reply list = send("GET", "/subscriptions?api-version=2022-12-01");
  EXPECT_EQ(list.at("count.value"), "1");
  EXPECT_EQ(find_array(list.body, "value")->size(), 1U);
  EXPECT_EQ(send("GET", "/subscriptions/other?api-version=2022-12-01").at("error.code"),
            "SubscriptionNotFound");
  EXPECT_EQ(send("GET", subscription() + "/locations?api-version=2022-12-01").status, 200);
}

TEST_F(ArmTest, DescribesTheCloudInItsThreeShapesWithoutAToken) {
  const Reply first = send("GET", "/metadata/endpoints?api-version=2015-01-01", "", {});
  EXPECT_EQ(first.at("authentication.loginEndpoint"), "https://login.drydock.localhost/adfs");
  const Reply list = send("GET", "/metadata/endpoints?api-version=2019-05-01", "", {});
  EXPECT_TRUE(list.text.starts_with("[{"));
  const Reply one = send("GET", "/metadata/endpoints?api-version=2022-09-01", "", {});
  EXPECT_EQ(one.at("suffixes.acrLoginServer"), "azurecr.drydock.localhost");
  EXPECT_EQ(one.at("suffixes.iotHub"), "azure-devices.drydock.localhost");
  EXPECT_EQ(one.at("authentication.identityProvider"), "AAD");
}

TEST_F(ArmTest, SaysWhichRequestsItDoesNotUnderstand) {
  EXPECT_EQ(send("GET", "/nothing?api-version=2022-12-01").status, 404);
  EXPECT_EQ(send("DELETE", "/tenants?api-version=2022-12-01").status, 405);
  EXPECT_EQ(send("PUT", group() + "?api-version=2022-09-01", "{").at("error.code"),
            "InvalidRequestContent");
  EXPECT_EQ(send("PUT", group() + "?api-version=2022-09-01", "[]").at("error.code"),
            "InvalidRequestContent");
}

TEST_F(ArmTest, RefusesTypesOfAProviderThatIsNotRegistered) {
  create_group();
  const std::string provider = subscription() + "/providers/Microsoft.Devices";
  EXPECT_EQ(send("GET", provider + "?api-version=2022-09-01").at("registrationState"),
            "Registered");
  EXPECT_EQ(send("POST", provider + "/unregister?api-version=2022-09-01").status, 200);
  const Reply refused =
      send("PUT", hub_path("hub-one"), R"({"location":"westeurope","sku":{"name":"S1"}})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.at("error.code"), "MissingSubscriptionRegistration");
  EXPECT_EQ(refused.headers.get_or("x-ms-failure-cause", ""), "gateway");
  EXPECT_EQ(send("POST", provider + "/register?api-version=2022-09-01").at("registrationState"),
            "Registering");
  let_operations_end();
  EXPECT_EQ(send("GET", provider + "?api-version=2022-09-01").at("registrationState"),
            "Registered");
  EXPECT_EQ(
      send("PUT", hub_path("hub-one"), R"({"location":"westeurope","sku":{"name":"S1"}})").status,
      201);
}

TEST_F(ArmTest, ListsResourcesByFilter) {
  create_group();
  create_hub("hub-one");
  const std::string list = subscription() + "/resources?api-version=2022-09-01&$filter=";
  const auto count = [&](const std::string& filter) {
    const Reply reply = send("GET", list + percent_encode(filter));
    const json::array* values = find_array(reply.body, "value");
    return values == nullptr ? -1 : static_cast<int>(values->size());
  };
  EXPECT_EQ(count(""), 1);
  EXPECT_EQ(count("resourceType eq 'microsoft.devices/iothubs' and name eq 'HUB-one'"), 1);
  EXPECT_EQ(count("resourceType eq 'Microsoft.Storage/storageAccounts'"), 0);
  EXPECT_EQ(count("shape eq 'round'"), -1);
  EXPECT_EQ(count("name eq 'hub-one"), -1);
}

}  // namespace
}  // namespace drydock::arm::test
