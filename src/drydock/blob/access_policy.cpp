// SPDX-License-Identifier: Apache-2.0
#include "drydock/blob/access_policy.hpp"

#include "base/encoding.hpp"
#include "drydock/blob/xml.hpp"

namespace drydock::blob {
namespace {

constexpr std::size_t kMostPolicies = 5;
constexpr std::size_t kLongestId = 64;

}  // namespace

Outcome<std::vector<AccessPolicy>> parse_access_policies(std::string_view xml) {
  std::vector<AccessPolicy> policies;
  if (ferry::trim(xml).empty()) return policies;
  const auto document = parse_xml(xml, "SignedIdentifiers");
  if (!document) return refuse(400, "InvalidXmlDocument", document.error().message);
  for (const auto& identifier : document->children) {
    AccessPolicy policy{identifier.text_of("Id"), {}, {}, {}};
    if (const auto* terms = identifier.find("AccessPolicy")) {
      policy.start = terms->text_of("Start");
      policy.expiry = terms->text_of("Expiry");
      policy.permission = terms->text_of("Permission");
    }
    if (policy.id.empty() || policy.id.size() > kLongestId) {
      return refuse(400, "InvalidXmlNodeValue", "An access policy's Id has 1 to 64 characters.");
    }
    policies.push_back(std::move(policy));
  }
  if (policies.size() > kMostPolicies) {
    return refuse(400, "InvalidXmlDocument", "A container has at most 5 access policies.");
  }
  return policies;
}

std::string access_policies_xml(const std::vector<AccessPolicy>& policies) {
  XmlWriter xml;
  xml.open("SignedIdentifiers");
  for (const auto& policy : policies) {
    xml.open("SignedIdentifier");
    xml.element("Id", policy.id);
    xml.open("AccessPolicy");
    if (!policy.start.empty()) xml.element("Start", policy.start);
    if (!policy.expiry.empty()) xml.element("Expiry", policy.expiry);
    if (!policy.permission.empty()) xml.element("Permission", policy.permission);
    xml.close("AccessPolicy");
    xml.close("SignedIdentifier");
  }
  xml.close("SignedIdentifiers");
  return std::move(xml).finish();
}

}  // namespace drydock::blob
