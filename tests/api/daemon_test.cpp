// SPDX-License-Identifier: Apache-2.0
#include "api/daemon.hpp"

#include <gtest/gtest.h>

namespace ferry::api {
namespace {

TEST(DaemonArguments, AreRead) {
  const auto options =
      parse_daemon_arguments({"serve", "--data", "/d", "--port", "8000", "--host-name", "a",
                              "--host-name", "b", "--record", "/r"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->data, "/d");
  EXPECT_EQ(options->port, 8000);
  EXPECT_EQ(options->recordings, "/r");
  EXPECT_EQ(options->host_names, (std::vector<std::string>{"a", "b"}));
}

TEST(DaemonArguments, AWrongLineIsRefusedWithTheUsage) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{},
                                             {"run"},
                                             {"serve"},
                                             {"serve", "--data"},
                                             {"serve", "--data", "/d", "--x", "1"},
                                             {"serve", "--data", "/d", "--port", "80x"},
                                             {"serve", "--data", "/d", "--port", "70000"}}) {
    const auto options = parse_daemon_arguments(words);
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().code, Code::invalid_argument);
  }
}

}  // namespace
}  // namespace ferry::api
