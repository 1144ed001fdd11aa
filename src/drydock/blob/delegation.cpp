// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/delegation.hpp"

#include "base/crypto.hpp"
#include "drydock/blob/xml.hpp"

namespace drydock::blob {
namespace {

constexpr std::chrono::hours kLongest{24 * 7};

}  // namespace

Outcome<Delegation> parse_delegation(const BlobRequest& request, ferry::Timestamp now) {
  const auto document = parse_xml(request.http.body, "KeyInfo");
  if (!document) return refuse(400, "InvalidXmlDocument", document.error().message);
  Delegation delegation;
  delegation.start = document->text_of("Start");
  delegation.expiry = document->text_of("Expiry");
  delegation.version = request.header("x-ms-version");
  if (delegation.start.empty()) delegation.start = ferry::format_rfc3339(now);
  const auto start = ferry::parse_rfc3339(delegation.start);
  const auto expiry = ferry::parse_rfc3339(delegation.expiry);
  if (!start || !expiry || *expiry <= *start || *expiry <= now || *expiry > now + kLongest) {
    return refuse(400, "InvalidXmlNodeValue",
                  "The key must begin before it ends, and end within the next seven days.");
  }
  return delegation;
}

Delegation delegation_of(const BlobRequest& request) {
  return {request.query("skoid"), request.query("sktid"), request.query("skt"),
          request.query("ske"),   request.query("sks"),   request.query("skv")};
}

ferry::Secret delegation_key(const Delegation& delegation, std::string_view seed) {
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", delegation.object, delegation.tenant, delegation.start,
                  delegation.expiry, delegation.service, delegation.version);
  return ferry::Secret(ferry::base64_encode(ferry::hmac_sha256(seed, text)));
}

std::string delegation_xml(const Delegation& delegation, std::string_view seed) {
  XmlWriter xml;
  xml.open("UserDelegationKey");
  xml.element("SignedOid", delegation.object);
  xml.element("SignedTid", delegation.tenant);
  xml.element("SignedStart", delegation.start);
  xml.element("SignedExpiry", delegation.expiry);
  xml.element("SignedService", delegation.service);
  xml.element("SignedVersion", delegation.version);
  xml.element("Value", delegation_key(delegation, seed).reveal());
  xml.close("UserDelegationKey");
  return std::move(xml).finish();
}

}  // namespace drydock::blob
