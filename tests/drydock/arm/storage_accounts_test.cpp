// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

class StorageAccounts : public ArmTest {
 protected:
  std::string path(std::string_view name, std::string_view rest = "") const {
    return fmt::format("{}/providers/Microsoft.Storage/storageAccounts/{}{}?api-version=2023-05-01",
                       group(), name, rest);
  }
  const std::string body_ =
      R"({"location":"westeurope","sku":{"name":"Standard_LRS"},"kind":"StorageV2",
          "properties":{"minimumTlsVersion":"TLS1_2"}})";
};

TEST_F(StorageAccounts, AreCreatedThroughLocationPolling) {
  create_group();
  const Reply started = send("PUT", path("quayside"), body_);
  EXPECT_EQ(started.status, 202);
  EXPECT_TRUE(started.text.empty());
  const std::string poll = target_of(started, "Location");
  EXPECT_EQ(send("GET", poll).status, 202);
  EXPECT_FALSE(arm_->find_storage_account("quayside"));
  let_operations_end();
  const Reply done = send("GET", poll);
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.at("properties.provisioningState"), "Succeeded");
  EXPECT_EQ(done.at("properties.minimumTlsVersion"), "TLS1_2");
  EXPECT_EQ(done.at("properties.primaryEndpoints.blob"),
            "https://quayside.blob.core.drydock.localhost/");

  const Reply keys = send("POST", path("quayside", "/listKeys"));
  EXPECT_EQ(keys.at("keys").find("permissions\":\"FULL") != std::string::npos, true);
  const auto info = arm_->find_storage_account("QUAYSIDE");
  ASSERT_TRUE(info);
  EXPECT_EQ(base64_decode(info->key1.reveal())->size(), 64U);
  const std::string before = info->key1.reveal();
  EXPECT_EQ(send("POST", path("quayside", "/regenerateKey"), R"({"keyName":"key1"})").status, 200);
  EXPECT_NE(arm_->find_storage_account("quayside")->key1.reveal(), before);

  EXPECT_EQ(send("PUT", path("quayside"), body_).status, 200);
  EXPECT_EQ(send("PATCH", path("quayside"), R"({"tags":{"a":"b"}})").at("tags.a"), "b");
  EXPECT_EQ(send("DELETE", path("quayside")).status, 200);
  EXPECT_EQ(send("DELETE", path("quayside")).status, 204);
  ASSERT_EQ(deletions_.seen.size(), 1U);
}

TEST_F(StorageAccounts, HaveStrictNames) {
  create_group();
  EXPECT_EQ(send("PUT", path("Quay-Side"), body_).at("error.code"), "AccountNameInvalid");
  EXPECT_EQ(send("PUT", path("quayside"), R"({"location":"westeurope","kind":"StorageV2"})").status,
            400);
  const std::string check =
      subscription() + "/providers/Microsoft.Storage/checkNameAvailability?api-version=2023-05-01";
  const Reply free =
      send("POST", check, R"({"name":"quayside","type":"Microsoft.Storage/storageAccounts"})");
  EXPECT_EQ(free.text, R"({"nameAvailable":true})");
  EXPECT_EQ(send("POST", check, R"({"name":"quayside"})").status, 400);
}

}  // namespace
}  // namespace drydock::arm::test
