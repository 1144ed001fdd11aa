// SPDX-License-Identifier: Apache-2.0
// Why a chain does or does not verify in a workspace.
#include "control/certificates/authority.hpp"
#include "control/certificates/certificates.hpp"
#include "control/lookup.hpp"
#include "x509/explain.hpp"

namespace ferry::control {
namespace {

constexpr std::size_t kMostCertificates = 32;

Result<x509::Purpose> parse_purpose(const std::string& text) {
  if (text.empty() || text == "client") return x509::Purpose::client_auth;
  if (text == "server") return x509::Purpose::server_auth;
  if (text == "any") return x509::Purpose::any;
  return fail(Error{Code::invalid_argument, fmt::format("'{}' is no purpose", text),
                    "client, server or any"});
}

Result<std::vector<x509::Certificate>> parse_all(
    const std::vector<store::CertificateRecord>& records) {
  std::vector<x509::Certificate> certificates;
  for (const auto& record : records) {
    auto certificate = x509::Certificate::from_pem(record.pem);
    if (!certificate) return fail(std::move(certificate).error());
    certificates.push_back(*std::move(certificate));
  }
  return certificates;
}

// What Ferry has noted against a certificate.
std::optional<std::string> what_stands_against(const Context& context,
                                               const x509::Certificate& certificate) {
  auto record =
      context.store.certificates.find_by_thumbprint(to_lower(certificate.sha256_thumbprint()));
  if (!record || !*record) return std::nullopt;
  if ((*record)->revoked_at) {
    return fmt::format("it was revoked on {}{}{}", format_rfc3339(*(*record)->revoked_at),
                       (*record)->revocation_reason.empty() ? "" : ": ",
                       (*record)->revocation_reason);
  }
  if ((*record)->state == store::CertificateState::retired) {
    return "this authority was replaced and is out of use; what it issued has to be renewed";
  }
  return std::nullopt;
}

}  // namespace

Result<ChainVerdict> Certificates::verify(const fleet::OrganizationId& organization,
                                          const std::string& workspace_name,
                                          const ChainQuestion& question) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto presented = x509::parse_chain(question.pem);
  if (!presented) return fail(std::move(presented).error());
  if (presented->size() > kMostCertificates) {
    return fail(Code::invalid_argument, "{} certificates are no chain: at most {}",
                presented->size(), kMostCertificates);
  }
  auto purpose = parse_purpose(question.purpose);
  if (!purpose) return fail(std::move(purpose).error());
  auto trusted = trust_anchors(context_, *workspace);
  if (!trusted) return fail(std::move(trusted).error());
  auto anchors = parse_all(*trusted);
  if (!anchors) return fail(std::move(anchors).error());

  x509::ExplainOptions options;
  options.anchors = *std::move(anchors);
  options.at = question.at.value_or(context_.clock.now());
  options.purpose = *purpose;
  options.revoked = [this](const x509::Certificate& certificate) {
    return what_stands_against(context_, certificate);
  };
  const auto report = x509::explain_chain(*presented, options);
  ChainVerdict verdict;
  verdict.verified = report.verified;
  for (const auto& finding : report.findings) {
    verdict.findings.push_back({std::string(to_string(finding.severity)), finding.rule,
                                finding.certificate, finding.message, finding.hint});
  }
  for (const auto& certificate : report.path) verdict.path.push_back(certificate.subject_cn());
  return verdict;
}

}  // namespace ferry::control
