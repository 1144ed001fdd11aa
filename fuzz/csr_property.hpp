// SPDX-License-Identifier: Apache-2.0
// What must hold of any bytes that are read as a certification request. The fuzz target and the
// unit test that replays its corpus share it.
#pragma once

#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "x509/request.hpp"

namespace ferry::x509 {

// Bytes that begin as DER does are put into PEM, so that mutations reach what the text carries.
inline std::string as_pem(std::string_view bytes, std::string_view kind) {
  if (bytes.empty() || bytes.front() != '\x30') return std::string(bytes);
  std::string text = fmt::format("-----BEGIN {}-----\n", kind);
  const std::string body = base64_encode(bytes);
  for (std::size_t at = 0; at < body.size(); at += 64) text += body.substr(at, 64) + "\n";
  return text + fmt::format("-----END {}-----\n", kind);
}

inline void check_csr(std::string_view input) {
  const std::string bytes = as_pem(input, "CERTIFICATE REQUEST");
  auto request = CertificateRequest::from_pem(bytes);
  if (!request) {
    FERRY_CHECK(request.error().code == Code::invalid_argument);
    return;
  }
  const auto key = request->public_key();
  const bool proven = request->verify_self_signature().has_value();
  // What the control plane does with a key before it signs for it.
  if (auto type = key.type()) [[maybe_unused]]
    auto sound = key.check();
  // Written and read again it is the same request.
  auto again = CertificateRequest::from_pem(request->to_pem());
  if (!again) {  // only because the text outgrew what is read
    FERRY_CHECK(request->to_pem().size() > CertificateRequest::kLongestPem);
    return;
  }
  FERRY_CHECK(again->subject_cn() == request->subject_cn());
  FERRY_CHECK(again->to_pem() == request->to_pem());
  FERRY_CHECK(again->verify_self_signature().has_value() == proven);
}

}  // namespace ferry::x509
