// SPDX-License-Identifier: Apache-2.0
#include "x509/chain.hpp"

#include "tests/x509/fixture.hpp"
#include "x509/openssl.hpp"

namespace ferry::x509::test {
namespace {

TEST(Chain, EndsAtTheRoot) {
  const Hierarchy made;
  auto chain = verify_chain(made.node, {made.workspace, made.group}, {made.root}, kNow,
                            Purpose::client_auth);
  ASSERT_TRUE(chain) << chain.error().describe();
  EXPECT_EQ(chain->anchor, made.root);
  EXPECT_EQ(chain->certificates.size(), 4U);
}

TEST(Chain, EndsAtAnIntermediateThatIsTrusted) {
  const Hierarchy made;
  auto chain = verify_chain(made.node, {made.workspace}, {made.group}, kNow);
  ASSERT_TRUE(chain) << chain.error().describe();
  EXPECT_EQ(chain->anchor, made.group);
  auto longer = verify_chain(made.node, {made.group}, {made.workspace}, kNow);
  ASSERT_TRUE(longer) << longer.error().describe();
  EXPECT_EQ(longer->anchor, made.workspace);
}

TEST(Chain, SaysWhichCertificateHasExpired) {
  const Hierarchy made;
  auto late = verify_chain(made.node, {made.group, made.workspace}, {made.root},
                           kNow + std::chrono::hours(25));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::unauthenticated);
  EXPECT_NE(late.error().message.find("'node-1'"), std::string::npos) << late.error().message;
  EXPECT_NE(late.error().message.find("expired"), std::string::npos) << late.error().message;
  EXPECT_FALSE(verify_chain(made.node, {made.group, made.workspace}, {made.root}, kNow - kYear));
}

TEST(Chain, NeedsEveryLink) {
  const Hierarchy made;
  EXPECT_FALSE(verify_chain(made.node, {made.workspace}, {made.root}, kNow));
  EXPECT_FALSE(verify_chain(made.node, {made.group, made.workspace}, {}, kNow));
}

TEST(Chain, RefusesAnIssuerOfTheSameNameWithAnotherKey) {
  const Hierarchy made;
  const Hierarchy other;
  EXPECT_FALSE(verify_chain(made.node, {other.group, other.workspace}, {other.root}, kNow));
}

TEST(Chain, RefusesALeafThatSigned) {
  const Hierarchy made;
  // Built by hand, because issue() refuses it.
  const PrivateKey key = PrivateKey::generate();
  Certificate forged = must(issue_self_signed(key, leaf_profile("forged")));
  X509_set_issuer_name(forged.native(), X509_get_subject_name(made.node.native()));
  ASSERT_TRUE(sign(forged.native(), KeySigner(made.node_key)));
  forged = must(Certificate::from_der(forged.to_der()));
  ASSERT_TRUE(forged.signed_by(made.node));
  auto chain = verify_chain(forged, {made.node, made.group, made.workspace}, {made.root}, kNow);
  EXPECT_FALSE(chain);
}

TEST(Chain, RefusesAnExceededPathLength) {
  const Hierarchy made;
  const PrivateKey key = PrivateKey::generate();
  Certificate deep = must(issue_self_signed(key, ca_profile("deep", std::nullopt)));
  X509_set_issuer_name(deep.native(), X509_get_subject_name(made.group.native()));
  ASSERT_TRUE(sign(deep.native(), KeySigner(made.group_key)));
  deep = must(Certificate::from_der(deep.to_der()));
  const Certificate leaf = must(
      issue(deep, KeySigner(key), PrivateKey::generate().public_key(), leaf_profile("node-9")));
  EXPECT_FALSE(verify_chain(leaf, {deep, made.group, made.workspace}, {made.root}, kNow));
}

TEST(Chain, HoldsAClientCertificateToItsPurpose) {
  const Hierarchy made;
  EXPECT_FALSE(verify_chain(made.node, {made.group, made.workspace}, {made.root}, kNow,
                            Purpose::server_auth));
}

}  // namespace
}  // namespace ferry::x509::test
