// SPDX-License-Identifier: Apache-2.0
// Certification requests (PKCS#10, RFC 2986).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "x509/signer.hpp"

struct X509_req_st;

namespace ferry::x509 {

struct ParsedRequest;

class CertificateRequest {
 public:
  // Signed with `key`. `common_name` has 1 to 64 characters (RFC 5280, ub-common-name).
  static Result<CertificateRequest> create(const PrivateKey& key, std::string_view common_name);
  // For a CA, whose key may live elsewhere: asks for basic constraints with this path length and
  // for the key usage of a CA.
  static Result<CertificateRequest> create_for_ca(const Signer& signer,
                                                  std::string_view common_name, int path_length);
  // Parses only; says nothing about the signature. More than kLongestPem is refused unread.
  static constexpr std::size_t kLongestPem = 16 * 1024;
  static Result<CertificateRequest> from_pem(std::string_view pem);
  static Result<CertificateRequest> from_der(std::string_view der);

  // Proof of possession: whoever made the request holds the private key of its public key.
  Result<void> verify_self_signature() const;
  std::string subject_cn() const;  // empty when there is none
  const PublicKey& public_key() const { return key_; }
  std::string to_pem() const;

 private:
  static Result<CertificateRequest> finish(X509_req_st* request);
  CertificateRequest(std::shared_ptr<ParsedRequest> request, PublicKey key)
      : request_(std::move(request)), key_(std::move(key)) {}
  std::shared_ptr<ParsedRequest> request_;
  PublicKey key_;
};

}  // namespace ferry::x509
