// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <iostream>

#include "base/encoding.hpp"
#include "cli/exit_codes.hpp"
#include "cli/log_tail.hpp"
#include "cli/node_table.hpp"
#include "cli/table.hpp"

namespace ferry::cli {
namespace {

TEST(Table, AlignsColumnsWithoutTrailingBlanks) {
  Table table({"NAME", "STATE"});
  table.add({{"pump-7"}, {"online"}});
  table.add({{"a"}, {""}});
  EXPECT_EQ(table.render(0, false), "NAME    STATE\npump-7  online\na\n");
}

TEST(Table, CutsTheWidestColumnToFitTheTerminal) {
  Table table({"NAME", "ID"});
  table.add({{"hub"}, {"/subscriptions/00000000-0000-0000-0000-000000000000"}});
  const auto text = table.render(30, false);
  for (const auto& line : split(text, '\n')) EXPECT_LE(display_width(line), 30U) << line;
  EXPECT_NE(text.find("…"), std::string::npos);
  EXPECT_EQ(table.render(0, false).find("…"), std::string::npos);
}

TEST(Table, CountsCharactersAndNotBytes) {
  Table table({"A", "B"});
  table.add({{"grün"}, {"x"}});
  table.add({{"grau"}, {"y"}});
  EXPECT_EQ(table.render(0, false), "A     B\ngrün  x\ngrau  y\n");
}

TEST(Table, TextFromOutsideCannotDriveTheTerminal) {
  Table table({"A"});
  table.add({{"x\x1b[2Jy\nz"}});
  EXPECT_EQ(table.render(0, false), "A\nx [2Jy z\n");
}

TEST(Table, ColoursOnlyWhenAsked) {
  Table table({"A"});
  table.add({{"failed", Tone::bad}});
  EXPECT_EQ(table.render(0, false).find('\x1b'), std::string::npos);
  EXPECT_NE(table.render(0, true).find("\x1b[31mfailed\x1b[0m"), std::string::npos);
}

TEST(ExitCodes, AreNeverZeroAndTellCausesApart) {
  std::map<int, Code> seen;
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_NE(exit_code(code), 0);
    EXPECT_TRUE(seen.emplace(exit_code(code), code).second) << to_string(code);
  }
}

TEST(LogTail, ShowsOnlyWhatIsNew) {
  EXPECT_EQ(new_lines("", "a\nb\n"), "a\nb\n");
  EXPECT_EQ(new_lines("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(new_lines("a\nb\n", "b\nc\n"), "c\n");
  EXPECT_EQ(new_lines("a\nb\n", "x\ny\n"), "x\ny\n");
  EXPECT_EQ(new_lines("a\nab\n", "b\n"), "b\n");
}

json::object node(std::string_view text) {
  return parse_json_object(text).value();
}

TEST(Status, ShowsEachModuleOfEachNodeAndWhatIsWrong) {
  const ManualClock clock(parse_rfc3339("2026-11-22T10:10:00Z").value());
  const std::vector<json::object> nodes{
      node(R"({"name": "pump-7", "group": "line-1", "registered": true, "connected": true,
               "compositionVersion": 2,
               "desiredStatus": {"code": 500, "description": "cannot pull x"},
               "modules": [{"name": "sampler", "version": "1.0.0", "runtimeStatus": "running",
                            "restartCount": 0, "lastStartTime": "2026-11-22T10:00:00Z"},
                           {"name": "x", "version": "2.0.0", "runtimeStatus": "failed",
                            "exitCode": 3, "restartCount": 4}]})"),
      node(R"({"name": "pump-8", "group": "line-1", "registered": false, "modules": []})")};
  const auto text = show_status(nodes, clock, Terminal{std::cout, std::cerr});
  EXPECT_NE(text.find("sampler"), std::string::npos);
  EXPECT_NE(text.find("10m"), std::string::npos);
  EXPECT_NE(text.find("failed (exit code 3)"), std::string::npos);
  EXPECT_NE(text.find("pump-7: cannot pull x (code 500)"), std::string::npos);
  EXPECT_NE(text.find("not registered"), std::string::npos);
}

TEST(Status, ToleratesMembersOfOtherTypes) {
  const ManualClock clock{Timestamp()};
  const auto text = show_status({node(R"({"name": 7, "modules": [3, {"name": null}]})")}, clock,
                                Terminal{std::cout, std::cerr});
  EXPECT_NE(text.find("not registered"), std::string::npos);
}

}  // namespace
}  // namespace ferry::cli
