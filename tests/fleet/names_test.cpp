// SPDX-License-Identifier: Apache-2.0
#include "fleet/names.hpp"

#include <gtest/gtest.h>

namespace ferry::fleet {
namespace {

TEST(Names, LabelsAreLowerCaseAndStartAndEndAlphanumeric) {
  for (const auto* name : {"a", "plant-a", "line-1", "7", "a--b"}) {
    EXPECT_TRUE(check_group_name(name)) << name;
  }
  for (const auto* name : {"", "-a", "a-", "Plant", "a_b", "a.b", "a b", "\xc3\xa4", "a/b"}) {
    const auto checked = check_group_name(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, Code::invalid_argument);
    EXPECT_NE(checked.error().message.find("node group name"), std::string::npos);
  }
  EXPECT_TRUE(check_node_name(std::string(63, 'a')));
  EXPECT_FALSE(check_node_name(std::string(64, 'a')));
}

TEST(Names, AnErrorNeverRepeatsControlCharactersOrAHugeName) {
  const auto control = check_node_name("a\x1b[31m");
  EXPECT_EQ(control.error().message.find('\x1b'), std::string::npos);
  const auto huge = check_node_name(std::string(1 << 20, 'A'));
  EXPECT_LT(huge.error().message.size(), 400U);
}

TEST(Names, ComponentsMayNotTakeTheRuntimesNames) {
  EXPECT_FALSE(check_component_name("edgeagent"));
  EXPECT_FALSE(check_component_name("edgehub"));
  EXPECT_TRUE(check_component_name("edge-agent"));
}

TEST(Names, VersionsAreSemantic) {
  for (const auto* version : {"0.0.1", "1.0.0", "10.20.30", "1.0.0-alpha", "1.0.0-alpha.1",
                              "1.0.0-0.3.7", "1.0.0+build.5", "1.0.0-x-y.z+b-7"}) {
    EXPECT_TRUE(check_version(version)) << version;
  }
  for (const auto* version : {"", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "v1.0.0",
                              "1.0.0+", "1.0.x", "1.0.0-a..b", "../1.0.0", "1.0.0 "}) {
    EXPECT_FALSE(check_version(version)) << version;
  }
}

TEST(Names, VersionsCompareBySemversPrecedence) {
  const char* rising[] = {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
                          "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
                          "1.0.0-rc.1",  "1.0.0",         "1.2.0",
                          "1.10.0",      "2.0.0"};
  for (std::size_t i = 0; i + 1 < std::size(rising); ++i) {
    EXPECT_LT(compare_versions(rising[i], rising[i + 1]), 0) << rising[i];
    EXPECT_GT(compare_versions(rising[i + 1], rising[i]), 0) << rising[i];
  }
  EXPECT_EQ(compare_versions("1.0.0+a", "1.0.0+b"), 0);
}

TEST(Names, FilePathsStayInsideTheirFolder) {
  for (const auto* path : {"a", "bin/x", "a b/c.txt", ".env", "a/..b"}) {
    EXPECT_TRUE(check_file_path(path)) << path;
  }
  for (const auto* path : {"", "/a", "a/", "a//b", "..", "../a", "a/../b", "./a", "a\\b", "a\nb"}) {
    EXPECT_FALSE(check_file_path(path)) << path;
  }
}

TEST(Names, PlatformsRepositoriesAndTagsFollowTheirGrammar) {
  EXPECT_TRUE(check_platform("linux/amd64"));
  EXPECT_TRUE(check_platform("linux/arm/v7"));
  EXPECT_FALSE(check_platform("windows/amd64"));
  EXPECT_FALSE(check_platform("linux"));
  EXPECT_FALSE(check_platform("linux//v7"));
  EXPECT_TRUE(check_repository("base/busybox"));
  EXPECT_FALSE(check_repository("Base/x"));
  EXPECT_FALSE(check_repository("/x"));
  EXPECT_FALSE(check_repository("a/../b"));
  EXPECT_TRUE(check_tag("1.35"));
  EXPECT_FALSE(check_tag("-1"));
  EXPECT_FALSE(check_tag("a/b"));
}

}  // namespace
}  // namespace ferry::fleet
