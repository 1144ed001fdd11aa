// SPDX-License-Identifier: Apache-2.0
// X.509 v3 certificates (RFC 5280). A value: cheap to copy, immutable; copies belong to one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "x509/keys.hpp"

struct x509_st;

namespace ferry::x509 {

class Certificate {
 public:
  // The first certificate in the text; text around it is skipped.
  static Result<Certificate> from_pem(std::string_view pem);
  static Result<Certificate> from_der(std::string_view der);
  // Either of the two, told apart by its first bytes.
  static Result<Certificate> parse(std::string_view pem_or_der);
  // Takes ownership of `certificate`.
  static Certificate adopt(x509_st* certificate);
  // Of one that was put together here: it is read again from its own bytes before OpenSSL does
  // anything with it but give out its fields, because what it then keeps of key and extensions
  // must be that of the finished certificate. To read it costs several times what signing does, and
  // whoever only stores it never pays that.
  static Certificate adopt_unread(x509_st* certificate);

  std::string subject_cn() const;  // empty when there is none
  std::string issuer_cn() const;
  std::string serial_hex() const;  // upper case, as many bytes as the number has
  Timestamp not_before() const;
  Timestamp not_after() const;
  std::string sha1_thumbprint() const;    // of the DER form, upper-case hex
  std::string sha256_thumbprint() const;  // of the DER form, upper-case hex
  bool is_ca() const;                     // basic constraints say so
  std::optional<int> path_length() const;
  std::string subject_key_id() const;    // upper-case hex; empty when absent
  std::string authority_key_id() const;  // upper-case hex; empty when absent
  std::vector<std::string> dns_names() const;
  bool self_issued() const;  // subject and issuer are the same name
  PublicKey public_key() const;
  std::string public_key_der() const;  // SubjectPublicKeyInfo, as it stands in the certificate
  bool matches(const PrivateKey& key) const;
  // The signature alone, by `issuer`'s key: no dates, no constraints. For chains see chain.hpp.
  bool signed_by(const Certificate& issuer) const;

  std::string to_pem() const;
  std::string to_der() const;
  friend bool operator==(const Certificate& a, const Certificate& b);

  x509_st* native() const;

 private:
  struct Content;
  explicit Certificate(std::shared_ptr<Content> content) : content_(std::move(content)) {}
  x509_st* fields() const;  // names, dates, number and bytes alone
  std::shared_ptr<Content> content_;
};

// All certificates of a PEM bundle in their order; at least one. Blocks of other kinds are skipped.
Result<std::vector<Certificate>> parse_chain(std::string_view pem);
std::string chain_to_pem(const std::vector<Certificate>& chain);
// CMS signed data that holds certificates and signs nothing (RFC 5652 s.5.1, RFC 7030 s.4.1.3), in
// DER: what EST answers with.
std::string certificates_only_cms(const std::vector<Certificate>& certificates);

}  // namespace ferry::x509
