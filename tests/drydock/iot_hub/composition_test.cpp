// SPDX-License-Identifier: Apache-2.0
// Layers over a base, as iot-edge users know them: pure merging, and on a hub.
#include "drydock/iot_hub/composition.hpp"

#include "drydock/iot_hub/configurations.hpp"
#include "tests/drydock/iot_hub/fixture.hpp"

namespace drydock::testing {
namespace {

using iot_hub::Configuration;

Configuration parse(const std::string& id, std::string_view content) {
  const json::object body{{"content", ferry::parse_json(content).value()},
                          {"targetCondition", "*"}};
  auto parsed = iot_hub::parse_configuration(id, body, ferry::from_unix_seconds(1'795'000'000));
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *std::move(parsed);
}

constexpr std::string_view kBase = R"({"modulesContent": {
  "$edgeAgent": {"properties.desired": {"runtime": {"type": "docker"},
                                        "modules": {"a": {"v": 1}, "b": {"v": 1}}}},
  "$edgeHub": {"properties.desired": {"routes": {"up": "FROM /* INTO $upstream"}}},
  "a": {"properties.desired": {"rate": 1, "unit": "C"}}}})";
constexpr std::string_view kLayer = R"({"modulesContent": {
  "$edgeAgent": {"properties.desired.modules.b": {"v": 2}, "properties.desired.modules.c": {"v": 1}},
  "$edgeHub": {"properties.desired.routes.side": "FROM /messages/* INTO c"},
  "a": {"properties.desired.rate": 5},
  "c": {"properties.desired": {"on": true}}}})";

std::string module(const iot_hub::Composition& composed, const std::string& name) {
  const auto found = composed.desired.find(name);
  return found == composed.desired.end() ? "" : json::serialize(found->second);
}

