// SPDX-License-Identifier: Apache-2.0
#include "x509/spki.hpp"

#include <openssl/asn1t.h>
#include <openssl/err.h>

namespace ferry::x509 {

ASN1_SEQUENCE(Spki) = {ASN1_SIMPLE(Spki, algorithm, X509_ALGOR),
                       ASN1_SIMPLE(Spki, key, ASN1_BIT_STRING)} ASN1_SEQUENCE_END(Spki)

    namespace {
  std::shared_ptr<EVP_PKEY> share(EVP_PKEY * key) {
    return std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
  }

  // Keys whose parameters others get; made on first use, never used themselves.
  EVP_PKEY* curve_of(int nid) {
    static const KeyPtr kP256(EVP_EC_gen("P-256"));
    static const KeyPtr kP384(EVP_EC_gen("P-384"));
    if (nid == NID_X9_62_prime256v1) return kP256.get();
    return nid == NID_secp384r1 ? kP384.get() : nullptr;
  }

  // The curve that the algorithm names; NID_undef for any other algorithm.
  int curve_in(const X509_ALGOR* algorithm) {
    const ASN1_OBJECT* name = nullptr;
    int kind = V_ASN1_UNDEF;
    const void* parameters = nullptr;
    X509_ALGOR_get0(&name, &kind, &parameters, algorithm);
    if (OBJ_obj2nid(name) != NID_X9_62_id_ecPublicKey || kind != V_ASN1_OBJECT) return NID_undef;
    return OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(parameters));
  }

  int curve_in(const EVP_PKEY* key) {
    if (EVP_PKEY_base_id(key) != EVP_PKEY_EC) return NID_undef;
    char name[64] = {};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) {
      ERR_clear_error();
      return NID_undef;
    }
    return OBJ_sn2nid(name);
  }

  std::shared_ptr<EVP_PKEY> point_on(EVP_PKEY * curve, const unsigned char* point, int size) {
    auto key = share(EVP_PKEY_new());
    const bool set =
        EVP_PKEY_copy_parameters(key.get(), curve) == 1 &&
        EVP_PKEY_set1_encoded_public_key(key.get(), point, static_cast<std::size_t>(size)) == 1;
    return set ? key : nullptr;
  }

}  // namespace

std::shared_ptr<EVP_PKEY> key_in(const X509_ALGOR* algorithm, const ASN1_BIT_STRING* key) {
  if (EVP_PKEY* curve = curve_of(curve_in(algorithm))) {
    return point_on(curve, ASN1_STRING_get0_data(key), ASN1_STRING_length(key));
  }
  const Spki spki{const_cast<X509_ALGOR*>(algorithm), const_cast<ASN1_BIT_STRING*>(key)};
  unsigned char* der = nullptr;
  const int size =
      ASN1_item_i2d(reinterpret_cast<const ASN1_VALUE*>(&spki), &der, ASN1_ITEM_rptr(Spki));
  if (size <= 0) return nullptr;
  const unsigned char* cursor = der;
  auto decoded = share(d2i_PUBKEY(nullptr, &cursor, size));
  OPENSSL_free(der);
  return decoded;
}

std::shared_ptr<EVP_PKEY> key_in(X509_PUBKEY* field) {
  ERR_set_mark();
  EVP_PKEY* kept = X509_PUBKEY_get(field);
  ERR_pop_to_mark();
  if (kept != nullptr) return share(kept);
  const unsigned char* bytes = nullptr;  // of one that put_point() has written
  int size = 0;
  X509_ALGOR* algorithm = nullptr;
  if (X509_PUBKEY_get0_param(nullptr, &bytes, &size, &algorithm, field) != 1) return nullptr;
  EVP_PKEY* curve = curve_of(curve_in(algorithm));
  return curve == nullptr ? nullptr : point_on(curve, bytes, size);
}

bool put_point(X509_PUBKEY* field, const EVP_PKEY* key) {
  const int curve = curve_in(key);
  if (curve_of(curve) == nullptr) return false;
  unsigned char* point = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(const_cast<EVP_PKEY*>(key), &point);
  if (size == 0) return false;
  return X509_PUBKEY_set0_param(field, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                                OBJ_nid2obj(curve), point, static_cast<int>(size)) == 1;
}

}  // namespace ferry::x509
