// SPDX-License-Identifier: Apache-2.0
#include "fleet/version_range.hpp"

#include <gtest/gtest.h>

namespace ferry::fleet {
namespace {

struct Case {
  std::string range;
  std::string version;
  bool taken;
};

class VersionRangeTest : public testing::TestWithParam<Case> {};

TEST_P(VersionRangeTest, TakesWhatItSays) {
  const auto range = VersionRange::parse(GetParam().range);
  ASSERT_TRUE(range) << range.error().describe();
  EXPECT_EQ(range->contains(GetParam().version), GetParam().taken);
}

INSTANTIATE_TEST_SUITE_P(
    Table, VersionRangeTest,
    testing::Values(Case{"*", "0.0.1", true}, Case{"*", "1.0.0-rc.1", false},
                    Case{"1.2.3", "1.2.3", true}, Case{"1.2.3", "1.2.3+build.5", true},
                    Case{"=1.2.3", "1.2.4", false}, Case{">=1.2.0 <2.0.0", "1.2.0", true},
                    Case{">=1.2.0 <2.0.0", "1.99.0", true}, Case{">=1.2.0 <2.0.0", "2.0.0", false},
                    Case{">1.0.0", "1.0.0", false}, Case{"<=1.0.0", "1.0.0", true},
                    Case{"^1.2.3", "1.9.0", true}, Case{"^1.2.3", "1.2.2", false},
                    Case{"^1.2.3", "2.0.0", false}, Case{"^1.2.3", "2.0.0-rc.1", false},
                    Case{"^0.2.3", "0.2.9", true}, Case{"^0.2.3", "0.3.0", false},
                    Case{"^0.0.3", "0.0.3", true}, Case{"^0.0.3", "0.0.4", false},
                    Case{"~1.2.3", "1.2.9", true}, Case{"~1.2.3", "1.3.0", false},
                    Case{"^1.2.3-beta.1", "1.2.3-beta.2", true},
                    Case{"^1.2.3-beta.1", "1.2.4-beta.2", false},
                    Case{"^1.2.3-beta.1", "1.2.4", true}, Case{"^1.0.0", "1.5.0-beta", false}));

TEST(VersionRange, RefusesWhatItDoesNotUnderstand) {
  for (const auto* text :
       {"", "   ", "latest", "1.2", "^1", ">= 1.0.0", ">=1.0.0 || <0.5.0", "1.x"}) {
    EXPECT_FALSE(VersionRange::parse(text)) << text;
  }
}

}  // namespace
}  // namespace ferry::fleet
