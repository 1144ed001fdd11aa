// SPDX-License-Identifier: Apache-2.0
// Sign-in with a certificate's key and with tokens of a federated issuer.
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/crypto.hpp"
#include "tests/drydock/entra/fixture.hpp"
#include "x509/authority.hpp"

namespace drydock {
namespace {

using namespace ferry;

std::string sign_ps256(const x509::PrivateKey& key, std::string_view text) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* padding = nullptr;
  EVP_DigestSignInit(context, &padding, EVP_sha256(), nullptr, key.native());
  EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
  EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
  std::string signature(512, '\0');
  std::size_t size = signature.size();
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return signature;
}

std::string sign(const x509::PrivateKey& key, const json::object& header,
                 const json::object& claims) {
  const std::string text =
      base64url_encode(json::serialize(header)) + "." + base64url_encode(json::serialize(claims));
  const bool pss = string_or(header, "alg", "") == "PS256";
  return text + "." + base64url_encode(pss ? sign_ps256(key, text) : key.sign(text));
}

class AssertionTest : public EntraFixture {
 protected:
  void SetUp() override {
    EntraFixture::SetUp();
    auto store = principals();
    robot_ = store.add(entra::PrincipalKind::application, "robot").value();
    ASSERT_TRUE(store.add_certificate(robot_, certificate_));
  }

