// SPDX-License-Identifier: Apache-2.0
#include "x509/certificate.hpp"

#include <ctime>

#include <openssl/err.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "x509/openssl.hpp"
#include "x509/spki.hpp"

namespace ferry::x509 {

namespace {

Timestamp to_timestamp(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return from_unix_seconds(timegm(&parts));
}

std::string octets_as_hex(const ASN1_OCTET_STRING* octets) {
  if (octets == nullptr) return {};
  return hex_encode_upper(
      std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(octets)),
                       static_cast<std::size_t>(ASN1_STRING_length(octets))));
}

}  // namespace

struct Certificate::Content {
  X509Ptr built;  // as it was put together, until it is read
  X509Ptr read;
};

Certificate Certificate::adopt(x509_st* certificate) {
  auto content = std::make_shared<Content>();
  content->read.reset(certificate);
  return Certificate(std::move(content));
}

Certificate Certificate::adopt_unread(x509_st* certificate) {
  auto content = std::make_shared<Content>();
  content->built.reset(certificate);
  return Certificate(std::move(content));
}

x509_st* Certificate::native() const {
  if (content_->read) return content_->read.get();
  const std::string der = to_der();
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.data());
  content_->read.reset(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
  FERRY_CHECK(content_->read != nullptr);
  content_->built.reset();
  return content_->read.get();
}

x509_st* Certificate::fields() const {
  return content_->built ? content_->built.get() : content_->read.get();
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  BioPtr bio = bio_over(pem);
  X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
  if (certificate == nullptr) {
    return fail(Code::invalid_argument, "not a certificate in PEM: {}", take_openssl_reason());
  }
  return adopt(certificate);
}

Result<Certificate> Certificate::from_der(std::string_view der) {
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.data());
  X509* certificate = d2i_X509(nullptr, &cursor, static_cast<long>(der.size()));
  if (certificate == nullptr) {
    return fail(Code::invalid_argument, "not a certificate in DER: {}", take_openssl_reason());
  }
  Certificate result = adopt(certificate);
  if (cursor != reinterpret_cast<const unsigned char*>(der.data()) + der.size()) {
    return fail(Code::invalid_argument, "not a certificate in DER: bytes follow it");
  }
  return result;
}

Result<Certificate> Certificate::parse(std::string_view pem_or_der) {
  constexpr char kSequenceTag = 0x30;  // no PEM text starts with '0'
  if (!pem_or_der.empty() && pem_or_der.front() == kSequenceTag) return from_der(pem_or_der);
  return from_pem(pem_or_der);
}

std::string Certificate::subject_cn() const {
  return common_name_of(X509_get_subject_name(fields()));
}

std::string Certificate::issuer_cn() const {
  return common_name_of(X509_get_issuer_name(fields()));
}

std::string Certificate::serial_hex() const {
  BignumPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(fields()), nullptr));
  if (!number) return {};
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes.empty() ? "00" : hex_encode_upper(bytes);
}

Timestamp Certificate::not_before() const {
  return to_timestamp(X509_get0_notBefore(fields()));
}

Timestamp Certificate::not_after() const {
  return to_timestamp(X509_get0_notAfter(fields()));
}

std::string Certificate::sha1_thumbprint() const {
  return hex_encode_upper(sha1(to_der()));
}
std::string Certificate::sha256_thumbprint() const {
  return hex_encode_upper(sha256(to_der()));
}

bool Certificate::is_ca() const {
  return (X509_get_extension_flags(native()) & EXFLAG_CA) != 0;
}

std::optional<int> Certificate::path_length() const {
  const long length = X509_get_pathlen(native());
  if (length < 0) return std::nullopt;
  return static_cast<int>(length);
}

std::string Certificate::subject_key_id() const {
  return octets_as_hex(X509_get0_subject_key_id(native()));
}

std::string Certificate::authority_key_id() const {
  return octets_as_hex(X509_get0_authority_key_id(native()));
}

std::vector<std::string> Certificate::dns_names() const {
  std::vector<std::string> names;
  auto* alternatives = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(native(), NID_subject_alt_name, nullptr, nullptr));
  if (alternatives == nullptr) return names;
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    names.emplace_back(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  GENERAL_NAMES_free(alternatives);
  return names;
}

bool Certificate::self_issued() const {
  return X509_NAME_cmp(X509_get_subject_name(fields()), X509_get_issuer_name(fields())) == 0;
}

PublicKey Certificate::public_key() const {
  return PublicKey(key_in(X509_get_X509_PUBKEY(fields())));
}

std::string Certificate::public_key_der() const {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(fields()), &encoded);
  FERRY_CHECK(size > 0);
  std::string der(reinterpret_cast<char*>(encoded), static_cast<std::size_t>(size));
  OPENSSL_free(encoded);
  return der;
}

bool Certificate::matches(const PrivateKey& key) const {
  return public_key() == key.public_key();
}

bool Certificate::signed_by(const Certificate& issuer) const {
  EVP_PKEY* key = X509_get0_pubkey(issuer.native());
  const bool genuine = key != nullptr && X509_verify(native(), key) == 1;
  ERR_clear_error();
  return genuine;
}

std::string Certificate::to_pem() const {
  BioPtr bio = bio_in_memory();
  FERRY_CHECK(PEM_write_bio_X509(bio.get(), fields()) == 1);
  return bio_content(bio.get());
}

std::string Certificate::to_der() const {
  BioPtr bio = bio_in_memory();
  FERRY_CHECK(i2d_X509_bio(bio.get(), fields()) == 1);
  return bio_content(bio.get());
}

bool operator==(const Certificate& a, const Certificate& b) {
  return X509_cmp(a.native(), b.native()) == 0;
}

Result<std::vector<Certificate>> parse_chain(std::string_view pem) {
  std::vector<Certificate> chain;
  BioPtr bio = bio_over(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    chain.push_back(Certificate::adopt(certificate));
  }
  // Running out of blocks is how a bundle ends; any other reason is damage.
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  std::string reason = take_openssl_reason();
  if (!ended) {
    return fail(Code::invalid_argument, "certificate {} of the bundle is malformed: {}",
                chain.size() + 1, reason);
  }
  if (chain.empty()) return fail(Code::invalid_argument, "there is no certificate in the PEM text");
  return chain;
}

std::string chain_to_pem(const std::vector<Certificate>& chain) {
  std::string text;
  for (const Certificate& certificate : chain) text += certificate.to_pem();
  return text;
}

std::string certificates_only_cms(const std::vector<Certificate>& certificates) {
  const std::unique_ptr<PKCS7, FreeWith<PKCS7_free>> message(PKCS7_new());
  FERRY_CHECK(PKCS7_set_type(message.get(), NID_pkcs7_signed) == 1);
  FERRY_CHECK(PKCS7_content_new(message.get(), NID_pkcs7_data) == 1);
  FERRY_CHECK(PKCS7_set_detached(message.get(), 1) == 1);  // there is no content
  for (const Certificate& certificate : certificates) {
    FERRY_CHECK(PKCS7_add_certificate(message.get(), certificate.native()) == 1);
  }
  BioPtr bio = bio_in_memory();
  FERRY_CHECK(i2d_PKCS7_bio(bio.get(), message.get()) == 1);
  return bio_content(bio.get());
}

}  // namespace ferry::x509
