// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/access.hpp"

#include "drydock/arm/builtin_roles.hpp"
#include "tests/drydock/arm/fixture.hpp"

namespace drydock::arm::test {
namespace {

constexpr std::string_view kVersion = "?api-version=2022-04-01";
constexpr std::string_view kSomebody = "11111111-2222-3333-4444-555555555555";
constexpr std::string_view kReader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
constexpr std::string_view kContributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";

std::string action(std::string_view method, std::string_view path) {
  const auto demand = demand_of(method, path);
  return demand ? demand->action + " @ " + demand->scope : "";
}

TEST(Demands, NameActionAndScopeOfARequest) {
  EXPECT_EQ(action("GET", "/subscriptions"), "");
  EXPECT_EQ(action("GET", "/tenants"), "");
  EXPECT_EQ(action("GET", "/subscriptions/s"),
            "Microsoft.Resources/subscriptions/read @ /subscriptions/s");
  EXPECT_EQ(action("PUT", "/subscriptions/s/resourcegroups/g"),
            "Microsoft.Resources/subscriptions/resourcegroups/write @ "
            "/subscriptions/s/resourcegroups/g");
  EXPECT_EQ(action("GET", "/subscriptions/s/providers/Microsoft.Devices"),
            "Microsoft.Resources/subscriptions/providers/read @ /subscriptions/s");
  EXPECT_EQ(action("POST", "/subscriptions/s/providers/Microsoft.Devices/register"),
            "Microsoft.Devices/register/action @ /subscriptions/s");
  EXPECT_EQ(action("POST", "/subscriptions/s/providers/Microsoft.Storage/checkNameAvailability"),
            "Microsoft.Storage/checknameavailability/read @ /subscriptions/s");
  const std::string hub = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/h";
  EXPECT_EQ(action("DELETE", hub), "Microsoft.Devices/IotHubs/delete @ " + hub);
  EXPECT_EQ(action("POST", hub + "/listkeys"),
            "Microsoft.Devices/IotHubs/listkeys/action @ " + hub + "/listkeys");
  EXPECT_TRUE(action("POST", hub + "/IotHubKeys/owner/listkeys")
                  .starts_with("Microsoft.Devices/IotHubs/IotHubKeys/listkeys/action @ "));
  EXPECT_TRUE(action("POST", hub + "/routing/routes/$testall")
                  .starts_with("Microsoft.Devices/IotHubs/routing/$testall/action @ "));
  EXPECT_TRUE(action("PUT", hub + "/certificates/c")
                  .starts_with("Microsoft.Devices/IotHubs/certificates/write @ "));
  EXPECT_EQ(action("PUT", hub + "/providers/Microsoft.Authorization/locks/a"),
            "Microsoft.Authorization/locks/write @ " + hub);
  EXPECT_EQ(action("GET",
                   "/subscriptions/s/providers/Microsoft.Storage/locations/l/"
                   "asyncoperations/o"),
            "");
}

TEST(Permissions, AddUpAndSubtractWithinAnEntry) {
  const Permission contributor = find_built_in_role(kContributor)->permission;
  EXPECT_TRUE(grants({contributor}, "Microsoft.Devices/IotHubs/write"));
  EXPECT_FALSE(grants({contributor}, "microsoft.authorization/roleAssignments/write"));
  const Permission owner = find_built_in_role(kOwnerRole)->permission;
  EXPECT_TRUE(grants({contributor, owner}, "Microsoft.Authorization/roleAssignments/write"));
  const Permission reader = find_built_in_role(kReader)->permission;
  EXPECT_TRUE(grants({reader}, "Microsoft.Devices/iotHubs/Read"));
  EXPECT_FALSE(grants({reader}, "Microsoft.Devices/iotHubs/listkeys/action"));
  EXPECT_FALSE(grants({}, "Microsoft.Devices/iotHubs/read"));
  EXPECT_FALSE(grants_data({owner}, "Microsoft.Devices/IotHubs/devices/read"));
}

TEST(Scopes, HoldWhatLiesBelowThem) {
  EXPECT_TRUE(is_within("/subscriptions/S/resourceGroups/g", "/subscriptions/s"));
  EXPECT_TRUE(is_within("/a", "/a/"));
  EXPECT_FALSE(is_within("/subscriptions/s2", "/subscriptions/s"));
  EXPECT_FALSE(is_within("/subscriptions", "/subscriptions/s"));
}

class AccessTest : public ArmTest {
 protected:
  Reply send_as(std::string_view who, std::string method, std::string target,
                std::string body = "") {
    return send(std::move(method), std::move(target), std::move(body),
                {{"Authorization", fmt::format("Bearer as-{}", who)}});
  }
  static std::string at(std::string_view scope, std::string_view type, std::string_view name) {
    return fmt::format("{}/providers/Microsoft.Authorization/{}/{}{}", scope, type, name, kVersion);
  }
  Reply assign(std::string_view scope, std::string_view role, std::string_view name,
               std::string_view principal = kSomebody, std::string_view more = "") {
    return send(
        "PUT", at(scope, "roleAssignments", name),
        fmt::format(R"({{"properties":{{"roleDefinitionId":"{}/providers/)"
                    R"(Microsoft.Authorization/roleDefinitions/{}","principalId":"{}"{}}}}})",
                    subscription(), role, principal, more));
  }
  static constexpr std::string_view kServicePrincipal = R"(,"principalType":"ServicePrincipal")";
  static constexpr std::string_view kName = "aaaaaaaa-0000-0000-0000-000000000001";
};

