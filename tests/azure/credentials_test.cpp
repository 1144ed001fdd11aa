// SPDX-License-Identifier: Apache-2.0
// Credentials of every kind, against a scripted token service.
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "azure/entra/azure_cli.hpp"
#include "azure/entra/client_credentials.hpp"
#include "azure/entra/device_code.hpp"
#include "azure/entra/managed_identity.hpp"
#include "base/crypto.hpp"
#include "tests/azure/scripted.hpp"

namespace ferry::azure {
namespace {

constexpr const char* kAuthority = "https://login.example";
constexpr const char* kScope = "https://management.example/.default";
constexpr const char* kToken = R"({"access_token":"T1","expires_in":3599,"token_type":"Bearer"})";

std::string field(const net::HttpCall& call, std::string_view name) {
  for (const auto& [key, value] : parse_form(call.body)) {
    if (key == name) return value;
  }
  return "";
}

class CredentialsTest : public ScriptedTest {
 protected:
  std::string token_of(TokenSource& source) {
    auto token = run(source.token(kScope));
    return token ? token->reveal() : token.error().describe();
  }
};

// A self-signed certificate for `key`, made by OpenSSL's program, which knows nothing of Ferry.
Secret certificate_file(const std::string& key_type) {
  std::vector<std::string> arguments = {"openssl", "req", "-x509", "-nodes", "-days", "3650"};
  for (const char* argument :
       {"-subj", "/CN=app", "-keyout", "/dev/stdout", "-out", "/dev/stdout", "-newkey"}) {
    arguments.emplace_back(argument);
  }
  arguments.push_back(key_type);
  if (key_type == "ec") {
    arguments.emplace_back("-pkeyopt");
    arguments.emplace_back("ec_paramgen_curve:P-256");
  }
  auto output = run_process(arguments, std::chrono::seconds(60));
  EXPECT_TRUE(output) << output.error().describe();
  return Secret(output ? output->out : "");
}

bool verify_ps256(const x509::PublicKey& key, std::string_view text, std::string_view signature) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* padding = nullptr;
  const bool good =
      EVP_DigestVerifyInit(context, &padding, EVP_sha256(), nullptr, key.native()) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
      EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, 32) == 1 &&
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size()) == 1;
  EVP_MD_CTX_free(context);
  return good;
}

TEST_F(CredentialsTest, SignsInWithACertificate) {
  auto credential = parse_client_certificate("tenant", "app", certificate_file("rsa:2048"), true);
  ASSERT_TRUE(credential) << credential.error().describe();
  const auto certificate = credential->chain.front();
  ClientCertificateTokenSource source(pipeline(), kAuthority, *std::move(credential));
  script.then(200, kToken);
  EXPECT_EQ(token_of(source), "T1");
  const auto& call = script.calls.at(0);
  EXPECT_EQ(call.url, "https://login.example/tenant/oauth2/v2.0/token");
  EXPECT_EQ(field(call, "grant_type"), "client_credentials");
  EXPECT_EQ(field(call, "client_assertion_type"),
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  const auto parts = split(field(call, "client_assertion"), '.');
  ASSERT_EQ(parts.size(), 3u);
  const auto header = *parse_json_object(*base64url_decode(parts[0]));
  const auto claims = *parse_json_object(*base64url_decode(parts[1]));
  EXPECT_EQ(header.at("alg").as_string(), "PS256");
  EXPECT_EQ(header.at("x5t#S256").as_string(), base64url_encode(sha256(certificate.to_der())));
  EXPECT_EQ(header.at("x5c").as_array().at(0).as_string(), base64_encode(certificate.to_der()));
  EXPECT_EQ(claims.at("aud").as_string(), call.url);
  EXPECT_EQ(claims.at("iss").as_string(), "app");
  EXPECT_EQ(claims.at("sub").as_string(), "app");
  EXPECT_EQ(claims.at("exp").as_int64() - claims.at("nbf").as_int64(), 600);
  EXPECT_TRUE(verify_ps256(certificate.public_key(), parts[0] + "." + parts[1],
                           *base64url_decode(parts[2])));
}

TEST_F(CredentialsTest, RefusesCertificatesThatEntraWouldNotTake) {
  auto elliptic =
      parse_client_certificate("t", "c", certificate_file("ec:<(openssl ecparam)"), false);
  EXPECT_FALSE(elliptic);
  const Secret one = certificate_file("rsa:2048");
  const Secret other = certificate_file("rsa:2048");
  const auto at = other.reveal().find("-----BEGIN CERTIFICATE");
  const auto key_end = one.reveal().find("-----BEGIN CERTIFICATE");
  auto mixed = parse_client_certificate(
      "t", "c", Secret(one.reveal().substr(0, key_end) + other.reveal().substr(at)), false);
  ASSERT_FALSE(mixed);
  EXPECT_NE(mixed.error().describe().find("does not belong"), std::string::npos);
  EXPECT_FALSE(parse_client_certificate("t", "c", Secret("nonsense"), false));
}

TEST_F(CredentialsTest, TellsWhyACertificateWasRefused) {
  auto credential = parse_client_certificate("t", "c", certificate_file("rsa:2048"), false);
  ASSERT_TRUE(credential);
  ClientCertificateTokenSource source(pipeline(), kAuthority, *std::move(credential));
  script.then(401, R"({"error":"invalid_client","error_description":"AADSTS700027: no such key"})");
  auto token = run(source.token(kScope));
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Code::unauthenticated);
  EXPECT_NE(token.error().hint.find("upload"), std::string::npos);
}

