// SPDX-License-Identifier: Apache-2.0
#include "store/master_key.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "store/migrations.hpp"
#include "store/migrations/0001_fleet.hpp"
#include "store/rotation.hpp"
#include "store/store.hpp"

namespace ferry::store {
namespace {

using Kind = MasterKeySource::Kind;

class MasterKeyTest : public testing::Test {
 protected:
  MasterKeyTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-key-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~MasterKeyTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  void keep_secret() {
    auto store = Store::open(directory_);
    ASSERT_TRUE(store) << store.error().describe();
    ASSERT_TRUE((*store)->secrets.put("acct-1", "client-secret", Secret("correct horse")));
  }
  std::string secret_with(std::optional<MasterKeySource> source = {}) {
    auto store = Store::open(directory_, std::move(source));
    if (!store) return store.error().describe();
    auto secret = (*store)->secrets.get("acct-1", "client-secret");
    return secret && *secret ? (*secret)->reveal() : "nothing";
  }
  std::filesystem::path key_file() const { return directory_ / "master.key"; }
  std::string key() const { return *read_file(key_file()); }
  void write_key(const std::filesystem::path& path, std::string_view text) {
    ASSERT_TRUE(write_file_atomically(path, text, 0600));
  }
  std::filesystem::path directory_;
};

TEST_F(MasterKeyTest, IsReadInThreeForms) {
  const std::string bytes = random_bytes(32);
  for (const auto& form : {bytes, hex_encode(bytes) + "\n", base64_encode(bytes) + "\n"}) {
    write_key(key_file(), form);
    auto key = load_master_key({Kind::file, key_file().string()});
    ASSERT_TRUE(key) << key.error().describe();
    EXPECT_EQ(key->reveal(), bytes);
  }
  write_key(key_file(), "not a key at all, but a long secret text");
  auto bad = load_master_key({Kind::file, key_file().string()});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().describe().find("secret text"), std::string::npos);
}

TEST_F(MasterKeyTest, ComesFromAVariableAndLeavesTheEnvironment) {
  const std::string bytes = random_bytes(32);
  ::setenv("FERRY_TEST_MASTER_KEY", hex_encode(bytes).c_str(), 1);
  auto key = load_master_key({Kind::environment, "FERRY_TEST_MASTER_KEY"});
  ASSERT_TRUE(key) << key.error().describe();
  EXPECT_EQ(key->reveal(), bytes);
  EXPECT_EQ(::getenv("FERRY_TEST_MASTER_KEY"), nullptr);
  EXPECT_EQ(load_master_key({Kind::environment, "FERRY_TEST_MASTER_KEY"}).error().code,
            Code::not_found);
}

TEST_F(MasterKeyTest, ComesFromACommandWhoseOutputIsNeverRepeated) {
  const std::string hex = hex_encode(random_bytes(32));
  auto key = load_master_key({Kind::command, "echo " + hex});
  ASSERT_TRUE(key) << key.error().describe();
  EXPECT_EQ(hex_encode(key->reveal()), hex);
  auto failed = load_master_key({Kind::command, "echo hidden; echo reason >&2; exit 3"});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().describe().find("code 3: reason"), std::string::npos);
  EXPECT_EQ(failed.error().describe().find("hidden"), std::string::npos);
}

TEST_F(MasterKeyTest, SourcesAreNamedByTheirKind) {
  EXPECT_EQ(parse_master_key_source("file:/a b")->where, "/a b");
  EXPECT_EQ(parse_master_key_source("env:NAME")->kind, Kind::environment);
  EXPECT_EQ(parse_master_key_source("command:vault read x")->where, "vault read x");
  for (const char* wrong : {"", "file:", "/path", "vault:x"}) {
    EXPECT_FALSE(parse_master_key_source(wrong)) << wrong;
  }
}

