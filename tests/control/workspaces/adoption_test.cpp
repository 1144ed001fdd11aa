// SPDX-License-Identifier: Apache-2.0
// Workspaces in resources that are there already: they are looked at and used where they are, only
// what is Ferry's is put into them, and when the workspace goes they are as they were.
#include <gtest/gtest.h>

#include "tests/control/workspaces/in_process_cloud.hpp"

namespace ferry::control {
namespace {

using fleet::RunState;

constexpr const char* kShared = "/resourceGroups/shared";
constexpr const char* kHub = "/resourceGroups/shared/providers/Microsoft.Devices/IotHubs/our-hub";
constexpr const char* kDps =
    "/resourceGroups/shared/providers/Microsoft.Devices/provisioningServices/our-dps";
constexpr const char* kStorage =
    "/resourceGroups/shared/providers/Microsoft.Storage/storageAccounts/ourstorage";
constexpr const char* kRegistry =
    "/resourceGroups/shared/providers/Microsoft.ContainerRegistry/registries/ourregistry";

class Adoption : public testing::Test {
 protected:
  Adoption() {
    cloud_.arm("PUT", kShared, "2022-09-01", {{"location", "westeurope"}});
    cloud_.arm("PUT", kHub, "2023-06-30",
               {{"location", "northeurope"},
                {"tags", {{"owner", "us"}}},
                {"sku", {{"name", "S1"}, {"capacity", 2}}},
                {"properties", json::object()}});
    cloud_.arm("PUT", kDps, "2022-12-12",
               {{"location", "westeurope"},
                {"sku", {{"name", "S1"}, {"capacity", 1}}},
                {"properties", {{"allocationPolicy", "GeoLatency"}}}});
    cloud_.arm("PUT", kStorage, "2023-05-01",
               {{"location", "westeurope"},
                {"kind", "StorageV2"},
                {"sku", {{"name", "Standard_LRS"}}},
                {"properties", {{"minimumTlsVersion", "TLS1_0"}}}});
    cloud_.arm("PUT", kRegistry, "2023-07-01",
               {{"location", "westeurope"},
                {"sku", {{"name", "Standard"}}},
                {"properties", {{"adminUserEnabled", true}}}});
    cloud_.run();
    before_ = facts();
  }

  std::string id(const std::string& path) {
    return fmt::format("/subscriptions/{}{}", cloud_.cloud().resource_manager().subscription_id(),
                       path);
  }

  fleet::WorkspaceOptions options(bool hub, bool dps, bool storage, bool registry) {
    fleet::WorkspaceOptions options;
    if (hub) options.adopted.iot_hub = id(kHub);
    if (dps) options.adopted.provisioning_service = id(kDps);
    if (storage) options.adopted.storage_account = id(kStorage);
    if (registry) options.adopted.registry = id(kRegistry);
    return options;
  }

  json::object document(const std::string& path, const std::string& version) {
    auto answer = cloud_.arm("GET", path, version);
    EXPECT_EQ(answer.status, 200) << path << answer.body;
    return parse_json_object(answer.body).value_or(json::object());
  }

  std::vector<std::string> names(const std::string& path, const std::string& version) {
    std::vector<std::string> found;
    const auto list = document(path, version);
    for (const auto& item : list.at("value").as_array()) {
      found.push_back(string_or(item.as_object(), "name", ""));
    }
    return found;
  }

  // Everything about the shared resources that Ferry could have changed.
  std::string facts() {
    json::array all;
    const auto add = [&](const std::string& path, const std::string& version) {
      auto one = document(path, version);
      for (const char* moving : {"etag", "systemData"}) one.erase(moving);
      all.push_back(std::move(one));
    };
    add(kHub, "2023-06-30");
    add(kDps, "2022-12-12");
    add(kStorage, "2023-05-01");
    add(kRegistry, "2023-07-01");
    for (const auto& [path, version] : std::initializer_list<std::pair<std::string, std::string>>{
             {std::string(kHub) + "/eventHubEndpoints/events/ConsumerGroups", "2023-06-30"},
             {std::string(kDps) + "/certificates", "2022-12-12"},
             {std::string(kStorage) + "/blobServices/default/containers", "2023-05-01"},
             {std::string(kRegistry) + "/tokens", "2023-07-01"}}) {
      const auto list = names(path, version);
      all.push_back(json::array(list.begin(), list.end()));
    }
    return json::serialize(all);
  }

  void remove(const std::string& why) {
    auto removed = cloud_.control().workspaces.remove(cloud_.organization(), "plant-a");
    ASSERT_TRUE(removed) << why << removed.error().describe();
    cloud_.run();
    const auto operation = cloud_.operation(removed->operation.id);
    EXPECT_EQ(operation.status, RunState::succeeded)
        << why << (operation.error ? operation.error->describe() : "");
  }

  void expect_ready(const WorkspaceStarted& started, const std::string& why) {
    const auto operation = cloud_.operation(started.operation.id);
    EXPECT_EQ(operation.status, RunState::succeeded)
        << why << (operation.error ? operation.error->describe() : "");
    const auto rows = cloud_.context().store.resources.list(started.workspace.id);
    for (const auto& row : *rows) {
      EXPECT_EQ(row.state, fleet::ResourceState::ready) << why << row.key;
    }
  }

