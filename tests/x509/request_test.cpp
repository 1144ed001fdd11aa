// SPDX-License-Identifier: Apache-2.0
#include "x509/request.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace ferry::x509 {
namespace {

// Changes one byte of the DER inside a PEM text.
std::string flip_byte(const std::string& pem, std::size_t index) {
  const auto body_start = pem.find('\n') + 1;
  const auto body_end = pem.find("-----END");
  std::string base64;
  for (const char c : pem.substr(body_start, body_end - body_start)) {
    if (c != '\n') base64 += c;
  }
  auto der = base64_decode(base64);
  EXPECT_TRUE(der);
  (*der)[index] = static_cast<char>((*der)[index] ^ 0x01);
  return pem.substr(0, body_start) + base64_encode(*der) + "\n" + pem.substr(body_end);
}

TEST(Request, CarriesNameAndKeyThroughPem) {
  const PrivateKey key = PrivateKey::generate();
  auto made = CertificateRequest::create(key, "node-1");
  ASSERT_TRUE(made);
  auto read = CertificateRequest::from_pem(made->to_pem());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->subject_cn(), "node-1");
  EXPECT_EQ(read->public_key(), key.public_key());
  EXPECT_TRUE(read->verify_self_signature());
}

TEST(Request, WithAChangedNameIsNoProofOfPossession) {
  auto made = CertificateRequest::create(PrivateKey::generate(), "node-1");
  ASSERT_TRUE(made);
  const std::string pem = made->to_pem();
  bool changed = false;
  // The name lies in the first bytes; find the byte that holds the "1".
  for (std::size_t i = 10; i < 40 && !changed; ++i) {
    auto altered = CertificateRequest::from_pem(flip_byte(pem, i));
    if (!altered || altered->subject_cn() != "node-0") continue;
    changed = true;
    auto verdict = altered->verify_self_signature();
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code, Code::invalid_argument);
  }
  EXPECT_TRUE(changed);
}

TEST(Request, RefusesNamesThatCertificatesCannotHold) {
  EXPECT_FALSE(CertificateRequest::create(PrivateKey::generate(), ""));
  EXPECT_FALSE(CertificateRequest::create(PrivateKey::generate(), std::string(65, 'n')));
}

TEST(Request, CarriesKeysOfEveryKindAndKnowsThemByTheSameBytesAsOpenssl) {
  for (const auto type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa_2048}) {
    const PrivateKey key = PrivateKey::generate(type);
    const auto made = CertificateRequest::create(key, "node-1");
    ASSERT_TRUE(made) << made.error().describe();
    const auto read = CertificateRequest::from_pem(made->to_pem());
    ASSERT_TRUE(read) << read.error().describe();
    EXPECT_TRUE(read->verify_self_signature()) << to_string(type);
    EXPECT_EQ(read->public_key(), key.public_key()) << to_string(type);
    EXPECT_EQ(read->public_key().to_der(), key.public_key().to_der()) << to_string(type);
    EXPECT_EQ(read->public_key().to_pem(), key.public_key().to_pem()) << to_string(type);
    EXPECT_EQ(read->public_key().type().value(), type);
    EXPECT_TRUE(read->public_key().check());
  }
}

TEST(Request, RejectsMalformedText) {
  EXPECT_FALSE(CertificateRequest::from_pem(""));
  EXPECT_FALSE(CertificateRequest::from_pem(
      "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"));
}

}  // namespace
}  // namespace ferry::x509
