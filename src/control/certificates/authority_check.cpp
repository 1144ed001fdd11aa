// SPDX-License-Identifier: Apache-2.0
#include "control/certificates/authority_check.hpp"

#include <algorithm>

#include "x509/authority.hpp"
#include "x509/explain.hpp"

namespace ferry::control {
namespace {

using x509::Certificate;

constexpr std::size_t kMostCertificates = 16;

Unexpected refuse(std::string message, std::string hint) {
  return fail(Error{Code::invalid_argument, std::move(message), std::move(hint)});
}

Unexpected refuse(const x509::ChainFinding& finding) {
  return refuse(fmt::format("certificate '{}': {}", finding.certificate, finding.message),
                finding.hint);
}

// A trial: authorities below the CA as Ferry will make them, and a client at the end.
Result<std::vector<Certificate>> trial_below(const Certificate& authority,
                                             const x509::Signer& signer,
                                             const AuthorityDemand& demand) {
  std::vector<Certificate> below;
  Certificate issuer = authority;
  const x509::Signer* issuing = &signer;
  std::vector<std::unique_ptr<x509::KeySigner>> keys;
  for (int level = demand.levels_below; level >= 0; --level) {
    const auto key = x509::PrivateKey::generate();
    x509::CertificateProfile profile;
    profile.common_name = level == 0 ? "trial node" : fmt::format("trial CA {}", level);
    profile.not_before = std::max(demand.now, issuer.not_before());
    profile.not_after = std::min(demand.now + std::chrono::hours(1), issuer.not_after());
    profile.ca = level > 0;
    if (profile.ca) profile.path_length = level - 1;
    profile.client_auth = level <= 1;
    auto made = x509::issue(issuer, *issuing, key.public_key(), profile);
    if (!made) return fail(std::move(made).error());
    below.insert(below.begin(), *made);
    issuer = *std::move(made);
    keys.push_back(std::make_unique<x509::KeySigner>(key));
    issuing = keys.back().get();
  }
  return below;
}

Result<Certificate> certificate_of(const std::vector<Certificate>& certificates,
                                   const x509::PublicKey& key) {
  for (const auto& certificate : certificates) {
    if (certificate.public_key() == key) return certificate;
  }
  return refuse("none of the certificates is for the authority's key",
                "send the certificate that was signed for the request, with the chain above it");
}

}  // namespace

Result<std::vector<Certificate>> check_external_authority(
    const std::vector<Certificate>& certificates, const x509::Signer& key,
    const AuthorityDemand& demand) {
  if (certificates.size() > kMostCertificates) {
    return refuse(fmt::format("{} certificates are no chain", certificates.size()),
                  "send the CA and what is above it, nothing else");
  }
  auto authority = certificate_of(certificates, key.public_key());
  if (!authority) return fail(std::move(authority).error());
  auto kind = authority->public_key().type();
  if (!kind) return fail(std::move(kind).error());
  if (!authority->is_ca()) {
    return refuse(
        fmt::format("'{}' is not an authority: CA:TRUE is missing", authority->subject_cn()),
        "have the request signed as a CA (openssl x509 -req -copy_extensions copyall)");
  }
  const auto length = authority->path_length();
  if (length && *length < demand.levels_below) {
    return refuse(fmt::format("'{}' allows {} authorities below it; Ferry needs {}",
                              authority->subject_cn(), *length, demand.levels_below),
                  "have it certified with a greater path length, or with none");
  }
  if (authority->not_after() < demand.now + demand.least_life) {
    return refuse(
        fmt::format("'{}' ends on {}, too soon to issue for nodes", authority->subject_cn(),
                    format_rfc3339(authority->not_after())),
        fmt::format("it has to last for {} days at least", demand.least_life.count() / 24));
  }
  // First by itself, so that what is wrong above is named as what it is.
  std::vector<Certificate> presented{*authority};
  for (const auto& certificate : certificates) {
    if (!(certificate == *authority)) presented.push_back(certificate);
  }
  x509::ExplainOptions options;
  options.at = demand.now;
  options.purpose = x509::Purpose::any;
  const auto alone = x509::explain_chain(presented, options);
  if (!alone.verified) return refuse(alone.findings.front());

  auto trial = trial_below(*authority, key, demand);
  if (!trial)
    return fail(std::move(trial).error().with("issue below '{}'", authority->subject_cn()));
  trial->insert(trial->end(), alone.path.begin(), alone.path.end());
  options.purpose = x509::Purpose::client_auth;
  const auto below = x509::explain_chain(*trial, options);
  if (!below.verified) return refuse(below.findings.front());
  return alone.path;
}

}  // namespace ferry::control
