// SPDX-License-Identifier: Apache-2.0
// RAII and error text for the OpenSSL calls of this module; not for use outside it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace ferry::x509 {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, FreeWith<X509_REQ_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;

BioPtr bio_over(std::string_view bytes);  // reads `bytes`, which must outlive it
BioPtr bio_in_memory();
std::string bio_content(BIO* bio);

// The oldest reason in OpenSSL's queue, which is the cause; empties the queue.
std::string take_openssl_reason();

std::string common_name_of(const X509_NAME* name);
// Replaces nothing: adds one UTF-8 entry, e.g. ("CN", "node-1").
bool add_name_entry(X509_NAME* name, const char* field, std::string_view value);
Result<void> check_name_length(std::string_view what, std::string_view value);

// The digest that fits the key: SHA-384 for P-384, else SHA-256.
const EVP_MD* digest_for(const EVP_PKEY* key);

}  // namespace ferry::x509