TEST_F(AccessTest, TheFirstApplicationOwnsTheSubscription) {
  const Reply permissions = send("GET", subscription() +
                                            "/providers/Microsoft.Authorization/permissions"
                                            "?api-version=2022-04-01");
  ASSERT_EQ(permissions.status, 200) << permissions.text;
  EXPECT_EQ(permissions.at("value"),
            R"([{"actions":["*"],"notActions":[],"dataActions":[],"notDataActions":[]}])");
}

TEST_F(AccessTest, SomebodyWithoutARoleMayNothing) {
  create_group();
  const Reply refused = send_as(kSomebody, "GET", hub_path("hub-one"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.at("error.code"), "AuthorizationFailed");
  EXPECT_NE(refused.at("error.message").find("Microsoft.Devices/IotHubs/read"), std::string::npos);
  EXPECT_NE(refused.at("error.message").find(kSomebody), std::string::npos);
  EXPECT_EQ(send_as(kSomebody, "GET", "/subscriptions?api-version=2022-12-01").at("value"), "[]");
}

TEST_F(AccessTest, ARoleHoldsAtItsScopeAndBelow) {
  create_group();
  create_hub("hub-one");
  ASSERT_EQ(assign(group(), kReader, kName, kSomebody, kServicePrincipal).status, 201);
  EXPECT_EQ(send_as(kSomebody, "GET", hub_path("hub-one")).status, 200);
  EXPECT_EQ(send_as(kSomebody, "POST", hub_path("hub-one", "/listkeys")).status, 403);
  EXPECT_EQ(send_as(kSomebody, "DELETE", hub_path("hub-one")).status, 403);
  EXPECT_EQ(send_as(kSomebody, "GET", subscription() + "?api-version=2022-12-01").status, 403);
  const std::string permissions =
      "/providers/Microsoft.Authorization/permissions?api-version=2022-04-01";
  EXPECT_EQ(send_as(kSomebody, "GET", group() + permissions).at("value"),
            R"([{"actions":["*/read"],"notActions":[],"dataActions":[],"notDataActions":[]}])");
  open();  // the roles are kept
  EXPECT_EQ(send_as(kSomebody, "GET", hub_path("hub-one")).status, 200);
  EXPECT_EQ(send("DELETE", at(group(), "roleAssignments", kName)).status, 200);
  EXPECT_EQ(send_as(kSomebody, "GET", hub_path("hub-one")).status, 403);
}

TEST_F(AccessTest, ChecksRoleAssignments) {
  create_group();
  EXPECT_EQ(assign(group(), kReader, "no-guid").status, 400);
  EXPECT_EQ(assign(group(), kReader, kName).at("error.code"), "PrincipalNotFound");
  EXPECT_EQ(
      assign(group(), "aaaaaaaa-bbbb-0000-0000-000000000000", kName, kSomebody, kServicePrincipal)
          .at("error.code"),
      "RoleDefinitionDoesNotExist");
  ASSERT_EQ(assign(group(), kReader, kName, kSomebody, kServicePrincipal).status, 201);
  EXPECT_EQ(assign(group(), kReader, kName, kSomebody, kServicePrincipal).status, 200);
  EXPECT_EQ(
      assign(group(), kReader, "aaaaaaaa-0000-0000-0000-000000000002", kSomebody, kServicePrincipal)
          .at("error.code"),
      "RoleAssignmentExists");
  EXPECT_EQ(assign(group(), kContributor, kName, kSomebody, kServicePrincipal).at("error.code"),
            "RoleAssignmentUpdateNotPermitted");
  EXPECT_EQ(assign(group("nowhere"), kReader, kName, kSomebody, kServicePrincipal).status, 404);
  const auto count = [&](std::string_view scope, std::string_view filter) {
    const Reply listed =
        send("GET", fmt::format("{}/providers/Microsoft.Authorization/roleAssignments{}{}", scope,
                                kVersion, filter));
    return find_array(listed.body, "value")->size();
  };
  EXPECT_EQ(count(subscription(), ""), 2U);
  EXPECT_EQ(count(subscription(), "&$filter=atScope()"), 1U);
  EXPECT_EQ(count(group(), fmt::format("&$filter=principalId%20eq%20'{}'", kSomebody)), 1U);
}

TEST_F(AccessTest, ACustomRoleGrantsWhatItSays) {
  create_group();
  create_hub("hub-one");
  constexpr std::string_view kRole = "cccccccc-0000-0000-0000-000000000001";
  const std::string body =
      fmt::format(R"({{"properties":{{"roleName":"Keys","description":"","assignableScopes":["{}"],
      "permissions":[{{"actions":["Microsoft.Devices/iotHubs/listkeys/Action"]}}]}}}})",
                  subscription());
  ASSERT_EQ(send("PUT", at(subscription(), "roleDefinitions", kRole), body).status, 201);
  EXPECT_EQ(
      send("PUT", at(subscription(), "roleDefinitions", "cccccccc-0000-0000-0000-000000000002"),
           body)
          .at("error.code"),
      "RoleDefinitionWithSameNameExists");
  ASSERT_EQ(assign(group(), kRole, kName, kSomebody, kServicePrincipal).status, 201);
  EXPECT_EQ(send_as(kSomebody, "POST", hub_path("hub-one", "/listkeys")).status, 200);
  EXPECT_EQ(send_as(kSomebody, "GET", hub_path("hub-one")).status, 403);
  EXPECT_EQ(send("DELETE", at(subscription(), "roleDefinitions", kRole)).at("error.code"),
            "RoleDefinitionHasAssignments");
  const Reply found = send("GET", fmt::format("{}/providers/Microsoft.Authorization/"
                                              "roleDefinitions{}&$filter=roleName%20eq%20'Owner'",
                                              subscription(), kVersion));
  EXPECT_EQ(find_array(found.body, "value")->size(), 1U);
}

