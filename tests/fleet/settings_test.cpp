// SPDX-License-Identifier: Apache-2.0
#include "fleet/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/labels.hpp"
#include "fleet/manifest.hpp"
#include "fleet/setting_schema.hpp"
#include "fleet/twin_size.hpp"

namespace ferry::fleet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Result<std::shared_ptr<const SettingSchema>> parse(std::string_view text) {
  return SettingSchema::parse(*parse_json_object(text));
}

TEST(Settings, ALaterLayerHidesAnEarlierOneSettingBySetting) {
  const Values defaults{{"rate", 1}, {"mode", "slow"}};
  const Values workspace{{"rate", 2}, {"site", "lyon"}};
  const Values group{{"rate", 3}};
  const auto effective = effective_settings({{Layer::component, "", &defaults},
                                             {Layer::workspace, "", &workspace},
                                             {Layer::group, "line-1", &group}});
  EXPECT_EQ(effective.at("rate").value, 3);
  EXPECT_EQ(effective.at("rate").owner, "line-1");
  EXPECT_EQ(effective.at("mode").layer, Layer::component);
  EXPECT_EQ(effective.at("site").layer, Layer::workspace);
}

TEST(Settings, AreReadAndWritten) {
  const auto settings = settings_from_json({{"sampler", {{"rate", 5}, {"tags", {{"a", 1}}}}}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(*settings_from_json(to_json(*settings)), *settings);
  EXPECT_FALSE(settings_from_json({{"sampler", 5}}));
  EXPECT_FALSE(settings_from_json({{"sampler", {{"rate", nullptr}}}}));
  EXPECT_FALSE(settings_from_json({{"sampler", {{"a.b", 1}}}}));
}

TEST(SettingSchema, SaysWhatAValueMustBe) {
  const auto schema = parse(R"({"type": "object", "required": ["site"], "properties": {
    "rate": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10},
    "mode": {"enum": ["fast", "slow"]}, "site": {"type": "string", "minLength": 1}}})");
  ASSERT_TRUE(schema) << schema.error().describe();
  EXPECT_THAT((*schema)->check({{"site", "lyon"}, {"rate", 5}, {"mode", "fast"}}), IsEmpty());
  EXPECT_THAT((*schema)->check({{"site", "lyon"}, {"rate", 5000}}),
              ElementsAre(testing::StartsWith("rate: ")));
  EXPECT_THAT((*schema)->check({{"site", "lyon"}, {"rate", "5"}}), SizeIs(1));
  EXPECT_THAT((*schema)->check({{"site", "lyon"}, {"mode", "odd"}}), testing::Not(IsEmpty()));
  EXPECT_THAT((*schema)->check({{"rate", 5}}), ElementsAre(HasSubstr("site")));
  EXPECT_EQ((*schema)->defaults(), (Values{{"rate", 10}}));
}

TEST(SettingSchema, KnowsHowValuesReachTheContainer) {
  const auto schema = parse(R"({"properties": {"sampleRate": {}, "site-name": {"env": "SITE"},
    "HTTPPort": {}, "live": {"delivery": "twin"}}})");
  ASSERT_TRUE(schema);
  EXPECT_EQ((*schema)->find("sampleRate")->variable, "SAMPLE_RATE");
  EXPECT_EQ((*schema)->find("site-name")->variable, "SITE");
  EXPECT_EQ((*schema)->find("HTTPPort")->variable, "HTTPPORT");
  EXPECT_EQ((*schema)->find("live")->delivery, Delivery::twin);
  EXPECT_EQ((*schema)->find("other"), nullptr);
}

TEST(SettingSchema, RefusesWhatCouldOnlyFailLater) {
  for (const auto* bad :
       {R"({"type": "string"})", R"({"properties": {}})", R"({"properties": {"a": {"$ref": "x"}}})",
        R"({"properties": {"a": {"env": "X"}, "b": {"env": "X"}}})",
        R"({"properties": {"a": {"env": "A=B"}}})",
        R"({"properties": {"a": {"delivery": "file"}}})",
        R"({"properties": {"a": {"type": "integer", "default": "x"}}})",
        R"({"properties": {"a b": {}}})", R"({"properties": {"a": {"minimum": "x"}}})"}) {
    EXPECT_FALSE(parse(bad)) << bad;
  }
}