  json::object claims() const {
    const std::int64_t now = unix_seconds(clock_.now());
    return {{"aud", endpoints_.login_url() + token_path()},
            {"iss", robot_.client_id},
            {"sub", robot_.client_id},
            {"jti", "one"},
            {"nbf", now},
            {"exp", now + 600}};
  }
  json::object header(std::string_view algorithm) const {
    if (algorithm == "PS256") {
      return {{"alg", algorithm},
              {"x5t#S256", base64url_encode(hex_decode(certificate_.sha256_thumbprint()).value())}};
    }
    // Padded, as MSAL for Python sends it.
    return {{"alg", algorithm},
            {"x5t", base64_encode(hex_decode(certificate_.sha1_thumbprint()).value())}};
  }
  net::HttpResponse post(const std::string& assertion, std::string_view client_id = "") {
    return post_token(
        {{"grant_type", "client_credentials"},
         {"client_id", std::string(client_id.empty() ? robot_.client_id : client_id)},
         {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
         {"client_assertion", assertion},
         {"scope", "https://management.azure.com/.default"}});
  }
  static x509::Certificate make_certificate(const x509::PrivateKey& key) {
    x509::CertificateProfile profile;
    profile.common_name = "robot";
    profile.not_before = from_unix_seconds(1'799'999'000);
    profile.not_after = from_unix_seconds(1'810'000'000);
    return x509::issue_self_signed(key, profile).value();
  }

  static inline const x509::PrivateKey key_ = x509::PrivateKey::generate(x509::KeyType::rsa_2048);
  x509::Certificate certificate_ = make_certificate(key_);
  entra::Principal robot_;
};

TEST_F(AssertionTest, BothAlgorithmsAndThumbprintsSignIn) {
  for (const std::string_view algorithm : {"RS256", "PS256"}) {
    json::object statement = claims();
    statement["jti"] = algorithm;
    const auto response = post(sign(key_, header(algorithm), statement));
    ASSERT_EQ(response.status, 200) << algorithm << response.body;
    const std::string jwt = string_or(body_of(response), "access_token", "");
    const auto identity = entra_->verify(jwt, {"https://management.azure.com"});
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->object_id, robot_.object_id);
    EXPECT_EQ(identity->application_id, robot_.client_id);
    EXPECT_EQ(string_or(claims_of(jwt), "appidacr", ""), "2");
  }
}

TEST_F(AssertionTest, FractionalDatesAreTaken) {
  json::object statement = claims();
  const double now = static_cast<double>(unix_seconds(clock_.now()));
  statement["iat"] = now + 0.61;
  statement["exp"] = now + 600.61;
  EXPECT_EQ(post(sign(key_, header("RS256"), statement)).status, 200);
}

TEST_F(AssertionTest, WhatIsWrongHasItsNumber) {
  struct Case {
    std::string_view name;
    std::function<void(json::object& header, json::object& claims)> spoil;
    int number;
  };
  const std::int64_t now = unix_seconds(clock_.now());
  const std::vector<Case> cases = {
      {"other subject", [](auto&, auto& claims) { claims["sub"] = "somebody"; }, 700021},
      {"other audience", [](auto&, auto& claims) { claims["aud"] = "https://elsewhere/"; }, 700023},
      {"no thumbprint", [](auto& header, auto&) { header.erase("x5t"); }, 700027},
      {"other thumbprint", [](auto& header, auto&) { header["x5t"] = "AAAA"; }, 700027},
      {"no signature", [](auto& header, auto&) { header["alg"] = "none"; }, 700027},
      {"over", [now](auto&, auto& claims) { claims["exp"] = now - 301; }, 700024},
      {"not yet", [now](auto&, auto& claims) { claims["nbf"] = now + 400; }, 700024},
      {"no end", [](auto&, auto& claims) { claims.erase("exp"); }, 700024},
      {"other issuer", [](auto&, auto& claims) { claims["iss"] = "https://issuer"; }, 700211}};
  for (const Case& wrong : cases) {
    json::object head = header("RS256");
    json::object statement = claims();
    wrong.spoil(head, statement);
    const auto response = post(sign(key_, head, statement));
    EXPECT_EQ(response.status, 401) << wrong.name;
    EXPECT_EQ(error_number(response), wrong.number) << wrong.name << response.body;
  }
  const auto stranger = x509::PrivateKey::generate(x509::KeyType::rsa_2048);
  EXPECT_EQ(error_number(post(sign(stranger, header("RS256"), claims()))), 700027);
  EXPECT_EQ(error_number(post("no token")), 50027);
  EXPECT_EQ(error_number(post(sign(key_, header("RS256"), claims()), "nobody")), 700016);
}

TEST_F(AssertionTest, ANameOfAnAssertionIsForOneAssertion) {
  const std::string first = sign(key_, header("RS256"), claims());
  EXPECT_EQ(post(first).status, 200);
  EXPECT_EQ(post(first).status, 200) << "MSAL for Python sends one until it ends";
  json::object statement = claims();
  statement["exp"] = unix_seconds(clock_.now()) + 500;
  EXPECT_EQ(error_number(post(sign(key_, header("RS256"), statement))), 700030);
}

TEST_F(AssertionTest, AnExpiredCertificateSignsInNobody) {
  clock_.advance(std::chrono::hours(24 * 365));
  EXPECT_EQ(error_number(post(sign(key_, header("RS256"), claims()))), 700027);
}

TEST_F(AssertionTest, AFederatedIssuersTokensSignIn) {
  const auto issuer_key = x509::PrivateKey::generate(x509::KeyType::rsa_2048);
  json::object keys = TokenSigner(issuer_key).key_set();
  const std::string key_id = string_or(find_array(keys, "keys")->front().get_object(), "kid", "");
  auto store = principals();
  ASSERT_TRUE(store.add_federation(
      robot_, {"https://ci.example", "repo:plant:main", "api://AzureADTokenExchange", keys}));
  const std::int64_t now = unix_seconds(clock_.now());
  const json::object good{{"iss", "https://ci.example"},
                          {"sub", "repo:plant:main"},
                          {"aud", "api://AzureADTokenExchange"},
                          {"iat", now},
                          {"exp", now + 300}};
  const json::object head{{"alg", "RS256"}, {"kid", key_id}};
  EXPECT_EQ(post(sign(issuer_key, head, good)).status, 200);
  json::object kubernetes = good;
  kubernetes["aud"] = json::array{"https://cluster.example", "api://AzureADTokenExchange"};
  EXPECT_EQ(post(sign(issuer_key, head, kubernetes)).status, 200);

  const auto number_with = [&](std::string_view claim, std::string_view value) {
    json::object token = good;
    token[claim] = value;
    return error_number(post(sign(issuer_key, head, token)));
  };
  EXPECT_EQ(number_with("iss", "https://other.example"), 700211);
  EXPECT_EQ(number_with("sub", "repo:plant:other"), 700213);
  EXPECT_EQ(number_with("aud", "api://other"), 700212);
  EXPECT_EQ(error_number(post(sign(key_, head, good))), 700027);
  EXPECT_EQ(error_number(post(sign(issuer_key, {{"alg", "RS256"}, {"kid", "?"}}, good))), 700027);
  clock_.advance(std::chrono::minutes(11));
  EXPECT_EQ(error_number(post(sign(issuer_key, head, good))), 700024);
}

}  // namespace
}  // namespace drydock
