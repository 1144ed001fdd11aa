// SPDX-License-Identifier: Apache-2.0
#include "api/certificate_views.hpp"

namespace ferry::api {
namespace {

json::value moment(const std::optional<Timestamp>& when) {
  return when ? json::value(format_rfc3339(*when)) : json::value(nullptr);
}

json::array texts(const std::vector<std::string>& words) {
  return json::array(words.begin(), words.end());
}

json::object to_json(const control::RolloverView::Authority& authority) {
  return {{"id", authority.id},
          {"subject", authority.subject},
          {"sha256Thumbprint", authority.sha256_thumbprint},
          {"notAfter", moment(authority.not_after)}};
}

}  // namespace

json::object to_json(const control::CertificateView& certificate) {
  return {{"id", certificate.id},
          {"subject", certificate.subject},
          {"issuer", certificate.issuer},
          {"issuerId",
           certificate.issuer_id ? json::value(*certificate.issuer_id) : json::value(nullptr)},
          {"use", certificate.use},
          {"owner", certificate.owner},
          {"state", certificate.state},
          {"origin", certificate.origin},
          {"usedBy", texts(certificate.used_by)},
          {"keyType", certificate.key_type},
          {"serial", certificate.serial},
          {"notBefore", moment(certificate.not_before)},
          {"notAfter", moment(certificate.not_after)},
          {"revokedAt", moment(certificate.revoked_at)},
          {"revocationReason", certificate.revocation_reason.empty()
                                   ? json::value(nullptr)
                                   : json::value(certificate.revocation_reason)},
          {"sha256Thumbprint", certificate.sha256_thumbprint},
          {"pem", certificate.pem}};
}

json::object to_json(const control::CertificateTree& tree) {
  json::object object = to_json(tree.certificate);
  object["nodes"] = tree.nodes;
  json::array below;
  for (const auto& child : tree.below) below.push_back(to_json(child));
  object["below"] = std::move(below);
  return object;
}

json::object to_json(const control::ChainVerdict& verdict) {
  json::array findings;
  for (const auto& finding : verdict.findings) {
    findings.push_back(json::object{{"severity", finding.severity},
                                    {"rule", finding.rule},
                                    {"certificate", finding.certificate},
                                    {"message", finding.message},
                                    {"hint", finding.hint}});
  }
  return {{"verified", verdict.verified},
          {"findings", std::move(findings)},
          {"path", texts(verdict.path)}};
}

json::object to_json(const control::RolloverView& rollover) {
  return {{"id", rollover.id},
          {"use", rollover.use},
          {"target", rollover.target},
          {"state", rollover.state},
          {"forced", rollover.forced},
          {"cancelled", rollover.cancelled},
          {"leaving", to_json(rollover.leaving)},
          {"arriving",
           rollover.arriving ? json::value(to_json(*rollover.arriving)) : json::value(nullptr)},
          {"nodes", rollover.nodes},
          {"remaining", rollover.remaining},
          {"authorities", rollover.authorities},
          {"remainingNodes", texts(rollover.remaining_names)},
          {"nodesPerMinute", rollover.nodes_per_minute},
          {"operation", rollover.operation.str()},
          {"startedAt", moment(rollover.started_at)},
          {"switchedAt", moment(rollover.switched_at)},
          {"finishedAt", moment(rollover.finished_at)}};
}

json::object to_json(const control::PendingRequest& request) {
  return {{"use", request.use},
          {"workspace",
           request.workspace.empty() ? json::value(nullptr) : json::value(request.workspace)},
          {"subject", request.subject},
          {"csr", request.csr},
          {"createdAt", moment(request.created_at)}};
}

json::object to_json(const control::PolicyView& policy) {
  const auto& own = policy.own;
  return {{"caKey", policy.ca_key},
          {"nodeKeys", texts(policy.node_keys)},
          {"nodeDays", policy.node_days},
          {"own",
           {{"caKey", own.ca_key ? json::value(*own.ca_key) : json::value(nullptr)},
            {"nodeKeys", own.node_keys ? json::value(texts(*own.node_keys)) : json::value(nullptr)},
            {"nodeDays", own.node_days ? json::value(*own.node_days) : json::value(nullptr)}}}};
}

Result<control::PolicyChange> read_policy(const json::object& body) {
  control::PolicyChange change;
  change.ca_key = optional_string(body, "caKey");
  change.node_days = optional_int(body, "nodeDays");
  const auto* keys = body.if_contains("nodeKeys");
  if (keys == nullptr || keys->is_null()) return change;
  if (!keys->is_array()) return fail(Code::invalid_argument, "'nodeKeys' is a list of words");
  change.node_keys.emplace();
  for (const auto& key : keys->get_array()) {
    if (!key.is_string()) return fail(Code::invalid_argument, "'nodeKeys' is a list of words");
    change.node_keys->emplace_back(key.get_string());
  }
  return change;
}

}  // namespace ferry::api
