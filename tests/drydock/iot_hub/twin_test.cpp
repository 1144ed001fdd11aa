// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/twin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace drydock::iot_hub {
namespace {

json::object object_of(std::string_view text) {
  return ferry::parse_json_object(text).value();
}

json::value any_value(int depth, bool with_nulls) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 6 : 4);
  if (kind == 0) return *rc::gen::inRange(-5, 5);
  if (kind == 1) return json::value(*rc::gen::elementOf(std::vector<std::string>{"", "a", "b"}));
  if (kind == 2) return *rc::gen::arbitrary<bool>();
  if (kind == 3) return with_nulls ? json::value(nullptr) : json::value(0.5);
  if (kind == 4) return json::array{1, "x"};
  json::object object;
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    object[*rc::gen::elementOf(std::vector<std::string>{"a", "b", "c", "d"})] =
        any_value(depth - 1, with_nulls);
  }
  return object;
}

json::object any_object(bool with_nulls) {
  json::object object;
  const int count = *rc::gen::inRange(0, 5);
  for (int i = 0; i < count; ++i) {
    object[*rc::gen::elementOf(std::vector<std::string>{"a", "b", "c", "d", "e"})] =
        any_value(3, with_nulls);
  }
  return object;
}

RC_GTEST_PROP(TwinMerge, DifferenceLeadsFromOneToTheOther, ()) {
  const auto from = any_object(false);
  const auto to = any_object(false);
  RC_ASSERT(merge_patch(from, difference(from, to)) == to);
}

RC_GTEST_PROP(TwinMerge, TheSamePatchTwiceChangesNothingMore, ()) {
  const auto target = any_object(false);
  const auto patch = any_object(true);
  const auto once = merge_patch(target, patch);
  RC_ASSERT(merge_patch(once, patch) == once);
}

RC_GTEST_PROP(TwinMerge, LeavesNoNulls, ()) {
  const auto patch = any_object(true);
  const auto merged = merge_patch(any_object(false), patch);
  RC_ASSERT(without_nulls(merged) == merged);
}

RC_GTEST_PROP(TwinMerge, NothingDiffersFromItself, ()) {
  const auto values = any_object(false);
  RC_ASSERT(difference(values, values).empty());
}

TEST(TwinMerge, NullRemovesAndArraysReplace) {
  const auto merged = merge_patch(object_of(R"({"a": {"b": 1, "c": 2}, "d": [1, 2], "e": 1})"),
                                  object_of(R"({"a": {"b": null}, "d": [3], "e": null})"));
  EXPECT_EQ(merged, object_of(R"({"a": {"c": 2}, "d": [3]})"));
}

TEST(TwinSection, CountsVersionsAndStampsWhatChanged) {
  Section section;
  const auto first = ferry::parse_rfc3339("2026-11-22T10:00:00Z").value();
  apply_patch(section, object_of(R"({"a": {"b": 1}, "c": 2})"), first);
  EXPECT_EQ(section.version, 2);
  apply_patch(section, object_of(R"({"c": 3})"), first + std::chrono::hours(1));
  EXPECT_EQ(section.version, 3);
  const json::value whole = section_with_metadata(section);
  EXPECT_EQ(*ferry::find_path(whole, "$metadata.a.b.$lastUpdatedVersion"), 2);
  EXPECT_EQ(*ferry::find_path(whole, "$metadata.c.$lastUpdatedVersion"), 3);
  EXPECT_EQ(*ferry::find_path(whole, "$version"), 3);
  apply_patch(section, object_of(R"({"a": null})"), first);
  EXPECT_FALSE(section.metadata.contains("a"));
  EXPECT_FALSE(section_with_version(section).contains("$metadata"));
}

TEST(TwinSection, SurvivesStorage) {
  Twin twin = new_twin(ferry::from_unix_seconds(1'795'000'000));
  twin.tags = object_of(R"({"site": "north"})");
  apply_patch(twin.reported, object_of(R"({"x": [1, {"y": 2}]})"), ferry::from_unix_seconds(1));
  twin.configurations["base-7"] = "Applied";
  const Twin again = twin_from_storage(to_storage(twin));
  EXPECT_EQ(to_storage(again), to_storage(twin));
}

// One object in another, `depth` of them inside the section.
std::string nested(int depth) {
  std::string text = R"({"property":1})";
  for (int i = 0; i < depth; ++i) text = R"({"one":)" + text + "}";
  return text;
}

struct Bad {
  std::string values;
  const char* why;
};
class TwinRefusal : public testing::TestWithParam<Bad> {};
TEST_P(TwinRefusal, IsArgumentInvalid) {
  const auto valid = validate_values(object_of(GetParam().values));
  ASSERT_FALSE(valid) << GetParam().why;
  EXPECT_EQ(valid.error().number, 400004);
}
INSTANTIATE_TEST_SUITE_P(
    Rules, TwinRefusal,
    testing::Values(Bad{R"({"a.b": 1})", "dot"}, Bad{R"({"$a": 1})", "dollar"},
                    Bad{R"({"a b": 1})", "blank"}, Bad{R"({"a": [{"b.c": 1}]})", "inside an array"},
                    Bad{"{\"a\\u0001\": 1}", "control character"}, Bad{R"({"": 1})", "empty"},
                    Bad{R"({"a": 4503599627370496})", "too large"},
                    Bad{R"({"a": -4503599627370497})", "too small"},
                    Bad{R"({"a": 18446744073709551615})", "unsigned"},
                    Bad{"{\"a\": \"" + std::string(4097, 'x') + "\"}", "long string"},
                    Bad{"{\"" + std::string(1025, 'k') + "\": 1}", "long key"},
                    Bad{"{\"a\xC2\x85\": 1}", "control character of C1"}, Bad{nested(11), "deep"}));

TEST(TwinLimits, AreTheHubs) {
  EXPECT_TRUE(validate_values(object_of(R"({"a": 4503599627370495, "b": -4503599627370496})")));
  EXPECT_TRUE(validate_values(object_of(nested(10)))) << "as in the hub's documentation";
  json::object large;
  for (int i = 0; i < 8; ++i) large[fmt::format("k{}", i)] = std::string(4094, 'x');
  EXPECT_TRUE(validate_size(large, kSectionLimit, "properties.desired"));
  large["z"] = "";
  const auto fits = validate_size(large, kSectionLimit, "properties.desired");
  ASSERT_FALSE(fits);
  EXPECT_EQ(fits.error().number, 403100);
}

TEST(TwinLimits, CountKeysAndValuesAlone) {
  const auto size_is = [](std::string_view values, std::size_t size) {
    return validate_size(object_of(values), size, "tags") &&
           !validate_size(object_of(values), size - 1, "tags");
  };
  EXPECT_TRUE(size_is(R"({"ab": "cde"})", 5));
  EXPECT_TRUE(size_is(R"({"n": 1.25, "m": 7})", 18));
  EXPECT_TRUE(size_is(R"({"b": true})", 5));
  EXPECT_TRUE(size_is(R"({"o": {"p": [1, "xy"]}})", 12));
  EXPECT_TRUE(size_is("{\"t\": \"a\\nb\xC2\x85\"}", 3)) << "without control characters";
  EXPECT_TRUE(size_is("{\"t\": \"\xC3\xA4\"}", 3)) << "in UTF-8";
}

TEST(TwinEtag, IsAnEightByteCounter) {
  EXPECT_EQ(twin_etag(1), "AAAAAAAAAAE=");
}

}  // namespace
}  // namespace drydock::iot_hub
