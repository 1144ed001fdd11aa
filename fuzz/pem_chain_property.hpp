// SPDX-License-Identifier: Apache-2.0
// What must hold of any bytes that are read as certificates, single or bundled. The fuzz target and
// the unit test that replays its corpus share it.
#pragma once

#include <string_view>

#include "fuzz/csr_property.hpp"
#include "x509/explain.hpp"

namespace ferry::x509 {

inline void check_certificate(const Certificate& certificate) {
  auto again = Certificate::from_der(certificate.to_der());
  FERRY_CHECK(again.has_value());
  FERRY_CHECK(*again == certificate);
  FERRY_CHECK(again->subject_cn() == certificate.subject_cn());
  FERRY_CHECK(again->serial_hex() == certificate.serial_hex());
  FERRY_CHECK(again->not_after() == certificate.not_after());
  FERRY_CHECK(again->subject_key_id() == certificate.subject_key_id());
  FERRY_CHECK(again->dns_names() == certificate.dns_names());
  FERRY_CHECK(again->path_length() == certificate.path_length());
}

inline void check_pem_chain(std::string_view bytes) {
  if (auto single = Certificate::parse(bytes)) check_certificate(*single);
  const std::string text = as_pem(bytes, "CERTIFICATE");
  auto chain = parse_chain(text);
  if (!chain) {
    FERRY_CHECK(chain.error().code == Code::invalid_argument);
    return;
  }
  for (const auto& certificate : *chain) check_certificate(certificate);
  auto again = parse_chain(chain_to_pem(*chain));
  FERRY_CHECK(again.has_value() && *again == *chain);
  const auto at = from_unix_seconds(1'800'000'000);
  ExplainOptions options;
  options.at = at;
  if (chain->size() <= 8) {
    for (const auto& anchors : {std::vector<Certificate>{}, {chain->back()}}) {
      options.anchors = anchors;
      const auto report = explain_chain(*chain, options);
      const bool blamed = !report.findings.empty() &&
                          report.findings.front().severity == Severity::error &&
                          !report.findings.front().message.empty();
      FERRY_CHECK(report.verified != blamed);
    }
  }
  for (const auto purpose : {Purpose::any, Purpose::client_auth, Purpose::server_auth}) {
    auto verified = verify_chain(chain->front(), *chain, {chain->back()}, at, purpose);
    if (!verified) continue;
    FERRY_CHECK(verified->certificates.front() == chain->front());
    FERRY_CHECK(verified->anchor == verified->certificates.back());
  }
}

}  // namespace ferry::x509
