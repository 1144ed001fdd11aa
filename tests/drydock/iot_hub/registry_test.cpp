// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/sas.hpp"
#include "tests/drydock/iot_hub/fixture.hpp"

namespace drydock::testing {
namespace {

class RegistryTest : public HubTest {};

TEST(HubSas, VerifiesTheTextAsWritten) {
  // Signed over the percent-encoding as it stands, whatever its case.
  for (const char* token :
       {"SharedAccessSignature sr=testhub.azure-devices.net%2Fdevices%2FdevA&sig="
        "CXFl7tli6tKAtlpM56dlTgbGc5TW2RWTx2mna5Qr4vM%3D&se=1900000000",
        "SharedAccessSignature se=1900000000&sr=testhub.azure-devices.net%2fdevices%2fdeva&sig="
        "JtUwdxpTIH2g33Kj9j14%2BJ%2BgUaFeM1jUwhNptFzaFMQ%3D"}) {
    const auto parsed = iot_hub::parse_sas(token);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(iot_hub::signed_with(*parsed, kKey));
    EXPECT_FALSE(iot_hub::signed_with(*parsed, ferry::Secret("AAAAAAAAAAAAAAAAAAAAAA==")));
    EXPECT_FALSE(iot_hub::signed_with(*parsed, ferry::Secret()));
    EXPECT_TRUE(iot_hub::covers(*parsed, "testhub.azure-devices.net/devices/devA"));
    EXPECT_TRUE(iot_hub::covers(*parsed, "testhub.azure-devices.net/devices/devA/modules/m"));
    EXPECT_FALSE(iot_hub::covers(*parsed, "testhub.azure-devices.net/devices/devAB"));
    EXPECT_FALSE(iot_hub::covers(*parsed, "testhub.azure-devices.net"));
  }
  for (const char* token : {"", "Bearer x", "SharedAccessSignature sr=a&sig=b",
                            "SharedAccessSignature sr=a&sig=b&se=12x"}) {
    EXPECT_FALSE(iot_hub::parse_sas(token));
  }
}

TEST_F(RegistryTest, MakesKeysForADeviceAndKeepsThemOnUpdate) {
  const json::object body{
      {"deviceId", "a"},
      {"authentication",
       {{"type", "sas"}, {"symmetricKey", {{"primaryKey", ""}, {"secondaryKey", ""}}}}}};
  auto response = call("PUT", "/devices/a", body);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json; charset=utf-8");
  const auto created = ferry::parse_json(response.body).value();
  const std::string key = text_at(created, "authentication.symmetricKey.primaryKey");
  EXPECT_EQ(ferry::base64_decode(key)->size(), 32U);
  EXPECT_EQ(text_at(created, "etag"), "MQ==");
  response = call("PUT", "/devices/a", body, "\"*\"");
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(
      text_at(ferry::parse_json(response.body).value(), "authentication.symmetricKey.primaryKey"),
      key);
}

TEST_F(RegistryTest, ChecksEtagsAndExistence) {
  EXPECT_EQ(call("PUT", "/devices/a", json::object()).status, 200);
  EXPECT_EQ(error_name(call("PUT", "/devices/a", json::object())), "DeviceAlreadyExists");
  EXPECT_EQ(call("PUT", "/devices/a", json::object(), "\"wrong\"").status, 412);
  EXPECT_EQ(call("PUT", "/devices/a", json::object(), "\"MQ==\"").status, 200);
  EXPECT_EQ(call("PUT", "/devices/a", json::object(), "MQ==").status, 412);
  EXPECT_EQ(error_name(call("PUT", "/devices/b", json::object(), "*")), "DeviceNotFound");
  EXPECT_EQ(call("DELETE", "/devices/a", nullptr, "*").status, 204);
  EXPECT_EQ(call("GET", "/devices/a").status, 404);
  EXPECT_EQ(error_name(call("PUT", "/devices/a%2Bb", json::object())), "ArgumentInvalid");
  EXPECT_EQ(error_name(call("PUT", "/devices/a", json::object{{"deviceId", "b"}})),
            "ArgumentInvalid");
}

TEST_F(RegistryTest, AnEdgeDeviceHasItsSystemModules) {
  create_edge_device("edge");
  const auto modules = get("/devices/edge/modules");
  ASSERT_EQ(modules.as_array().size(), 2U);
  EXPECT_EQ(text_at(modules.as_array()[0], "moduleId"), "$edgeAgent");
  EXPECT_THAT(text_at(get("/devices/edge"), "deviceScope"),
              ::testing::StartsWith("ms-azure-iot-edge://edge-"));
  EXPECT_EQ(error_name(call("DELETE", "/devices/edge/modules/%24edgeAgent", nullptr, "*")),
            "SystemModuleModifyUnauthorizedAccess");
  EXPECT_EQ(call("DELETE", "/devices/edge", nullptr, "*").status, 204);
  EXPECT_EQ(call("GET", "/twins/edge/modules/$edgeAgent").status, 404);
}

TEST_F(RegistryTest, KeepsEverythingOverARestart) {
  create_edge_device("edge", {{"site", "north"}});
  const auto before = get("/twins/edge");
  const auto keys = get("/devices/edge");
  open();
  EXPECT_EQ(get("/twins/edge"), before);
  EXPECT_EQ(get("/devices/edge"), keys);
  EXPECT_EQ(get("/devices/edge/modules").as_array().size(), 2U);
}

TEST_F(RegistryTest, ForgetsADeletedHub) {
  create_edge_device("edge");
  service_->on_deleted(ResourceKind::iot_hub, "TestHub");
  EXPECT_EQ(call("GET", "/devices/edge").status, 404);
  open();
  EXPECT_EQ(call("GET", "/devices/edge").status, 404);
}

TEST_F(RegistryTest, PoliciesHaveRights) {
  const auto status = [&](std::string method, std::string policy, std::int64_t expiry,
                          std::string resource) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = "/devices/a";
    request.body = "{}";
    request.headers = {{"Host", std::string(kHubHost)},
                       {"Authorization", sas(resource, policy, expiry)}};
    return send(request).status;
  };
  const std::string host(kHubHost);
  EXPECT_EQ(status("PUT", "registryRead", in_an_hour(), host), 401);
  EXPECT_EQ(status("PUT", "service", in_an_hour(), host), 401);
  EXPECT_EQ(status("PUT", "iothubowner", in_an_hour() - 7200, host), 401);
  EXPECT_EQ(status("PUT", "iothubowner", in_an_hour(), "other.host"), 401);
  EXPECT_EQ(status("PUT", "nobody", in_an_hour(), host), 401);
  EXPECT_EQ(status("PUT", "iothubowner", in_an_hour(), host), 200);
  EXPECT_EQ(status("GET", "registryRead", in_an_hour(), host), 200);
  EXPECT_EQ(status("GET", "service", in_an_hour(), host), 401);
}

TEST_F(RegistryTest, ADeviceManagesItsOwnModulesOnly) {
  const auto created = ferry::parse_json(call("PUT", "/devices/a", json::object()).body).value();
  EXPECT_EQ(call("PUT", "/devices/b", json::object()).status, 200);
  const ferry::Secret key(text_at(created, "authentication.symmetricKey.primaryKey"));
  const auto status = [&](std::string method, std::string target) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = R"({"moduleId": "m", "deviceId": "a"})";
    const std::string resource = ferry::to_lower(fmt::format("{}/devices/a", kHubHost));
    request.headers = {{"Host", std::string(kHubHost)},
                       {"Authorization", sas(resource, "", in_an_hour(), key)}};
    return send(request).status;
  };
  EXPECT_EQ(status("PUT", "/devices/a/modules/m"), 200);
  EXPECT_EQ(status("GET", "/devices/a/modules"), 200);
  EXPECT_EQ(status("DELETE", "/devices/a/modules/m"), 204);
  EXPECT_EQ(status("GET", "/devices/b/modules"), 401);
  EXPECT_EQ(status("DELETE", "/devices/a"), 401);
  EXPECT_EQ(status("GET", "/twins/a"), 401);
}