TEST_F(CredentialsTest, SaysThatACertificateHasExpiredWithoutAsking) {
  auto credential = parse_client_certificate("t", "c", certificate_file("rsa:2048"), false);
  ASSERT_TRUE(credential);
  clock.advance(std::chrono::hours(24 * 365 * 20));
  ClientCertificateTokenSource source(pipeline(), kAuthority, *std::move(credential));
  EXPECT_NE(token_of(source).find("expired"), std::string::npos);
  EXPECT_TRUE(script.calls.empty());
}

TEST_F(CredentialsTest, AsksTheMachineForItsIdentity) {
  ManagedIdentityTokenSource source(
      pipeline(), {"http://169.254.169.254/metadata/identity/oauth2/token", Secret()}, "client");
  script.then(404).then(410).then(500).then(
      200, R"({"access_token":"T1","expires_in":"86399","expires_on":"1900086399",
                     "token_type":"Bearer","resource":"x"})");
  // 500 is retried by the pipeline as well.
  EXPECT_EQ(token_of(source), "T1");
  EXPECT_EQ(script.calls[0].url,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
            "&resource=https%3A%2F%2Fmanagement.example&client_id=client");
  EXPECT_EQ(script.calls[0].headers.get_or("Metadata", ""), "true");
  EXPECT_EQ(token_of(source), "T1") << "kept for most of a day";
  EXPECT_TRUE(script.finished());
}

