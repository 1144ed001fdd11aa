// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

const std::string kVersion = "?api-version=2022-09-01";

TEST_F(ArmTest, CreatesUpdatesAndFindsResourceGroups) {
  EXPECT_EQ(send("HEAD", group() + kVersion).status, 404);
  const Reply made =
      send("PUT", group() + kVersion, R"({"location":"West Europe","tags":{"team":"quay"}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.at("location"), "westeurope");
  EXPECT_EQ(made.at("properties.provisioningState"), "Succeeded");
  EXPECT_EQ(send("HEAD", group("HARBOUR") + kVersion).status, 204);
  EXPECT_EQ(send("PUT", group("HARBOUR") + kVersion, R"({"location":"westeurope"})").at("name"),
            "harbour");
  EXPECT_EQ(send("PATCH", group() + kVersion, R"({"tags":{"a":"b"}})").at("tags.a"), "b");
  const Reply found = send("GET", subscription() + "/resourcegroups" + kVersion +
                                      "&$filter=tagName%20eq%20'a'%20and%20tagValue%20eq%20'b'");
  EXPECT_EQ(find_array(found.body, "value")->size(), 1U);
  const Reply moved = send("PUT", group() + kVersion, R"({"location":"eastus"})");
  EXPECT_EQ(moved.status, 409);
  EXPECT_EQ(moved.at("error.code"), "InvalidResourceGroupLocation");
}

TEST_F(ArmTest, RefusesBadResourceGroups) {
  EXPECT_EQ(send("GET", group("nowhere") + kVersion).at("error.code"), "ResourceGroupNotFound");
  EXPECT_EQ(send("DELETE", group("nowhere") + kVersion).status, 404);
  EXPECT_EQ(send("PUT", group("ends.") + kVersion, R"({"location":"westeurope"})").status, 400);
  EXPECT_EQ(send("PUT", group() + kVersion, R"({"location":"moon"})").at("error.code"),
            "LocationNotAvailableForResourceGroup");
  EXPECT_EQ(send("PUT", group() + kVersion, "{}").at("error.code"), "LocationRequired");
  EXPECT_EQ(send("PUT", hub_path("hub-one"), R"({"location":"westeurope"})").at("error.code"),
            "ResourceGroupNotFound");
}

TEST_F(ArmTest, DeletesAGroupWithAllThatIsInIt) {
  create_group();
  create_hub("hub-one");
  const Reply started = send("DELETE", group() + kVersion);
  EXPECT_EQ(started.status, 202);
  EXPECT_TRUE(started.text.empty());
  EXPECT_FALSE(started.headers.contains("Azure-AsyncOperation"));
  const std::string poll = target_of(started, "Location");
  EXPECT_EQ(send("GET", group() + kVersion).at("properties.provisioningState"), "Deleting");
  EXPECT_EQ(send("PUT", hub_path("hub-two"), R"({"location":"westeurope"})").at("error.code"),
            "ResourceGroupBeingDeleted");
  const Reply running = send("GET", poll);
  EXPECT_EQ(running.status, 202);
  EXPECT_TRUE(running.headers.contains("Location"));
  EXPECT_TRUE(deletions_.seen.empty());

  let_operations_end();
  const Reply done = send("GET", poll);
  EXPECT_EQ(done.status, 200);
  EXPECT_TRUE(done.text.empty());
  EXPECT_EQ(send("GET", group() + kVersion).status, 404);
  ASSERT_EQ(deletions_.seen.size(), 1U);
  EXPECT_EQ(deletions_.seen[0].second, "hub-one");
  EXPECT_FALSE(arm_->find_hub("hub-one"));
}

}  // namespace
}  // namespace drydock::arm::test
