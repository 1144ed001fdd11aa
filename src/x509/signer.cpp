// SPDX-License-Identifier: Apache-2.0
#include "x509/signer.hpp"

#include "x509/openssl.hpp"

namespace ferry::x509 {
namespace {

// RFC 5758 s.3.2: ECDSA has no parameters; RFC 4055 s.5: RSA with PKCS#1 v1.5 has NULL.
bool set_algorithm(X509_ALGOR* algorithm, const PublicKey& key) {
  const bool rsa = EVP_PKEY_base_id(key.native()) == EVP_PKEY_RSA;
  const bool sha384 = digest_for(key.native()) == EVP_sha384();
  const int kind = rsa      ? NID_sha256WithRSAEncryption
                   : sha384 ? NID_ecdsa_with_SHA384
                            : NID_ecdsa_with_SHA256;
  return X509_ALGOR_set0(algorithm, OBJ_nid2obj(kind), rsa ? V_ASN1_NULL : V_ASN1_UNDEF, nullptr) ==
         1;
}

bool set_bits(ASN1_BIT_STRING* field, const std::string& bytes) {
  field->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
  field->flags |= ASN1_STRING_FLAG_BITS_LEFT;  // no unused bits at the end
  return ASN1_STRING_set(field, bytes.data(), static_cast<int>(bytes.size())) == 1;
}

template <auto Encode, class T>
Result<std::string> signature_over(T* object, const Signer& signer) {
  unsigned char* encoded = nullptr;
  const int size = Encode(object, &encoded);
  if (size <= 0) return fail(Code::internal, "cannot encode: {}", take_openssl_reason());
  const std::string bytes(reinterpret_cast<char*>(encoded), static_cast<std::size_t>(size));
  OPENSSL_free(encoded);
  return signer.sign(bytes);
}

Unexpected cannot_put() {
  return fail(Code::internal, "cannot put a signature: {}", take_openssl_reason());
}

}  // namespace

Result<void> sign(x509_st* certificate, const Signer& signer) {
  // OpenSSL has no setter for these two fields of a certificate; they are its own, only seen const.
  const ASN1_BIT_STRING* bits = nullptr;
  const X509_ALGOR* outer = nullptr;
  X509_get0_signature(&bits, &outer, certificate);
  auto* inner = const_cast<X509_ALGOR*>(X509_get0_tbs_sigalg(certificate));
  const auto key = signer.public_key();
  if (!set_algorithm(inner, key) || !set_algorithm(const_cast<X509_ALGOR*>(outer), key)) {
    return cannot_put();
  }
  auto signature = signature_over<i2d_re_X509_tbs>(certificate, signer);
  if (!signature) return fail(std::move(signature).error());
  if (!set_bits(const_cast<ASN1_BIT_STRING*>(bits), *signature)) return cannot_put();
  return {};
}

Result<void> sign(X509_req_st* request, const Signer& signer) {
  X509_ALGOR* algorithm = X509_ALGOR_new();
  const bool named = set_algorithm(algorithm, signer.public_key()) &&
                     X509_REQ_set1_signature_algo(request, algorithm) == 1;
  X509_ALGOR_free(algorithm);
  if (!named) return cannot_put();
  auto signature = signature_over<i2d_re_X509_REQ_tbs>(request, signer);
  if (!signature) return fail(std::move(signature).error());
  ASN1_BIT_STRING* bits = ASN1_BIT_STRING_new();
  if (!set_bits(bits, *signature)) {
    ASN1_BIT_STRING_free(bits);
    return cannot_put();
  }
  X509_REQ_set0_signature(request, bits);
  return {};
}

}  // namespace ferry::x509
