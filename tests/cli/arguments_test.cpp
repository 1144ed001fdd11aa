// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/program.hpp"
#include "tests/cli/scratch.hpp"

namespace ferry::cli {
namespace {

TEST(Arguments, OutputAndWorkspaceMayStandBeforeOrBehindTheCommand) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"-o", "json", "-w", "plant-a", "group", "list"},
           {"group", "list", "--output", "json", "--workspace", "plant-a"}}) {
    const auto invocation = parse_arguments(words);
    ASSERT_TRUE(invocation);
    EXPECT_EQ(invocation->output, OutputFormat::json);
    EXPECT_EQ(invocation->workspace, "plant-a");
    EXPECT_TRUE(invocation->command);
  }
}

TEST(Arguments, EveryCommandOfTheToolIsKnown) {
  const std::vector<std::vector<std::string>> lines{
      {"workspace", "create", "a", "--location", "westeurope"},
      {"workspace", "show", "a"},
      {"workspace", "retry", "a"},
      {"cloud-account", "create", "x", "--tenant", "t", "--subscription", "s", "--client", "c"},
      {"group", "create", "g"},
      {"component", "publish", "dir"},
      {"image", "import", "root.tar", "base/busybox:1.35"},
      {"node", "create", "n", "--group", "g"},
      {"node", "create", "--from", "nodes.csv", "--tokens-out", "tokens.csv"},
      {"node", "token", "create", "n", "--hours", "48"},
      {"node", "token", "list"},
      {"node", "token", "revoke", "n"},
      {"node", "replace", "n"},
      {"node", "revoke", "n", "--reason", "stolen", "--yes"},
      {"node", "reinstate", "n"},
      {"node", "move", "n", "--group", "h", "--allow-removals"},
      {"node", "deregister", "n"},
      {"node", "history"},
      {"node", "history", "n"},
      {"group", "revoke", "g", "--yes"},
      {"workspace", "revoke", "w"},
      {"revocation", "list"},
      {"enrollment", "create", "e", "--group", "g", "--quota", "5", "--pattern", "press-{number}"},
      {"enrollment", "requests", "--state", "rejected"},
      {"enrollment", "approve", "req-1", "--note", "seen"},
      {"enrollment", "reject", "req-1"},
      {"policy", "show", "--group", "g"},
      {"policy", "set", "--grace-days", "inherit", "--late", "refuse", "--server-keys", "forbid"},
      {"deploy", "a", "b@1.0.0", "--group", "g", "--group", "h", "--plan"},
      {"deploy", "--group", "g", "a", "b@1.0.0", "--allow-removals", "--name", "extra"},
      {"deployment", "delete", "d", "--allow-removals"},
      {"status"},
      {"status", "n", "--watch"},
      {"logs", "n", "c", "--tail", "20", "--follow"},
      {"certificate", "list"},
      {"cert", "tree"},
      {"cert", "show", "cert-1"},
      {"cert", "download", "cert-1", "--chain", "--file", "a.pem"},
      {"cert", "radar", "--within", "90d"},
      {"cert", "verify", "chain.pem", "--key", "key.pem"},
      {"cert", "policy", "--group", "g", "--node-key", "ec-p256", "--node-key", "rsa-2048"},
      {"cert", "rollover", "start", "--group", "g", "--nodes-per-minute", "10", "--wait"},
      {"cert", "rollover", "start", "--organization"},
      {"cert", "rollover", "status"},
      {"cert", "rollover", "status", "roll-1"},
      {"cert", "rollover", "force", "roll-1", "--yes"},
      {"cert", "authority", "export-csr", "--organization", "--file", "root.csr"},
      {"cert", "authority", "import-chain", "chain.pem"},
      {"cert", "authority", "import", "chain.pem", "--key", "key.pem"},
      {"operation", "show", "op-1"}};
  for (const auto& words : lines) {
    const auto invocation = parse_arguments(words);
    ASSERT_TRUE(invocation) << words[0] << ": " << invocation.error().describe();
    EXPECT_TRUE(invocation->command) << words[0];
  }
}

TEST(Arguments, UpTakesItsDirectoryAndPort) {
  const auto invocation = parse_arguments({"up", "--data", "/d", "--port", "9000", "--no-drydock"});
  ASSERT_TRUE(invocation);
  ASSERT_TRUE(invocation->up);
  EXPECT_EQ(invocation->up->data, "/d");
  EXPECT_EQ(invocation->up->port, 9000);
  EXPECT_FALSE(invocation->up->drydock);
  EXPECT_TRUE(parse_arguments({"up"})->up->drydock);
}

TEST(Arguments, AChainIsJudgedHereWhenThatIsAskedFor) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"cert", "verify", "chain.pem", "--offline"},
                                             {"cert", "verify", "chain.pem", "--ca", "root.pem"}}) {
    const auto invocation = parse_arguments(words);
    ASSERT_TRUE(invocation) << invocation.error().describe();
    ASSERT_TRUE(invocation->chain_file);
    EXPECT_EQ(invocation->chain_file->file, "chain.pem");
    EXPECT_FALSE(invocation->command);
  }
}

TEST(Arguments, AWrongLineIsRefusedWithTheHelpToAskFor) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {},
           {"node", "create"},
           {"node", "create", "n"},
           {"cert", "rollover", "start", "--organization", "--group", "g"},
           {"cert", "authority", "import", "chain.pem"},
           {"logs", "n", "c", "--tail", "0"},
           {"group", "list", "-o", "yaml"},
           {"group", "list", "surplus"},
           {"unknown"}}) {
    const auto invocation = parse_arguments(words);
    ASSERT_FALSE(invocation);
    EXPECT_EQ(invocation.error().code, Code::invalid_argument);
    EXPECT_NE(invocation.error().hint.find("--help"), std::string::npos);
  }
}

TEST(Program, ErrorsGoToStandardErrorAndAsJsonToStandardOutput) {
  std::ostringstream out;
  std::ostringstream err;
  Scratch scratch;
  const int code =
      run_program({"group", "list", "-o", "json"},
                  fake_environment({{"HOME", scratch.path().string()}}), Terminal{out, err});
  EXPECT_EQ(code, 5);
  const auto body = parse_json(out.str());
  ASSERT_TRUE(body);
  ASSERT_NE(find_path(*body, "error.code"), nullptr);
  EXPECT_EQ(find_path(*body, "error.code")->as_string(), "not_found");
  const auto line = err.str();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(Program, VersionAndHelpNeedNoServer) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_program({"version"}, fake_environment({}), Terminal{out, err}), 0);
  EXPECT_EQ(run_program({"node", "--help"}, fake_environment({}), Terminal{out, err}), 0);
  EXPECT_NE(out.str().find("ferry 0.1.0"), std::string::npos);
  EXPECT_NE(out.str().find("one-time token"), std::string::npos);
  EXPECT_EQ(err.str(), "");
}

}  // namespace
}  // namespace ferry::cli
