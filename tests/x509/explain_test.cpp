// SPDX-License-Identifier: Apache-2.0
#include "x509/explain.hpp"

#include <cstdlib>

#include <gmock/gmock.h>

#include <openssl/x509.h>

#include "base/file.hpp"
#include "tests/x509/fixture.hpp"

namespace ferry::x509::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Explain : public testing::Test {
 protected:
  ExplainOptions options() const {
    ExplainOptions options;
    options.at = kNow;
    options.anchors = {made_.root};
    return options;
  }
  std::vector<Certificate> whole() const {
    return {made_.node, made_.group, made_.workspace, made_.root};
  }
  static std::vector<std::string> rules(const ChainReport& report,
                                        Severity severity = Severity::error) {
    std::vector<std::string> found;
    for (const auto& finding : report.findings) {
      EXPECT_FALSE(finding.message.empty());
      if (finding.severity == severity) found.push_back(finding.rule);
    }
    EXPECT_EQ(report.verified, rules_are_no_errors(report));
    return found;
  }
  static bool rules_are_no_errors(const ChainReport& report) {
    for (const auto& finding : report.findings) {
      if (finding.severity == Severity::error) return false;
    }
    return true;
  }
  const Hierarchy made_;
};

TEST_F(Explain, AGoodChainHasNothingToSay) {
  const auto report = explain_chain(whole(), options());
  EXPECT_TRUE(report.verified);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.path, SizeIs(4));
}

TEST_F(Explain, WithoutARootItSaysThatNothingWasHeldAgainstIt) {
  auto open = options();
  open.anchors.clear();
  const auto report = explain_chain(whole(), open);
  EXPECT_TRUE(report.verified);
  EXPECT_THAT(rules(report, Severity::info), Contains("unchecked-root"));
}

TEST_F(Explain, AMissingIntermediateIsNamed) {
  const auto report = explain_chain({made_.node, made_.workspace, made_.root}, options());
  EXPECT_THAT(rules(report), Contains("missing-issuer"));
  EXPECT_EQ(report.findings.front().certificate, "node-1");
  EXPECT_THAT(report.findings.front().message, HasSubstr("'group'"));
  auto knowing = options();
  knowing.known = {made_.group};
  EXPECT_TRUE(explain_chain({made_.node, made_.workspace, made_.root}, knowing).verified);
}

TEST_F(Explain, DatesAreExplainedWithTheirDistance) {
  auto late = options();
  late.at = made_.node.not_after() + std::chrono::hours(24 * 30);
  auto report = explain_chain(whole(), late);
  EXPECT_THAT(rules(report), Contains("expired"));
  EXPECT_THAT(report.findings.front().message, HasSubstr("30 days"));
  auto behind = options();
  behind.at = made_.node.not_before() - std::chrono::minutes(40);
  report = explain_chain(whole(), behind);
  EXPECT_THAT(rules(report), Contains("clock-skew"));
  EXPECT_THAT(report.findings.front().hint, HasSubstr("clock"));
  behind.at = made_.node.not_before() - std::chrono::hours(24 * 90);
  EXPECT_THAT(rules(explain_chain(whole(), behind)), Contains("not-yet-valid"));
}

TEST_F(Explain, AReplacedAuthorityOfTheSameNameIsToldFromAMissingOne) {
  const auto key = PrivateKey::generate();
  const auto other = must(issue(made_.workspace, KeySigner(made_.workspace_key), key.public_key(),
                                ca_profile("group", 0)));
  const auto report = explain_chain({made_.node, other, made_.workspace, made_.root}, options());
  EXPECT_THAT(rules(report), Contains("issuer-key"));
}

TEST_F(Explain, AnotherRootIsNotTrusted) {
  auto elsewhere = options();
  elsewhere.anchors = {
      must(issue_self_signed(PrivateKey::generate(), ca_profile("another root", 2)))};
  EXPECT_THAT(rules(explain_chain(whole(), elsewhere)), Contains("untrusted-root"));
}

TEST_F(Explain, TheOrderOfTheFileMatters) {
  auto report = explain_chain({made_.root, made_.workspace, made_.group, made_.node}, options());
  EXPECT_THAT(rules(report), Contains("order"));
  EXPECT_EQ(report.findings.front().certificate, "node-1");
  report = explain_chain({made_.node, made_.workspace, made_.group, made_.root}, options());
  EXPECT_TRUE(report.verified);
  EXPECT_THAT(rules(report, Severity::warning), Contains("order"));
}

