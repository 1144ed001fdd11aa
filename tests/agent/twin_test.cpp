// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "agent/cloud_link.hpp"
#include "agent/desired_properties.hpp"
#include "agent/hub_topics.hpp"
#include "agent/merge_patch.hpp"
#include "agent/sas_token.hpp"

namespace ferry::agent {
namespace {

json::object object(std::string_view text) {
  return parse_json_object(text).value();
}

json::value random_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
    case 0:
      return *rc::gen::inRange(0, 3);
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return json::array{1, *rc::gen::inRange(0, 2)};
    case 3:
      return *rc::gen::element("x", "y") == std::string("x") ? json::value("x") : "y";
    default: {
      json::object inner;
      for (const char* name : {"p", "q", "r"}) {
        if (*rc::gen::arbitrary<bool>()) inner[name] = random_value(depth - 1);
      }
      return inner;
    }
  }
}

json::object random_document() {
  json::object document;
  for (const char* name : {"a", "b", "c"}) {
    if (*rc::gen::arbitrary<bool>()) document[name] = random_value(3);
  }
  return document;
}

RC_GTEST_PROP(MergePatch, TheDifferenceAppliedGivesTheTarget, ()) {
  const json::object from = random_document();
  const json::object to = random_document();
  const auto patch = merge_patch(from, to);
  json::object result = from;
  if (patch) apply_merge_patch(result, *patch);
  RC_ASSERT(result == to);
  RC_ASSERT(patch.has_value() == (from != to));
}

RC_GTEST_PROP(MergePatch, ApplyingTwiceChangesNothingMore, ()) {
  const auto patch = merge_patch(random_document(), random_document());
  json::object once = random_document();
  if (patch) apply_merge_patch(once, *patch);
  json::object twice = once;
  if (patch) apply_merge_patch(twice, *patch);
  RC_ASSERT(once == twice);
}

RC_GTEST_PROP(MergePatch, LeavesNoNullBehind, ()) {
  json::object document = random_document();
  if (const auto patch = merge_patch(random_document(), random_document())) {
    apply_merge_patch(document, *patch);
  }
  RC_ASSERT(json::serialize(document).find("null") == std::string::npos);
}

TEST(MergePatch, SaysNullForARemovedModuleAndNothingForTheOthers) {
  const auto patch = merge_patch(object(R"({"modules":{"a":{"x":1},"b":{"x":1}}})"),
                                 object(R"({"modules":{"b":{"x":2}}})"));
  ASSERT_TRUE(patch);
  EXPECT_EQ(*patch, object(R"({"modules":{"a":null,"b":{"x":2}}})"));
}

TEST(DesiredProperties, AppliesThePatchThatFollowsAndNoOther) {
  using Outcome = DesiredProperties::Outcome;
  DesiredProperties desired;
  EXPECT_EQ(desired.patch(object(R"({"a":1})"), 5), Outcome::out_of_step);
  EXPECT_EQ(desired.replace(object(R"({"a":1,"b":{"c":1},"$version":4,"$metadata":{}})")),
            Outcome::changed);
  EXPECT_EQ(desired.replace(object(R"({"a":1,"b":{"c":1},"$version":4})")), Outcome::unchanged);
  EXPECT_EQ(desired.patch(object(R"({"a":2,"$version":6})"), 6), Outcome::out_of_step);
  EXPECT_EQ(desired.document().at("a").as_int64(), 1);
  EXPECT_EQ(desired.patch(object(R"({"a":2,"b":{"c":null},"$version":5})"), 5), Outcome::changed);
  EXPECT_EQ(desired.document(), object(R"({"a":2,"b":{},"$version":5})"));
  EXPECT_EQ(desired.patch(object(R"({"a":3})"), 5), Outcome::unchanged);
}

TEST(DesiredProperties, ATwinThatWasMadeAnewCountsFromTheStart) {
  DesiredProperties desired;
  desired.replace(object(R"({"a":1,"$version":40})"));
  EXPECT_EQ(desired.replace(object(R"({"a":1,"$version":1})")),
            DesiredProperties::Outcome::changed);
  EXPECT_EQ(desired.version(), 1);
}

TEST(HubTopics, AreReadWithTheirBags) {
  const auto reply = parse_hub_topic("$iothub/twin/res/204/?$rid=a%20b&$version=7");
  ASSERT_TRUE(std::holds_alternative<TwinReply>(reply));
  EXPECT_EQ(std::get<TwinReply>(reply).status, 204);
  EXPECT_EQ(std::get<TwinReply>(reply).rid, "a%20b");
  const auto patch = parse_hub_topic("$iothub/twin/PATCH/properties/desired/?$version=12");
  ASSERT_TRUE(std::holds_alternative<DesiredPatch>(patch));
  EXPECT_EQ(std::get<DesiredPatch>(patch).version, 12);
  const auto call = parse_hub_topic("$iothub/methods/POST/GetModuleLogs/?$rid=1f");
  ASSERT_TRUE(std::holds_alternative<MethodCall>(call));
  EXPECT_EQ(std::get<MethodCall>(call).name, "GetModuleLogs");
  for (const auto* other :
       {"", "$iothub/twin/res/204", "$iothub/twin/res/x/?$rid=1", "$iothub/methods/POST//?$rid=1",
        "$iothub/twin/PATCH/properties/desired/?$version=x",
        "devices/d/messages/devicebound/?$rid=1"}) {
    EXPECT_TRUE(std::holds_alternative<std::monostate>(parse_hub_topic(other))) << other;
  }
}

TEST(SasToken, SignsTheEncodedResourceAndTheExpiry) {
  const auto token =
      sign_sas_token("testhub.azure-devices.net/devices/devA", Secret("MDEyMzQ1Njc4OWFiY2RlZg=="),
                     from_unix_seconds(1'900'000'000));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->reveal(),
            "SharedAccessSignature sr=testhub.azure-devices.net%2Fdevices%2FdevA"
            "&sig=CXFl7tli6tKAtlpM56dlTgbGc5TW2RWTx2mna5Qr4vM%3D&se=1900000000");
  EXPECT_FALSE(sign_sas_token("x", Secret("not base64!"), Timestamp()));
}

TEST(ReconnectDelay, GrowsToAMinuteAndKeepsItsJitterInBounds) {
  using std::chrono::milliseconds;
  EXPECT_EQ(reconnect_delay(0, 0), milliseconds(500));
  EXPECT_EQ(reconnect_delay(0, 65'535), milliseconds(1000));
  EXPECT_EQ(reconnect_delay(3, 65'535), milliseconds(8000));
  EXPECT_EQ(reconnect_delay(50, 0), milliseconds(30'000));
  EXPECT_EQ(reconnect_delay(1'000'000, 65'535), milliseconds(60'000));
}

}  // namespace
}  // namespace ferry::agent
