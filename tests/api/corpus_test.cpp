// SPDX-License-Identifier: Apache-2.0
// What the fuzz target of the installer protocol began with and what it has found, read again.
#include <filesystem>

#include "base/file.hpp"
#include "fuzz/installer_property.hpp"
#include "tests/api/server_fixture.hpp"

namespace ferry::api {
namespace {

TEST_F(ServerTest, WhateverStandsWhereATokenShouldIsRefused) {
  const auto directory =
      std::filesystem::path(__FILE__).parent_path() / "../../fuzz/corpus/installer";
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const auto bytes = read_file(entry.path());
    ASSERT_TRUE(bytes) << entry.path();
    check_installer(loop, *server, *bytes);
    ++count;
  }
  EXPECT_GE(count, 8);
}

}  // namespace
}  // namespace ferry::api
