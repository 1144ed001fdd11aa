// SPDX-License-Identifier: Apache-2.0
// Layers of configuration from the plan to what the hub holds.
#include <gmock/gmock.h>

#include "tests/control/scripted_cloud.hpp"

namespace ferry::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ConfigurationTest : public ControlTest {
 protected:
  ConfigurationTest() : group_(make_group("line-1")) {
    publish("x", "1.0.0", R"({"properties": {"rate": {"type": "integer", "maximum": 100},
                              "live": {"type": "string", "delivery": "twin"}}})");
    fleet::Node node;
    node.id = fleet::NodeId("node-1");
    node.workspace = workspace_.id;
    node.group = group_.id;
    node.name = "pump-7";
    node.registration_id = "pump-7";
    node.registered_at = clock_.now();
    EXPECT_TRUE(context_->store.nodes.insert(node));
    EXPECT_TRUE(context_->store.nodes.update(node));
    hub_.also = [this](const net::HttpCall& call) { return answer_twin(call); };
    apply(deploy());
  }

  void publish(const std::string& name, const std::string& version, const std::string& schema) {
    fleet::ComponentVersion record;
    record.id = fleet::VersionId(random_id("ver"));
    record.workspace = workspace_.id;
    record.component = name;
    record.version = version;
    record.state = fleet::VersionState::published;
    record.manifest =
        fmt::format(R"({{"name": "{}", "version": "{}", "cmd": ["/x"], "configuration": {}}})",
                    name, version, schema);
    record.image = fmt::format("r.example/components/{}@sha256:{}", name, version);
    ASSERT_TRUE(context_->store.components.insert(record));
  }

  static fleet::Change deploy() { return {{"base", {{"x", "1.0.0"}}, {"line-1"}}}; }
  static fleet::Change setting(fleet::Layer layer, std::string owner, std::string name,
                               std::optional<json::value> value) {
    fleet::Change change;
    change.settings.push_back({layer, std::move(owner), "x", std::move(name), std::move(value)});
    return change;
  }

  // Module twins of pump-7 as the hub holds them: desired properties by module.
  std::optional<net::HttpResponse> answer_twin(const net::HttpCall& call) {
    const std::string path = call.url.substr(0, call.url.find('?'));
    const auto place = path.find("/twins/pump-7/modules/");
    if (place == std::string::npos) return std::nullopt;
    const auto module = percent_decode(path.substr(path.rfind('/') + 1));
    auto& desired = twins_[module];
    if (call.method == "PATCH") {
      const json::value body(*parse_json_object(call.body));
      merge(desired, body.at("properties").at("desired").as_object());
    }
    json::object twin{
        {"deviceId", "pump-7"},
        {"moduleId", module},
        {"etag", "AAAAAAAAAAE="},
        {"properties", json::object{{"desired", desired}}},
        {"configurations", json::object{{applied_, json::object{{"status", "Applied"}}}}}};
    return net::HttpResponse{.status = 200, .body = json::serialize(twin)};
  }
  static void merge(json::object& into, const json::object& patch) {
    for (const auto& [name, value] : patch) {
      if (value.is_null()) {
        into.erase(name);
      } else if (value.is_object()) {
        if (!into[name].is_object()) into[name] = json::object();
        merge(into[name].get_object(), value.get_object());
      } else {
        into[name] = value;
      }
    }
  }
  // As the hub does for every device in the group: all sections are written anew.
  void hub_applies() {
    const json::object content = hub_.configurations.rbegin()->second.at("content").as_object();
    applied_ = hub_.configurations.rbegin()->first;
    for (const auto& [module, entry] : content.at("modulesContent").as_object()) {
      twins_[module] = entry.at("properties.desired").as_object();
    }
  }
  json::value sent(std::string_view path) {
    const json::value content = hub_.configurations.rbegin()->second.at("content");
    boost::system::error_code error;
    const auto* found = content.find_pointer(path, error);
    return found ? *found : json::value("absent");
  }

  Applied apply(const fleet::Change& change) {
    auto outcome =
        loop_->run_until_done(control_->deployments.apply(organization_, "plant-a", change, false));
    EXPECT_TRUE(outcome) << outcome.error().describe();
    const auto* refused = std::get_if<Refused>(&*outcome);
    EXPECT_FALSE(refused) << refused->error.describe();
    run_until_finished();
    return std::get<Applied>(*outcome);
  }
  Error refuse(const fleet::Change& change) {
    auto outcome =
        loop_->run_until_done(control_->deployments.apply(organization_, "plant-a", change, false));
    EXPECT_TRUE(outcome && std::holds_alternative<Refused>(*outcome));
    return std::get<Refused>(*outcome).error;
  }

  const fleet::NodeGroup group_;
  std::map<std::string, json::object> twins_;
  std::string applied_;
};

constexpr std::string_view kRate =
    "/modulesContent/$edgeAgent/properties.desired/modules/x/env/RATE/value";
constexpr std::string_view kLive = "/modulesContent/x/properties.desired/live";