// The layout that the first version wrote: secrets sealed with the master key itself.
TEST_F(MasterKeyTest, DataOfTheFirstVersionOpensUnchanged) {
  const std::string master = random_bytes(32);
  write_key(key_file(), master);
  {
    const std::string_view first[] = {k0001Fleet};
    auto database = sqlite::Database::open(directory_ / "ferry.db", first);
    ASSERT_TRUE(database);
    const std::string sealed = seal(master, "correct horse", "secrets/value/acct-1/client-secret");
    ASSERT_TRUE(database->execute("INSERT INTO secrets(owner, name, value) VALUES(?, ?, ?)",
                                  {"acct-1", "client-secret", sqlite::Value::blob(sealed)}));
  }
  EXPECT_EQ(secret_with(), "correct horse");
  EXPECT_EQ(secret_with(), "correct horse");
  EXPECT_EQ(key(), master);
}

TEST_F(MasterKeyTest, IsNotMadeAnewForDataThatIsSealed) {
  keep_secret();
  std::filesystem::remove(key_file());
  auto opened = Store::open(directory_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::not_found);
  EXPECT_FALSE(std::filesystem::exists(key_file()));
}

TEST_F(MasterKeyTest, ChangesInPlaceAndRefusesTheOldOne) {
  keep_secret();
  const std::string old_key = key();
  auto fingerprint = rotate_master_key(directory_, {}, {});
  ASSERT_TRUE(fingerprint) << fingerprint.error().describe();
  EXPECT_NE(key(), old_key);
  EXPECT_EQ(*fingerprint, fingerprint_of(Secret(key())));
  EXPECT_EQ(secret_with(), "correct horse");
  write_key(directory_ / "old", old_key);
  EXPECT_NE(secret_with(MasterKeySource{Kind::file, (directory_ / "old").string()})
                .find("does not open the data"),
            std::string::npos);
}

TEST_F(MasterKeyTest, NothingSealedUnderTheOldKeyStaysInTheFiles) {
  keep_secret();
  const std::string old_key = key();
  std::string old_wrapped;
  {
    auto store = Store::open(directory_);
    auto database = sqlite::Database::open(directory_ / "ferry.db", migrations());
    ASSERT_TRUE(database);
    old_wrapped = (*database->query_one("SELECT wrapped FROM data_keys"))->text(0);
  }
  ASSERT_TRUE(rotate_master_key(directory_, {}, {}));
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const std::string content = *read_file(entry.path());
    EXPECT_EQ(content.find(old_wrapped), std::string::npos) << entry.path();
    EXPECT_EQ(content.find(old_key), std::string::npos) << entry.path();
  }
}

TEST_F(MasterKeyTest, MovesFromAFileToACommand) {
  keep_secret();
  const MasterKeySource command{Kind::command, "echo " + hex_encode(random_bytes(32))};
  ASSERT_TRUE(rotate_master_key(directory_, {}, command));
  EXPECT_EQ(secret_with(command), "correct horse");
  EXPECT_NE(secret_with(), "correct horse");
  EXPECT_FALSE(rotate_master_key(directory_, command, {})) << "the same command, the same key";
}

// A rotation that died after each of its steps.
TEST_F(MasterKeyTest, AnInterruptedChangeIsTakenBackOrCompleted) {
  keep_secret();
  const std::string old_key = key();
  const std::string new_key = random_bytes(32);
  const auto next = key_file().string() + ".next";

  write_key(next, new_key);  // died before the database was changed
  EXPECT_EQ(secret_with(), "correct horse");
  EXPECT_FALSE(std::filesystem::exists(next));
  EXPECT_EQ(key(), old_key);

  write_key(next, new_key);  // died between the database and the file
  {
    auto database = sqlite::Database::open(directory_ / "ferry.db", migrations());
    ASSERT_TRUE(database);
    ASSERT_TRUE(seal_under(*database, Secret(old_key), Secret(new_key)));
  }
  EXPECT_EQ(secret_with(), "correct horse");
  EXPECT_EQ(key(), new_key);
  EXPECT_FALSE(std::filesystem::exists(next));

  write_key(next, new_key);  // died before the spare copy was removed
  EXPECT_EQ(secret_with(), "correct horse");
  EXPECT_FALSE(std::filesystem::exists(next));
}

}  // namespace
}  // namespace ferry::store
