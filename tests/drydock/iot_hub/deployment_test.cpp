// SPDX-License-Identifier: Apache-2.0
#include "tests/drydock/iot_hub/fixture.hpp"

namespace drydock::testing {
namespace {

json::object content(int rate) {
  return {{"modulesContent",
           {{"$edgeAgent",
             {{"properties.desired",
               {{"schemaVersion", "1.1"}, {"modules", {{"pump", {{"version", "1"}}}}}}}}},
            {"$edgeHub", {{"properties.desired", {{"schemaVersion", "1.1"}}}}},
            {"sensor", {{"properties.desired", {{"rate", rate}}}}}}}};
}

class DeploymentTest : public HubTest {
 protected:
  net::HttpResponse deploy(const std::string& id, std::string_view condition, int priority,
                           int rate) {
    clock_.advance(std::chrono::seconds(1));
    return call("PUT", "/configurations/" + id,
                json::object{{"id", id},
                             {"content", content(rate)},
                             {"targetCondition", condition},
                             {"priority", priority}});
  }
  std::int64_t rate(const std::string& device) {
    return number_at(get("/twins/" + device + "/modules/sensor"), "properties.desired.rate");
  }
  std::string mark(const std::string& device, const std::string& id) {
    return text_at(get("/twins/" + device + "/modules/$edgeAgent"),
                   "configurations." + id + ".status");
  }
  std::int64_t metric(const std::string& id, const std::string& name) {
    return number_at(get("/configurations/" + id), "systemMetrics.results." + name);
  }
};

TEST_F(DeploymentTest, StandsOnTheDevicesThatMatch) {
  create_edge_device("in", {{"group", "g1"}});
  create_edge_device("out", {{"group", "g2"}});
  ASSERT_EQ(call("PUT", "/devices/plain", json::object()).status, 200);
  ASSERT_EQ(deploy("base", "tags.group = 'g1'", 10, 5).status, 200);
  EXPECT_EQ(rate("in"), 5);
  EXPECT_EQ(mark("in", "base"), "Applied");
  EXPECT_EQ(call("GET", "/twins/out/modules/sensor").status, 404);
  EXPECT_EQ(metric("base", "targetedCount"), 1);
  EXPECT_EQ(metric("base", "appliedCount"), 1);
  EXPECT_EQ(metric("base", "reportedSuccessfulCount"), 0);
  // Identities for what is configured and for what shall run.
  const auto modules = get("/devices/in/modules");
  std::vector<std::string> names;
  for (const auto& module : modules.as_array()) {
    names.push_back(text_at(module, "moduleId"));
    EXPECT_EQ(text_at(module, "managedBy"), "iotEdge");
  }
  EXPECT_THAT(names, ::testing::ElementsAre("$edgeAgent", "$edgeHub", "pump", "sensor"));
}

TEST_F(DeploymentTest, TheHigherPriorityWinsAndAmongEqualsTheYounger) {
  create_edge_device("d", {{"group", "g"}});
  ASSERT_EQ(deploy("first", "tags.group = 'g'", 10, 1).status, 200);
  ASSERT_EQ(deploy("low", "*", 5, 2).status, 200);
  EXPECT_EQ(rate("d"), 1);
  EXPECT_EQ(mark("d", "low"), "Targeted");
  ASSERT_EQ(deploy("second", "tags.group = 'g'", 10, 3).status, 200);
  EXPECT_EQ(rate("d"), 3);
  EXPECT_EQ(mark("d", "first"), "Targeted");
  EXPECT_EQ(call("DELETE", "/configurations/second").status, 204);
  EXPECT_EQ(rate("d"), 1);
  EXPECT_EQ(mark("d", "first"), "Applied");
  EXPECT_EQ(mark("d", "second"), "");
}

TEST_F(DeploymentTest, FollowsTags) {
  create_edge_device("d");
  ASSERT_EQ(deploy("a", "tags.ring = 'a'", 1, 1).status, 200);
  ASSERT_EQ(deploy("b", "tags.ring = 'b'", 1, 2).status, 200);
  EXPECT_EQ(metric("a", "targetedCount"), 0);
  ASSERT_EQ(call("PATCH", "/twins/d", json::object{{"tags", {{"ring", "a"}}}}).status, 200);
  EXPECT_EQ(rate("d"), 1);
  ASSERT_EQ(call("PATCH", "/twins/d", json::object{{"tags", {{"ring", "b"}}}}).status, 200);
  EXPECT_EQ(rate("d"), 2);
  // Nothing matches any more: the marks go, what was applied stays.
  ASSERT_EQ(call("PATCH", "/twins/d", json::object{{"tags", {{"ring", nullptr}}}}).status, 200);
  EXPECT_EQ(mark("d", "b"), "");
  EXPECT_EQ(rate("d"), 2);
  EXPECT_EQ(metric("b", "appliedCount"), 0);
}

TEST_F(DeploymentTest, PutsBackWhatWasChangedByHand) {
  create_edge_device("d");
  ASSERT_EQ(deploy("a", "*", 1, 7).status, 200);
  ASSERT_EQ(call("PATCH", "/twins/d/modules/sensor",
                 json::object{{"properties", {{"desired", {{"rate", 99}, {"extra", 1}}}}}})
                .status,
            200);
  EXPECT_EQ(rate("d"), 7);
  EXPECT_EQ(number_at(get("/twins/d/modules/sensor"), "properties.desired.extra"), -1);
}

TEST_F(DeploymentTest, ADeviceThatAppearsGetsItAtOnce) {
  ASSERT_EQ(deploy("a", "*", 1, 7).status, 200);
  create_edge_device("late");
  EXPECT_EQ(rate("late"), 7);
  ASSERT_EQ(call("PUT", "/devices/plain", json::object()).status, 200);
  EXPECT_EQ(metric("a", "targetedCount"), 1);
  ASSERT_EQ(call("PUT", "/devices/plain", json::object{{"capabilities", {{"iotEdge", true}}}}, "*")
                .status,
            200);
  EXPECT_EQ(rate("plain"), 7);
  EXPECT_EQ(call("DELETE", "/devices/late", nullptr, "*").status, 204);
  EXPECT_EQ(metric("a", "appliedCount"), 1);
}

TEST_F(DeploymentTest, ContentIsImmutableTheRestIsNot) {
  create_edge_device("d", {{"x", 1}});
  ASSERT_EQ(deploy("a", "tags.x = 2", 1, 7).status, 200);
  auto body = get("/configurations/a").as_object();
  body["content"] = content(8);
  EXPECT_EQ(error_name(call("PUT", "/configurations/a", body, "*")),
            "CannotModifyImmutableConfigurationContent");
  body["content"] = content(7);
  body["targetCondition"] = "tags.x = 1";
  body["labels"] = json::object{{"ring", "canary"}};
  EXPECT_EQ(call("PUT", "/configurations/a", body, "\"stale\"").status, 412);
  EXPECT_EQ(call("PUT", "/configurations/a", body, "\"MQ==\"").status, 200);
  EXPECT_EQ(rate("d"), 7);
  EXPECT_EQ(text_at(get("/configurations/a"), "labels.ring"), "canary");
  EXPECT_EQ(error_name(deploy("a", "*", 1, 1)), "ConfigurationAlreadyExists");
}

TEST_F(DeploymentTest, RefusesWhatAzureRefuses) {
  EXPECT_EQ(error_name(deploy("a", "tags.x ==", 1, 1)), "InvalidConfigurationTargetCondition");
  EXPECT_EQ(error_name(deploy("A", "*", 1, 1)), "ArgumentInvalid");
  const auto put = [&](json::object body) {
    return error_name(call("PUT", "/configurations/a", std::move(body)));
  };
  EXPECT_EQ(put({{"content", {{"modulesContent", json::object()}}}}),
            "InvalidConfigurationContent");
  EXPECT_EQ(put({{"content", json::object()}}), "InvalidConfigurationContent");
  EXPECT_EQ(put({{"content",
                  {{"modulesContent",
                    {{"$edgeAgent", {{"properties.reported.modules", json::object()}}}}}}}}),
            "InvalidConfigurationContent");
  EXPECT_EQ(put({{"content", content(1)}, {"metrics", {{"queries", {{"m", "select nonsense"}}}}}}),
            "InvalidConfigurationCustomMetricsQuery");
  EXPECT_EQ(error_name(call("GET", "/configurations/none")), "ConfigurationNotFound");
}

TEST_F(DeploymentTest, LimitsTheirNumber) {
  for (int i = 0; i < 100; ++i) ASSERT_EQ(deploy(fmt::format("c{}", i), "", 1, 1).status, 200);
  EXPECT_EQ(error_name(deploy("one-too-many", "", 1, 1)), "ConfigurationCountLimitExceeded");
  EXPECT_EQ(get("/configurations").as_array().size(), 100U);
}

TEST_F(DeploymentTest, CustomMetricsAreQueries) {
  create_edge_device("d", {{"x", 1}});
  ASSERT_EQ(
      call("PUT", "/configurations/a",
           json::object{
               {"content", content(1)},
               {"metrics",
                {{"queries", {{"tagged", "select deviceId from devices where tags.x = 1"}}}}}})
          .status,
      200);
  EXPECT_EQ(number_at(get("/configurations/a"), "metrics.results.tagged"), 1);
}

TEST_F(DeploymentTest, StandsAfterARestart) {
  create_edge_device("d");
  ASSERT_EQ(deploy("a", "*", 1, 7).status, 200);
  const auto before = get("/configurations/a");
  open();
  EXPECT_EQ(get("/configurations/a"), before);
  EXPECT_EQ(mark("d", "a"), "Applied");
}

TEST_F(DeploymentTest, ContentCanBeAppliedToOneDevice) {
  create_edge_device("d");
  EXPECT_EQ(call("POST", "/devices/d/applyConfigurationContent", content(4)).status, 204);
  EXPECT_EQ(rate("d"), 4);
  EXPECT_EQ(mark("d", "a"), "");
}

TEST_F(DeploymentTest, QueriesCanBeTested) {
  const auto response =
      call("POST", "/configurations/testQueries",
           json::object{{"targetCondition", "tags.x ="},
                        {"customMetricQueries", {{"m", "select * from devices"}}}});
  const auto body = ferry::parse_json(response.body).value();
  EXPECT_NE(text_at(body, "targetConditionError"), "");
  EXPECT_TRUE(body.at("customMetricQueryErrors").as_object().empty());
}

}  // namespace
}  // namespace drydock::testing