TEST(SettingSchema, StandsInTheManifest) {
  const std::string begin = R"({"name": "x", "version": "1.0.0", "cmd": ["/x"], )";
  const auto manifest = parse_manifest(
      begin + R"("requires": ["gpu", "can"], "configuration": {"properties": {"rate": {}}}})");
  ASSERT_TRUE(manifest) << manifest.error().describe();
  EXPECT_THAT(manifest->required_capabilities, ElementsAre("can", "gpu"));
  EXPECT_TRUE(manifest->configuration->find("rate"));
  EXPECT_FALSE(parse_manifest(
      begin + R"("env": {"RATE": 1}, "configuration": {"properties": {"rate": {}}}})"));
  EXPECT_FALSE(parse_manifest(begin + R"("requires": ["no spaces"]})"));
}

TEST(Selector, SelectsByAllOfItsTerms) {
  const auto matches = [](std::string_view text, const Labels& labels) {
    auto selector = Selector::parse(text);
    EXPECT_TRUE(selector) << text;
    return selector->matches(labels);
  };
  const Labels lyon{{"site", "lyon"}, {"tier", "prod"}};
  EXPECT_TRUE(matches("site=lyon", lyon));
  EXPECT_TRUE(matches(" site = lyon , tier != test ", lyon));
  EXPECT_TRUE(matches("floor!=1", lyon)) << "a label that is not there is no other value";
  EXPECT_TRUE(matches("site,!floor", lyon));
  EXPECT_FALSE(matches("site=paris", lyon));
  EXPECT_FALSE(matches("site=lyon,tier=test", lyon));
  EXPECT_FALSE(matches("!site", lyon));
  EXPECT_FALSE(matches("", lyon)) << "nothing selects nothing";
  EXPECT_EQ(Selector::parse("b!=2, a=1,b!=2")->str(), "a=1,b!=2");
  for (const auto* bad : {"=x", "a b=c", "a=b=c", ",", "a=\"x\""}) {
    EXPECT_FALSE(Selector::parse(bad)) << bad;
  }
}

// "Understand and use device twins in IoT Hub", device twin size.
TEST(TwinSize, CountsAsTheHubDoes) {
  EXPECT_EQ(twin_size(json::object{{"ab", "xyz"}}), 5);
  EXPECT_EQ(twin_size(json::object{{"a", 1}, {"b", 2.5}, {"c", true}}), 1 + 8 + 1 + 8 + 1 + 4);
  EXPECT_EQ(twin_size(json::object{{"a", json::object{{"b", "c"}}}}), 3);
  EXPECT_EQ(twin_text_size("\xc3\xa4"), 2) << "bytes of UTF-8";
  EXPECT_EQ(twin_text_size("a\nb\x7f\xc2\x85"), 2) << "without control characters";
}

TEST(TwinSize, SaysWhatATwinCannotHold) {
  const auto problems = [](json::value value) {
    std::vector<std::string> words;
    check_twin_value(value, "it", words);
    return words;
  };
  EXPECT_THAT(problems({{"a", std::string(4096, 'x')}}), IsEmpty());
  EXPECT_THAT(problems({{"a", std::string(4097, 'x')}}), ElementsAre(HasSubstr("it.a has 4097")));
  EXPECT_THAT(problems({{"a.b", 1}}), SizeIs(1));
  EXPECT_THAT(problems({{"a", 4503599627370496}}), SizeIs(1));
  EXPECT_THAT(problems({{"a", -4503599627370496}}), IsEmpty());
  json::value deep = 1;
  for (int i = 0; i < 10; ++i) deep = json::object{{"x", std::move(deep)}};
  EXPECT_THAT(problems(deep), IsEmpty());
  deep = json::object{{"x", std::move(deep)}};
  EXPECT_THAT(problems(deep), SizeIs(1));
}

}  // namespace
}  // namespace ferry::fleet
