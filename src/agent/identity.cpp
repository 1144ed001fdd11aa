// SPDX-License-Identifier: Apache-2.0
#include "agent/identity.hpp"

#include "base/encoding.hpp"
#include "x509/certificate.hpp"
#include "x509/request.hpp"

namespace ferry::agent {
namespace {

Result<std::optional<Identity>> fitting(Result<std::optional<Registration>> registration,
                                        Result<std::optional<Secret>> key_pem) {
  if (!registration) return fail(std::move(registration).error());
  if (!key_pem) return fail(std::move(key_pem).error());
  if (!*registration || !*key_pem) return std::nullopt;
  const auto key = x509::PrivateKey::from_pem(**key_pem);
  if (!key) return fail(Error(key.error()).with("read the device's key"));
  if (!check_identity(**registration, *key)) return std::nullopt;
  return Identity{**std::move(registration), **std::move(key_pem)};
}

net::TlsClientOptions tls_options(const std::string& ca_pem, const Identity* identity,
                                  std::shared_ptr<const Clock> clock) {
  net::TlsClientOptions options;
  options.ca_pem = ca_pem;
  // With a CA of one's own the system's roots are not needed: a megabyte less on a small device.
  options.system_roots = ca_pem.empty();
  if (identity) {
    options.identity = net::TlsIdentity{identity->registration.chain_pem, identity->key_pem};
  }
  options.clock = std::move(clock);
  return options;
}

}  // namespace

Result<void> check_identity(const Registration& registration, const x509::PrivateKey& key) {
  const auto chain = x509::parse_chain(registration.chain_pem);
  if (!chain) return fail(Error(chain.error()).with("read the certificate chain"));
  const x509::Certificate& leaf = chain->front();
  if (!leaf.matches(key)) {
    return fail(Code::unavailable, "the certificate is for another key than this device's");
  }
  if (!equals_ignore_case(leaf.subject_cn(), registration.registration_id)) {
    return fail(Code::unavailable, "the certificate is for '{}', not for '{}'", leaf.subject_cn(),
                registration.registration_id);
  }
  return {};
}

Result<std::optional<Identity>> identity_in_use(const DataDirectory& directory) {
  return fitting(directory.load_registration(), directory.load_key());
}

Result<std::optional<Identity>> candidate_identity(const DataDirectory& directory) {
  return fitting(directory.load_candidate(), directory.load_candidate_key());
}

Result<CertificateLife> life_of(const Registration& registration) {
  const auto chain = x509::parse_chain(registration.chain_pem);
  if (!chain) return fail(Error(chain.error()).with("read the certificate chain"));
  const x509::Certificate& leaf = chain->front();
  const std::string thumbprint = leaf.sha256_thumbprint();
  // The same for the same certificate at every start, and as good as random among many.
  const auto random = static_cast<std::uint16_t>(std::stoul(thumbprint.substr(0, 4), nullptr, 16));
  return plan_life(thumbprint, leaf.not_before(), leaf.not_after(), registration.renew_after,
                   leaf.not_before(), random);
}

Result<x509::PrivateKey> make_key(const AgentSettings& settings) {
  using x509::KeyType;
  constexpr std::pair<std::string_view, KeyType> kTypes[] = {{"ec-p256", KeyType::ec_p256},
                                                             {"ec-p384", KeyType::ec_p384},
                                                             {"rsa-2048", KeyType::rsa_2048},
                                                             {"rsa-3072", KeyType::rsa_3072}};
  for (const auto& [name, type] : kTypes) {
    if (settings.key_type == name) return x509::PrivateKey::generate(type);
  }
  return fail(
      Error{Code::invalid_argument, fmt::format("there is no kind of key '{}'", settings.key_type)}
          .advise("ec-p256, ec-p384, rsa-2048 or rsa-3072"));
}

Result<std::string> certificate_request(const x509::PrivateKey& key,
                                        std::string_view registration_id) {
  const auto request = x509::CertificateRequest::create(key, registration_id);
  if (!request) return fail(Error(request.error()).with("make the certificate request"));
  return request->to_pem();
}

Result<std::shared_ptr<const net::TlsClientContext>> cloud_tls(const AgentSettings& settings,
                                                               const Identity& identity,
                                                               std::shared_ptr<const Clock> clock) {
  auto tls = net::TlsClientContext::create(
      tls_options(settings.cloud_ca_pem, &identity, std::move(clock)));
  if (!tls) return fail(std::move(tls).error().with("use the device's certificate"));
  return tls;
}

Result<std::shared_ptr<const net::TlsClientContext>> ferry_tls(const AgentSettings& settings,
                                                               const Identity* identity,
                                                               std::shared_ptr<const Clock> clock) {
  auto tls = net::TlsClientContext::create(
      tls_options(settings.server_ca_pem, identity, std::move(clock)));
  if (!tls) return fail(std::move(tls).error().with("trust the Ferry server"));
  return tls;
}

}  // namespace ferry::agent
