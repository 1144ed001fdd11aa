// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drydock/dps/mqtt_gateway.hpp"
#include "tests/drydock/iot_hub/fixture.hpp"
#include "x509/authority.hpp"

namespace drydock::testing {

namespace x509 = ferry::x509;

struct Issued {
  x509::PrivateKey key;
  x509::Certificate certificate;
};

class DpsTest : public HubTest {
 protected:
  DpsTest() {
    auto dps = dps::ProvisioningService::open(loop_.executor(), clock_, directory_, endpoints_,
                                              *service_, directory_path_);
    EXPECT_TRUE(dps) << dps.error().describe();
    dps_ = *std::move(dps);
  }

  x509::CertificateProfile profile(const std::string& name, bool ca) {
    x509::CertificateProfile result;
    result.common_name = name;
    result.not_before = clock_.now() - std::chrono::hours(1);
    result.not_after = clock_.now() + std::chrono::hours(24);
    result.ca = ca;
    result.client_auth = !ca;
    return result;
  }
  Issued make_root(const std::string& name) {
    auto key = x509::PrivateKey::generate();
    auto certificate = x509::issue_self_signed(key, profile(name, true)).value();
    return {std::move(key), std::move(certificate)};
  }
  Issued make_below(const Issued& issuer, const x509::CertificateProfile& wanted) {
    auto key = x509::PrivateKey::generate();
    const x509::KeySigner signer(issuer.key);
    auto certificate = x509::issue(issuer.certificate, signer, key.public_key(), wanted).value();
    return {std::move(key), std::move(certificate)};
  }

  net::HttpResponse manage(std::string method, std::string target, json::value body = nullptr,
                           std::string if_match = "") {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target) + "?api-version=2021-10-01";
    request.headers = {{"Host", std::string(kDpsHost)},
                       {"Authorization", sas(kDpsHost, "provisioningserviceowner", in_an_hour())}};
    if (!if_match.empty()) request.headers.set("If-Match", if_match);
    if (!body.is_null()) request.body = json::serialize(body);
    return loop_.run_until_done(dps_->handle(std::move(request)));
  }
  json::object group(const std::string& id, const x509::Certificate& signer) {
    return {
        {"enrollmentGroupId", id},
        {"attestation",
         {{"type", "x509"},
          {"x509", {{"signingCertificates", {{"primary", {{"certificate", signer.to_pem()}}}}}}}}},
        {"capabilities", {{"iotEdge", true}}},
        {"initialTwin", {{"tags", {{"site", "north"}}}}}};
  }

  net::HttpResponse device(std::string method, std::string path,
                           const std::vector<x509::Certificate>& chain) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(path) + "?api-version=2019-03-31";
    request.headers = {{"Host", Endpoints::provisioning_host()}};
    for (const auto& certificate : chain) {
      request.peer.certificate_chain.push_back(certificate.to_pem());
    }
    return loop_.run_until_done(dps_->handle(std::move(request)));
  }
  // The final state, or the refusal of the register call.
  json::value enroll(const std::string& id, const std::vector<x509::Certificate>& chain,
                     int expected = 202) {
    const std::string base = "/0ne0000ABCD/registrations/" + id;
    auto response = device("PUT", base + "/register", chain);
    EXPECT_EQ(response.status, expected) << response.body;
    auto body = ferry::parse_json(response.body).value();
    if (response.status != 202) return body;
    EXPECT_EQ(text_at(body, "status"), "assigning");
    EXPECT_TRUE(response.headers.contains("Retry-After"));
    response = device("GET", base + "/operations/" + text_at(body, "operationId"), chain);
    EXPECT_EQ(response.status, 200) << response.body;
    return ferry::parse_json(response.body).value();
  }

  std::unique_ptr<dps::ProvisioningService> dps_;
};

}  // namespace drydock::testing
