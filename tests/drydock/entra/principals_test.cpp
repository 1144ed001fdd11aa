// SPDX-License-Identifier: Apache-2.0
// Applications that are made beside a running server, the user, and the machine's identity.
#include <cctype>
#include <set>

#include "base/file.hpp"
#include "drydock/entra/device_login.hpp"
#include "tests/drydock/entra/fixture.hpp"

namespace drydock {
namespace {

using namespace ferry;

constexpr std::string_view kAzureCli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
constexpr std::string_view kScope =
    "https://management.core.windows.net//.default offline_access openid profile";

class PrincipalsTest : public EntraFixture {
 protected:
  net::HttpResponse managed_identity(std::string target, net::Headers headers) {
    net::HttpRequest request;
    request.method = "GET";
    request.target = std::move(target);
    request.headers = std::move(headers);
    return loop_.run_until_done(entra_->handle_managed_identity(std::move(request)));
  }
  json::object begin_login() {
    return body_of(
        send("POST", "/adfs/oauth2/devicecode",
             format_form({{"client_id", std::string(kAzureCli)}, {"scope", std::string(kScope)}})));
  }
  net::HttpResponse poll(const json::object& login, std::string grant = "device_code") {
    return post_token({{"grant_type", std::move(grant)},
                       {"client_id", std::string(kAzureCli)},
                       {"device_code", string_or(login, "device_code", "")}});
  }
};

TEST_F(PrincipalsTest, AnApplicationMadeBesideTheServerSignsIn) {
  auto store = principals();
  const auto robot = store.add(entra::PrincipalKind::application, "robot").value();
  const Secret secret = store.add_secret(robot).value();
  FormFields form = credentials();
  form[1].second = to_upper(robot.client_id);
  form[2].second = secret.reveal();
  const auto response = post_token(form);
  ASSERT_EQ(response.status, 200) << response.body;
  const auto claims = claims_of(string_or(body_of(response), "access_token", ""));
  EXPECT_EQ(string_or(claims, "oid", ""), robot.object_id);
  EXPECT_NE(robot.object_id, entra_->application().object_id);

  form[2].second = entra_->application().client_secret.reveal();
  EXPECT_EQ(error_number(post_token(form)), 7000215);
  ASSERT_TRUE(store.remove(robot.client_id));
  form[2].second = secret.reveal();
  EXPECT_EQ(error_number(post_token(form)), 700016);
}

TEST_F(PrincipalsTest, ASecretIsNeverTakenForAnOptionByACommandLine) {
  auto store = principals();
  const auto robot = store.add(entra::PrincipalKind::application, "robot").value();
  std::set<std::string> seen;
  for (int i = 0; i < 64; ++i) {
    const std::string secret(store.add_secret(robot).value().reveal());
    EXPECT_EQ(secret.size(), 40U);
    EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(secret.front()))) << secret.front();
    EXPECT_TRUE(seen.insert(secret).second);
  }
  EXPECT_TRUE(std::isalnum(
      static_cast<unsigned char>(entra_->application().client_secret.reveal().front())));
}

TEST_F(PrincipalsTest, NamesAreTakenOnceAndWhatEveryCloudHasStays) {
  auto store = principals();
  ASSERT_TRUE(store.add(entra::PrincipalKind::application, "robot"));
  EXPECT_EQ(store.add(entra::PrincipalKind::application, "Robot").error().code, Code::conflict);
  EXPECT_EQ(store.remove("nobody").error().code, Code::not_found);
  EXPECT_EQ(store.remove(entra_->application().client_id).error().code, Code::conflict);
  EXPECT_EQ(store.remove(store.machine().client_id).error().code, Code::conflict);
  EXPECT_EQ(store.list()->size(), 4U);
}

TEST_F(PrincipalsTest, SecretsOfFurtherApplicationsAreNotInTheDatabase) {
  auto store = principals();
  const auto robot = store.add(entra::PrincipalKind::application, "robot").value();
  const Secret secret = store.add_secret(robot).value();
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    EXPECT_EQ(read_file(entry.path()).value().find(secret.reveal()), std::string::npos);
  }
}

TEST_F(PrincipalsTest, ADeviceLoginWaitsForTheUser) {
  const json::object login = begin_login();
  EXPECT_EQ(string_or(login, "verification_uri", ""), endpoints_.login_url() + "/devicelogin");
  EXPECT_EQ(string_or(body_of(poll(login)), "error", ""), "authorization_pending");

  auto store = principals();
  const std::string code = string_or(login, "user_code", "");
  const std::string typed = to_lower(code.substr(0, 4)) + "-" + code.substr(4);
  ASSERT_TRUE(decide_device_login(store, typed, entra::DeviceDecision::approve, clock_.now()));
  const json::object tokens = body_of(poll(login, "urn:ietf:params:oauth:grant-type:device_code"));
  const auto access = claims_of(string_or(tokens, "access_token", ""));
  EXPECT_EQ(string_or(access, "oid", ""), store.user().object_id);
  EXPECT_EQ(string_or(access, "aud", ""), "https://management.core.windows.net/");
  EXPECT_EQ(string_or(access, "upn", ""), store.user().name);
  const auto id = claims_of(string_or(tokens, "id_token", ""));
  EXPECT_EQ(string_or(id, "aud", ""), kAzureCli);
  EXPECT_EQ(string_or(id, "preferred_username", ""), store.user().name);
  EXPECT_EQ(string_or(body_of(poll(login)), "error", ""), "bad_verification_code");
}

