// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/preflight.hpp"

#include <gtest/gtest.h>

#include "azure/arm/authorization.hpp"
#include "control/accounts/cloud_role.hpp"

namespace ferry::control {
namespace {

// A subscription that is a few values.
struct FakeSubscription {
  json::array actions{"*"};
  json::array not_actions;
  std::map<std::string, std::string> states;      // of providers; Registered when not named
  std::map<std::string, int> refusals;            // by part of the path: the status
  std::map<std::string, json::object> documents;  // by the end of the path
  std::int64_t hubs = 1;
  std::vector<std::string> asked;

  net::HttpResponse answer(const net::HttpCall& call) {
    const std::string path = call.url.substr(0, call.url.find('?'));
    asked.push_back(call.method + " " + path);
    for (const auto& [part, status] : refusals) {
      if (path.find(part) == std::string::npos) continue;
      return {.status = status,
              .body = R"({"error":{"code":"AuthorizationFailed","message":"no"}})"};
    }
    const auto ends = [&](std::string_view end) { return path.ends_with(end); };
    const auto ok = [](const json::value& body) {
      return net::HttpResponse{.status = 200, .body = json::serialize(body)};
    };
    if (ends("/token")) return ok({{"access_token", "T"}, {"expires_in", 3600}});
    if (ends("/subscriptions/sub")) return ok({{"subscriptionId", "sub"}, {"state", "Enabled"}});
    if (ends("/permissions")) {
      return ok({{"value", json::array{{{"actions", actions}, {"notActions", not_actions}}}}});
    }
    if (ends("/locations")) {
      return ok({{"value", json::array{{{"name", "westeurope"}, {"displayName", "West Europe"}}}}});
    }
    if (ends("/usages") && path.find("Devices") != std::string::npos) {
      return ok({{"value",
                  json::array{
                      {{"name", {{"value", "IotHub"}}}, {"currentValue", hubs}, {"limit", 50}}}}});
    }
    if (ends("/usages")) return ok({{"value", json::array()}});
    if (ends("/register")) {
      const auto name = path.substr(0, path.size() - 9);
      states[name.substr(name.rfind('/') + 1)] = "Registered";
      return ok(json::object());
    }
    for (const auto& [end, document] : documents) {
      if (ends(end)) return ok(document);
    }
    const auto provider = path.substr(path.rfind('/') + 1);
    const auto state = states.contains(provider) ? states[provider] : "Registered";
    return ok({{"registrationState", state},
               {"resourceTypes", json::array{{{"resourceType", "IotHubs"},
                                              {"locations", json::array{"West Europe"}}}}}});
  }
};

class PreflightTest : public testing::Test {
 protected:
  PreflightReport run(WorkspaceToBe wanted) {
    const ManualClock clock(from_unix_seconds(1'900'000'000));
    const azure::Transport transport =
        [this](net::HttpCall call) -> net::Task<Result<net::HttpResponse>> {
      co_return cloud_.answer(call);
    };
    auto make_tokens = token_factory({{}, "client", Secret("secret")}, "tenant",
                                     azure::azure_public().active_directory, {});
    auto connection = std::make_shared<CloudConnection>(transport, clock, azure::azure_public(),
                                                        "sub", *make_tokens, "client",
                                                        std::make_shared<azure::Throttle>(clock));
    auto report = loop_.run_until_done(run_preflight(connection, "prod", std::move(wanted)));
    EXPECT_TRUE(report) << report.error().describe();
    return report ? *report : PreflightReport{};
  }
  static const Finding* find(const PreflightReport& report, std::string_view code,
                             std::string_view subject = {}) {
    for (const auto& finding : report.findings) {
      if (finding.code == code && (subject.empty() || finding.subject == subject)) return &finding;
    }
    return nullptr;
  }
  net::EventLoop loop_;
  FakeSubscription cloud_;
};

TEST_F(PreflightTest, PassesWhereNothingIsInTheWay) {
  const auto report = run({.location = "westeurope", .event_hubs = true});
  EXPECT_TRUE(report.passed());
  EXPECT_TRUE(report.findings.empty());
}

TEST_F(PreflightTest, NamesEachMissingPermission) {
  cloud_.actions = {"Microsoft.Resources/*", "Microsoft.Devices/*", "Microsoft.Storage/*/read",
                    "Microsoft.ContainerRegistry/*", "*/read"};
  cloud_.not_actions = {"Microsoft.Devices/iotHubs/Delete"};
  const auto report = run({.location = "westeurope"});
  EXPECT_FALSE(report.passed());
  const auto* write = find(report, "missing_permission", "Microsoft.Storage/storageAccounts/write");
  ASSERT_NE(write, nullptr);
  EXPECT_EQ(write->severity, Severity::error);
  EXPECT_NE(write->hint.find("cloud-account role prod"), std::string::npos);
  EXPECT_NE(find(report, "missing_permission", "Microsoft.Devices/iotHubs/Delete"), nullptr);
  EXPECT_EQ(find(report, "missing_permission", "Microsoft.Storage/storageAccounts/read"), nullptr);
}

TEST_F(PreflightTest, OnlyWarnsOfPermissionsThatServeChecks) {
  cloud_.not_actions = {"Microsoft.Devices/usages/Read"};
  const auto report = run({});
  EXPECT_TRUE(report.passed());
  const auto* finding = find(report, "missing_permission", "Microsoft.Devices/usages/Read");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::warning);
}

TEST_F(PreflightTest, RegistersProvidersOnlyWithConsent) {
  cloud_.states["Microsoft.Devices"] = "NotRegistered";
  auto report = run({});
  EXPECT_FALSE(report.passed());
  ASSERT_NE(find(report, "provider_not_registered", "Microsoft.Devices"), nullptr);
  EXPECT_NE(find(report, "provider_not_registered")->hint.find("--register-providers"),
            std::string::npos);
  for (const auto& line : cloud_.asked) EXPECT_EQ(line.find("/register"), std::string::npos);

  report = run({.register_providers = true});
  EXPECT_TRUE(report.passed());
  EXPECT_NE(find(report, "provider_registered", "Microsoft.Devices"), nullptr);
}

TEST_F(PreflightTest, TellsUnknownRegionsFromThoseWithoutTheService) {
  const auto report = run({.location = "atlantis"});
  EXPECT_NE(find(report, "location_unknown", "atlantis"), nullptr);
  ASSERT_NE(find(report, "location_not_offered", "atlantis"), nullptr);
  EXPECT_NE(find(report, "location_not_offered")->hint.find("West Europe"), std::string::npos);
  EXPECT_TRUE(run({.location = "West Europe"}).passed());
}

TEST_F(PreflightTest, FindsExhaustedQuota) {
  cloud_.hubs = 50;
  const auto report = run({.location = "westeurope"});
  ASSERT_NE(find(report, "quota_exhausted"), nullptr);
  EXPECT_NE(find(report, "quota_exhausted")->message.find("50 of 50"), std::string::npos);
}

TEST_F(PreflightTest, LooksAtWhatIsToBeAdopted) {
  const std::string group = "/subscriptions/sub/resourceGroups/shared/providers/";
  WorkspaceToBe wanted{.location = "westeurope"};
  wanted.adopted.iot_hub = group + "Microsoft.Devices/IotHubs/ours";
  wanted.adopted.registry = group + "Microsoft.ContainerRegistry/registries/gone";
  cloud_.hubs = 50;  // of no matter: none will be made
  cloud_.documents["/IotHubs/ours"] = {{"location", "westeurope"},
                                       {"sku", {{"name", "B2"}, {"capacity", 1}}},
                                       {"properties", {{"minTlsVersion", "1.2"}}}};
  cloud_.refusals["/registries/gone"] = 404;
  const auto report = run(wanted);
  EXPECT_EQ(find(report, "quota_exhausted"), nullptr);
  EXPECT_NE(find(report, "sku_unsupported", "ours"), nullptr);
  EXPECT_NE(find(report, "adopt_not_found", "gone"), nullptr);
  for (const auto& line : cloud_.asked) EXPECT_FALSE(line.starts_with("PUT")) << line;

  wanted.adopted.iot_hub =
      "/subscriptions/other/resourceGroups/g/providers/Microsoft.Devices/"
      "IotHubs/ours";
  EXPECT_NE(find(run(wanted), "adopt_wrong_id"), nullptr);
}

TEST_F(PreflightTest, TakesSilenceAsUnknownNotAsFailure) {
  for (const char* part : {"/permissions", "/usages", "/locations"}) {
    cloud_.refusals[part] = 403;
  }
  const auto report = run({.location = "westeurope"});
  EXPECT_TRUE(report.passed());
  EXPECT_NE(find(report, "unknown", "permissions"), nullptr);
}

TEST(PreflightSku, RefusesBasicWithTheReasonAndWarnsOfFree) {
  EXPECT_TRUE(check_sku("S1", 1).empty());
  ASSERT_EQ(check_sku("B1", 1).size(), 1u);
  EXPECT_NE(check_sku("B1", 1)[0].message.find("twins"), std::string::npos);
  EXPECT_EQ(check_sku("F1", 1)[0].severity, Severity::warning);
  EXPECT_EQ(check_sku("F1", 2)[0].code, "units_refused");
  EXPECT_EQ(check_sku("S3", 11)[0].code, "units_refused");
  EXPECT_EQ(check_sku("X9", 1)[0].code, "sku_unsupported");
}

TEST(CustomRoles, GrantExactlyWhatIsNeeded) {
  const auto all = custom_role("sub", {});
  EXPECT_EQ(all.assignable_scopes, (std::vector<std::string>{"/subscriptions/sub"}));
  azure::arm::Permission granted{all.actions, {}, all.data_actions, {}};
  for (const auto& needed : needed_actions({})) {
    EXPECT_TRUE(azure::arm::allows_action({granted}, needed.action)) << needed.action;
  }
  for (const char* refused :
       {"Microsoft.Authorization/roleAssignments/write", "Microsoft.Compute/virtualMachines/write",
        "Microsoft.ContainerRegistry/registries/listCredentials/action"}) {
    EXPECT_FALSE(azure::arm::allows_action({granted}, refused)) << refused;
  }
  for (const auto& action : all.actions) EXPECT_EQ(action.find('*'), std::string::npos) << action;
  const auto lean = custom_role("sub", {.event_hubs = false, .register_providers = false});
  for (const auto& action : lean.actions) {
    EXPECT_EQ(action.find("EventHub/"), std::string::npos) << action;
    EXPECT_EQ(action.find("register/action"), std::string::npos) << action;
  }
  const auto assigning = custom_role("sub", {.identity_based = true});
  azure::arm::Permission more{assigning.actions, {}, {}, {}};
  EXPECT_TRUE(azure::arm::allows_action({more}, "Microsoft.Authorization/roleAssignments/write"));
}

}  // namespace
}  // namespace ferry::control
