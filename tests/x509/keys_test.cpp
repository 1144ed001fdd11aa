// SPDX-License-Identifier: Apache-2.0
#include "x509/keys.hpp"

#include <gtest/gtest.h>

namespace ferry::x509 {
namespace {

class EveryKeyType : public testing::TestWithParam<KeyType> {};

TEST_P(EveryKeyType, SurvivesPemAndStillSigns) {
  const PrivateKey key = PrivateKey::generate(GetParam());
  const Secret pem = key.to_pem();
  EXPECT_TRUE(pem.reveal().starts_with("-----BEGIN PRIVATE KEY-----"));
  auto again = PrivateKey::from_pem(pem);
  ASSERT_TRUE(again);
  const std::string signature = again->sign("cargo");
  EXPECT_TRUE(key.public_key().verify("cargo", signature));
  EXPECT_FALSE(key.public_key().verify("ballast", signature));
  EXPECT_EQ(key.public_key(), again->public_key());
}

INSTANTIATE_TEST_SUITE_P(Keys, EveryKeyType,
                         testing::Values(KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa_2048,
                                         KeyType::rsa_3072));

TEST(Keys, PublicKeysSurvivePem) {
  const PublicKey key = PrivateKey::generate().public_key();
  auto again = PublicKey::from_pem(key.to_pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(key.to_der(), again->to_der());
  EXPECT_NE(key, PrivateKey::generate().public_key());
}

TEST(Keys, RejectsWhatIsNotAKeyWithoutRepeatingIt) {
  auto key = PrivateKey::from_pem(
      Secret("-----BEGIN PRIVATE KEY-----\nc2VjcmV0IQ==\n-----END PRIVATE KEY-----\n"));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Code::invalid_argument);
  EXPECT_EQ(key.error().describe().find("c2VjcmV0"), std::string::npos);
  EXPECT_FALSE(PrivateKey::from_pem(Secret("")));
  EXPECT_FALSE(PublicKey::from_pem("nonsense"));
}

TEST(Keys, GivesRsaNumbersOnlyForRsaKeys) {
  auto numbers = PrivateKey::generate(KeyType::rsa_2048).public_key().rsa_numbers();
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->modulus.size(), 256U);
  EXPECT_EQ(numbers->exponent, std::string("\x01\x00\x01", 3));
  EXPECT_FALSE(PrivateKey::generate().public_key().rsa_numbers());
}

TEST(Keys, KnowTheirKind) {
  for (const auto type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa_2048}) {
    const auto key = PrivateKey::generate(type).public_key();
    ASSERT_TRUE(key.type());
    EXPECT_EQ(*key.type(), type);
    EXPECT_TRUE(key.check());
    EXPECT_EQ(*parse_key_type(to_string(type)), type);
  }
  EXPECT_FALSE(parse_key_type("dsa"));
}

TEST(Keys, OtherKindsAreNamedAndRefused) {
  // openssl ecparam -name secp256k1 -genkey -noout | openssl ec -pubout
  auto koblitz = PublicKey::from_pem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEXZ/Nz5f69lZ3LGwzbfcK/xeMbBuusT1a\n"
      "JoBF/zwUIBw9tXj9u4Fmmwpp7svDHyFILx29MY2jJAmgYiVHMizSbw==\n"
      "-----END PUBLIC KEY-----\n");
  ASSERT_TRUE(koblitz) << koblitz.error().describe();
  ASSERT_FALSE(koblitz->type());
  EXPECT_NE(koblitz->type().error().message.find("secp256k1"), std::string::npos);
}

}  // namespace
}  // namespace ferry::x509