TEST_F(Explain, ALeafThatSignsIsNoAuthority) {
  // Signed by hand: issue() refuses.
  auto rogue = must(issue_self_signed(PrivateKey::generate(), leaf_profile("rogue")));
  X509_set_issuer_name(rogue.native(), X509_get_subject_name(made_.node.native()));
  ASSERT_TRUE(sign(rogue.native(), KeySigner(made_.node_key)));
  rogue = must(Certificate::from_der(rogue.to_der()));
  auto chain = whole();
  chain.insert(chain.begin(), rogue);
  EXPECT_THAT(rules(explain_chain(chain, options())), Contains("not-a-ca"));
}

TEST_F(Explain, PathLengthIsCounted) {
  const auto key = PrivateKey::generate();
  auto deeper = must(issue_self_signed(key, ca_profile("deeper", 0)));
  X509_set_issuer_name(deeper.native(), X509_get_subject_name(made_.group.native()));
  ASSERT_TRUE(sign(deeper.native(), KeySigner(made_.group_key)));
  deeper = must(Certificate::from_der(deeper.to_der()));
  const auto leaf =
      must(issue(deeper, KeySigner(key), made_.node_key.public_key(), leaf_profile("node-1")));
  auto chain = whole();
  chain[0] = leaf;
  chain.insert(chain.begin() + 1, deeper);
  const auto report = explain_chain(chain, options());
  EXPECT_THAT(rules(report), Contains("path-length"));
  EXPECT_THAT(report.findings.front().message, HasSubstr("allows"));
}

TEST_F(Explain, UsesAreExplained) {
  auto profile = leaf_profile("server");
  profile.client_auth = false;
  profile.server_auth = true;
  auto chain = whole();
  chain[0] =
      must(issue(made_.group, KeySigner(made_.group_key), made_.node_key.public_key(), profile));
  EXPECT_THAT(rules(explain_chain(chain, options())), Contains("extended-key-usage"));
  auto server = options();
  server.purpose = Purpose::server_auth;
  EXPECT_TRUE(explain_chain(chain, server).verified);
}

TEST_F(Explain, TheKeyMustBeTheLeafs) {
  auto with_key = options();
  with_key.key = made_.node_key;
  EXPECT_TRUE(explain_chain(whole(), with_key).verified);
  with_key.key = made_.group_key;
  auto report = explain_chain(whole(), with_key);
  EXPECT_THAT(rules(report), Contains("key-mismatch"));
  EXPECT_THAT(report.findings.front().message, HasSubstr("'group'"));
  with_key.key = PrivateKey::generate();
  EXPECT_THAT(rules(explain_chain(whole(), with_key)), Contains("key-mismatch"));
}

TEST_F(Explain, RevocationsAreErrorsWherever) {
  auto revoking = options();
  revoking.revoked = [&](const Certificate& certificate) -> std::optional<std::string> {
    if (certificate == made_.group) return "revoked yesterday: stolen";
    return std::nullopt;
  };
  const auto report = explain_chain(whole(), revoking);
  EXPECT_THAT(rules(report), Contains("revoked"));
  EXPECT_EQ(report.findings.front().message, "revoked yesterday: stolen");
}

TEST_F(Explain, WhatDoesNotBelongThereIsNamed) {
  auto chain = whole();
  chain.push_back(must(issue_self_signed(PrivateKey::generate(), ca_profile("stray", 2))));
  const auto report = explain_chain(chain, options());
  EXPECT_TRUE(report.verified);
  EXPECT_THAT(rules(report, Severity::warning), Contains("unneeded"));
}

TEST_F(Explain, SmallRsaKeysAreWeak) {
  // openssl req -x509 -newkey rsa:1024 ...: only its key is looked at here.
  const std::string directory = testing::TempDir();
  ASSERT_EQ(std::system(fmt::format("openssl req -x509 -newkey rsa:1024 -nodes -keyout /dev/null "
                                    "-subj /CN=small -days 9000 -out {}/small.pem 2>/dev/null",
                                    directory)
                            .c_str()),
            0);
  const auto small = must(Certificate::from_pem(*read_file(directory + "/small.pem")));
  auto open = options();
  open.anchors = {small};
  open.at = small.not_before();
  open.purpose = Purpose::any;
  EXPECT_THAT(rules(explain_chain({small}, open)), Contains("weak-key"));
}

}  // namespace
}  // namespace ferry::x509::test