TEST(Composition, ALayerAddsAndReplacesParts) {
  const Configuration base = parse("base", kBase);
  const Configuration layer = parse("layer", kLayer);
  EXPECT_EQ(base.kind, Configuration::Kind::base);
  EXPECT_EQ(layer.kind, Configuration::Kind::layer);
  const auto composed = iot_hub::compose(base, {&layer});
  EXPECT_EQ(module(composed, "$edgeAgent"),
            R"({"runtime":{"type":"docker"},"modules":{"a":{"v":1},"b":{"v":2},"c":{"v":1}}})");
  EXPECT_EQ(module(composed, "$edgeHub"), R"({"routes":{"up":"FROM /* INTO $upstream",)"
                                          R"("side":"FROM /messages/* INTO c"}})");
  EXPECT_EQ(module(composed, "a"), R"({"rate":5,"unit":"C"})");
  EXPECT_EQ(module(composed, "c"), R"({"on":true})");
  EXPECT_EQ(composed.applied.at("c"), std::set<std::string>{"layer"});
}

TEST(Composition, AWholeSectionReplacesWhatLowerOnesSet) {
  const Configuration base = parse("base", kBase);
  const Configuration lower = parse("lower", kLayer);
  const Configuration upper = parse("upper", R"({"modulesContent": {
    "$edgeAgent": {}, "a": {"properties.desired": {"mode": "slow"}},
    "c": {"properties.desired": {"on": false}}}})");
  const auto composed = iot_hub::compose(base, {&lower, &upper});
  EXPECT_EQ(module(composed, "a"), R"({"mode":"slow"})");
  EXPECT_EQ(module(composed, "c"), R"({"on":false})");
  EXPECT_EQ(composed.applied.at("a"), std::set<std::string>{"upper"}) << "nothing else is left";
  EXPECT_FALSE(composed.applied.at("$edgeAgent").contains("upper"));
}

TEST(Composition, TheCoarserKeyHidesAllOfALowerLayer) {
  const Configuration base = parse("base", kBase);
  const Configuration lower = parse("lower", kLayer);
  const Configuration upper = parse(
      "upper",
      R"({"modulesContent": {"$edgeAgent": {"properties.desired.modules": {"d": {"v": 1}}}}})");
  const auto composed = iot_hub::compose(base, {&lower, &upper});
  EXPECT_EQ(module(composed, "$edgeAgent"),
            R"({"runtime":{"type":"docker"},"modules":{"d":{"v":1}}})");
  EXPECT_FALSE(composed.applied.at("$edgeAgent").contains("lower"));
}

class LayersTest : public HubTest {
 protected:
  void deploy(const std::string& id, std::string_view content, int priority,
              std::string condition = "tags.ring = 'a'") {
    clock_.advance(std::chrono::seconds(1));
    const auto response = call("PUT", "/configurations/" + id,
                               json::object{{"content", ferry::parse_json(content).value()},
                                            {"targetCondition", condition},
                                            {"priority", priority}});
    ASSERT_EQ(response.status, 200) << response.body;
  }
  std::string desired(const std::string& path) {
    const auto twin = get("/twins/" + path);
    auto found = ferry::find_path(twin, "properties.desired")->as_object();
    found.erase("$metadata");
    found.erase("$version");
    return json::serialize(found);
  }
  std::string mark(const std::string& path, const std::string& id) {
    return text_at(get("/twins/" + path), "configurations." + id + ".status");
  }
  std::int64_t metric(const std::string& id, const std::string& name) {
    return number_at(get("/configurations/" + id), "systemMetrics.results." + name);
  }
};

TEST_F(LayersTest, GoOverTheBaseAndAwayAgain) {
  create_edge_device("d", {{"ring", "a"}});
  deploy("base", kBase, 10);
  deploy("layer", kLayer, 20);
  deploy("below", R"({"modulesContent":{"$edgeAgent":{},"a":{"properties.desired.rate":9}}})", 5);
  EXPECT_EQ(desired("d/modules/a"), R"({"rate":5,"unit":"C"})");
  EXPECT_EQ(mark("d/modules/$edgeAgent", "layer"), "Applied");
  EXPECT_EQ(mark("d/modules/$edgeAgent", "below"), "Targeted") << "not above the base";
  EXPECT_EQ(metric("layer", "appliedCount"), 1);
  EXPECT_EQ(metric("below", "appliedCount"), 0);
  EXPECT_EQ(call("GET", "/devices/d/modules/c").status, 200);
  ASSERT_EQ(call("DELETE", "/configurations/layer").status, 204);
  EXPECT_EQ(desired("d/modules/a"), R"({"rate":1,"unit":"C"})");
  EXPECT_EQ(desired("d/modules/$edgeAgent"),
            R"({"runtime":{"type":"docker"},"modules":{"a":{"v":1},"b":{"v":1}}})");
}

TEST_F(LayersTest, AreNothingWithoutABase) {
  create_edge_device("d", {{"ring", "a"}});
  deploy("layer", kLayer, 20);
  EXPECT_EQ(desired("d/modules/$edgeAgent"), "{}");
  EXPECT_EQ(mark("d/modules/$edgeAgent", "layer"), "Targeted");
  deploy("base", kBase, 10);
  EXPECT_EQ(desired("d/modules/c"), R"({"on":true})");
}

TEST_F(LayersTest, SurviveARestart) {
  create_edge_device("d", {{"ring", "a"}});
  deploy("base", kBase, 10);
  deploy("layer", kLayer, 20);
  open();
  EXPECT_EQ(metric("layer", "appliedCount"), 1);
  ASSERT_EQ(call("PATCH", "/twins/d", json::object{{"tags", {{"ring", "b"}}}}).status, 200);
  EXPECT_EQ(mark("d/modules/$edgeAgent", "layer"), "");
}

TEST_F(LayersTest, ValuesOfDevicesComeAndGoWithTheirConfiguration) {
  ASSERT_EQ(call("PUT", "/devices/p", json::object()).status, 200);
  ASSERT_EQ(
      call("PATCH", "/twins/p",
           json::object{{"tags", {{"ring", "a"}}}, {"properties", {{"desired", {{"own", 1}}}}}})
          .status,
      200);
  const std::string_view content =
      R"({"deviceContent": {"properties.desired.fan": {"speed": 3}, "properties.desired.a.b": 1}})";
  deploy("fans", content, 10);
  EXPECT_EQ(desired("p"), R"({"own":1,"fan":{"speed":3},"a":{"b":1}})");
  EXPECT_EQ(mark("p", "fans"), "Applied");
  EXPECT_EQ(metric("fans", "appliedCount"), 1);
  EXPECT_EQ(metric("fans", "reportedFailedCount"), -1) << "of edge deployments alone";
  deploy("faster", R"({"deviceContent": {"properties.desired.fan": {"speed": 9}}})", 20);
  EXPECT_EQ(desired("p"), R"({"own":1,"fan":{"speed":9}})");
  EXPECT_EQ(mark("p", "fans"), "Targeted");
  ASSERT_EQ(call("DELETE", "/configurations/faster").status, 204);
  EXPECT_EQ(desired("p"), R"({"own":1,"fan":{"speed":3},"a":{"b":1}})");
  ASSERT_EQ(call("PATCH", "/twins/p", json::object{{"tags", {{"ring", "b"}}}}).status, 200);
  EXPECT_EQ(desired("p"), R"({"own":1})");
}

TEST_F(LayersTest, ValuesOfModulesAreTargetedByAQuery) {
  ASSERT_EQ(call("PUT", "/devices/p", json::object()).status, 200);
  ASSERT_EQ(call("PUT", "/devices/p/modules/eye", json::object()).status, 200);
  ASSERT_EQ(call("PUT", "/devices/p/modules/ear", json::object()).status, 200);
  deploy("eyes", R"({"moduleContent": {"properties.desired.open": true}})", 1,
         "from devices.modules where moduleId = 'eye'");
  EXPECT_EQ(desired("p/modules/eye"), R"({"open":true})");
  EXPECT_EQ(desired("p/modules/ear"), "{}");
  EXPECT_EQ(metric("eyes", "targetedCount"), 1);
  ASSERT_EQ(call("PUT", "/devices/q", json::object()).status, 200);
  ASSERT_EQ(call("PUT", "/devices/q/modules/eye", json::object()).status, 200);
  EXPECT_EQ(desired("q/modules/eye"), R"({"open":true})") << "also one that comes later";
  EXPECT_EQ(error_name(call("PUT", "/configurations/bad",
                            json::object{{"content", {{"moduleContent", json::object()}}},
                                         {"targetCondition", "tags.a = 1"}})),
            "InvalidConfigurationTargetCondition");
}

TEST_F(LayersTest, CanWaitForAPass) {
  service_->evaluate_every(std::chrono::milliseconds(30));
  create_edge_device("d");
  deploy("base", kBase, 10);
  ASSERT_EQ(call("PATCH", "/twins/d", json::object{{"tags", {{"ring", "a"}}}}).status, 200);
  EXPECT_EQ(mark("d/modules/$edgeAgent", "base"), "") << "not before the next pass";
  loop_.run_until_done([](net::Task<void> nap) -> net::Task<bool> {
    co_await std::move(nap);
    co_return true;
  }(net::sleep_for(std::chrono::milliseconds(100))));
  EXPECT_EQ(mark("d/modules/$edgeAgent", "base"), "Applied");
}

}  // namespace
}  // namespace drydock::testing
