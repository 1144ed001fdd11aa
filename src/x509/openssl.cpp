// SPDX-License-Identifier: Apache-2.0
#include "x509/openssl.hpp"

#include <openssl/err.h>

namespace ferry::x509 {

BioPtr bio_over(std::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

BioPtr bio_in_memory() {
  return BioPtr(BIO_new(BIO_s_mem()));
}

std::string bio_content(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string take_openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "malformed data" : reason;
}

std::string common_name_of(const X509_NAME* name) {
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) return {};
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, value);
  if (size < 0) return {};
  std::string result(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return result;
}

bool add_name_entry(X509_NAME* name, const char* field, std::string_view value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

Result<void> check_name_length(std::string_view what, std::string_view value) {
  constexpr std::size_t kUpperBound = 64;  // RFC 5280 appendix A.1, ub-common-name
  if (value.empty() || value.size() > kUpperBound) {
    return fail(Code::invalid_argument, "a certificate's {} has 1 to {} characters, not {}", what,
                kUpperBound, value.size());
  }
  return {};
}

const EVP_MD* digest_for(const EVP_PKEY* key) {
  const bool large_curve = EVP_PKEY_base_id(key) == EVP_PKEY_EC && EVP_PKEY_bits(key) > 256;
  return large_curve ? EVP_sha384() : EVP_sha256();
}

}  // namespace ferry::x509
