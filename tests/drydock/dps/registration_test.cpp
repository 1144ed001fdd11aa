// SPDX-License-Identifier: Apache-2.0
#include "net/mqtt_client.hpp"
#include "tests/drydock/dps/fixture.hpp"
#include "tests/drydock/iot_hub/certified_stream.hpp"

namespace drydock::testing {
namespace {

using namespace std::chrono_literals;

class RegistrationTest : public DpsTest {
 protected:
  RegistrationTest()
      : root_(make_root("Root")),
        group_ca_(make_below(root_, profile("Group CA", true))),
        leaf_(make_below(group_ca_, profile("crane-07", false))),
        chain_({leaf_.certificate, group_ca_.certificate}) {
    EXPECT_EQ(
        manage("PUT", "/enrollmentGroups/cranes", group("cranes", group_ca_.certificate)).status,
        200);
  }

  void change_group(const std::string& member, json::value value) {
    auto body =
        ferry::parse_json(manage("GET", "/enrollmentGroups/cranes").body).value().as_object();
    body[member] = std::move(value);
    EXPECT_EQ(manage("PUT", "/enrollmentGroups/cranes", body, "*").status, 200);
  }

  Issued root_;
  Issued group_ca_;
  Issued leaf_;
  std::vector<x509::Certificate> chain_;
};

TEST_F(RegistrationTest, ADeviceOfAGroupGetsAnEdgeIdentityWithItsThumbprint) {
  const auto done = enroll("crane-07", chain_);
  EXPECT_EQ(text_at(done, "status"), "assigned");
  EXPECT_EQ(text_at(done, "registrationState.assignedHub"), kHubHost);
  EXPECT_EQ(text_at(done, "registrationState.deviceId"), "crane-07");
  EXPECT_EQ(text_at(done, "registrationState.substatus"), "initialAssignment");
  EXPECT_EQ(text_at(done, "registrationState.x509.enrollmentGroupId"), "cranes");
  const auto device = get("/devices/crane-07");
  EXPECT_EQ(text_at(device, "authentication.type"), "selfSigned");
  for (const char* slot : {"primaryThumbprint", "secondaryThumbprint"}) {
    EXPECT_EQ(text_at(device, fmt::format("authentication.x509Thumbprint.{}", slot)),
              leaf_.certificate.sha256_thumbprint());
  }
  EXPECT_EQ(get("/devices/crane-07/modules").as_array().size(), 2U);
  EXPECT_EQ(text_at(get("/twins/crane-07"), "tags.site"), "north");
  const auto records =
      ferry::parse_json(manage("POST", "/registrations/cranes/query").body).value();
  ASSERT_EQ(records.as_array().size(), 1U);
  EXPECT_EQ(manage("GET", "/registrations/crane-07").status, 200);
  EXPECT_EQ(manage("DELETE", "/registrations/crane-07").status, 204);
}

TEST_F(RegistrationTest, ARenewedCertificateReplacesTheThumbprintAndKeepsTheTwin) {
  enroll("crane-07", chain_);
  EXPECT_EQ(call("PATCH", "/twins/crane-07", json::object{{"tags", {{"mine", 1}}}}).status, 200);
  const auto renewed = make_below(group_ca_, profile("crane-07", false));
  const auto done = enroll("crane-07", {renewed.certificate, group_ca_.certificate});
  EXPECT_EQ(text_at(done, "registrationState.substatus"), "deviceDataMigrated");
  EXPECT_EQ(text_at(get("/devices/crane-07"), "authentication.x509Thumbprint.primaryThumbprint"),
            renewed.certificate.sha256_thumbprint());
  EXPECT_EQ(number_at(get("/twins/crane-07"), "tags.mine"), 1);
}

TEST_F(RegistrationTest, AResetPolicyStartsTheTwinAgain) {
  enroll("crane-07", chain_);
  EXPECT_EQ(call("PATCH", "/twins/crane-07", json::object{{"tags", {{"mine", 1}}}}).status, 200);
  change_group("reprovisionPolicy",
               json::object{{"updateHubAssignment", true}, {"migrateDeviceData", false}});
  const auto done = enroll("crane-07", chain_);
  EXPECT_EQ(text_at(done, "registrationState.substatus"), "deviceDataReset");
  EXPECT_EQ(number_at(get("/twins/crane-07"), "tags.mine"), -1);
  EXPECT_EQ(text_at(get("/twins/crane-07"), "tags.site"), "north");
}

TEST_F(RegistrationTest, AWrongChainIsRefused) {
  const auto other_root = make_root("Root");
  const auto other_ca = make_below(other_root, profile("Group CA", true));
  const auto stranger = make_below(other_ca, profile("crane-07", false));
  const auto refusal = enroll("crane-07", {stranger.certificate, other_ca.certificate}, 401);
  EXPECT_EQ(number_at(refusal, "errorCode"), 401002);
  enroll("crane-07", {}, 401);
  enroll("crane-08", chain_, 401);  // another name than the certificate's
  EXPECT_EQ(call("GET", "/devices/crane-07").status, 404);
}

TEST_F(RegistrationTest, AnExpiredCertificateIsRefused) {
  clock_.advance(std::chrono::hours(25));
  const auto refusal = enroll("crane-07", chain_, 401);
  EXPECT_NE(text_at(refusal, "message"), "");
}

TEST_F(RegistrationTest, ADisabledGroupLetsNobodyIn) {
  change_group("provisioningStatus", "disabled");
  enroll("crane-07", chain_, 401);
  // Not even when a group further up would: the nearest one decides.
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/all", group("all", root_.certificate)).status, 200);
  enroll("crane-07", chain_, 401);
}

TEST_F(RegistrationTest, AGroupMayKnowTheRootAlone) {
  EXPECT_EQ(manage("DELETE", "/enrollmentGroups/cranes").status, 204);
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/all", group("all", root_.certificate)).status, 200);
  enroll("crane-07", {leaf_.certificate}, 401);  // the intermediate is missing
  const auto done = enroll("crane-07", chain_);
  EXPECT_EQ(text_at(done, "registrationState.x509.enrollmentGroupId"), "all");
}

TEST_F(RegistrationTest, ACaReferenceMustBeVerified) {
  EXPECT_EQ(manage("DELETE", "/enrollmentGroups/cranes").status, 204);
  json::object body = group("ref", root_.certificate);
  body["attestation"] =
      json::object{{"type", "x509"}, {"x509", {{"caReferences", {{"primary", "plant"}}}}}};
  EXPECT_EQ(manage("PUT", "/enrollmentGroups/ref", body).status, 200);
  directory_.certificates = {{"plant", root_.certificate.to_pem(), false}};
  enroll("crane-07", chain_, 401);
  directory_.certificates[0].verified = true;
  EXPECT_EQ(text_at(enroll("crane-07", chain_), "status"), "assigned");
}

TEST_F(RegistrationTest, AnIndividualEnrollmentBlocksOneDeviceOfAGroup) {
  EXPECT_EQ(
      manage("PUT", "/enrollments/crane-07",
             json::object{{"registrationId", "crane-07"},
                          {"provisioningStatus", "disabled"},
                          {"attestation",
                           {{"type", "x509"},
                            {"x509",
                             {{"clientCertificates",
                               {{"primary", {{"certificate", leaf_.certificate.to_pem()}}}}}}}}}})
          .status,
      200);
  enroll("crane-07", chain_, 401);
}

TEST_F(RegistrationTest, AHubThatIsGoneIsAFailedRegistration) {
  directory_.hub_exists = false;
  const auto done = enroll("crane-07", chain_);
  EXPECT_EQ(text_at(done, "status"), "failed");
  EXPECT_EQ(number_at(done, "registrationState.errorCode"), 400209);
}

TEST_F(RegistrationTest, AnOperationIsOnlyForItsDevice) {
  const auto done = enroll("crane-07", chain_);
  const auto other = make_below(group_ca_, profile("crane-07", false));
  const std::string path = "/0ne0000ABCD/registrations/crane-07/operations/";
  EXPECT_EQ(device("GET", path + text_at(done, "operationId"), {other.certificate}).status, 401);
  EXPECT_EQ(device("GET", path + "other", chain_).status, 404);
  EXPECT_EQ(device("GET", "/0neFFFFFFFF/registrations/crane-07/operations/x", chain_).status, 404);
}

class RegistrationMqttTest : public RegistrationTest {
 protected:
  // Connects the device and gives what became of it.
  net::Task<ferry::Result<std::unique_ptr<net::mqtt::Client>>> connect(dps::MqttGateway& gateway) {
    auto [here, there] = net::make_memory_streams(loop_.executor());
    std::vector<std::string> pems;
    for (const auto& certificate : chain_) pems.push_back(certificate.to_pem());
    net::spawn(loop_.executor(), gateway.serve_mqtt(std::make_unique<CertifiedStream>(
                                     std::move(there), std::move(pems))));
    net::mqtt::ClientOptions options;
    options.client_id = "crane-07";
    options.username = "0ne0000ABCD/registrations/crane-07/api-version=2019-03-31&ClientVersion=x";
    options.keep_alive = 0s;
    options.response_timeout = 2s;
    auto client = co_await net::mqtt::Client::connect(std::move(here), options);
    co_return client;
  }