TEST_F(RegistryTest, PagesQueries) {
  for (const char* id : {"d1", "d2", "d3", "d4", "d5"}) create_edge_device(id, {{"n", id}});
  std::vector<std::string> seen;
  std::string continuation;
  do {
    net::HttpRequest request;
    request.method = "POST";
    request.target = "/devices/query";
    request.body = json::serialize(
        json::object{{"query", "select deviceId from devices where is_defined(tags.n)"}});
    request.headers = {{"Host", std::string(kHubHost)},
                       {"x-ms-max-item-count", "2"},
                       {"Authorization", sas(kHubHost, "iothubowner", in_an_hour())}};
    if (!continuation.empty()) request.headers.set("x-ms-continuation", continuation);
    const auto response = send(request);
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.headers.get("x-ms-item-type"), "Raw");
    const auto rows = ferry::parse_json(response.body).value();
    for (const auto& row : rows.as_array()) seen.push_back(text_at(row, "deviceId"));
    continuation = response.headers.get_or("x-ms-continuation", "");
  } while (!continuation.empty());
  EXPECT_THAT(seen, ::testing::ElementsAre("d1", "d2", "d3", "d4", "d5"));
  const auto count = query("SELECT count() AS n FROM devices.modules");
  EXPECT_EQ(count.as_array()[0].at("n"), 10);
  EXPECT_EQ(query("select * from devices.modules where deviceId = 'd3'").as_array().size(), 2U);
}

TEST_F(RegistryTest, ReplacesTwins) {
  EXPECT_EQ(call("PUT", "/devices/a", json::object()).status, 200);
  EXPECT_EQ(
      call("PATCH", "/twins/a",
           json::object{{"tags", {{"x", 1}}}, {"properties", {{"desired", {{"a", 1}, {"b", 2}}}}}})
          .status,
      200);
  auto twin = get("/twins/a");
  EXPECT_EQ(number_at(twin, "properties.desired.$version"), 2);
  const auto response =
      call("PUT", "/twins/a", json::object{{"properties", {{"desired", {{"b", 2}}}}}},
           text_at(twin, "etag"));
  EXPECT_EQ(response.status, 200);
  twin = get("/twins/a");
  EXPECT_EQ(twin.at("tags"), json::object());
  EXPECT_EQ(ferry::find_path(twin, "properties.desired.a"), nullptr);
  EXPECT_EQ(number_at(twin, "properties.desired.b"), 2);
  EXPECT_EQ(call("PATCH", "/twins/a", json::object{{"tags", {{"y", 1}}}}, "\"stale\"").status, 412);
  EXPECT_EQ(error_name(call("PATCH", "/twins/a", json::object{{"tags", {{"a.b", 1}}}})),
            "ArgumentInvalid");
}

TEST_F(RegistryTest, SaysWhatItDoesNotSupport) {
  EXPECT_EQ(call("POST", "/jobs/create", json::object()).status, 404);
  EXPECT_EQ(call("PATCH", "/devices/a", json::object()).status, 405);
  EXPECT_EQ(error_name(call("POST", "/twins/modules/methods", json::object{{"methodName", "m"}})),
            "DeviceNotFound");
}

}  // namespace
}  // namespace drydock::testing
