// SPDX-License-Identifier: Apache-2.0
#include "agent/log_selection.hpp"

#include <gtest/gtest.h>

#include "tests/agent/samples.hpp"

namespace ferry::agent {
namespace {

Result<LogQuestion> ask(std::string_view text) {
  return parse_log_question(parse_json(text).value(), kNow);
}

TEST(LogQuestion, ReadsOneItemOrMany) {
  const auto one = ask(R"({"schemaVersion":"1.0","items":{"id":"pump","filter":{"tail":100,
      "since":"10m","loglevel":4,"regex":"err"}},"encoding":"none","contentType":"text"})");
  ASSERT_TRUE(one);
  ASSERT_EQ(one->items.size(), 1u);
  EXPECT_EQ(one->items[0].tail, 100);
  EXPECT_EQ(one->items[0].since, unix_seconds(kNow) - 600);
  EXPECT_EQ(one->items[0].log_level, 4);
  EXPECT_EQ(ask(R"({"items":[{"id":"a"},{"id":"b"}]})")->items.size(), 2u);
}

TEST(LogQuestion, RefusesWhatItCannotAnswer) {
  for (const auto* text : {"5", "{}", R"({"items":[{"x":1}]})", R"({"items":[7]})",
                           R"({"items":[{"id":"a"}],"encoding":"gzip"})",
                           R"({"items":[{"id":"a"}],"contentType":"xml"})",
                           R"({"items":[{"id":"a","filter":{"since":"soon"}}]})",
                           R"({"items":[{"id":"a","filter":{"tail":-1}}]})",
                           R"({"schemaVersion":"2.0","items":[{"id":"a"}]})"}) {
    EXPECT_FALSE(ask(text)) << text;
  }
}

TEST(Moment, IsADurationATimeOrANumber) {
  const auto now = unix_seconds(kNow);
  EXPECT_EQ(parse_moment("1h 30m", kNow).value(), now - 5400);
  EXPECT_EQ(parse_moment("2 days", kNow).value(), now - 172'800);
  EXPECT_EQ(parse_moment("1700000000", kNow).value(), 1'700'000'000);
  EXPECT_EQ(parse_moment("2026-11-22T10:00:00Z", kNow).value(), 1'795'341'600);
  for (const auto* text : {"", "m", "10x", "10m later", "-5m"}) {
    EXPECT_FALSE(parse_moment(text, kNow)) << text;
  }
}

TEST(SelectModules, MatchesWholeNames) {
  const std::vector<std::string> names = {"pump", "pump-2", "edgeX"};
  EXPECT_EQ(select_modules("pump", names).value(), std::vector<std::string>({"pump"}));
  EXPECT_EQ(select_modules("pump|edge.*", names).value(),
            std::vector<std::string>({"pump", "edgeX"}));
  EXPECT_FALSE(select_modules("(", names));
  EXPECT_FALSE(select_modules(std::string(2000, 'a'), names));
}

TEST(FilterLines, KeepsLevelAndPattern) {
  const std::string text = "<6> info err\n<4> warn\n<4> warn err\nplain err";
  LogItem item;
  EXPECT_EQ(filter_lines(item, text).value(), text);
  item.regex = "err$";
  EXPECT_EQ(filter_lines(item, text).value(), "<6> info err\n<4> warn err\nplain err");
  item.log_level = 4;
  EXPECT_EQ(filter_lines(item, text).value(), "<4> warn err\n");
  EXPECT_EQ(filter_lines(item, "").value(), "");
}

TEST(FilterLines, SurvivesLongLinesAndExplodingPatterns) {
  LogItem item;
  item.regex = "(a|b|ab)*c";
  EXPECT_TRUE(filter_lines(item, std::string(200'000, 'x') + "\n"));
  item.regex = "(a*)*(a*)*b";
  const auto result = filter_lines(item, std::string(300, 'a') + "\n");
  EXPECT_TRUE(!result || result->empty());
}

}  // namespace
}  // namespace ferry::agent
