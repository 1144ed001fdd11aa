// SPDX-License-Identifier: Apache-2.0
#include "cli/profile.hpp"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/cli/scratch.hpp"

namespace ferry::cli {
namespace {

constexpr std::string_view kFile = R"({"url": "https://127.0.0.1:7443/", "token": "from-file"})";

TEST(Profile, EnvironmentVariablesOverrideEveryFile) {
  Scratch scratch;
  const auto file = scratch.write("p.json", kFile);
  const auto profile =
      resolve_profile(fake_environment({{"FERRY_URL", "https://ferry.example:8443/"},
                                        {"FERRY_TOKEN", "from-environment"},
                                        {"FERRY_CA_FILE", "/ca.pem"},
                                        {"FERRY_PROFILE", file.string()}}));
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->url, "https://ferry.example:8443");
  EXPECT_EQ(profile->token.reveal(), "from-environment");
  EXPECT_EQ(profile->ca_file, "/ca.pem");
}

TEST(Profile, ANamedFileOverridesTheUsersOwn) {
  Scratch scratch;
  const auto file = scratch.write("p.json", kFile);
  scratch.write("config/ferry/profile.json", R"({"url": "https://other", "token": "other"})");
  const auto config = (scratch.path() / "config").string();
  auto profile = resolve_profile(
      fake_environment({{"FERRY_PROFILE", file.string()}, {"XDG_CONFIG_HOME", config}}));
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->token.reveal(), "from-file");
  profile = resolve_profile(fake_environment({{"XDG_CONFIG_HOME", config}}));
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->token.reveal(), "other");
}

TEST(Profile, HalfOfTheEnvironmentIsAnErrorAndNotAFallback) {
  const auto profile = resolve_profile(fake_environment({{"FERRY_URL", "https://x"}}));
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().code, Code::invalid_argument);
  EXPECT_NE(profile.error().message.find("FERRY_TOKEN"), std::string::npos);
}

TEST(Profile, WithoutAnyTheErrorSaysWhatToDo) {
  Scratch scratch;
  const auto profile = resolve_profile(fake_environment({{"HOME", scratch.path().string()}}));
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().code, Code::not_found);
  EXPECT_NE(profile.error().hint.find("ferry up"), std::string::npos);
}

TEST(Profile, ADamagedFileIsNamedAndItsTokenIsNot) {
  Scratch scratch;
  const auto broken = scratch.write("p.json", R"({"token": "very-secret")");
  const auto profile = load_profile(broken);
  ASSERT_FALSE(profile);
  EXPECT_NE(profile.error().describe().find("p.json"), std::string::npos);
  EXPECT_EQ(profile.error().describe().find("very-secret"), std::string::npos);
  EXPECT_FALSE(load_profile(scratch.write("q.json", R"({"url": "https://x"})")));
}

TEST(Profile, IsSavedForItsOwnerAloneAndReadsBack) {
  Scratch scratch;
  Profile profile;
  profile.url = "https://127.0.0.1:7443";
  profile.token = Secret("t");
  profile.ca_file = "/d/ca.pem";
  profile.drydock_environment = "/d/environment.json";
  const auto path = scratch.path() / "new" / "profile.json";
  ASSERT_TRUE(save_profile(path, profile));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto loaded = load_profile(path);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->url, profile.url);
  EXPECT_EQ(loaded->drydock_environment, profile.drydock_environment);
}

}  // namespace
}  // namespace ferry::cli