TEST_F(AccessTest, LocksForbidDeletingAndChanging) {
  create_group();
  create_hub("hub-one");
  const auto lock = [&](std::string_view level) {
    return send("PUT", at(group(), "locks", "keep"),
                fmt::format(R"({{"properties":{{"level":"{}","notes":"why"}}}})", level))
        .status;
  };
  EXPECT_EQ(lock("Whatever"), 400);
  EXPECT_EQ(lock("CanNotDelete"), 201);
  EXPECT_EQ(send("DELETE", hub_path("hub-one")).at("error.code"), "ScopeLocked");
  EXPECT_EQ(send("PATCH", hub_path("hub-one"), R"({"tags":{}})").status, 200);
  EXPECT_EQ(lock("ReadOnly"), 200);
  EXPECT_EQ(send("PATCH", hub_path("hub-one"), R"({"tags":{}})").at("error.code"), "ScopeLocked");
  EXPECT_EQ(send("POST", hub_path("hub-one", "/listkeys")).status, 409);
  EXPECT_EQ(send("GET", hub_path("hub-one")).status, 200);
  EXPECT_EQ(send("DELETE", at(group(), "locks", "keep")).status, 200);
  EXPECT_EQ(send("DELETE", at(group(), "locks", "keep")).status, 204);
  EXPECT_EQ(send("PATCH", hub_path("hub-one"), R"({"tags":{}})").status, 200);
}

TEST_F(AccessTest, ALockOnAResourceHoldsItsGroup) {
  create_group();
  create_hub("hub-one");
  const std::string hub = group() + "/providers/Microsoft.Devices/IotHubs/hub-one";
  ASSERT_EQ(
      send("PUT", at(hub, "locks", "keep"), R"({"properties":{"level":"CanNotDelete"}})").status,
      201);
  const std::string target = group() + "?api-version=2022-09-01";
  EXPECT_EQ(send("DELETE", target).at("error.code"), "ScopeLocked");
  EXPECT_EQ(send("DELETE", at(hub, "locks", "keep")).status, 200);
  EXPECT_EQ(send("DELETE", target).status, 202);
}

TEST_F(AccessTest, WhatHangsOnAGroupGoesWithIt) {
  create_group();
  ASSERT_EQ(assign(group(), kReader, kName, kSomebody, kServicePrincipal).status, 201);
  ASSERT_EQ(send("DELETE", group() + "?api-version=2022-09-01").status, 202);
  let_operations_end();
  create_group();
  EXPECT_EQ(send("GET", at(group(), "roleAssignments", kName)).status, 404);
}

TEST_F(AccessTest, TagsAreMergedReplacedAndDeleted) {
  create_group();
  create_hub("hub-one");
  const std::string tags = group() +
                           "/providers/Microsoft.Devices/IotHubs/hub-one/providers/"
                           "Microsoft.Resources/tags/default?api-version=2022-09-01";
  EXPECT_EQ(send("PATCH", tags, R"({"operation":"Merge","properties":{"tags":{"a":"1","b":"2"}}})")
                .at("properties.tags"),
            R"({"a":"1","b":"2"})");
  EXPECT_EQ(send("PATCH", tags, R"({"operation":"Delete","properties":{"tags":{"a":"1"}}})")
                .at("properties.tags"),
            R"({"b":"2"})");
  EXPECT_EQ(send("GET", hub_path("hub-one")).at("tags"), R"({"b":"2"})");
  EXPECT_EQ(send("PUT", tags, R"({"properties":{"tags":{"c":"3"}}})").at("properties.tags"),
            R"({"c":"3"})");
  EXPECT_EQ(send("DELETE", tags).status, 200);
  EXPECT_EQ(send("GET", tags).at("properties.tags"), "{}");
  EXPECT_EQ(send("PATCH", tags, R"({"operation":"Mix","properties":{"tags":{}}})").status, 400);
}

}  // namespace
}  // namespace drydock::arm::test
