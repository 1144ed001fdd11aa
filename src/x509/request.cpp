// SPDX-License-Identifier: Apache-2.0
#include "x509/request.hpp"

#include <openssl/err.h>

#include "x509/openssl.hpp"

namespace ferry::x509 {

namespace {
std::shared_ptr<X509_REQ> share(X509_REQ* request) {
  return std::shared_ptr<X509_REQ>(request, X509_REQ_free);
}
}  // namespace

Result<CertificateRequest> CertificateRequest::create(const PrivateKey& key,
                                                      std::string_view common_name) {
  auto length = check_name_length("common name", common_name);
  if (!length) return fail(std::move(length).error());
  auto request = share(X509_REQ_new());
  const bool done = X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                    add_name_entry(X509_REQ_get_subject_name(request.get()), "CN", common_name) &&
                    X509_REQ_set_pubkey(request.get(), key.native()) == 1 &&
                    X509_REQ_sign(request.get(), key.native(), digest_for(key.native())) > 0;
  if (!done) {
    return fail(Code::invalid_argument, "cannot make a certificate request: {}",
                take_openssl_reason());
  }
  return CertificateRequest(std::move(request));
}

Result<CertificateRequest> CertificateRequest::from_pem(std::string_view pem) {
  BioPtr bio = bio_over(pem);
  X509_REQ* request = PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr);
  if (request == nullptr) {
    return fail(Code::invalid_argument, "not a certificate request in PEM: {}",
                take_openssl_reason());
  }
  auto shared = share(request);
  if (X509_REQ_get0_pubkey(request) == nullptr) {
    return fail(Code::invalid_argument, "the certificate request has no usable public key: {}",
                take_openssl_reason());
  }
  return CertificateRequest(std::move(shared));
}

Result<void> CertificateRequest::verify_self_signature() const {
  const int verdict = X509_REQ_verify(request_.get(), X509_REQ_get0_pubkey(request_.get()));
  ERR_clear_error();
  if (verdict == 1) return {};
  return fail(Code::invalid_argument,
              "the certificate request is not signed with the key that it holds");
}

std::string CertificateRequest::subject_cn() const {
  return common_name_of(X509_REQ_get_subject_name(request_.get()));
}

PublicKey CertificateRequest::public_key() const {
  return PublicKey(std::shared_ptr<EVP_PKEY>(X509_REQ_get_pubkey(request_.get()), EVP_PKEY_free));
}

std::string CertificateRequest::to_pem() const {
  BioPtr bio = bio_in_memory();
  FERRY_CHECK(PEM_write_bio_X509_REQ(bio.get(), request_.get()) == 1);
  return bio_content(bio.get());
}

}  // namespace ferry::x509
