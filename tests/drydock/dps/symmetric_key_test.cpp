// SPDX-License-Identifier: Apache-2.0
// Devices that register with a symmetric key, of their own or derived from their group's; and what
// else the service takes: allocation policies, many enrollments at once.
#include <set>

#include "drydock/dps/allocation.hpp"
#include "drydock/dps/attestation.hpp"
#include "tests/drydock/dps/fixture.hpp"

namespace drydock::testing {
namespace {

class SymmetricKeyTest : public DpsTest {
 protected:
  json::object keyed(const std::string& member, const std::string& id, json::value keys = nullptr) {
    json::object attestation{{"type", "symmetricKey"}};
    if (!keys.is_null()) attestation["symmetricKey"] = std::move(keys);
    return {{member, id}, {"attestation", std::move(attestation)}};
  }
  ferry::Secret key_of(const std::string& path, const char* member = "primaryKey") {
    const auto shown = ferry::parse_json(manage("POST", path + "/attestationmechanism").body);
    const std::string key = text_at(*shown, fmt::format("symmetricKey.{}", member));
    EXPECT_FALSE(key.empty());
    return ferry::Secret(key);
  }
  std::string token(const std::string& id, const ferry::Secret& key, std::int64_t expiry = 0) {
    return sas("0ne0000ABCD/registrations/" + id, "registration",
               expiry == 0 ? in_an_hour() : expiry, key);
  }
  net::HttpResponse device(std::string method, std::string path, const std::string& proof,
                           const std::string& body = "") {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(path) + "?api-version=2019-03-31";
    request.headers = {{"Host", Endpoints::provisioning_host()}, {"Authorization", proof}};
    request.body = body;
    return loop_.run_until_done(dps_->handle(std::move(request)));
  }
  json::value enroll(const std::string& id, const std::string& proof, int expected = 202) {
    const std::string base = "/0ne0000ABCD/registrations/" + id;
    auto response = device("PUT", base + "/register", proof, R"({"payload":{"site":"north"}})");
    EXPECT_EQ(response.status, expected) << response.body;
    auto body = ferry::parse_json(response.body).value();
    if (response.status != 202) return body;
    response = device("GET", base + "/operations/" + text_at(body, "operationId"), proof);
    EXPECT_EQ(response.status, 200) << response.body;
    return ferry::parse_json(response.body).value();
  }
};

TEST_F(SymmetricKeyTest, ADeviceOfAGroupRegistersWithItsDerivedKeyAndSignsInAtTheHubWithIt) {
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/cranes", keyed("enrollmentGroupId", "cranes")).status,
            200);
  const auto derived = dps::derive_key(key_of("/enrollmentGroups/cranes"), "crane-07");
  const auto done = enroll("crane-07", token("crane-07", derived));
  EXPECT_EQ(text_at(done, "status"), "assigned");
  EXPECT_EQ(text_at(done, "registrationState.symmetricKey.enrollmentGroupId"), "cranes");
  EXPECT_EQ(text_at(done, "registrationState.payload"), "") << "nobody gives it back";
  const auto identity = get("/devices/crane-07");
  EXPECT_EQ(text_at(identity, "authentication.type"), "sas");
  EXPECT_EQ(text_at(identity, "authentication.symmetricKey.primaryKey"), derived.reveal());
  EXPECT_EQ(
      ferry::parse_json(manage("POST", "/registrations/cranes/query").body)->as_array().size(), 1U);
}

TEST_F(SymmetricKeyTest, BothKeysOfAnIndividualEnrollmentAreGoodAndNoOther) {
  const auto secondary = ferry::Secret(ferry::base64_encode(std::string(32, 'k')));
  EXPECT_EQ(manage("PUT", "/enrollments/crane-08",
                   keyed("registrationId", "crane-08",
                         json::object{{"secondaryKey", secondary.reveal()}}))
                .status,
            200);
  const auto primary = key_of("/enrollments/crane-08");
  EXPECT_EQ(text_at(enroll("crane-08", token("crane-08", primary)), "status"), "assigned");
  EXPECT_EQ(
      text_at(enroll("crane-08", token("crane-08", secondary)), "registrationState.substatus"),
      "deviceDataMigrated");
  const auto other = ferry::Secret(ferry::base64_encode(std::string(32, 'x')));
  enroll("crane-08", token("crane-08", other), 401);
  enroll("crane-08", token("crane-09", primary), 401);
  enroll("crane-08", token("crane-08", primary, 1'000), 401);
  enroll("crane-08", "", 401);
}

TEST_F(SymmetricKeyTest, KeysAreShownByOneCallAloneAndStayWhenTheyAreNotGiven) {
  manage("PUT", "/enrollmentGroups/cranes", keyed("enrollmentGroupId", "cranes"));
  const auto before = std::string(key_of("/enrollmentGroups/cranes").reveal());
  const auto shown = manage("GET", "/enrollmentGroups/cranes").body;
  EXPECT_EQ(shown.find("primaryKey"), std::string::npos) << shown;
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/cranes", ferry::parse_json(shown).value(), "*").status,
            200);
  EXPECT_EQ(key_of("/enrollmentGroups/cranes").reveal(), before);
  EXPECT_EQ(manage("PUT", "/enrollments/short",
                   keyed("registrationId", "short", json::object{{"primaryKey", "YWJj"}}))
                .status,
            400);
}

TEST_F(SymmetricKeyTest, ADisabledEnrollmentOfItsOwnKeepsADeviceOfTheGroupOut) {
  manage("PUT", "/enrollmentGroups/cranes", keyed("enrollmentGroupId", "cranes"));
  const auto derived = dps::derive_key(key_of("/enrollmentGroups/cranes"), "crane-07");
  auto own = keyed("registrationId", "crane-07", json::object{{"primaryKey", derived.reveal()}});
  own["provisioningStatus"] = "disabled";
  EXPECT_EQ(manage("PUT", "/enrollments/crane-07", own).status, 200);
  const auto refused = enroll("crane-07", token("crane-07", derived), 401);
  EXPECT_NE(text_at(refused, "message").find("disabled"), std::string::npos);
}

TEST_F(SymmetricKeyTest, ManyEnrollmentsAreChangedInOneRequestEachForItself) {
  const auto bulk = [&](const std::string& mode, json::array list) {
    auto response =
        manage("POST", "/enrollments", json::object{{"mode", mode}, {"enrollments", list}});
    EXPECT_EQ(response.status, 200) << response.body;
    return ferry::parse_json(response.body).value();
  };
  const json::array two{keyed("registrationId", "a"), keyed("registrationId", "b")};
  EXPECT_TRUE(ferry::find_path(bulk("create", two), "isSuccessful")->as_bool());
  const auto again = bulk("create", {keyed("registrationId", "b"), keyed("registrationId", "c")});
  EXPECT_FALSE(ferry::find_path(again, "isSuccessful")->as_bool());
  const auto& errors = ferry::find_path(again, "errors")->as_array();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(ferry::string_or(errors[0].as_object(), "registrationId", ""), "b");
  EXPECT_EQ(manage("GET", "/enrollments/c").status, 200) << "the others were made";
  bulk("delete", two);
  EXPECT_EQ(manage("GET", "/enrollments/a").status, 404);
  EXPECT_EQ(manage("POST", "/enrollments",
                   json::object{{"mode", "create"}, {"enrollments", json::array(11)}})
                .status,
            400);
}

dps::Enrollment enrollment_with(const std::string& policy, std::vector<std::string> hubs = {}) {
  dps::Enrollment enrollment;
  if (!policy.empty()) enrollment.document["allocationPolicy"] = policy;
  if (!hubs.empty()) enrollment.document["iotHubs"] = json::array(hubs.begin(), hubs.end());
  return enrollment;
}

TEST(Allocation, FollowsThePolicyOfTheEnrollmentThenOfTheService) {
  ProvisioningServiceInfo service;
  service.allocation_policy = "Hashed";
  service.linked_hubs = {"c", "a", "b"};
  std::set<std::string> used;
  for (int i = 0; i < 60; ++i) {
    const auto id = fmt::format("device-{}", i);
    const auto hub = dps::allocate(service, enrollment_with(""), id);
    ASSERT_TRUE(hub);
    EXPECT_EQ(*hub, *dps::allocate(service, enrollment_with("hashed"), id)) << "always the same";
    used.insert(*hub);
    EXPECT_EQ(*dps::allocate(service, enrollment_with("static", {"b", "a"}), id), "b");
    EXPECT_EQ(*dps::allocate(service, enrollment_with("geoLatency"), id), "a");
  }
  EXPECT_EQ(used.size(), 3U) << "they are spread";
  EXPECT_EQ(dps::allocate(service, enrollment_with("", {"x"}), "d").error().number, 400208);
  service.linked_hubs.clear();
  EXPECT_EQ(dps::allocate(service, enrollment_with(""), "d").error().number, 400208);
}

}  // namespace
}  // namespace drydock::testing
