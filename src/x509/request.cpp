// SPDX-License-Identifier: Apache-2.0
#include "x509/request.hpp"

#include <openssl/err.h>

#include "x509/openssl.hpp"

namespace ferry::x509 {

namespace {
std::shared_ptr<X509_REQ> share(X509_REQ* request) {
  return std::shared_ptr<X509_REQ>(request, X509_REQ_free);
}
bool fill(X509_REQ* request, const PublicKey& key, std::string_view common_name) {
  return X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
         add_name_entry(X509_REQ_get_subject_name(request), "CN", common_name) &&
         X509_REQ_set_pubkey(request, key.native()) == 1;
}

bool ask_for(X509_REQ* request, const std::vector<std::pair<int, std::string>>& extensions) {
  STACK_OF(X509_EXTENSION)* list = sk_X509_EXTENSION_new_null();
  bool done = list != nullptr;
  for (const auto& [kind, value] : extensions) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    done = done && extension != nullptr && sk_X509_EXTENSION_push(list, extension) > 0;
  }
  done = done && X509_REQ_add_extensions(request, list) == 1;
  sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
  return done;
}

Unexpected cannot_make() {
  return fail(Code::invalid_argument, "cannot make a certificate request: {}",
              take_openssl_reason());
}

}  // namespace

Result<CertificateRequest> CertificateRequest::create_for_ca(const Signer& signer,
                                                             std::string_view common_name,
                                                             int path_length) {
  auto length = check_name_length("common name", common_name);
  if (!length) return fail(std::move(length).error());
  auto request = share(X509_REQ_new());
  const bool filled =
      fill(request.get(), signer.public_key(), common_name) &&
      ask_for(request.get(),
              {{NID_basic_constraints, fmt::format("critical,CA:TRUE,pathlen:{}", path_length)},
               {NID_key_usage, "critical,keyCertSign,cRLSign"}});
  if (!filled) return cannot_make();
  auto done = sign(request.get(), signer);
  if (!done) return fail(std::move(done).error());
  return CertificateRequest(std::move(request));
}

Result<CertificateRequest> CertificateRequest::create(const PrivateKey& key,
                                                      std::string_view common_name) {
  auto length = check_name_length("common name", common_name);
  if (!length) return fail(std::move(length).error());
  auto request = share(X509_REQ_new());
  if (!fill(request.get(), key.public_key(), common_name)) return cannot_make();
  auto done = sign(request.get(), KeySigner(key));
  if (!done) return fail(std::move(done).error());
  return CertificateRequest(std::move(request));
}

Result<CertificateRequest> CertificateRequest::from_pem(std::string_view pem) {
  if (pem.size() > kLongestPem) {
    return fail(Code::invalid_argument, "a certificate request of {} bytes; {} are enough for any",
                pem.size(), kLongestPem);
  }
  BioPtr bio = bio_over(pem);
  X509_REQ* request = PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr);
  if (request == nullptr) {
    return fail(Code::invalid_argument, "not a certificate request in PEM: {}",
                take_openssl_reason());
  }
  return adopt(request);
}

Result<CertificateRequest> CertificateRequest::from_der(std::string_view der) {
  if (der.size() > kLongestPem) {
    return fail(Code::invalid_argument, "a certificate request of {} bytes; {} are enough for any",
                der.size(), kLongestPem);
  }
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  const auto* cursor = begin;
  X509_REQ* request = d2i_X509_REQ(nullptr, &cursor, static_cast<long>(der.size()));
  if (request == nullptr) {
    return fail(Code::invalid_argument, "not a certificate request in DER: {}",
                take_openssl_reason());
  }
  auto adopted = adopt(request);
  if (cursor != begin + der.size()) {
    return fail(Code::invalid_argument, "not a certificate request in DER: bytes follow it");
  }
  return adopted;
}

Result<CertificateRequest> CertificateRequest::adopt(X509_req_st* request) {
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