  net::Task<bool> exchange() {
    dps::MqttGateway gateway(*service_, *dps_, faults_);
    auto client = co_await connect(gateway);
    EXPECT_TRUE(client) << client.error().describe();
    if (!client) co_return false;
    const auto subscribed = co_await (*client)->subscribe(
        {{"$dps/registrations/res/#", net::mqtt::QoS::at_least_once}});
    EXPECT_TRUE(subscribed);
    co_await (*client)->publish("$dps/registrations/PUT/iotdps-register/?$rid=r1", "");
    auto message = co_await (*client)->next_message();
    EXPECT_EQ(message->topic, "$dps/registrations/res/202/?$rid=r1&retry-after=1");
    const std::string operation =
        text_at(ferry::parse_json(message->payload).value(), "operationId");
    co_await (*client)->publish(
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=r2&operationId=" + operation, " ");
    message = co_await (*client)->next_message();
    EXPECT_EQ(message->topic, "$dps/registrations/res/200/?$rid=r2");
    EXPECT_EQ(text_at(ferry::parse_json(message->payload).value(), "status"), "assigned");
    co_await (*client)->publish(
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=r3&operationId=none", " ");
    message = co_await (*client)->next_message();
    EXPECT_EQ(message->topic, "$dps/registrations/res/404/?$rid=r3");
    co_await (*client)->disconnect();
    co_await net::sleep_for(10ms);
    co_return true;
  }

  net::Task<bool> refusals() {
    dps::MqttGateway gateway(*service_, *dps_, faults_);
    Fault fault;
    fault.service = Service::dps;
    fault.method = "CONNECT";
    fault.path = "/0ne0000ABCD/crane-*";
    fault.status = 401;
    EXPECT_TRUE(faults_.add(fault));
    fault.kind = Fault::Kind::reset;
    EXPECT_TRUE(faults_.add(fault));
    fault.after = true;
    fault.delay = 20ms;
    EXPECT_TRUE(faults_.add(fault));
    const auto refused = co_await connect(gateway);
    EXPECT_FALSE(refused);
    if (!refused) EXPECT_EQ(refused.error().code, ferry::Code::unauthenticated);
    const auto reset = co_await connect(gateway);
    EXPECT_FALSE(reset);
    auto cut = co_await connect(gateway);
    EXPECT_TRUE(cut) << cut.error().describe();
    if (!cut) co_return false;
    const auto message = co_await (*cut)->next_message();
    EXPECT_FALSE(message);
    auto good = co_await connect(gateway);
    EXPECT_TRUE(good) << good.error().describe();
    if (good) co_await (*good)->disconnect();
    co_await net::sleep_for(10ms);
    co_return true;
  }

  Faults faults_;
};

TEST_F(RegistrationMqttTest, LosesConnectionsOnDemand) {
  EXPECT_TRUE(loop_.run_until_done(refusals()));
}

TEST_F(RegistrationMqttTest, WorksOverMqtt) {
  EXPECT_TRUE(loop_.run_until_done(exchange()));
}

}  // namespace
}  // namespace drydock::testing
