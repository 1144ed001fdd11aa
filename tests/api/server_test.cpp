// SPDX-License-Identifier: Apache-2.0
// The HTTP face over a real control plane with an empty database: no sockets, no cloud.
#include "api/server.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "tests/api/scratch.hpp"

namespace ferry::api {
namespace {

constexpr std::string_view kToken = "ferry_0123456789abcdef0123456789abcdef";

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    auto opened = control::Control::open(loop, clock, scratch.path());
    FERRY_CHECK(opened.has_value());
    control = *std::move(opened);
    FERRY_CHECK(
        control->access.ensure_owner("default", "owner", Secret(std::string(kToken))).has_value());
    server = std::make_unique<Server>(*control, clock);
  }

  net::HttpResponse ask(std::string method, std::string target, std::string body = "",
                        std::string token = std::string(kToken)) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    if (!token.empty()) request.headers.set("Authorization", "Bearer " + token);
    return loop.run_until_done(server->handle(std::move(request)));
  }

  static std::string text_at(const net::HttpResponse& response, std::string_view path) {
    auto body = parse_json(response.body);
    if (!body) return "(not JSON)";
    const auto* value = find_path(*body, path);
    return value && value->is_string() ? std::string(value->get_string()) : "(absent)";
  }

  Scratch scratch;
  net::EventLoop loop;
  SystemClock clock;
  std::unique_ptr<control::Control> control;
  std::unique_ptr<Server> server;
};

TEST_F(ServerTest, HealthAndFrontPageNeedNoToken) {
  EXPECT_EQ(text_at(ask("GET", "/healthz", "", ""), "status"), "ok");
  const auto page = ask("GET", "/", "", "");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("/api/v1"), std::string::npos);
}

TEST_F(ServerTest, EverythingBelowTheApiNeedsAToken) {
  for (const char* target :
       {"/api/v1/whoami", "/api/v1/workspaces", "/api/v1/operations/op-1", "/api/v1/cloud-accounts",
        "/api/v1/workspaces/w/nodes", "/api/v1/no/such/thing"}) {
    for (const char* token : {"", "wrong", "ferry_0123456789abcdef0123456789abcdeg"}) {
      const auto response = ask("GET", target, "", token);
      EXPECT_EQ(response.status, 401) << target;
      EXPECT_EQ(text_at(response, "error.code"), "unauthenticated");
    }
  }
}

TEST_F(ServerTest, TheOwnerIsKnownByTheToken) {
  const auto response = ask("GET", "/api/v1/whoami");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text_at(response, "user"), "owner");
  EXPECT_EQ(text_at(response, "role"), "Owner");
  EXPECT_EQ(text_at(response, "organization"), "default");
}

TEST_F(ServerTest, AnUnknownWorkspaceIsNotFoundWithAHintEverywhere) {
  for (const char* rest : {"", "/resources", "/certificates", "/groups", "/nodes", "/components",
                           "/deployments", "/groups/g/compositions"}) {
    const auto response = ask("GET", std::string("/api/v1/workspaces/plant-x") + rest);
    EXPECT_EQ(response.status, 404) << rest;
    EXPECT_NE(text_at(response, "error.message").find("plant-x"), std::string::npos) << rest;
    EXPECT_NE(text_at(response, "error.hint"), "") << rest;
  }
}

TEST_F(ServerTest, BrokenBodiesAreTheCallersFault) {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  for (const std::string& body :
       {std::string("{"), std::string("[]"), std::string("\x00\xff", 2), deep, std::string("{}"),
        std::string(R"({"name": 7, "location": "x"})")}) {
    const auto response = ask("POST", "/api/v1/workspaces", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(text_at(response, "error.code"), "invalid_argument");
  }
}

TEST_F(ServerTest, ALongBodyIsRefusedWhereNoFileIsExpected) {
  const std::string body(Server::kMaxBody + 1, ' ');
  EXPECT_EQ(ask("POST", "/api/v1/workspaces", body).status, 413);
  EXPECT_EQ(ask("POST", "/auth/login_node", body, "").status, 413);
}

TEST_F(ServerTest, UnknownPathsAndMethodsAreTold) {
  EXPECT_EQ(ask("GET", "/nothing", "", "").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/nothing").status, 404);
  EXPECT_EQ(ask("PATCH", "/api/v1/workspaces").status, 405);
}

TEST_F(ServerTest, ListsStartEmpty) {
  for (const char* target :
       {"/api/v1/workspaces", "/api/v1/cloud-accounts", "/api/v1/operations"}) {
    const auto response = ask("GET", target);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "{\"value\":[]}\n") << target;
  }
  EXPECT_NE(ask("GET", "/api/v1/organizations").body.find("default"), std::string::npos);
}

TEST_F(ServerTest, NoAnswerRepeatsATokenOrASecret) {
  const std::string secret = "the-client-secret";
  const std::vector<net::HttpResponse> responses{
      ask("POST", "/auth/login_node", R"({"token": "one-time-secret"})", ""),
      ask("POST", "/registration/azure/get_certificate", "{}", "access-secret"),
      ask("GET", "/api/v1/whoami", "", "wrong-secret"),
      ask("POST", "/api/v1/cloud-accounts",
          R"({"name": "x", "clientSecret": "the-client-secret"})"),
      ask("GET", "/api/v1/whoami")};
  for (const auto& response : responses) {
    EXPECT_EQ(response.body.find("secret\""), std::string::npos) << response.body;
    EXPECT_EQ(response.body.find(kToken), std::string::npos);
    EXPECT_EQ(response.body.find(secret), std::string::npos);
  }
}

TEST_F(ServerTest, InstallersMayOmitOrMisnameTheContentType) {
  for (const char* body : {R"({"token": "x"})", "token=x", " {\"token\":\"x\"}\n"}) {
    const auto response = ask("POST", "/auth/login_node", body, "");
    EXPECT_EQ(response.status, 401) << body;
    EXPECT_EQ(text_at(response, "error.code"), "unauthenticated");
  }
  EXPECT_EQ(ask("POST", "/auth/login_node/", R"({"token": "x"})", "").status, 401);
  EXPECT_EQ(ask("POST", "/auth/login_node", "", "").status, 400);
  EXPECT_EQ(ask("POST", "/auth/login_node", "{", "").status, 400);
}

TEST_F(ServerTest, ACertificateNeedsAnAccessToken) {
  EXPECT_EQ(ask("POST", "/registration/azure/get_certificate", "{}", "").status, 401);
  EXPECT_EQ(ask("POST", "/registration/azure/get_certificate", "", "unknown").status, 401);
  EXPECT_EQ(ask("POST", "/registration/azure/get_certificate", R"({"csr": 7})", "unknown").status,
            400);
}

}  // namespace
}  // namespace ferry::api