  std::vector<fleet::Drift> drift_after_verify() {
    auto verified = cloud_.control().workspaces.verify(cloud_.organization(), "plant-a");
    EXPECT_TRUE(verified);
    cloud_.run();
    const auto operation = cloud_.operation(verified->operation.id);
    EXPECT_EQ(operation.status, RunState::succeeded)
        << (operation.error ? operation.error->describe() : "");
    std::vector<fleet::Drift> found;
    const auto resources = cloud_.control().workspaces.resources(cloud_.organization(), "plant-a");
    for (const auto& resource : *resources) {
      found.insert(found.end(), resource.drift.begin(), resource.drift.end());
    }
    return found;
  }

  InProcessCloud cloud_;
  std::string before_;
};

TEST_F(Adoption, AnySelectionIsUsedWhereItIsAndLeftAsItWas) {
  for (int selection = 1; selection < 16; ++selection) {
    const std::string why = fmt::format("selection {}: ", selection);
    const auto started =
        cloud_.create("plant-a", options((selection & 1) != 0, (selection & 2) != 0,
                                         (selection & 4) != 0, (selection & 8) != 0));
    cloud_.run();
    expect_ready(started, why);
    EXPECT_EQ(cloud_.groups_in_cloud().size(), selection == 15 ? 1U : 2U) << why;
    auto group = cloud_.control().groups.create(cloud_.organization(), "plant-a", "line-1");
    ASSERT_TRUE(group) << why << group.error().describe();
    cloud_.run();
    const auto made = cloud_.operation(group->operation.id);
    EXPECT_EQ(made.status, RunState::succeeded)
        << why << (made.error ? made.error->describe() : "");
    const auto drift = drift_after_verify();
    EXPECT_TRUE(drift.empty()) << why << (drift.empty() ? "" : drift[0].message);
    remove(why);
    EXPECT_EQ(facts(), before_) << why;
    EXPECT_EQ(cloud_.resources_in_cloud().size(), 4U) << why;
    if (HasFailure()) break;
  }
}

TEST_F(Adoption, TheTierOfAnAdoptedHubDecidesItsLimits) {
  const auto started = cloud_.create("plant-a", options(true, false, false, false));
  cloud_.run();
  expect_ready(started, "");
  const auto view = cloud_.control().workspaces.get(cloud_.organization(), "plant-a");
  EXPECT_EQ(view->options.units, 2);
  EXPECT_EQ(view->limits.messages_per_day, 800'000);
  const auto resources = cloud_.control().workspaces.resources(cloud_.organization(), "plant-a");
  for (const auto& resource : *resources) {
    if (resource.type != "Microsoft.Devices/IotHubs") continue;
    EXPECT_EQ(resource.origin, fleet::ResourceOrigin::adopted);
    EXPECT_EQ(resource.region, "northeurope");
    EXPECT_FALSE(resource.monthly_estimate);
  }
}

TEST_F(Adoption, ThePlanOfACreationSaysWhatIsTakenAndWhatIsFound) {
  auto plan = cloud_.run_until_done(cloud_.control().workspaces.plan(
      cloud_.organization(), {.name = "plant-a",
                              .location = "westeurope",
                              .cloud_account = {},
                              .options = options(true, true, true, true)}));
  ASSERT_TRUE(plan) << plan.error().describe();
  EXPECT_TRUE(plan->report.passed());
  std::set<std::string> codes;
  for (const auto& finding : plan->report.findings) codes.insert(finding.code);
  for (const char* code : {"adopt_elsewhere", "adopt_tls", "adopt_admin_user", "adopt_link"}) {
    EXPECT_TRUE(codes.contains(code)) << code;
  }
  std::map<std::string, int> actions;
  for (const auto& resource : plan->resources) ++actions[resource.action];
  EXPECT_EQ(actions, (std::map<std::string, int>{{"adopt", 4}, {"add", 6}}));
  EXPECT_EQ(facts(), before_);
  EXPECT_TRUE(cloud_.control().workspaces.list(cloud_.organization())->empty());
}

TEST_F(Adoption, WhatCannotBeUsedIsRefusedBeforeAnythingIsChanged) {
  cloud_.arm("PUT", "/resourceGroups/shared/providers/Microsoft.Devices/IotHubs/basic",
             "2023-06-30",
             {{"location", "westeurope"},
              {"sku", {{"name", "B1"}, {"capacity", 1}}},
              {"properties", json::object()}});
  cloud_.run();
  auto wanted = options(false, true, false, false);
  wanted.adopted.iot_hub = id("/resourceGroups/shared/providers/Microsoft.Devices/IotHubs/basic");
  const auto started = cloud_.create("plant-a", wanted);
  cloud_.run();
  const auto operation = cloud_.operation(started.operation.id);
  EXPECT_EQ(operation.status, RunState::failed);
  EXPECT_EQ(operation.error->code, Code::precondition_failed);
  EXPECT_EQ(facts(), before_);
  EXPECT_EQ(cloud_.groups_in_cloud().size(), 1U);

  wanted.adopted.iot_hub =
      "/subscriptions/other/resourceGroups/g/providers/Microsoft.Devices/"
      "IotHubs/h";
  auto refused = cloud_.control().workspaces.create(
      cloud_.organization(),
      {.name = "plant-b", .location = "westeurope", .cloud_account = {}, .options = wanted});
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
}

TEST_F(Adoption, ALinkThatWasThereStays) {
  const auto first = cloud_.create("plant-a", options(true, true, false, false));
  cloud_.run();
  expect_ready(first, "first");
  auto second = cloud_.create("plant-b", options(true, true, false, false));
  cloud_.run();
  expect_ready(second, "beside the first");
  auto gone = cloud_.control().workspaces.remove(cloud_.organization(), "plant-b");
  cloud_.run();
  EXPECT_EQ(cloud_.operation(gone->operation.id).status, RunState::succeeded);
  EXPECT_TRUE(drift_after_verify().empty()) << "the first workspace has lost nothing";
  remove("last");
  EXPECT_EQ(facts(), before_);
}

TEST_F(Adoption, WhatFerryAddedIsRepairedAndWhatIsGoneIsNotMadeAgain) {
  const auto started = cloud_.create("plant-a", options(true, true, false, false));
  cloud_.run();
  expect_ready(started, "");
  auto service = document(kDps, "2022-12-12");
  service["properties"].as_object()["iotHubs"] = json::array();
  ASSERT_EQ(cloud_.arm("PUT", kDps, "2022-12-12", service).status / 100, 2);
  cloud_.run();
  auto drift = drift_after_verify();
  ASSERT_EQ(drift.size(), 1U);
  EXPECT_EQ(drift[0].kind, fleet::DriftKind::unlinked);
  auto repaired = cloud_.control().workspaces.repair(cloud_.organization(), "plant-a");
  cloud_.run();
  EXPECT_EQ(cloud_.operation(repaired->operation.id).status, RunState::succeeded);
  EXPECT_TRUE(drift_after_verify().empty());

  ASSERT_EQ(cloud_.arm("DELETE", kHub, "2023-06-30").status / 100, 2);
  cloud_.run();
  drift = drift_after_verify();
  EXPECT_FALSE(drift.empty());
  repaired = cloud_.control().workspaces.repair(cloud_.organization(), "plant-a");
  cloud_.run();
  const auto operation = cloud_.operation(repaired->operation.id);
  EXPECT_EQ(operation.status, RunState::failed);
  EXPECT_NE(operation.error->message.find("did not make it"), std::string::npos);
  EXPECT_EQ(cloud_.arm("GET", kHub, "2023-06-30").status, 404);
  remove("without the hub");
}

TEST_F(Adoption, TheDeletionPlanKeepsWhatWasAdopted) {
  cloud_.create("plant-a", options(true, true, true, true));
  cloud_.run();
  auto group = cloud_.control().groups.create(cloud_.organization(), "plant-a", "line-1");
  cloud_.run();
  auto deletion =
      cloud_.run_until_done(cloud_.control().workspaces.deletion(cloud_.organization(), "plant-a"));
  ASSERT_TRUE(deletion) << deletion.error().describe();
  std::map<bool, int> count;
  std::set<std::string> going;
  for (const auto& item : *deletion) {
    ++count[item.goes];
    if (item.goes) going.insert(item.type);
  }
  EXPECT_EQ(count[false], 4);
  for (const char* type : {"Microsoft.Devices/IotHubs/configurations",
                           "Microsoft.Devices/provisioningServices/enrollmentGroups",
                           "Microsoft.ContainerRegistry/registries/tokens",
                           "Microsoft.Devices/provisioningServices/iotHubs",
                           "Microsoft.Devices/provisioningServices/certificates",
                           "Microsoft.Storage/storageAccounts/blobServices/containers"}) {
    EXPECT_TRUE(going.contains(type)) << type;
  }
}

TEST_F(Adoption, EveryPlaceIsSurvived) {
  std::uint64_t place = 1;
  for (;; ++place) {
    const auto why = fmt::format("killed at place {}: ", place);
    const auto started = cloud_.create("plant-a", options(true, true, true, true));
    cloud_.kill_at(place);
    cloud_.run();
    bool killed = cloud_.killed();
    cloud_.open_ferry();
    cloud_.run();
    expect_ready(started, why);
    auto removed = cloud_.control().workspaces.remove(cloud_.organization(), "plant-a");
    ASSERT_TRUE(removed) << why;
    cloud_.kill_at(place);
    cloud_.run();
    killed = killed || cloud_.killed();
    cloud_.open_ferry();
    cloud_.run();
    EXPECT_EQ(cloud_.operation(removed->operation.id).status, RunState::succeeded) << why;
    EXPECT_EQ(facts(), before_) << why;
    EXPECT_EQ(cloud_.resources_in_cloud().size(), 4U) << why;
    if (!killed || HasFailure()) break;
  }
  EXPECT_GT(place, 40U) << "so few places cannot be all";
}

}  // namespace
}  // namespace ferry::control
