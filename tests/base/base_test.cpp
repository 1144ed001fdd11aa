// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/id.hpp"
#include "base/json.hpp"

namespace ferry {
namespace {

RC_GTEST_PROP(Encodings, RoundTripAnyBytes, (const std::string& bytes)) {
  RC_ASSERT(base64_decode(base64_encode(bytes)).value() == bytes);
  RC_ASSERT(base64url_decode(base64url_encode(bytes)).value() == bytes);
  RC_ASSERT(hex_decode(hex_encode(bytes)).value() == bytes);
  RC_ASSERT(percent_decode(percent_encode(bytes)) == bytes);
  const auto fields = parse_form(format_form({{"a", bytes}, {"b", ""}}));
  RC_ASSERT(fields.size() == 2u);
  RC_ASSERT(fields[0].second == bytes);
}

RC_GTEST_PROP(Encodings, NeverCrashOnAnyText, (const std::string& text)) {
  (void)base64_decode(text);
  (void)hex_decode(text);
  (void)percent_decode(text);
  (void)parse_rfc3339(text);
  (void)parse_rfc1123(text);
  (void)parse_json(text);
}

TEST(Encodings, RefuseTextThatIsNotTheirs) {
  EXPECT_FALSE(base64_decode("abc"));
  EXPECT_FALSE(base64_decode("ab c"));
  EXPECT_FALSE(base64_decode("abc\n"));
  EXPECT_FALSE(hex_decode("0g"));
  EXPECT_EQ(percent_decode("100%"), "100%");
}

TEST(Digests, MatchPublishedVectors) {
  EXPECT_EQ(hex_encode(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  Sha256 pieces;
  pieces.update("a");
  pieces.update("bc");
  EXPECT_EQ(pieces.finish(), sha256("abc"));
}

TEST(Sealing, OpensOnlyWithItsKeyAndInItsPlace) {
  const std::string key = random_bytes(32);
  const std::string sealed = seal(key, "the secret", "table/row");
  EXPECT_EQ(unseal(key, sealed, "table/row").value(), "the secret");
  EXPECT_FALSE(unseal(random_bytes(32), sealed, "table/row"));
  EXPECT_FALSE(unseal(key, sealed, "table/other-row"));
  std::string changed = sealed;
  changed[15] ^= 1;
  EXPECT_FALSE(unseal(key, changed, "table/row"));
  EXPECT_FALSE(unseal(key, "short", "table/row"));
}

TEST(Times, RoundTripAndKnowTimeZones) {
  const Timestamp time = parse_rfc3339("2026-11-22T10:00:00.120Z").value();
  EXPECT_EQ(format_rfc3339(time), "2026-11-22T10:00:00.120Z");
  EXPECT_EQ(parse_rfc3339("2026-11-22T12:00:00.12+02:00").value(), time);
  EXPECT_EQ(format_rfc1123(time), "Sun, 22 Nov 2026 10:00:00 GMT");
  EXPECT_EQ(parse_rfc1123("Sun, 22 Nov 2026 10:00:00 GMT").value(),
            parse_rfc3339("2026-11-22T10:00:00Z").value());
  EXPECT_FALSE(parse_rfc3339("2026-02-30T10:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-02-20T10:00:00"));
}

TEST(Json, NamesTheMemberThatIsWrong) {
  const auto object = parse_json_object(R"({"a": 1, "b": null, "c": {"d": "x"}})").value();
  EXPECT_EQ(require_int(object, "a").value(), 1);
  const auto missing = require_string(object, "b");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("'b'"), std::string::npos);
  EXPECT_EQ(find_path(object, "c.d")->get_string(), "x");
  EXPECT_EQ(find_path(object, "c.x"), nullptr);
  EXPECT_FALSE(parse_json_object("[1]"));
  EXPECT_FALSE(parse_json(std::string(100, '[') + std::string(100, ']')));
}

TEST(Files, AreReplacedAsAWhole) {
  const auto directory = std::filesystem::temp_directory_path() / random_id("files");
  ASSERT_TRUE(make_directories(directory, 0700));
  const auto path = directory / "file";
  ASSERT_TRUE(write_file_atomically(path, "one", 0600));
  ASSERT_TRUE(write_file_atomically(path, "two", 0600));
  EXPECT_EQ(read_file(path).value(), "two");
  EXPECT_EQ(read_file(directory / "none").error().code, Code::not_found);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1);
  std::filesystem::remove_all(directory);
}

std::vector<std::string> probed;

TEST(Files, AreOnTheDiskBeforeTheCallSucceeds) {
  const auto directory = std::filesystem::temp_directory_path() / random_id("files");
  ASSERT_TRUE(make_directories(directory));
  const auto steps = [](auto&& work) {
    probed.clear();
    set_file_probe([](FileStep step, const std::filesystem::path&, const std::filesystem::path&) {
      constexpr const char* kNames[] = {"create", "write", "sync", "rename", "remove", "directory"};
      probed.emplace_back(kNames[static_cast<int>(step)]);
    });
    const auto done = work();
    set_file_probe(nullptr);
    EXPECT_TRUE(done);
    return probed;
  };
  using Steps = std::vector<std::string>;
  EXPECT_EQ(steps([&] { return write_file_atomically(directory / "a", "text", 0600); }),
            (Steps{"create", "write", "sync", "rename", "directory"}));
  EXPECT_EQ(steps([&] { return rename_file(directory / "a", directory / "b"); }),
            (Steps{"rename", "directory"}));
  EXPECT_EQ(read_file(directory / "b").value(), "text");
  EXPECT_EQ(steps([&] { return remove_file(directory / "b"); }), (Steps{"remove", "directory"}));
  EXPECT_EQ(steps([&] { return remove_file(directory / "b"); }), (Steps{"remove"}));
  EXPECT_FALSE(rename_file(directory / "a", directory / "b"));
  std::filesystem::remove_all(directory);
}

TEST(FileLocks, HaveOneOwner) {
  const auto path = std::filesystem::temp_directory_path() / random_id("lock");
  {
    const auto first = FileLock::acquire(path);
    ASSERT_TRUE(first);
    EXPECT_EQ(FileLock::acquire(path).error().code, Code::conflict);
  }
  EXPECT_TRUE(FileLock::acquire(path));
  std::filesystem::remove(path);
}

TEST(Errors, TellTheirStoryOutermostFirst) {
  Error error{Code::conflict, "name taken"};
  error = std::move(error).with("PUT {}", "/x").with("create IoT hub {}", "h");
  error = std::move(error).advise("choose another name");
  EXPECT_EQ(error.describe(), "create IoT hub h: PUT /x: name taken (choose another name)");
}

}  // namespace
}  // namespace ferry
