// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/dps/fixture.hpp"

namespace drydock::testing {
namespace {

class EnrollmentTest : public DpsTest {};

TEST_F(EnrollmentTest, GroupsAreCreatedReadChangedAndDeleted) {
  const auto root = make_root("Group CA");
  auto response = manage("PUT", "/enrollmentGroups/cranes", group("cranes", root.certificate));
  ASSERT_EQ(response.status, 200) << response.body;
  auto body = ferry::parse_json(response.body).value();
  const std::string slot = "attestation.x509.signingCertificates.primary.";
  EXPECT_EQ(text_at(body, slot + "certificate"), "");
  EXPECT_EQ(text_at(body, slot + "info.sha256Thumbprint"), root.certificate.sha256_thumbprint());
  EXPECT_EQ(text_at(body, "provisioningStatus"), "enabled");
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/cranes", group("cranes", root.certificate)).status,
            409);
  // Read, change, write: the certificate itself is not in what was read.
  body.as_object()["provisioningStatus"] = "disabled";
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/cranes", body, "\"stale\"").status, 412);
  response = manage("PUT", "/enrollmentGroups/cranes", body, text_at(body, "etag"));
  ASSERT_EQ(response.status, 200) << response.body;
  response = manage("GET", "/enrollmentgroups/CRANES");
  EXPECT_EQ(text_at(ferry::parse_json(response.body).value(), "provisioningStatus"), "disabled");
  response = manage("POST", "/enrollmentGroups/query", json::object{{"query", "*"}});
  EXPECT_EQ(ferry::parse_json(response.body).value().as_array().size(), 1U);
  EXPECT_EQ(manage("DELETE", "/enrollmentGroups/cranes").status, 204);
  EXPECT_EQ(manage("GET", "/enrollmentGroups/cranes").status, 404);
}

TEST_F(EnrollmentTest, NeedsARight) {
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/enrollmentGroups/cranes";
  request.headers = {{"Host", std::string(kDpsHost)}};
  EXPECT_EQ(loop_.run_until_done(dps_->handle(request)).status, 401);
  request.headers.set("Authorization", sas("other", "provisioningserviceowner", in_an_hour()));
  EXPECT_EQ(loop_.run_until_done(dps_->handle(request)).status, 401);
}

TEST_F(EnrollmentTest, RefusesWhatCannotWork) {
  const auto root = make_root("Group CA");
  const auto leaf = make_below(root, profile("leaf", false));
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/a", group("a", leaf.certificate)).status, 400);
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/a", json::object()).status, 400);
  auto body = group("a", root.certificate);
  body["allocationPolicy"] = "custom";
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/a", body).status, 400);
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/b", group("a", root.certificate)).status, 400);
  EXPECT_EQ(manage("POST", "/enrollments", json::object()).status, 400);
}

}  // namespace
}  // namespace drydock::testing
