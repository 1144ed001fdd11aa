// SPDX-License-Identifier: Apache-2.0
#include "drydock/iot_hub/query.hpp"

#include "drydock/iot_hub/query_aggregation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace drydock::iot_hub::query {
namespace {

class JsonSource final : public Source {
 public:
  explicit JsonSource(std::string_view text) : value_(ferry::parse_json(text).value()) {}
  Found find(const Path& path) const override {
    const json::value* value = &value_;
    for (const std::string& name : path) {
      const json::object* object = value ? value->if_object() : nullptr;
      value = object ? object->if_contains(name) : nullptr;
    }
    return {value, std::nullopt};
  }

 private:
  json::value value_;
};

const JsonSource& twin() {
  static const JsonSource source(R"({"deviceId": "crane-07", "connectionState": "Connected",
    "capabilities": {"iotEdge": true},
    "tags": {"site": "north", "floor": 3, "quote": "it's", "odd name": 1},
    "properties": {"desired": {"$version": 5}, "reported": {"code": 200, "ratio": 0.5,
      "lastDesiredVersion": 5, "list": [1, "a"], "nothing": null}},
    "configurations": {"base-7": {"status": "Applied"}}})");
  return source;
}

struct Case {
  const char* condition;
  Truth truth;
};
class QueryCondition : public testing::TestWithParam<Case> {};

TEST_P(QueryCondition, IsEvaluated) {
  const auto parsed = parse_condition(GetParam().condition);
  ASSERT_TRUE(parsed) << parsed.error().describe();
  EXPECT_EQ(evaluate(*parsed, twin()), GetParam().truth) << GetParam().condition;
}

INSTANTIATE_TEST_SUITE_P(
    Grammar, QueryCondition,
    testing::Values(
        Case{"*", Truth::yes}, Case{"tags.site = 'north'", Truth::yes},
        Case{"tags.site='south'", Truth::no}, Case{"tags.site != 'south'", Truth::yes},
        Case{"tags.site <> 'north'", Truth::no}, Case{"tags.quote = 'it''s'", Truth::yes},
        Case{"tags.site = \"north\"", Truth::yes}, Case{"tags.[[odd name]] = 1", Truth::yes},
        Case{"configurations.[[base-7]].status = 'Applied'", Truth::yes},
        Case{"tags.floor >= 3 and tags.floor < 4", Truth::yes},
        Case{"tags.floor > 3 or tags.site = 'north'", Truth::yes},
        Case{"properties.reported.ratio <= 0.5", Truth::yes},
        Case{"properties.reported.ratio > -1", Truth::yes}, Case{"tags.floor = 3.0", Truth::yes},
        Case{"NOT tags.site = 'north'", Truth::no},
        Case{"not (tags.site = 'a' OR tags.floor = 1)", Truth::yes},
        Case{"tags.site = 'x' or tags.site = 'north' and tags.floor = 3", Truth::yes},
        Case{"(tags.site = 'x' or tags.site = 'north') and tags.floor = 4", Truth::no},
        Case{"tags.site in ['south', 'north']", Truth::yes},
        Case{"tags.site IN ['south']", Truth::no}, Case{"tags.site nin ['south']", Truth::yes},
        Case{"deviceId in ('crane-07')", Truth::yes}, Case{"is_defined(tags.site)", Truth::yes},
        Case{"IS_DEFINED(tags.none)", Truth::no}, Case{"not is_defined(tags.none)", Truth::yes},
        Case{"startswith(deviceId, 'crane')", Truth::yes},
        Case{"STARTSWITH(tags.floor, '3')", Truth::undefined},
        Case{"endswith(deviceId, '07')", Truth::yes}, Case{"contains(deviceId, 'ne-')", Truth::yes},
        Case{"array_contains(properties.reported.list, 'a')", Truth::yes},
        Case{"capabilities.iotEdge = true", Truth::yes}, Case{"capabilities.iotEdge", Truth::yes},
        Case{"devices.deviceId = 'crane-07'", Truth::yes},
        Case{"properties.desired.$version = properties.reported.lastDesiredVersion", Truth::yes},
        // What is missing is not selected, whichever way one asks.
        Case{"tags.none = 1", Truth::undefined}, Case{"tags.none != 1", Truth::undefined},
        Case{"not tags.none = 1", Truth::undefined},
        Case{"tags.none = 1 or tags.floor = 3", Truth::yes},
        Case{"tags.none = 1 and tags.floor = 4", Truth::no},
        Case{"tags.site = 3", Truth::undefined},
        Case{"properties.reported.nothing = null", Truth::yes},
        Case{"tags.floor * 2 + 1 = 7", Truth::yes}, Case{"1 + tags.floor * 2 = 8", Truth::no},
        Case{"10 - tags.floor - 2 = 5", Truth::yes}, Case{"(tags.floor + 1) % 3 = 1", Truth::yes},
        Case{"tags.floor / 2 = 1.5", Truth::yes}, Case{"tags.floor / 0 = 1", Truth::undefined},
        Case{"tags.site + 1 = 1", Truth::undefined}, Case{"tags.floor-1 = 2", Truth::yes},
        Case{"tags.floor > -4", Truth::yes}, Case{"tags.quote = 'it\\'s'", Truth::yes},
        Case{"as_number('12.5') > 12", Truth::yes},
        Case{"as_number(tags.site) > 1", Truth::undefined},
        Case{"abs(0 - tags.floor) = 3 and power(2, 3) = 8 and square(3) = 9", Truth::yes},
        Case{"ceiling(1.2) = 2 and floor(1.8) = 1 and sign(-3) = -1 and sqrt(9) = 3", Truth::yes},
        Case{"exp(0) = 1", Truth::yes}, Case{"sqrt(-1) = 1", Truth::undefined},
        Case{"is_array(properties.reported.list)", Truth::yes},
        Case{"is_null(properties.reported.nothing)", Truth::yes},
        Case{"is_number(tags.none)", Truth::no}, Case{"is_object(tags)", Truth::yes},
        Case{"is_string(tags.site) and is_bool(capabilities.iotEdge)", Truth::yes},
        Case{"is_primitive(tags.floor)", Truth::yes},
        Case{"concat(tags.site, '-', deviceId) = 'north-crane-07'", Truth::yes},
        Case{"length(tags.site) = 5 and length('\xC3\xA4') = 1", Truth::yes},
        Case{"upper(tags.site) = 'NORTH' and lower('AB') = 'ab'", Truth::yes},
        Case{"substring(deviceId, 6) = '07' and substring(deviceId, 0, 5) = 'crane'", Truth::yes},
        Case{"index_of(deviceId, '-') = 5 and index_of(deviceId, 'x') = -1", Truth::yes}));

