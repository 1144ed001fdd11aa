// SPDX-License-Identifier: Apache-2.0
#include "cli/device_command.hpp"

#include <gtest/gtest.h>

#include "tests/cli/scratch.hpp"

namespace ferry::cli {
namespace {

TEST(DeviceCommand, GivesTheTokenByTheEnvironmentAndNeverAsAnArgument) {
  Profile profile;
  profile.url = "https://ferry.example:7443";
  profile.ca_file = "/data/my ca.pem";
  const auto command = device_command(profile, Secret("one-time"));
  EXPECT_EQ(command,
            "FERRY_NODE_TOKEN=one-time ferry-agent register --server https://ferry.example:7443 "
            "--ca-file '/data/my ca.pem' && ferry-agent run");
}

TEST(DeviceCommand, NamesDrydocksCaWhenTheCloudIsLocal) {
  Scratch scratch;
  Profile profile;
  profile.url = "https://ferry.example";
  profile.drydock_environment = scratch.write("e.json", R"({"caFile": "/d/drydock-ca.pem"})");
  const auto command = device_command(profile, Secret("t"));
  EXPECT_TRUE(command.ends_with("run --environment-ca /d/drydock-ca.pem")) << command;
}

TEST(ShellWord, QuotesWhatAShellWouldChange) {
  EXPECT_EQ(shell_word("abc-1.2/x"), "abc-1.2/x");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("$(x)"), "'$(x)'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace ferry::cli