TEST_F(ConfigurationTest, LayersReachTheGroupsConfigurationInTheirOrder) {
  EXPECT_EQ(sent(kRate), "absent");
  apply(setting(fleet::Layer::workspace, "", "rate", 1));
  EXPECT_EQ(sent(kRate), 1);
  fleet::Change own = deploy();
  own.edits[0].settings["x"]["rate"] = 2;
  apply(own);
  EXPECT_EQ(sent(kRate), 2);
  apply(setting(fleet::Layer::group, "line-1", "rate", 3));
  EXPECT_EQ(sent(kRate), 3);
  apply(setting(fleet::Layer::group, "line-1", "live", "on"));
  EXPECT_EQ(sent(kLive), "on");
  apply(setting(fleet::Layer::group, "line-1", "rate", std::nullopt));
  EXPECT_EQ(sent(kRate), 2);
  EXPECT_THAT(hub_.configurations, SizeIs(1)) << "one a group, whatever is configured";
  EXPECT_EQ(control_->deployments.get(organization_, "plant-a", "base")->revision, 2);

  const auto effective = control_->configuration.effective(organization_, "plant-a", "line-1", "");
  ASSERT_THAT(*effective, SizeIs(2));
  EXPECT_EQ(effective->at(0).setting, "live");
  EXPECT_EQ(effective->at(1).value, 2);
  EXPECT_EQ(effective->at(1).layer, fleet::Layer::deployment);
  EXPECT_EQ(effective->at(1).owner, "base");
}

TEST_F(ConfigurationTest, WhatTheSchemaForbidsIsRefusedAndNothingIsSent) {
  EXPECT_THAT(refuse(setting(fleet::Layer::group, "line-1", "rate", 500)).message,
              HasSubstr("x 1.0.0: rate"));
  EXPECT_THAT(refuse(setting(fleet::Layer::group, "line-9", "rate", 5)).message,
              HasSubstr("no node group 'line-9'"));
  EXPECT_THAT(hub_.configurations, SizeIs(1));
  EXPECT_THAT(*control_->configuration.list(organization_, "plant-a"), IsEmpty());
}

TEST_F(ConfigurationTest, ANodeAloneIsNotConfiguredBecauseTheHubWouldPutItBack) {
  hub_applies();
  EXPECT_THAT(refuse(setting(fleet::Layer::node, "pump-7", "rate", 7)).message,
              HasSubstr("cannot be set for node pump-7 alone"));
}

TEST_F(ConfigurationTest, ACompositionIsRestoredWithItsConfiguration) {
  apply(setting(fleet::Layer::group, "line-1", "rate", 3));
  const auto before = hub_.configurations.rbegin()->second.at("content");
  const auto version =
      control_->groups.get(organization_, "plant-a", "line-1")->composition_version;
  apply(setting(fleet::Layer::group, "line-1", "rate", 4));
  apply(setting(fleet::Layer::workspace, "", "live", "new"));
  EXPECT_NE(hub_.configurations.rbegin()->second.at("content"), before);
  apply(setting(fleet::Layer::workspace, "", "live", std::nullopt));
  const auto plan = loop_->run_until_done(
      control_->deployments.plan_restore(organization_, "plant-a", "line-1", version));
  ASSERT_TRUE(plan) << plan.error().describe();
  auto applied = loop_->run_until_done(
      control_->deployments.apply_plan(organization_, "plant-a", plan->id, false));
  ASSERT_TRUE(applied && std::holds_alternative<Applied>(*applied));
  run_until_finished();
  EXPECT_EQ(json::serialize(hub_.configurations.rbegin()->second.at("content")),
            json::serialize(before));
}

TEST_F(ConfigurationTest, SelectorsFollowLabelsThroughPlans) {
  make_group("lab");
  fleet::Change change{{"by-label", {{"x", "1.0.0"}}, {}, "kind=lab"}};
  auto applied = apply(change);
  EXPECT_THAT(applied.plan.groups, IsEmpty()) << "nothing is labelled yet";
  fleet::Change label;
  label.labels.push_back({"lab", "kind", "lab"});
  applied = apply(label);
  ASSERT_THAT(applied.plan.groups, SizeIs(1));
  EXPECT_THAT(applied.plan.groups[0].difference.added, SizeIs(1));
  const auto lab = control_->groups.get(organization_, "plant-a", "lab");
  EXPECT_EQ(lab->composition_version, 1);
  EXPECT_EQ(control_->configuration.traits(organization_, "plant-a", "lab", "")->labels.at("kind"),
            "lab");
  label.labels[0].value.reset();
  EXPECT_THAT(refuse(label).message, HasSubstr("remove x 1.0.0 from"));
}

TEST_F(ConfigurationTest, ThePromiseOfAPlanHoldsForSettingsToo) {
  auto plan = loop_->run_until_done(control_->deployments.plan(
      organization_, "plant-a", setting(fleet::Layer::group, "line-1", "rate", 3)));
  ASSERT_TRUE(plan);
  apply(setting(fleet::Layer::workspace, "", "rate", 1));
  auto outcome = loop_->run_until_done(
      control_->deployments.apply_plan(organization_, "plant-a", plan->id, false));
  ASSERT_TRUE(outcome && std::holds_alternative<Refused>(*outcome));
  EXPECT_EQ(std::get<Refused>(*outcome).error.code, Code::precondition_failed);
}

}  // namespace
}  // namespace ferry::control
