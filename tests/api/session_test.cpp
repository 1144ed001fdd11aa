// SPDX-License-Identifier: Apache-2.0
#include "tests/api/server_fixture.hpp"

namespace ferry::api {
namespace {

class SessionTest : public ServerTest {
 protected:
  net::HttpResponse sign_in(std::string_view token, std::string address = "192.0.2.1:40000",
                            std::string type = "application/json") {
    auto request =
        make_request("POST", "/auth/session", json::serialize(json::object{{"token", token}}));
    request.headers.set("Content-Type", std::move(type));
    request.peer.address = std::move(address);
    return send(std::move(request));
  }
  // The "name=value" of a Set-Cookie.
  static std::string cookie_of(const net::HttpResponse& response) {
    const auto header = response.headers.get_or("Set-Cookie", "");
    return header.substr(0, header.find(';'));
  }
  net::HttpResponse with_cookie(const std::string& cookie, std::string method, std::string target,
                                const std::string& csrf = "", std::string body = "") {
    auto request = make_request(std::move(method), std::move(target), std::move(body));
    request.headers.set("Cookie", "theme=dark; " + cookie);
    if (!csrf.empty()) request.headers.set("X-Ferry-CSRF", csrf);
    return send(std::move(request));
  }
};

TEST_F(SessionTest, ATokenIsExchangedForACookieThatScriptsCannotRead) {
  const auto begun = sign_in(kToken);
  ASSERT_EQ(begun.status, 201) << begun.body;
  const auto header = begun.headers.get_or("Set-Cookie", "");
  EXPECT_TRUE(header.starts_with("__Host-ferry="));
  for (const char* attribute :
       {"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Max-Age=43200"}) {
    EXPECT_NE(header.find(attribute), std::string::npos) << header;
  }
  EXPECT_EQ(begun.body.find(kToken), std::string::npos);
  EXPECT_EQ(text_at(begun, "user"), "owner");
  const auto cookie = cookie_of(begun);
  EXPECT_EQ(begun.body.find(cookie.substr(cookie.find('=') + 1)), std::string::npos);
  EXPECT_EQ(text_at(with_cookie(cookie, "GET", "/api/v1/whoami"), "role"), "Owner");
  EXPECT_EQ(text_at(with_cookie(cookie, "GET", "/auth/session"), "csrf"), text_at(begun, "csrf"));
}

TEST_F(SessionTest, WhoHasNoSessionIsToldSo) {
  EXPECT_EQ(sign_in("ferry_wrong_wrong_wrong_wrong_wrong_wrong").status, 401);
  EXPECT_EQ(send(make_request("GET", "/auth/session")).status, 401);
  EXPECT_EQ(with_cookie("__Host-ferry=guessed", "GET", "/api/v1/whoami").status, 401);
  EXPECT_EQ(with_cookie("__Host-ferry=", "GET", "/api/v1/whoami").status, 401);
}

TEST_F(SessionTest, AForeignPageCannotWriteWithTheCookie) {
  const auto begun = sign_in(kToken);
  const auto cookie = cookie_of(begun);
  const auto csrf = text_at(begun, "csrf");
  const std::string body = R"({"name": "Not A Label", "location": "x"})";
  EXPECT_EQ(with_cookie(cookie, "POST", "/api/v1/workspaces", "", body).status, 403);
  EXPECT_EQ(with_cookie(cookie, "POST", "/api/v1/workspaces", "x" + csrf.substr(1), body).status,
            403);
  EXPECT_EQ(with_cookie(cookie, "POST", "/api/v1/workspaces", csrf, body).status, 400);
  EXPECT_EQ(with_cookie(cookie, "DELETE", "/auth/session").status, 403);
  EXPECT_EQ(with_cookie(cookie, "GET", "/api/v1/whoami").status, 200) << "still signed in";
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", ""}) {
    EXPECT_EQ(sign_in(kToken, "192.0.2.1:1", type).status, 400) << "nor sign the browser in";
  }
}

TEST_F(SessionTest, AnApiTokenNeedsNoCsrfHeaderEvenBesideACookie) {
  auto request = make_request("POST", "/api/v1/workspaces", "{}");
  request.headers.set("Authorization", "Bearer " + std::string(kToken));
  request.headers.set("Cookie", cookie_of(sign_in(kToken)));
  EXPECT_EQ(send(std::move(request)).status, 400);
}

TEST_F(SessionTest, SigningOutEndsThisSessionAlone) {
  const auto first = sign_in(kToken);
  const auto second = sign_in(kToken);
  const auto ended =
      with_cookie(cookie_of(first), "DELETE", "/auth/session", text_at(first, "csrf"));
  EXPECT_EQ(ended.status, 204);
  EXPECT_NE(ended.headers.get_or("Set-Cookie", "").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(with_cookie(cookie_of(first), "GET", "/api/v1/whoami").status, 401);
  EXPECT_EQ(with_cookie(cookie_of(second), "GET", "/api/v1/whoami").status, 200);
}

TEST_F(SessionTest, ASessionEndsByItself) {
  const auto cookie = cookie_of(sign_in(kToken));
  clock.advance(std::chrono::hours(12) - std::chrono::milliseconds(1));
  EXPECT_EQ(with_cookie(cookie, "GET", "/api/v1/whoami").status, 200);
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(with_cookie(cookie, "GET", "/api/v1/whoami").status, 401);
}

TEST_F(SessionTest, ASessionOutlivesARestart) {
  const auto cookie = cookie_of(sign_in(kToken));
  server.reset();
  control.reset();
  control = control::Control::open(loop, clock, scratch.path()).value();
  server = std::make_unique<Server>(*control, clock);
  EXPECT_EQ(with_cookie(cookie, "GET", "/api/v1/whoami").status, 200);
}

TEST_F(SessionTest, GuessingIsSlowedPerAddressAndWithoutLockingOthersOut) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(sign_in("wrong", fmt::format("192.0.2.1:{}", 40000 + i)).status, 401);
  }
  const auto refused = sign_in(kToken);
  EXPECT_EQ(refused.status, 429) << "even with the right token";
  EXPECT_NE(text_at(refused, "error.hint").find("in 6 s"), std::string::npos);
  EXPECT_EQ(sign_in(kToken, "192.0.2.2:40000").status, 201);
  clock.advance(std::chrono::seconds(6));
  EXPECT_EQ(sign_in(kToken).status, 201);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(sign_in("wrong").status, 401) << "forgiven by success";
  EXPECT_EQ(sign_in(kToken).status, 429);
}

}  // namespace
}  // namespace ferry::api
