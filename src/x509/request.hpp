// SPDX-License-Identifier: Apache-2.0
// Certification requests (PKCS#10, RFC 2986).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "x509/keys.hpp"

struct X509_req_st;

namespace ferry::x509 {

class CertificateRequest {
 public:
  // Signed with `key`. `common_name` has 1 to 64 characters (RFC 5280, ub-common-name).
  static Result<CertificateRequest> create(const PrivateKey& key, std::string_view common_name);
  // Parses only; says nothing about the signature.
  static Result<CertificateRequest> from_pem(std::string_view pem);

  // Proof of possession: whoever made the request holds the private key of its public key.
  Result<void> verify_self_signature() const;
  std::string subject_cn() const;  // empty when there is none
  PublicKey public_key() const;
  std::string to_pem() const;

 private:
  explicit CertificateRequest(std::shared_ptr<X509_req_st> request)
      : request_(std::move(request)) {}
  std::shared_ptr<X509_req_st> request_;
};

}  // namespace ferry::x509