class QueryMalformed : public testing::TestWithParam<const char*> {};
TEST_P(QueryMalformed, IsRefused) {
  EXPECT_FALSE(parse_condition(GetParam())) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Grammar, QueryMalformed,
    testing::Values("", "tags.site =", "= 'x'", "tags.site = 'x", "tags.site == 'x'", "(tags.a = 1",
                    "tags.a = 1)", "tags.a = 1 and", "tags..a = 1", "tags.[[a = 1", "tags.a in []",
                    "tags.a in [1", "nothing(tags.a)", "is_defined('a')", "startswith(a)",
                    "tags.a = 1 tags.b = 2", "tags.a & 1", "tags.a = 1e", "* and 1", "1 +",
                    "abs() = 1", "abs(1, 2) = 1", "substring('a') = 'a'", "tags.a = --1"));

TEST(QuerySelect, KnowsTheQueriesOfTheTools) {
  for (const char* text :
       {"select * from devices where capabilities.iotEdge = true",
        "select * from devices where deviceId in ['a','b']",
        "select * from devices.modules where devices.deviceId = 'crane-07'",
        "select * from devices.modules where deviceId = 'x' and moduleId = '$edgeAgent'",
        "SELECT count() AS numberOfDevices FROM devices",
        "select deviceId, tags.site as place from devices",
        "select deviceId from devices.modules where moduleId = '$edgeAgent' and "
        "configurations.[[base-7]].status = 'Applied' and properties.desired.$version = "
        "properties.reported.lastDesiredVersion and properties.reported.lastDesiredStatus.code != "
        "200",
        "SELECT TOP 5 * FROM devices"}) {
    const auto parsed = parse_select(text);
    EXPECT_TRUE(parsed) << text << ": " << parsed.error().describe();
  }
}

