// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "control/certificates/ca_keys.hpp"
#include "tests/control/scripted_cloud.hpp"
#include "x509/chain.hpp"

namespace ferry::control {
namespace {

using testing::HasSubstr;
using x509::KeyType;

class AuthorityTest : public ControlTest {
 protected:
  AuthorityTest() : group_(make_group("line-1")) {
    node_.id = fleet::NodeId("node-1");
    node_.workspace = workspace_.id;
    node_.group = group_.id;
    node_.name = "pump-7";
    node_.registration_id = "pump-7-abc";
  }
  Result<store::CertificateRecord> issue(KeyType type = KeyType::ec_p256) {
    return issue_node_certificate(*context_, workspace_, node_,
                                  x509::PrivateKey::generate(type).public_key());
  }
  std::vector<x509::Certificate> chain_of(const store::CertificateRecord& record) {
    return *x509::parse_chain(*full_chain(*context_, record));
  }

  fleet::NodeGroup group_;
  fleet::Node node_;
};

TEST_F(AuthorityTest, TheChainVerifiesForClientsAndNests) {
  const auto record = issue();
  ASSERT_TRUE(record) << record.error().describe();
  const auto chain = chain_of(*record);
  ASSERT_EQ(chain.size(), 4U);
  EXPECT_TRUE(x509::verify_chain(chain[0], {chain[1], chain[2]}, {chain[3]}, clock_.now(),
                                 x509::Purpose::client_auth));
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    EXPECT_GE(chain[i].not_before(), chain[i + 1].not_before());
    EXPECT_LE(chain[i].not_after(), chain[i + 1].not_after());
    EXPECT_EQ(chain[i].authority_key_id(), chain[i + 1].subject_key_id());
  }
  EXPECT_EQ(chain[1].path_length(), 0);
  EXPECT_EQ(chain[3].path_length(), 2);
  EXPECT_LT(chain[0].not_before(), clock_.now() - std::chrono::minutes(10));
}

TEST_F(AuthorityTest, NothingOutlivesItsIssuer) {
  clock_.advance(std::chrono::hours(24 * 365 * 5 - 24 * 10));
  const auto record = issue();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->not_after,
            (*context_->store.certificates.find_authority(group_.id.str()))->not_after);
}

TEST_F(AuthorityTest, PoliciesChooseKeysFromTheNearestLevel) {
  auto& policies = context_->store.certificate_policies;
  ASSERT_TRUE(policies.put({organization_.str(), {}, "ec-p384", {}, {}}));
  const auto second = make_group("line-2");
  const auto authority = *context_->store.certificates.find_authority(second.id.str());
  EXPECT_EQ(*x509::Certificate::from_pem(authority->pem)->public_key().type(), KeyType::ec_p384);

  ASSERT_TRUE(policies.put({group_.id.str(), workspace_.id.str(), {}, "ec-p256 rsa-2048", 30}));
  EXPECT_TRUE(issue(KeyType::rsa_2048));
  const auto refused = issue(KeyType::ec_p384);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
  EXPECT_THAT(refused.error().hint, HasSubstr("ec-p256 rsa-2048"));
  EXPECT_LE(issue()->not_after, clock_.now() + std::chrono::hours(24 * 30));
}

TEST_F(AuthorityTest, KeysAreSealedAndGoWithTheirOwner) {
  const auto authority = *context_->store.certificates.find_authority(group_.id.str());
  auto signer = open_signer(*context_, authority->id);
  ASSERT_TRUE(signer);
  EXPECT_EQ((*signer)->public_key(), x509::Certificate::from_pem(authority->pem)->public_key());
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    EXPECT_EQ(read_file(entry.path())->find("BEGIN PRIVATE KEY"), std::string::npos);
  }
  ASSERT_TRUE(forget_authorities(*context_, group_.id.str()));
  EXPECT_EQ(open_signer(*context_, authority->id).error().code, Code::conflict);
}

}  // namespace
}  // namespace ferry::control
