// SPDX-License-Identifier: Apache-2.0
#include "x509/request.hpp"

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "x509/openssl.hpp"
#include "x509/spki.hpp"

namespace ferry::x509 {

// PKCS#10 (RFC 2986 s.4), with the key as it is: OpenSSL's own type decodes it at once, see
// spki.hpp.
struct ParsedRequestInfo {
  ASN1_ENCODING enc;  // the bytes that are signed
  ASN1_INTEGER* version;
  X509_NAME* subject;
  Spki* key;
  STACK_OF(X509_ATTRIBUTE) * attributes;
};
struct ParsedRequest {
  ParsedRequestInfo* info;
  X509_ALGOR* algorithm;
  ASN1_BIT_STRING* signature;
};

ASN1_SEQUENCE_enc(ParsedRequestInfo, enc, nullptr) =
    {
        ASN1_SIMPLE(ParsedRequestInfo, version, ASN1_INTEGER),
        ASN1_SIMPLE(ParsedRequestInfo, subject, X509_NAME),
        ASN1_SIMPLE(ParsedRequestInfo, key, Spki),
        ASN1_IMP_SET_OF_OPT(ParsedRequestInfo, attributes, X509_ATTRIBUTE, 0),
} ASN1_SEQUENCE_END_enc(ParsedRequestInfo, ParsedRequestInfo)

        ASN1_SEQUENCE(ParsedRequest) =
            {
                ASN1_SIMPLE(ParsedRequest, info, ParsedRequestInfo),
                ASN1_SIMPLE(ParsedRequest, algorithm, X509_ALGOR),
                ASN1_SIMPLE(ParsedRequest, signature, ASN1_BIT_STRING),
} ASN1_SEQUENCE_END(ParsedRequest)

                namespace {
  std::shared_ptr<X509_REQ> share(X509_REQ * request) {
    return std::shared_ptr<X509_REQ>(request, X509_REQ_free);
  }

  std::shared_ptr<ParsedRequest> parse(std::string_view der) {
    const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
    const auto* cursor = begin;
    ASN1_VALUE* parsed = ASN1_item_d2i(nullptr, &cursor, static_cast<long>(der.size()),
                                       ASN1_ITEM_rptr(ParsedRequest));
    std::shared_ptr<ParsedRequest> request(
        reinterpret_cast<ParsedRequest*>(parsed), [](ParsedRequest* gone) {
          ASN1_item_free(reinterpret_cast<ASN1_VALUE*>(gone), ASN1_ITEM_rptr(ParsedRequest));
        });
    return parsed != nullptr && cursor == begin + der.size() ? request : nullptr;
  }

  bool fill(X509_REQ * request, const PublicKey& key, std::string_view common_name) {
    return X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
           add_name_entry(X509_REQ_get_subject_name(request), "CN", common_name) &&
           X509_REQ_set_pubkey(request, key.native()) == 1;
  }

  bool ask_for(X509_REQ * request, const std::vector<std::pair<int, std::string>>& extensions) {
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
  return finish(request.get());
}

Result<CertificateRequest> CertificateRequest::create(const PrivateKey& key,
                                                      std::string_view common_name) {
  auto length = check_name_length("common name", common_name);
  if (!length) return fail(std::move(length).error());
  auto request = share(X509_REQ_new());
  if (!fill(request.get(), key.public_key(), common_name)) return cannot_make();
  auto done = sign(request.get(), KeySigner(key));
  if (!done) return fail(std::move(done).error());
  return finish(request.get());
}

Result<CertificateRequest> CertificateRequest::finish(X509_req_st* request) {
  BioPtr bio = bio_in_memory();
  FERRY_CHECK(i2d_X509_REQ_bio(bio.get(), request) == 1);
  return from_der(bio_content(bio.get()));
}

Result<CertificateRequest> CertificateRequest::from_pem(std::string_view pem) {
  if (pem.size() > kLongestPem) {
    return fail(Code::invalid_argument, "a certificate request of {} bytes; {} are enough for any",
                pem.size(), kLongestPem);
  }
  BioPtr bio = bio_over(pem);
  unsigned char* bytes = nullptr;
  long size = 0;
  if (PEM_bytes_read_bio(&bytes, &size, nullptr, PEM_STRING_X509_REQ, bio.get(), nullptr,
                         nullptr) != 1) {
    return fail(Code::invalid_argument, "not a certificate request in PEM: {}",
                take_openssl_reason());
  }
  const std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return from_der(der);
}

Result<CertificateRequest> CertificateRequest::from_der(std::string_view der) {
  if (der.size() > kLongestPem) {
    return fail(Code::invalid_argument, "a certificate request of {} bytes; {} are enough for any",
                der.size(), kLongestPem);
  }
  auto parsed = parse(der);
  if (!parsed) {
    return fail(Code::invalid_argument, "not a certificate request in DER: {}",
                take_openssl_reason());
  }
  auto key = key_in(parsed->info->key->algorithm, parsed->info->key->key);
  if (!key) {
    return fail(Code::invalid_argument, "the certificate request has no usable public key: {}",
                take_openssl_reason());
  }
  return CertificateRequest(std::move(parsed), PublicKey(std::move(key)));
}

Result<void> CertificateRequest::verify_self_signature() const {
  const int verdict = ASN1_item_verify(ASN1_ITEM_rptr(ParsedRequestInfo), request_->algorithm,
                                       request_->signature, request_->info, key_.native());
  ERR_clear_error();
  if (verdict == 1) return {};
  return fail(Code::invalid_argument,
              "the certificate request is not signed with the key that it holds");
}

std::string CertificateRequest::subject_cn() const {
  return common_name_of(request_->info->subject);
}

std::string CertificateRequest::to_pem() const {
  BioPtr bio = bio_in_memory();
  unsigned char* der = nullptr;
  const int size = ASN1_item_i2d(reinterpret_cast<const ASN1_VALUE*>(request_.get()), &der,
                                 ASN1_ITEM_rptr(ParsedRequest));
  FERRY_CHECK(size > 0);
  const bool written = PEM_write_bio(bio.get(), PEM_STRING_X509_REQ, "", der, size) > 0;
  OPENSSL_free(der);
  FERRY_CHECK(written);
  return bio_content(bio.get());
}

}  // namespace ferry::x509
