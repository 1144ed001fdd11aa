// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

class ProvisioningServices : public ArmTest {
 protected:
  std::string path(std::string_view name, std::string_view rest = "") const {
    return fmt::format(
        "{}/providers/Microsoft.Devices/provisioningServices/{}{}?api-version=2022-12-12", group(),
        name, rest);
  }
  std::string body(const std::string& connection) const {
    return fmt::format(
        R"({{"location":"westeurope","sku":{{"name":"S1","capacity":1}},"properties":{{"iotHubs":[
        {{"connectionString":"{}","location":"westeurope","allocationWeight":1}}]}}}})",
        connection);
  }
};

TEST_F(ProvisioningServices, LinkAHubAndKeepItsKeyWhenItComesBackMasked) {
  create_group();
  const std::string key = create_hub("hub-one");
  const Reply started = send("PUT", path("dps-one"), body(hub_connection("hub-one", key)));
  ASSERT_EQ(started.status, 201) << started.text;
  EXPECT_EQ(started.at("properties.state"), "Activating");
  EXPECT_EQ(started.at("properties.idScope"), "null");
  let_operations_end();
  EXPECT_EQ(send("GET", target_of(started, "Azure-AsyncOperation")).at("status"), "Succeeded");
  const Reply made = send("GET", path("dps-one"));
  EXPECT_EQ(made.at("properties.state"), "Active");
  EXPECT_EQ(made.at("properties.deviceProvisioningHostName"),
            "global.azure-devices-provisioning.drydock.localhost");
  const std::string scope = made.at("properties.idScope");
  EXPECT_EQ(scope.size(), 11U);
  EXPECT_TRUE(scope.starts_with("0ne"));
  EXPECT_EQ(made.text.find(key), std::string::npos);

  const Reply again = send("PUT", path("dps-one"), made.text);
  ASSERT_EQ(again.status, 201) << again.text;
  EXPECT_EQ(again.at("properties.state"), "Transitioning");
  let_operations_end();
  const auto info = arm_->find_provisioning_service_by_scope(to_lower(scope));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, "dps-one");
  ASSERT_EQ(info->linked_hubs.size(), 1U);
  EXPECT_EQ(info->linked_hubs[0], "hub-one.azure-devices.drydock.localhost");
  EXPECT_EQ(info->policies.size(), 1U);
  EXPECT_FALSE(arm_->find_provisioning_service_by_scope("0ne00000000"));
}

TEST_F(ProvisioningServices, RefuseHubsThatTheyCannotUse) {
  create_group();
  const std::string key = create_hub("hub-one");
  const Reply wrong = send("PUT", path("dps-one"), body(hub_connection("hub-one", "d3Jvbmc=")));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.at("httpStatusCode"), "BadRequest");
  EXPECT_EQ(send("PUT", path("dps-one"), body(hub_connection("hub-two", key))).status, 400);
  EXPECT_EQ(send("PUT", path("dps-one"), body(hub_connection("hub-one", "****"))).status, 400);
  EXPECT_EQ(send("PUT", path("dps-one"), body("nonsense")).status, 400);
  EXPECT_EQ(send("GET", path("dps-one")).status, 404);
}

TEST_F(ProvisioningServices, GiveTheirKeysAndAreDeleted) {
  create_group();
  ASSERT_EQ(send("PUT", path("dps-one"),
                 R"({"location":"westeurope","sku":{"name":"S1"},"properties":{}})")
                .status,
            201);
  let_operations_end();
  const Reply key = send("POST", path("dps-one", "/keys/provisioningserviceowner/listkeys"));
  EXPECT_EQ(key.at("rights"), "ServiceConfig, EnrollmentWrite, DeviceConnect");
  const std::string check = subscription() +
                            "/providers/Microsoft.Devices/"
                            "checkProvisioningServiceNameAvailability?api-version=2022-12-12";
  EXPECT_EQ(send("POST", check, R"({"name":"dps-one"})").at("nameAvailable"), "false");
  const Reply started = send("DELETE", path("dps-one"));
  EXPECT_EQ(started.status, 202);
  EXPECT_EQ(started.text, "null");
  let_operations_end();
  EXPECT_EQ(send("GET", target_of(started, "Location")).status, 200);
  EXPECT_EQ(send("GET", path("dps-one")).status, 404);
  ASSERT_EQ(deletions_.seen.size(), 1U);
}

}  // namespace
}  // namespace drydock::arm::test
