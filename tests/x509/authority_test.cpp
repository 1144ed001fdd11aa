// SPDX-License-Identifier: Apache-2.0
#include "x509/authority.hpp"

#include "tests/x509/fixture.hpp"

namespace ferry::x509::test {
namespace {

TEST(Authority, LeafMayNotIssue) {
  const Hierarchy made;
  auto below = issue(made.node, KeySigner(made.node_key), PrivateKey::generate().public_key(),
                     leaf_profile("stowaway"));
  ASSERT_FALSE(below);
  EXPECT_NE(below.error().message.find("not a certificate authority"), std::string::npos);
}

TEST(Authority, PathLengthIsUsedUp) {
  const Hierarchy made;
  auto below = issue(made.group, KeySigner(made.group_key), PrivateKey::generate().public_key(),
                     ca_profile("sub-group", std::nullopt));
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().code, Code::invalid_argument);
  EXPECT_FALSE(issue(made.root, KeySigner(made.root_key), PrivateKey::generate().public_key(),
                     ca_profile("too-deep", 2)));
}

TEST(Authority, RefusesAnotherKeyThanTheIssuers) {
  const Hierarchy made;
  EXPECT_FALSE(issue(made.group, KeySigner(made.root_key), PrivateKey::generate().public_key(),
                     leaf_profile("node-2")));
}

TEST(Authority, RefusesToOutliveTheIssuer) {
  const Hierarchy made;
  CertificateProfile profile = leaf_profile("node-2");
  profile.not_after = made.group.not_after() + std::chrono::hours(1);
  EXPECT_FALSE(
      issue(made.group, KeySigner(made.group_key), PrivateKey::generate().public_key(), profile));
}

TEST(Authority, RefusesProfilesThatMakeNoSense) {
  const PrivateKey key = PrivateKey::generate();
  CertificateProfile profile = ca_profile("", 1);
  EXPECT_FALSE(issue_self_signed(key, profile));
  profile = leaf_profile("a");
  profile.path_length = 1;
  EXPECT_FALSE(issue_self_signed(key, profile));
  profile = leaf_profile("a");
  profile.not_after = profile.not_before;
  EXPECT_FALSE(issue_self_signed(key, profile));
}

TEST(Authority, WritesAlternativeNamesAndLetsNoneSlipIn) {
  const PrivateKey key = PrivateKey::generate();
  CertificateProfile profile = leaf_profile("server");
  profile.server_auth = true;
  profile.dns_names = {"*.drydock.localhost", "localhost"};
  profile.ip_addresses = {"127.0.0.1", "::1"};
  auto made = issue_self_signed(key, profile);
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(made->dns_names(), profile.dns_names);

  profile.dns_names = {"a.example,DNS:b.example"};
  EXPECT_FALSE(issue_self_signed(key, profile));
  profile.dns_names = {};
  profile.ip_addresses = {"not an address"};
  EXPECT_FALSE(issue_self_signed(key, profile));
}

TEST(Authority, IssuesForRsaKeysToo) {
  const PrivateKey key = PrivateKey::generate(KeyType::rsa_2048);
  auto made = issue_self_signed(key, ca_profile("own root", std::nullopt));
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->signed_by(*made));
}

// What is issued says the same before it has been read again as after.
TEST(Authority, WhatIsIssuedIsWhatIsRead) {
  for (const auto type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa_2048}) {
    const PrivateKey key = PrivateKey::generate(type);
    const auto issued = issue_self_signed(key, ca_profile("root", 1));
    ASSERT_TRUE(issued) << issued.error().describe();
    EXPECT_EQ(issued->public_key(), key.public_key());
    EXPECT_EQ(issued->public_key_der(), key.public_key().to_der());
    const auto read = Certificate::from_pem(issued->to_pem());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->public_key(), key.public_key());
    EXPECT_EQ(read->sha256_thumbprint(), issued->sha256_thumbprint());
    EXPECT_TRUE(issued->signed_by(*read));
    EXPECT_TRUE(issued->is_ca());
    EXPECT_EQ(issued->path_length(), 1);
    EXPECT_EQ(*issued, *read);
  }
}

}  // namespace
}  // namespace ferry::x509::test
