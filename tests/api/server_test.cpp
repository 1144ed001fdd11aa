// SPDX-License-Identifier: Apache-2.0
// The HTTP face over a real control plane with an empty database: no sockets, no cloud.
#include "tests/api/server_fixture.hpp"

namespace ferry::api {
namespace {

TEST_F(ServerTest, HealthDescriptionAndConsoleNeedNoToken) {
  EXPECT_EQ(text_at(ask("GET", "/healthz", "", ""), "status"), "ok");
  EXPECT_EQ(text_at(ask("GET", "/api/v1/openapi.json", "", ""), "openapi"), "3.1.0");
  EXPECT_EQ(ask("GET", "/", "", "").headers.get_or("Location", ""), "/console/");
  for (const char* target : {"/console/", "/console", "/console/workspaces/plant-a"}) {
    const auto page = ask("GET", target, "", "");
    EXPECT_EQ(page.status, 200) << target;
    EXPECT_EQ(page.headers.get_or("Content-Type", ""), "text/html; charset=utf-8") << target;
  }
}

TEST_F(ServerTest, TheConsoleMayRunItsOwnScriptsAlone) {
  const auto policy = ask("GET", "/console/", "", "").headers.get_or("Content-Security-Policy", "");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos) << policy;
  EXPECT_NE(policy.find("script-src 'self'"), std::string::npos) << policy;
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
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
