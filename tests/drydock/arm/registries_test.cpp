// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

class Registries : public ArmTest {
 protected:
  void SetUp() override {
    ArmTest::SetUp();
    create_group();
    started_ = send("PUT", path(), R"({"location":"westeurope","sku":{"name":"standard"}})");
    ASSERT_EQ(started_.status, 201) << started_.text;
  }
  std::string id() const {
    return group() + "/providers/Microsoft.ContainerRegistry/registries/harbourreg";
  }
  std::string path(std::string_view rest = "") const {
    return fmt::format("{}{}?api-version=2023-07-01", id(), rest);
  }
  void create_token() {
    const Reply map = send("PUT", path("/scopeMaps/group-one_pull"),
                           R"({"properties":{"actions":["repositories/team/app1/content/read"]}})");
    ASSERT_EQ(map.status, 200) << map.text;
    const Reply token =
        send("PUT", path("/tokens/group-one"),
             fmt::format(R"({{"properties":{{"scopeMapId":"{}"}}}})", map.at("id")));
    ASSERT_EQ(token.status, 201) << token.text;
    EXPECT_EQ(token.at("properties.provisioningState"), "Creating");
    let_operations_end();
    EXPECT_EQ(send("GET", target_of(token, "Azure-AsyncOperation")).at("status"), "Succeeded");
  }
  Reply started_;
};

TEST_F(Registries, AreCreatedThroughAsyncPolling) {
  EXPECT_EQ(started_.at("properties.provisioningState"), "Creating");
  const std::string poll = target_of(started_, "Azure-AsyncOperation");
  EXPECT_EQ(send("GET", poll).at("status"), "Creating");
  EXPECT_FALSE(arm_->find_registry("harbourreg"));
  let_operations_end();
  const Reply done = send("GET", poll);
  EXPECT_EQ(done.at("status"), "Succeeded");
  EXPECT_TRUE(done.headers.contains("Azure-AsyncOperation"));
  const Reply registry = send("GET", path());
  EXPECT_EQ(registry.at("properties.loginServer"), "harbourreg.azurecr.drydock.localhost");
  EXPECT_EQ(registry.at("sku.name"), "Standard");
  EXPECT_EQ(find_array(send("GET", path("/scopeMaps")).body, "value")->size(), 5U);
  EXPECT_EQ(send("PUT", path("/scopeMaps/_repositories_pull"),
                 R"({"properties":{"actions":["repositories/a/content/read"]}})")
                .status,
            400);
}

TEST_F(Registries, GiveTheAdminPasswordsOnlyWhenEnabled) {
  let_operations_end();
  const Reply refused = send("POST", path("/listCredentials"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.at("status"), "Failed");
  EXPECT_EQ(send("PATCH", path(), R"({"properties":{"adminUserEnabled":true}})").status, 200);
  const Reply given = send("POST", path("/listCredentials"));
  EXPECT_EQ(given.at("username"), "harbourreg");
  const Reply renewed = send("POST", path("/regenerateCredential"), R"({"name":"password2"})");
  const auto info = arm_->find_registry("HarbourReg");
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->admin_enabled);
  EXPECT_NE(renewed.at("passwords").find(info->admin_passwords.at(1).reveal()), std::string::npos);
  EXPECT_NE(given.at("passwords").find(info->admin_passwords.at(0).reveal()), std::string::npos);
}

TEST_F(Registries, GiveTokensThatFollowTheirScopeMap) {
  let_operations_end();
  create_token();
  const std::string request = fmt::format(R"({{"tokenId":"{}/tokens/group-one","name":"password1",)"
                                          R"("expiry":"2030-01-01T00:00:00Z"}})",
                                          id());
  const Reply generated = send("POST", path("/generateCredentials"), request);
  ASSERT_EQ(generated.status, 200) << generated.text;
  EXPECT_EQ(generated.at("username"), "group-one");
  auto token = arm_->find_registry("harbourreg")->tokens.at(0);
  ASSERT_EQ(token.passwords.size(), 1U);
  const std::string password = token.passwords[0].value.reveal();
  EXPECT_EQ(password.size(), 52U);
  EXPECT_TRUE(token.passwords[0].expiry);
  EXPECT_NE(generated.text.find(password), std::string::npos);
  EXPECT_EQ(token.actions, std::vector<std::string>{"repositories/team/app1/content/read"});
  EXPECT_EQ(send("GET", path("/tokens/group-one")).text.find(password), std::string::npos);

  EXPECT_EQ(send("PATCH", path("/scopeMaps/group-one_pull"),
                 R"({"properties":{"actions":["repositories/app2/content/read"]}})")
                .status,
            200);
  EXPECT_EQ(
      send("PATCH", path("/tokens/group-one"), R"({"properties":{"status":"disabled"}})").status,
      200);
  token = arm_->find_registry("harbourreg")->tokens.at(0);
  EXPECT_FALSE(token.enabled);
  EXPECT_EQ(token.actions, std::vector<std::string>{"repositories/app2/content/read"});

  const Reply both = send("POST", path("/generateCredentials"),
                          fmt::format(R"({{"tokenId":"{}/tokens/group-one"}})", id()));
  EXPECT_EQ(find_array(both.body, "passwords")->size(), 2U);
  token = arm_->find_registry("harbourreg")->tokens.at(0);
  ASSERT_EQ(token.passwords.size(), 2U);
  EXPECT_NE(token.passwords[0].value.reveal(), password);
}

TEST_F(Registries, RefuseBadTokensAndScopeMaps) {
  let_operations_end();
  EXPECT_EQ(send("PUT", path("/scopeMaps/reader"),
                 R"({"properties":{"actions":["repositories/app1/fly"]}})")
                .status,
            400);
  EXPECT_EQ(send("PUT", path("/scopeMaps/reader"), R"({"properties":{"actions":[]}})").status, 400);
  EXPECT_EQ(send("PUT", path("/tokens/group_one"), R"({"properties":{"scopeMapId":"x"}})").status,
            400);
  EXPECT_EQ(send("PUT", path("/tokens/group-one"), R"({"properties":{"scopeMapId":"/none"}})")
                .at("error.code"),
            "ScopeMapNotFound");
  EXPECT_EQ(send("POST", path("/generateCredentials"), R"({"tokenId":"/none"})").status, 404);
}

TEST_F(Registries, TellTheirLimitsAndWhatIsUsed) {
  let_operations_end();
  create_token();
  const std::string usages = send("GET", path("/listUsages")).text;
  EXPECT_NE(usages.find(R"({"name":"Tokens","limit":500,"currentValue":1,"unit":"Count"})"),
            std::string::npos)
      << usages;
}

TEST_F(Registries, TakeTheirTokensWithThem) {
  let_operations_end();
  create_token();
  EXPECT_EQ(send("DELETE", path()).status, 200);
  ASSERT_EQ(deletions_.seen.size(), 1U);
  EXPECT_EQ(deletions_.seen[0].first, ResourceKind::container_registry);
  ASSERT_EQ(send("PUT", path(), R"({"location":"westeurope","sku":{"name":"Basic"}})").status, 201);
  let_operations_end();
  EXPECT_TRUE(arm_->find_registry("harbourreg")->tokens.empty());
}

}  // namespace
}  // namespace drydock::arm::test