TEST_F(PrincipalsTest, ADeviceLoginIsDeclinedOrEnds) {
  auto store = principals();
  const json::object declined = begin_login();
  ASSERT_TRUE(decide_device_login(store, string_or(declined, "user_code", ""),
                                  entra::DeviceDecision::decline, clock_.now()));
  EXPECT_EQ(string_or(body_of(poll(declined)), "error", ""), "authorization_declined");
  const json::object forgotten = begin_login();
  clock_.advance(std::chrono::minutes(16));
  EXPECT_EQ(string_or(body_of(poll(forgotten)), "error", ""), "expired_token");
  EXPECT_EQ(decide_device_login(store, string_or(forgotten, "user_code", ""),
                                entra::DeviceDecision::approve, clock_.now())
                .error()
                .code,
            Code::not_found);
}

TEST_F(PrincipalsTest, ThePageDecidesAndOtherPagesDoNot) {
  const json::object login = begin_login();
  const std::string form =
      format_form({{"user_code", string_or(login, "user_code", "")}, {"decision", "approve"}});
  EXPECT_EQ(send("GET", "/devicelogin").status, 200);
  EXPECT_EQ(send("POST", "/devicelogin", form, {{"Origin", "https://evil.example"}}).status, 403);
  EXPECT_EQ(poll(login).status, 400);
  EXPECT_EQ(send("POST", "/devicelogin", form, {{"Origin", endpoints_.login_url()}}).status, 200);
  EXPECT_EQ(poll(login).status, 200);
  EXPECT_EQ(send("POST", "/devicelogin", form).status, 404);
}

TEST_F(PrincipalsTest, ARefreshTokenGivesTokensForOtherResourcesAcrossARestart) {
  const json::object login = begin_login();
  auto store = principals();
  ASSERT_TRUE(decide_device_login(store, string_or(login, "user_code", ""),
                                  entra::DeviceDecision::approve, clock_.now()));
  const std::string refresh = string_or(body_of(poll(login)), "refresh_token", "");
  open();
  FormFields form = {{"grant_type", "refresh_token"},
                     {"client_id", std::string(kAzureCli)},
                     {"refresh_token", refresh},
                     {"scope", "https://storage.azure.com/.default offline_access"}};
  const auto response = post_token(form);
  ASSERT_EQ(response.status, 200) << response.body;
  const json::object tokens = body_of(response);
  EXPECT_TRUE(entra_->verify(string_or(tokens, "access_token", ""), {"https://storage.azure.com"}));
  EXPECT_NE(string_or(tokens, "refresh_token", ""), refresh);
  form[1].second = entra_->application().client_id;
  EXPECT_EQ(string_or(body_of(post_token(form)), "error", ""), "invalid_grant");
  form[1].second = kAzureCli;
  clock_.advance(std::chrono::hours(24 * 91));
  EXPECT_EQ(string_or(body_of(post_token(form)), "error", ""), "invalid_grant");
}

TEST_F(PrincipalsTest, TheFirstVersionWritesNumbersAsTexts) {
  FormFields form = credentials();
  form[3] = {"resource", "https://management.core.windows.net/"};
  const json::object body = body_of(
      send("POST", "/" + entra_->application().tenant_id + "/oauth2/token", format_form(form)));
  EXPECT_EQ(string_or(body, "expires_in", ""), "3599");
  EXPECT_EQ(string_or(body, "resource", ""), "https://management.core.windows.net/");
  EXPECT_EQ(string_or(body, "expires_on", ""), "1800003599");
}

TEST_F(PrincipalsTest, AMachineGetsTokensOfItsIdentity) {
  const std::string target =
      "/metadata/identity/oauth2/token/?api-version=2018-02-01"
      "&resource=https%3A%2F%2Fmanagement.azure.com";
  const auto response = managed_identity(target, {{"Metadata", "true"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const json::object body = body_of(response);
  EXPECT_EQ(string_or(body, "expires_on", ""), "1800003600");
  auto store = principals();
  const auto identity =
      entra_->verify(string_or(body, "access_token", ""), {"https://management.azure.com"});
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->object_id, store.machine().object_id);

  EXPECT_EQ(managed_identity(target, {}).status, 400);
  EXPECT_EQ(managed_identity(target, {{"Metadata", "true"}, {"X-Forwarded-For", "1.2.3.4"}}).status,
            400);
  const auto other = store.add(entra::PrincipalKind::managed_identity, "builder").value();
  const json::object named =
      body_of(managed_identity(target + "&client_id=" + other.client_id, {{"Metadata", "true"}}));
  EXPECT_EQ(string_or(claims_of(string_or(named, "access_token", "")), "oid", ""), other.object_id);
  // An application is not a managed identity: its secret is asked for elsewhere.
  EXPECT_EQ(managed_identity(target + "&client_id=" + entra_->application().client_id,
                             {{"Metadata", "true"}})
                .status,
            400);
}

TEST_F(PrincipalsTest, AppServiceAsksForItsHeader) {
  const std::string target = "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net";
  const std::string key = entra_->identity_header().reveal();
  EXPECT_EQ(managed_identity(target, {{"X-IDENTITY-HEADER", key}}).status, 200);
  EXPECT_EQ(managed_identity(target, {{"X-IDENTITY-HEADER", "wrong"}}).status, 401);
  EXPECT_EQ(managed_identity(target, {{"secret", key}}).status, 401);
  EXPECT_EQ(
      managed_identity("/msi/token?api-version=2017-09-01&resource=r", {{"secret", key}}).status,
      200);
}

}  // namespace
}  // namespace drydock
