// SPDX-License-Identifier: Apache-2.0
#include "cli/node_batch.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "tests/cli/scratch.hpp"

namespace ferry::cli {
namespace {

TEST(NodeRows, AreReadWithAndWithoutAHeader) {
  const std::vector<NodeRow> expected{{"pump-1", "line-1"}, {"pump-2", "line-2"}};
  for (const char* text :
       {"pump-1,line-1\npump-2,line-2\n", "name,group\r\npump-1,line-1\r\npump-2,line-2\r\n",
        "\xEF\xBB\xBFsite,Group,Name\nx,line-1,pump-1\n\ny,line-2,\"pump-2\"\n"}) {
    const auto rows = parse_node_rows(text, "");
    ASSERT_TRUE(rows) << text << rows.error().describe();
    EXPECT_EQ(*rows, expected) << text;
  }
  const auto rows = parse_node_rows("name\npump-1\n", "line-9");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->front(), (NodeRow{"pump-1", "line-9"}));
}

TEST(NodeRows, WhatIsWrongIsNamedByItsLine) {
  for (const auto& [text, words] : std::vector<std::pair<std::string, std::string>>{
           {"pump-1\n", "line 1 has no group"},
           {"name,group\n,line-1\n", "line 2 has no name"},
           {"pump-1,a\npump-1,b\n", "line 2: 'pump-1' is there twice"}}) {
    const auto rows = parse_node_rows(text, "");
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().message, words);
  }
}

TEST(TokenFiles, SayWhatIsDoneAndWhatWasCutShort) {
  Scratch scratch;
  const auto path = scratch.path() / "tokens.csv";
  {
    auto file = TokenFile::open(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->begin_batch({{"pump-1", "g"}, {"pump-2", "g"}}));
    ASSERT_TRUE(file->end_batch({json::object{{"name", "pump-1"}, {"token", "fnt_secret"}}}));
    ASSERT_TRUE(file->begin_batch({{"pump-3", "g"}}));
  }  // ended here, before the answer came
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  auto again = TokenFile::open(path);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->has("pump-1"));
  EXPECT_FALSE(again->was_pending("pump-2")) << "it was answered, with an error";
  EXPECT_FALSE(again->has("pump-3"));
  EXPECT_TRUE(again->was_pending("pump-3"));
  ASSERT_TRUE(again->end_batch({json::object{{"name", "pump-3"}, {"token", "t"}}}));
  again->close();
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".pending"));
  EXPECT_NE(read_file(path)->find("pump-1,,,fnt_secret,"), std::string::npos);
  ASSERT_TRUE(write_file_atomically(path, "something else", 0600));
  EXPECT_FALSE(TokenFile::open(path)) << "nobody's file is overwritten";
}

}  // namespace
}  // namespace ferry::cli
