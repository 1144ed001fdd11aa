// SPDX-License-Identifier: Apache-2.0
#include "cli/chain_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/scratch.hpp"
#include "x509/authority.hpp"

namespace ferry::cli {
namespace {

using testing::HasSubstr;

class ChainFileTest : public testing::Test {
 protected:
  ChainFileTest() {
    x509::CertificateProfile root;
    root.common_name = "root";
    root.not_before = clock_.now() - std::chrono::hours(1);
    root.not_after = clock_.now() + std::chrono::hours(48);
    root.ca = true;
    const auto root_key = x509::PrivateKey::generate();
    const auto ca = *x509::issue_self_signed(root_key, root);
    auto leaf = root;
    leaf.common_name = "pump-7";
    leaf.ca = false;
    leaf.client_auth = true;
    leaf.not_after = clock_.now() + std::chrono::hours(24);
    const auto made = *x509::issue(ca, x509::KeySigner(root_key), key_.public_key(), leaf);
    files_.write("root.pem", ca.to_pem());
    files_.write("chain.pem", made.to_pem() + ca.to_pem());
    files_.write("with-key.pem", made.to_pem() + key_.to_pem().reveal());
    files_.write("key.pem", key_.to_pem().reveal());
    files_.write("other.pem", x509::PrivateKey::generate().to_pem().reveal());
  }
  ChainFile file(const std::string& name) const {
    ChainFile arguments;
    arguments.file = (files_.path() / name).string();
    return arguments;
  }

  const ManualClock clock_{from_unix_seconds(1'800'000'000)};
  const x509::PrivateKey key_ = x509::PrivateKey::generate();
  const Scratch files_;
};

TEST_F(ChainFileTest, AGoodChainVerifiesAgainstItsRoot) {
  auto arguments = file("chain.pem");
  arguments.ca_file = (files_.path() / "root.pem").string();
  arguments.key_file = (files_.path() / "key.pem").string();
  const auto verdict = judge_chain_file(arguments, clock_);
  ASSERT_TRUE(verdict) << verdict.error().describe();
  EXPECT_TRUE(verdict_as_result(*verdict));
  EXPECT_THAT(show_verdict(*verdict), HasSubstr("the chain verifies"));
}

TEST_F(ChainFileTest, WhatIsWrongBecomesTheCommandsError) {
  auto arguments = file("chain.pem");
  arguments.at = "2031-01-01T00:00:00Z";
  const auto verdict = judge_chain_file(arguments, clock_);
  const auto outcome = verdict_as_result(*verdict);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::precondition_failed);
  EXPECT_THAT(outcome.error().message, HasSubstr("pump-7"));
  EXPECT_THAT(show_verdict(*verdict), HasSubstr("expired"));
}

TEST_F(ChainFileTest, OnlyCertificatesLeaveTheFile) {
  const auto pem = certificates_of_file((files_.path() / "with-key.pem").string());
  ASSERT_TRUE(pem);
  EXPECT_EQ(pem->find("PRIVATE KEY"), std::string::npos);
}

TEST_F(ChainFileTest, AnotherKeyIsFound) {
  auto arguments = file("chain.pem");
  EXPECT_FALSE(*judge_key_file(arguments, clock_));
  arguments.key_file = (files_.path() / "other.pem").string();
  const auto finding = judge_key_file(arguments, clock_);
  ASSERT_TRUE(finding && *finding);
  EXPECT_EQ(string_or(**finding, "rule", ""), "key-mismatch");
  arguments.key_file = (files_.path() / "root.pem").string();
  EXPECT_FALSE(judge_key_file(arguments, clock_)) << "no key at all";
}

}  // namespace
}  // namespace ferry::cli
