// SPDX-License-Identifier: Apache-2.0
#include "base/sqlite.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "base/file.hpp"
#include "base/id.hpp"

namespace ferry::sqlite {
namespace {

constexpr std::string_view kFirst =
    "CREATE TABLE item(name TEXT PRIMARY KEY, size INTEGER, data BLOB) STRICT";
constexpr std::string_view kSecond = "ALTER TABLE item ADD COLUMN note TEXT";

class SqliteTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(make_directories(directory_, 0700)); }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path directory_ = std::filesystem::temp_directory_path() / random_id("sqlite");
  std::filesystem::path path_ = directory_ / "test.db";
};

TEST_F(SqliteTest, KeepsTextNumbersBlobsAndNull) {
  auto database = Database::open(path_, std::array{kFirst}).value();
  const std::string blob("a\0b", 3);
  ASSERT_TRUE(database.execute("INSERT INTO item VALUES(?, ?, ?)", {"x", 7, Value::blob(blob)}));
  ASSERT_TRUE(database.execute("INSERT INTO item VALUES(?, ?, ?)", {"y", nullptr, nullptr}));
  const auto rows = database.query("SELECT name, size, data FROM item ORDER BY name").value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].number(1), 7);
  EXPECT_EQ(rows[0].text(2), blob);
  EXPECT_TRUE(rows[1].is_null(1));
}

TEST_F(SqliteTest, AppliesEachMigrationOnceAndRefusesAChangedOne) {
  ASSERT_TRUE(Database::open(path_, std::array{kFirst}));
  ASSERT_TRUE(Database::open(path_, std::array{kFirst, kSecond}));
  ASSERT_TRUE(Database::open(path_, std::array{kFirst, kSecond}));
  EXPECT_FALSE(Database::open(path_, std::array{kSecond, kFirst}));
  const auto older = Database::open(path_, std::array{kFirst});
  ASSERT_FALSE(older);
  EXPECT_NE(older.error().describe().find("newer version"), std::string::npos);
}

TEST_F(SqliteTest, RollsBackWhatIsNotCommitted) {
  auto database = Database::open(path_, std::array{kFirst}).value();
  {
    auto transaction = Transaction::begin(database).value();
    ASSERT_TRUE(database.execute("INSERT INTO item VALUES('x', 1, NULL)"));
  }
  EXPECT_FALSE(database.query_one("SELECT 1 FROM item").value().has_value());
  auto transaction = Transaction::begin(database).value();
  ASSERT_TRUE(database.execute("INSERT INTO item VALUES('x', 1, NULL)"));
  ASSERT_TRUE(transaction.commit());
  EXPECT_TRUE(database.query_one("SELECT 1 FROM item").value().has_value());
}

TEST_F(SqliteTest, ReportsAConflictAndADamagedFile) {
  auto database = Database::open(path_, std::array{kFirst}).value();
  ASSERT_TRUE(database.execute("INSERT INTO item VALUES('x', 1, NULL)"));
  EXPECT_EQ(database.execute("INSERT INTO item VALUES('x', 1, NULL)").error().code, Code::conflict);

  const auto damaged = directory_ / "damaged.db";
  std::ofstream(damaged) << std::string(4096, 'z');
  const auto opened = Database::open(damaged, std::array{kFirst});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().describe().find("damaged.db"), std::string::npos);
}

}  // namespace
}  // namespace ferry::sqlite