TEST(QuerySelect, RefusesWhatIsNone) {
  for (const char* text :
       {"", "select", "select from devices", "select * from", "select * devices",
        "select * from cars", "select top 0 * from devices", "select * from devices where",
        "select count(), deviceId from devices", "select * from devices group by tags.a",
        "select tags.b from devices group by tags.a", "select deviceId from devices.jobs",
        "select count() from devices.jobs", "select sum() from devices"}) {
    const auto parsed = parse_select(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ferry::Code::invalid_argument) << text;
  }
}

TEST(Query, NestingIsLimited) {
  const std::string deep = std::string(5000, '(') + "a = 1" + std::string(5000, ')');
  EXPECT_FALSE(parse_condition(deep));
  std::string nots;
  for (int i = 0; i < 5000; ++i) nots += "not ";
  EXPECT_FALSE(parse_condition(nots + "a = 1"));
  std::string calls;
  for (int i = 0; i < 500; ++i) calls += "lower(";
  EXPECT_FALSE(parse_condition(calls));
  std::string contained;
  for (int i = 0; i < 500; ++i) contained += "contains(";
  EXPECT_FALSE(parse_condition(contained));
  std::string sum = "1";
  for (int i = 0; i < 500; ++i) sum += "+1";
  EXPECT_FALSE(parse_condition(sum + " = 501"));
}

// The rows of a query over objects that stand for twins.
std::string rows(std::string_view text, std::initializer_list<const char*> twins) {
  const auto select = parse_select(text);
  if (!select) return select.error().describe();
  Aggregation aggregation(*select);
  for (const char* each : twins) {
    aggregation.add(JsonSource(each));
  }
  return json::serialize(aggregation.rows());
}

TEST(QueryAggregation, CountsAndComputesByGroup) {
  EXPECT_EQ(rows("select tags.site as site, count() as n, sum(t) as sum, avg(t) as avg, min(t) as "
                 "min, max(t) as max from devices group by tags.site",
                 {R"({"tags":{"site":"b"},"t":1})", R"({"tags":{"site":"a"},"t":2})",
                  R"({"tags":{"site":"b"},"t":2.5})", R"({"tags":{"site":"b"},"t":"x"})",
                  R"({"tags":{}})"}),
            R"([{"site":"a","n":1,"sum":2,"avg":2,"min":2,"max":2},)"
            R"({"site":"b","n":3,"sum":3.5E0,"avg":1.75E0,"min":1,"max":2.5E0},)"
            R"({"n":1,"sum":0}])");
}

TEST(QueryAggregation, IsOneRowWithoutGroups) {
  EXPECT_EQ(rows("select count() as all from devices", {}), R"([{"all":0}])");
  EXPECT_EQ(rows("select count(), max(t) from devices", {R"({"t":1})", R"({"t":3})"}),
            R"([{"count":2,"max":3}])");
}

TEST(Query, FindsTheOnlyDevice) {
  EXPECT_EQ(only_device(*parse_condition("deviceId = 'x' and tags.a = 1")), "x");
  EXPECT_EQ(only_device(*parse_condition("tags.a = 1 and ('y' = deviceId)")), "y");
  EXPECT_FALSE(only_device(*parse_condition("deviceId = 'x' or tags.a = 1")));
  EXPECT_FALSE(only_device(*parse_condition("not deviceId = 'x'")));
}

TEST(Query, KnowsWhatItReads) {
  EXPECT_TRUE(reads(*parse_condition("tags.a = 1 and properties.reported.b = 2"),
                    {"properties", "reported"}));
  EXPECT_FALSE(reads(*parse_condition("tags.a = 1"), {"properties", "reported"}));
}

RC_GTEST_PROP(Query, SurvivesAnyText, ()) {
  const auto words =
      *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{
          "select", "*", "from", "devices", "where", "not",        "and", "or", "in", "(",
          ")",      "[", "]",    "[[",      "]]",    ".",          ",",   "=",  "<",  "'a'",
          "\"",     "1", "-",    "tags",    "count", "is_defined", "top", " ",  "#"}));
  std::string text;
  for (const auto& word : words) text += word + " ";
  static_cast<void>(parse_select(text));
  const auto condition = parse_condition(text);
  if (condition) static_cast<void>(evaluate(*condition, twin()));
}

}  // namespace
}  // namespace drydock::iot_hub::query
