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

// Containers of one account in memory.
class FewContainers final : public ContainerKeeper {
 public:
  Result<std::optional<ContainerInfo>> container_of(std::string_view,
                                                    std::string_view name) override {
    for (const ContainerInfo& container : containers) {
      if (container.name == name) return container;
    }
    return std::nullopt;
  }
  Result<std::vector<ContainerInfo>> containers_of(std::string_view) override { return containers; }
  Result<bool> make_container(std::string_view account, std::string_view name) override {
    if (*container_of(account, name)) return false;
    containers.push_back({std::string(name), "\"1\"", from_unix_seconds(1'800'000'000), {}});
    return true;
  }
  Result<bool> drop_container(std::string_view, std::string_view name) override {
    return std::erase_if(containers, [&](const auto& one) { return one.name == name; }) > 0;
  }
  std::vector<ContainerInfo> containers;
};

TEST_F(StorageAccounts, HaveTheirContainersInResourceManagerToo) {
  create_group();
  FewContainers keeper;
  arm_->manage_containers(keeper);
  ASSERT_EQ(send("PUT", path("quayside"), body_).status, 202);
  let_operations_end();
  const auto container = [&](std::string_view name) {
    return path("quayside", fmt::format("/blobServices/default/containers/{}", name));
  };
  EXPECT_EQ(send("PUT", container("cargo"), "{}").status, 201);
  EXPECT_EQ(send("PUT", container("cargo"), "{}").status, 200);
  EXPECT_EQ(send("GET", container("cargo")).at("properties.publicAccess"), "None");
  EXPECT_EQ(send("PUT", container("NotAName"), "{}").status, 400);
  EXPECT_EQ(send("PUT", container("open"), R"({"properties":{"publicAccess":"Blob"}})").status,
            409);
  const Reply all = send("GET", path("quayside", "/blobServices/default/containers"));
  EXPECT_EQ(find_array(all.body, "value")->size(), 1U);
  EXPECT_EQ(send("DELETE", container("cargo")).status, 200);
  EXPECT_EQ(send("DELETE", container("cargo")).status, 204);
  EXPECT_EQ(send("GET", container("cargo")).at("error.code"), "ContainerNotFound");
}

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
