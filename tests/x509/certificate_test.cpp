// SPDX-License-Identifier: Apache-2.0
#include "x509/certificate.hpp"

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "tests/x509/fixture.hpp"

namespace ferry::x509::test {
namespace {

TEST(Certificate, TellsWhatItSays) {
  const Hierarchy made;
  EXPECT_EQ(made.node.subject_cn(), "node-1");
  EXPECT_EQ(made.node.issuer_cn(), "group");
  EXPECT_EQ(made.node.not_before(), kNow - std::chrono::minutes(5));
  EXPECT_EQ(made.node.not_after(), kNow + std::chrono::hours(24));
  EXPECT_FALSE(made.node.is_ca());
  EXPECT_EQ(made.node.path_length(), std::nullopt);
  EXPECT_TRUE(made.group.is_ca());
  EXPECT_EQ(made.group.path_length(), 0);
  EXPECT_EQ(made.workspace.path_length(), 1);
  EXPECT_EQ(made.node.authority_key_id(), made.group.subject_key_id());
  EXPECT_EQ(made.node.subject_key_id().size(), 40U);
  EXPECT_EQ(made.node.serial_hex().size(), 40U);
  EXPECT_NE(made.node.serial_hex(), made.group.serial_hex());
  EXPECT_EQ(made.node.sha256_thumbprint(), hex_encode_upper(sha256(made.node.to_der())));
  EXPECT_EQ(made.node.sha1_thumbprint().size(), 40U);
  EXPECT_TRUE(made.root.self_issued());
  EXPECT_FALSE(made.node.self_issued());
  EXPECT_TRUE(made.node.matches(made.node_key));
  EXPECT_FALSE(made.node.matches(made.group_key));
  EXPECT_TRUE(made.node.signed_by(made.group));
  EXPECT_FALSE(made.node.signed_by(made.workspace));
}

TEST(Certificate, SurvivesPemAndDer) {
  const Hierarchy made;
  auto from_pem = Certificate::parse(made.node.to_pem());
  ASSERT_TRUE(from_pem);
  EXPECT_EQ(*from_pem, made.node);
  auto from_der = Certificate::parse(made.node.to_der());
  ASSERT_TRUE(from_der);
  EXPECT_EQ(*from_der, made.node);
}

TEST(Certificate, ReadsChainsInTheirOrderAndSkipsOtherText) {
  const Hierarchy made;
  const std::string text = "subject=node-1\n" + made.node.to_pem() +
                           made.node_key.to_pem().reveal() + made.group.to_pem() + "end\n";
  auto chain = parse_chain(text);
  ASSERT_TRUE(chain) << chain.error().describe();
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ(chain->at(0), made.node);
  EXPECT_EQ(chain->at(1), made.group);
  EXPECT_EQ(chain_to_pem(*chain), made.node.to_pem() + made.group.to_pem());
}

TEST(Certificate, RejectsMalformedText) {
  EXPECT_FALSE(Certificate::parse(""));
  EXPECT_FALSE(Certificate::parse("hello"));
  EXPECT_FALSE(Certificate::parse("\x30\x82"));
  EXPECT_FALSE(parse_chain(""));
  const Hierarchy made;
  EXPECT_FALSE(Certificate::from_der(made.node.to_der() + "x"));
  auto chain = parse_chain(made.node.to_pem() +
                           "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  ASSERT_FALSE(chain);
  EXPECT_NE(chain.error().message.find("certificate 2"), std::string::npos);
}

TEST(Certificate, CutAnywhereIsRejectedNotCrashing) {
  const Hierarchy made;
  const std::string der = made.node.to_der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(Certificate::from_der(std::string_view(der).substr(0, size)));
  }
}

}  // namespace
}  // namespace ferry::x509::test