TEST_F(CredentialsTest, WaitsForAMetadataServiceNoLongerThanItsUpdateTakes) {
  ManagedIdentityTokenSource source(pipeline(), {"http://imds/token", Secret()}, "");
  for (int i = 0; i < 20; ++i) script.then(410);
  auto token = run(source.token(kScope));
  ASSERT_FALSE(token);
  std::int64_t waited = 0;
  for (auto pause : pauses) waited += pause;
  EXPECT_GT(waited, 50'000);
  EXPECT_LE(waited, 70'000);
}

TEST_F(CredentialsTest, SaysWhenTheMachineHasNoSuchIdentity) {
  ManagedIdentityTokenSource source(pipeline(), {"http://imds/token", Secret()}, "nobody");
  script.then(400, R"({"error":"invalid_request","error_description":"Identity not found"})");
  auto token = run(source.token(kScope));
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Code::unauthenticated);
  EXPECT_NE(token.error().describe().find("Identity not found"), std::string::npos);
}

TEST_F(CredentialsTest, AsksAppServiceWithItsHeader) {
  ::setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token", 1);
  ::setenv("IDENTITY_HEADER", "header", 1);
  const auto host = managed_identity_host();
  ::unsetenv("IDENTITY_ENDPOINT");
  ::unsetenv("IDENTITY_HEADER");
  ManagedIdentityTokenSource source(pipeline(), host, "");
  script.then(200, kToken);
  EXPECT_EQ(token_of(source), "T1");
  EXPECT_EQ(script.calls[0].url,
            "http://127.0.0.1:41/msi/token?api-version=2019-08-01"
            "&resource=https%3A%2F%2Fmanagement.example");
  EXPECT_EQ(script.calls[0].headers.get_or("X-IDENTITY-HEADER", ""), "header");
  EXPECT_FALSE(script.calls[0].headers.contains("Metadata"));
}

TEST_F(CredentialsTest, ExchangesTheWorkloadsTokenAndReadsItAnew) {
  const std::string path = ::testing::TempDir() + "/ferry-workload-token";
  std::ofstream(path) << "first\n";
  WorkloadIdentityTokenSource source(pipeline(), kAuthority, {"tenant", "app", path});
  script.then(200, kToken).then(200, R"({"access_token":"T2","expires_in":3599})");
  EXPECT_EQ(token_of(source), "T1");
  EXPECT_EQ(field(script.calls[0], "client_assertion"), "first");
  std::ofstream(path) << "second\n";
  source.forget(kScope);
  EXPECT_EQ(token_of(source), "T2");
  EXPECT_EQ(field(script.calls[1], "client_assertion"), "second");
}

TEST(WorkloadIdentitySettings, ComeFromThePlatform) {
  ::setenv("AZURE_TENANT_ID", "t", 1);
  ::setenv("AZURE_CLIENT_ID", "c", 1);
  ::unsetenv("AZURE_FEDERATED_TOKEN_FILE");
  EXPECT_FALSE(complete_workload_identity({}));
  ::setenv("AZURE_FEDERATED_TOKEN_FILE", "/token", 1);
  auto identity = complete_workload_identity({"given", "", ""});
  ASSERT_TRUE(identity) << identity.error().describe();
  EXPECT_EQ(identity->tenant, "given");
  EXPECT_EQ(identity->client_id, "c");
  EXPECT_EQ(identity->token_file, "/token");
  for (const char* name : {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"}) {
    ::unsetenv(name);
  }
}

constexpr const char* kCode =
    R"({"device_code":"D","user_code":"ABCD1234","verification_uri":"https://login.example/device",
        "expires_in":900,"interval":5,"message":"enter ABCD1234"})";

TEST_F(CredentialsTest, SignsAPersonInWithACode) {
  script.then(200, kCode)
      .then(400, R"({"error":"authorization_pending","error_description":"AADSTS70016"})")
      .then(400, R"({"error":"slow_down"})")
      .then(200, R"({"access_token":"T1","expires_in":3599,"refresh_token":"R1"})");
  DeviceCodeSignIn sign_in({kAuthority, "tenant"}, std::string(kAzureCliClientId), kScope);
  auto code = run(ask_for_code(pipeline(), sign_in));
  ASSERT_TRUE(code) << code.error().describe();
  EXPECT_EQ(code->user_code, "ABCD1234");
  EXPECT_EQ(code->message, "enter ABCD1234");
  auto token = run(wait_for_person(pipeline(), sign_in));
  ASSERT_TRUE(token) << token.error().describe();
  EXPECT_EQ(token->refresh_token.reveal(), "R1");
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{5000, 5000, 10000}));
  EXPECT_EQ(script.calls[0].url, "https://login.example/tenant/oauth2/v2.0/devicecode");
  EXPECT_EQ(field(script.calls[1], "device_code"), "D");
}

TEST_F(CredentialsTest, EndsASignInThatIsDeclinedOrForgotten) {
  DeviceCodeSignIn sign_in({kAuthority, "tenant"}, "client", kScope);
  const auto now = clock.now();
  ASSERT_TRUE(sign_in.begun(answer(200, kCode), now));
  EXPECT_EQ(sign_in.polled(answer(400, R"({"error":"authorization_declined"})"), now).error().code,
            Code::permission_denied);
  EXPECT_EQ(sign_in.polled(answer(400, R"({"error":"expired_token"})"), now).error().code,
            Code::deadline_exceeded);
  const auto late = now + std::chrono::seconds(896);
  EXPECT_EQ(sign_in.polled(answer(400, R"({"error":"authorization_pending"})"), late).error().code,
            Code::deadline_exceeded);
  EXPECT_EQ(sign_in.polled(answer(400, R"({"error":"bad_verification_code"})"), now).error().code,
            Code::unauthenticated);
}

