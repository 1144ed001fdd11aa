// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/entra/fixture.hpp"

namespace drydock {
namespace {

using namespace ferry;

using EntraTest = EntraFixture;

TEST_F(EntraTest, GivesATokenForTheClientSecret) {
  const auto response =
      send("POST", token_path() + "?client-request-id=1", format_form(credentials()));
  ASSERT_EQ(response.status, 200) << response.body;
  const json::object body = body_of(response);
  EXPECT_EQ(string_or(body, "token_type", ""), "Bearer");
  EXPECT_EQ(int_or(body, "expires_in", 0), 3599);

  const auto identity =
      entra_->verify(string_or(body, "access_token", ""), {"https://management.core.windows.net"});
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->application_id, entra_->application().client_id);
  EXPECT_EQ(identity->audience, "https://management.core.windows.net/");
}

TEST_F(EntraTest, PutsTheExpectedClaimsIntoTheToken) {
  const std::vector<std::string> parts = split(token(), '.');
  ASSERT_EQ(parts.size(), 3U);
  auto claims = parse_json_object(base64url_decode(parts[1]).value());
  ASSERT_TRUE(claims);
  EXPECT_EQ(string_or(*claims, "tid", ""), entra_->application().tenant_id);
  EXPECT_EQ(string_or(*claims, "oid", ""), entra_->application().object_id);
  EXPECT_EQ(string_or(*claims, "sub", ""), entra_->application().object_id);
  EXPECT_EQ(string_or(*claims, "idtyp", ""), "app");
  EXPECT_EQ(int_or(*claims, "exp", 0), 1'800'003'600);
}

TEST_F(EntraTest, TokensEndAndAreForOneAudience) {
  const std::string jwt = token();
  EXPECT_FALSE(entra_->verify(jwt, {"https://storage.azure.com"}));
  clock_.advance(std::chrono::minutes(59));
  EXPECT_TRUE(entra_->verify(jwt, {"https://management.core.windows.net/"}));
  clock_.advance(std::chrono::minutes(2));
  EXPECT_FALSE(entra_->verify(jwt, {"https://management.core.windows.net/"}));
}

TEST_F(EntraTest, RejectsTokensThatWereTouched) {
  const std::string jwt = token();
  const std::vector<std::string> audience = {"https://management.core.windows.net"};
  const std::vector<std::string> parts = split(jwt, '.');
  const std::string none = base64url_encode(R"({"alg":"none","typ":"JWT"})");
  EXPECT_FALSE(entra_->verify(none + "." + parts[1] + ".", audience));
  std::string claims = base64url_decode(parts[1]).value();
  claims.replace(claims.find("1.0"), 3, "9.0");
  EXPECT_FALSE(
      entra_->verify(parts[0] + "." + base64url_encode(claims) + "." + parts[2], audience));
  EXPECT_FALSE(entra_->verify("", audience));
  EXPECT_FALSE(entra_->verify("a.b.c", audience));
  EXPECT_FALSE(entra_->verify("..", audience));
  EXPECT_FALSE(entra_->verify(".", audience));
}

TEST_F(EntraTest, PublishesTheKeyThatSigns) {
  const json::object metadata = body_of(send(
      "GET", "/" + entra_->application().tenant_id + "/v2.0/.well-known/openid-configuration"));
  EXPECT_EQ(string_or(metadata, "token_endpoint", ""), endpoints_.login_url() + token_path());
  const std::string keys_url = string_or(metadata, "jwks_uri", "");
  ASSERT_TRUE(keys_url.starts_with(endpoints_.login_url()));
  const json::object keys = body_of(send("GET", keys_url.substr(endpoints_.login_url().size())));
  const json::array* list = find_array(keys, "keys");
  ASSERT_NE(list, nullptr);
  const json::object& key = list->front().get_object();
  EXPECT_EQ(string_or(key, "e", ""), "AQAB");
  auto header = parse_json_object(base64url_decode(split(token(), '.')[0]).value());
  ASSERT_TRUE(header);
  EXPECT_EQ(string_or(*header, "kid", ""), string_or(key, "kid", "?"));
}

TEST_F(EntraTest, ServesTheFederatedForm) {
  const json::object metadata = body_of(send("GET", "/adfs/.well-known/openid-configuration"));
  EXPECT_EQ(string_or(metadata, "token_endpoint", ""),
            endpoints_.login_url() + "/adfs/oauth2/token");
  EXPECT_EQ(send("POST", "/adfs/oauth2/token", format_form(credentials())).status, 200);
}

TEST_F(EntraTest, NamesWhatIsWrongInItsOwnShape) {
  struct Case {
    std::string field;
    std::string value;
    int status;
    std::string error;
    int number;
  };
  const std::vector<Case> cases = {
      {"client_secret", "wrong", 401, "invalid_client", 7000215},
      {"client_secret", "", 401, "invalid_client", 7000216},
      {"client_id", "11111111-1111-4111-8111-111111111111", 400, "unauthorized_client", 700016},
      {"grant_type", "password", 400, "unsupported_grant_type", 70003},
      {"scope", "https://management.azure.com/user_impersonation", 400, "invalid_scope", 70011}};
  for (const Case& wrong : cases) {
    FormFields form = credentials();
    for (auto& [name, value] : form) {
      if (name == wrong.field) value = wrong.value;
    }
    const auto response =
        send("POST", token_path(), format_form(form), {{"client-request-id", "abc"}});
    EXPECT_EQ(response.status, wrong.status) << wrong.field;
    const json::object body = body_of(response);
    EXPECT_EQ(string_or(body, "error", ""), wrong.error);
    EXPECT_EQ(find_array(body, "error_codes")->front().to_number<int>(), wrong.number);
    EXPECT_EQ(string_or(body, "correlation_id", ""), "abc");
    EXPECT_TRUE(string_or(body, "error_description", "")
                    .starts_with(fmt::format("AADSTS{}: ", wrong.number)));
    EXPECT_EQ(response.body.find(entra_->application().client_secret.reveal()), std::string::npos);
  }
}

TEST_F(EntraTest, KnowsOneTenant) {
  const auto response = send("POST", "/contoso.example/oauth2/v2.0/token", "");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(find_array(body_of(response), "error_codes")->front().to_number<int>(), 90002);
  EXPECT_EQ(send("GET", "/").status, 404);
  EXPECT_EQ(send("GET", "").status, 404);
}

TEST_F(EntraTest, KeepsEverythingAcrossARestart) {
  const std::string jwt = token();
  const std::string secret = entra_->application().client_secret.reveal();
  open();
  EXPECT_EQ(entra_->application().client_secret.reveal(), secret);
  EXPECT_TRUE(entra_->verify(jwt, {"https://management.core.windows.net"}));
}

}  // namespace
}  // namespace drydock
