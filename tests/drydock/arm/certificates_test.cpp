// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/arm/fixture.hpp"
#include "x509/authority.hpp"

namespace drydock::arm::test {
namespace {

class Certificates : public ArmTest {
 protected:
  void SetUp() override {
    ArmTest::SetUp();
    create_group();
    ASSERT_EQ(
        send("PUT", path(""), R"({"location":"westeurope","sku":{"name":"S1"},"properties":{}})")
            .status,
        201);
    let_operations_end();
  }
  std::string path(std::string_view rest) const {
    return fmt::format(
        "{}/providers/Microsoft.Devices/provisioningServices/dps-one{}?api-version=2022-12-12",
        group(), rest);
  }
  x509::CertificateProfile profile(std::string name, bool ca) const {
    x509::CertificateProfile result;
    result.common_name = std::move(name);
    result.not_before = clock_.now() - std::chrono::minutes(5);
    result.not_after = clock_.now() + std::chrono::hours(ca ? 48 : 24);
    result.ca = ca;
    return result;
  }
  x509::Certificate proof(const x509::Certificate& issuer, const x509::PrivateKey& key,
                          std::string code) const {
    return x509::issue(issuer, x509::KeySigner(key), x509::PrivateKey::generate().public_key(),
                       profile(std::move(code), false))
        .value();
  }
  static std::string upload(const x509::Certificate& certificate) {
    return fmt::format(R"({{"certificate":"{}"}})", base64_encode(certificate.to_pem()));
  }

  x509::PrivateKey key_ = x509::PrivateKey::generate();
  x509::Certificate authority_ = x509::issue_self_signed(key_, profile("workspace", true)).value();
};

TEST_F(Certificates, AreVerifiedByProofOfPossession) {
  const std::string nested = fmt::format(R"({{"properties":{}}})", upload(authority_));
  const Reply made = send("PUT", path("/certificates/ca-1"), nested);
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.at("properties.subject"), "workspace");
  EXPECT_EQ(made.at("properties.thumbprint"), authority_.sha1_thumbprint());
  EXPECT_EQ(made.at("properties.isVerified"), "false");

  const std::string generate = path("/certificates/ca-1/generateVerificationCode");
  EXPECT_EQ(send("POST", generate).status, 400);
  const Reply coded = send_if_match("POST", generate, made.at("etag"));
  ASSERT_EQ(coded.status, 200) << coded.text;
  const std::string code = coded.at("properties.verificationCode");
  EXPECT_EQ(code.size(), 48U);
  EXPECT_NE(coded.at("etag"), made.at("etag"));

  const std::string verify = path("/certificates/ca-1/verify");
  EXPECT_EQ(
      send_if_match("POST", verify, made.at("etag"), upload(proof(authority_, key_, code))).status,
      412);
  EXPECT_EQ(
      send_if_match("POST", verify, coded.at("etag"), upload(proof(authority_, key_, "another")))
          .status,
      400);
  const auto other_key = x509::PrivateKey::generate();
  const auto other = x509::issue_self_signed(other_key, profile("workspace", true)).value();
  EXPECT_EQ(
      send_if_match("POST", verify, coded.at("etag"), upload(proof(other, other_key, code))).status,
      400);
  EXPECT_FALSE(arm_->find_provisioning_service("dps-one")->certificates.at(0).verified);

  const Reply verified =
      send_if_match("POST", verify, coded.at("etag"), upload(proof(authority_, key_, code)));
  ASSERT_EQ(verified.status, 200) << verified.text;
  EXPECT_EQ(verified.at("properties.isVerified"), "true");
  const auto service = arm_->find_provisioning_service("dps-one");
  ASSERT_TRUE(service);
  EXPECT_TRUE(service->certificates.at(0).verified);
  EXPECT_EQ(service->certificates.at(0).pem, authority_.to_pem());
}

TEST_F(Certificates, AreTakenFlatAsDerAndAsPem) {
  EXPECT_EQ(send("PUT", path("/certificates/flat"), upload(authority_)).status, 200);
  const std::string der = base64_encode(authority_.to_der());
  EXPECT_EQ(send("PUT", path("/certificates/der"),
                 fmt::format(R"({{"properties":{{"certificate":"{}","isVerified":true}}}})", der))
                .at("properties.isVerified"),
            "true");
  const json::object pem{{"certificate", authority_.to_pem()}};
  EXPECT_EQ(send("PUT", path("/certificates/pem"), json::serialize(pem)).status, 200);
  EXPECT_EQ(find_array(send("GET", path("/certificates")).body, "value")->size(), 3U);
}

TEST_F(Certificates, AreRefusedWhenMalformedAndDeletedWithTheirEtag) {
  EXPECT_EQ(send("PUT", path("/certificates/ca-1"), R"({"certificate":"AAAA"})").status, 400);
  EXPECT_EQ(send("PUT", path("/certificates/ca-1"), "{}").status, 400);
  const Reply made = send("PUT", path("/certificates/ca-1"), upload(authority_));
  EXPECT_EQ(send("PUT", path("/certificates/ca-1"), upload(authority_)).status, 400);
  EXPECT_EQ(send("DELETE", path("/certificates/ca-1")).status, 400);
  EXPECT_EQ(send_if_match("DELETE", path("/certificates/ca-1"), made.at("etag")).status, 200);
  EXPECT_EQ(send_if_match("DELETE", path("/certificates/ca-1"), "*").status, 204);
  EXPECT_EQ(send("GET", path("/certificates/ca-1")).status, 404);
}

}  // namespace
}  // namespace drydock::arm::test