TEST_F(CredentialsTest, KeepsEachNewRefreshToken) {
  std::vector<std::string> kept;
  RefreshTokenSource source(pipeline(), kAuthority, {"tenant", "client", Secret("R1")},
                            [&](const Secret& token) -> Result<void> {
                              kept.push_back(token.reveal());
                              return {};
                            });
  script.then(200, R"({"access_token":"T1","expires_in":3599,"refresh_token":"R2"})")
      .then(200, R"({"access_token":"T2","expires_in":3599})")
      .then(200, R"({"access_token":"T3","expires_in":3599})");
  EXPECT_EQ(token_of(source), "T1");
  source.forget(kScope);
  EXPECT_EQ(token_of(source), "T2");
  source.forget(kScope);
  EXPECT_EQ(token_of(source), "T3");
  EXPECT_EQ(field(script.calls[0], "refresh_token"), "R1");
  EXPECT_EQ(field(script.calls[2], "refresh_token"), "R2");
  EXPECT_EQ(kept, (std::vector<std::string>{"R2"}));
}

TEST_F(CredentialsTest, AsksToSignInAgainWhenTheRefreshTokenIsSpent) {
  RefreshTokenSource source(pipeline(), kAuthority, {"tenant", "client", Secret("planted")},
                            [](const Secret&) { return Result<void>(); });
  script.then(400, R"({"error":"invalid_grant","error_description":"AADSTS700082: expired"})");
  auto token = run(source.token(kScope));
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Code::unauthenticated);
  EXPECT_NE(token.error().hint.find("sign in again"), std::string::npos);
  EXPECT_EQ(token.error().describe().find("planted"), std::string::npos);
}

TEST_F(CredentialsTest, TakesTheTokenOfAnAzureCli) {
  std::vector<std::string> asked;
  ProcessOutput output{.out = R"({"accessToken":"T1","expiresOn":"2030-03-17 18:46:40",
                                  "expires_on":1900003600,"tenant":"t"})"};
  AzureCliTokenSource source(
      pipeline(),
      [&](std::vector<std::string> arguments) -> net::Task<Result<ProcessOutput>> {
        asked = std::move(arguments);
        co_return output;
      },
      "tenant");
  EXPECT_EQ(token_of(source), "T1");
  EXPECT_EQ(asked, (std::vector<std::string>{"account", "get-access-token", "--output", "json",
                                             "--resource", "https://management.example", "--tenant",
                                             "tenant"}));
  output = {.exit_code = 1, .err = "WARNING: x\nERROR: Please run 'az login' to setup account.\n"};
  source.forget(kScope);
  const std::string error = token_of(source);
  EXPECT_NE(error.find("Please run 'az login'"), std::string::npos) << error;
  EXPECT_EQ(error.find("WARNING"), std::string::npos);
}

TEST(AzureCliToken, TakesItsEndFromTheTokenWhenAzDoesNotSay) {
  const auto now = from_unix_seconds(1'900'000'000);
  const std::string jwt = "h." + base64url_encode(R"({"exp":1900000600})") + ".s";
  auto token = read_azure_cli_token(R"({"accessToken":")" + jwt + R"("})", now);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->life.count(), 600);
  EXPECT_EQ(read_azure_cli_token(R"({"accessToken":"x","expires_on":1})", now).error().code,
            Code::unauthenticated);
  EXPECT_FALSE(read_azure_cli_token("eyJ0 garbage", now));
}

TEST(RefusalHints, TellNumbersOfDifferentLengthApart) {
  EXPECT_NE(hint_for_refusal("AADSTS700016: x"), "");
  EXPECT_EQ(hint_for_refusal("AADSTS7000161: x"), "");
  EXPECT_NE(hint_for_refusal("AADSTS7000215: x"), hint_for_refusal("AADSTS7000222: x"));
}

TEST_F(CredentialsTest, AsksOnceForAllWhoWait) {
  ClientSecretTokenSource source(pipeline(), kAuthority, {"tenant", "app", Secret("s")});
  script.then(200, kToken);
  int answered = 0;
  const auto ask = [&]() -> net::Task<bool> {
    for (int i = 0; i < 3; ++i) {
      loop.spawn([](TokenSource& tokens, int& count) -> net::Task<void> {
        auto token = co_await tokens.token(kScope);
        count += token ? 1 : 0;
      }(source, answered));
    }
    co_await net::sleep_for(std::chrono::milliseconds(20));
    co_return true;
  };
  run(ask());
  EXPECT_EQ(answered, 3);
  EXPECT_EQ(script.calls.size(), 1u);
}

}  // namespace
}  // namespace ferry::azure
