// SPDX-License-Identifier: Apache-2.0
#include "drydock/server_identity.hpp"

#include <fmt/ranges.h>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "drydock/endpoints.hpp"
#include "x509/authority.hpp"

namespace drydock {

using namespace ferry;

namespace {

constexpr auto kDay = std::chrono::hours(24);
constexpr auto kAuthorityLifetime = kDay * 3650;
constexpr auto kServerLifetime = kDay * 700;  // clients refuse more than 825 days
constexpr auto kRenewBefore = kDay * 30;
constexpr auto kClockSkew = std::chrono::minutes(5);

struct KeyPair {
  x509::Certificate certificate;
  x509::PrivateKey key;
};

// Nothing when a file is missing or unusable: then the pair is made anew.
std::optional<KeyPair> load(const std::filesystem::path& directory, const std::string& name) {
  auto certificate_text = read_file(directory / (name + ".pem"));
  auto key_text = read_file(directory / (name + ".key"));
  if (!certificate_text || !key_text) return std::nullopt;
  auto certificate = x509::Certificate::from_pem(*certificate_text);
  auto key = x509::PrivateKey::from_pem(Secret(*std::move(key_text)));
  if (!certificate || !key || !certificate->matches(*key)) return std::nullopt;
  return KeyPair{*std::move(certificate), *std::move(key)};
}

Result<void> save(const std::filesystem::path& directory, const std::string& name,
                  const KeyPair& pair) {
  auto key = write_file_atomically(directory / (name + ".key"), pair.key.to_pem().reveal(), 0600);
  if (!key) return key;
  return write_file_atomically(directory / (name + ".pem"), pair.certificate.to_pem(), 0644);
}

Result<KeyPair> make_authority(Timestamp now) {
  x509::CertificateProfile profile;
  profile.common_name = "Drydock local cloud CA";
  profile.organization = "Drydock";
  profile.not_before = now - kClockSkew;
  profile.not_after = now + kAuthorityLifetime;
  profile.ca = true;
  profile.path_length = 0;
  auto key = x509::PrivateKey::generate();
  auto certificate = x509::issue_self_signed(key, profile);
  if (!certificate) return fail(std::move(certificate).error());
  return KeyPair{*std::move(certificate), std::move(key)};
}

std::vector<std::string> server_names(const std::string& address) {
  std::vector<std::string> names = {"localhost", std::string(Endpoints::kDomain)};
  for (const std::string_view suffix :
       {Endpoints::kDomain, Endpoints::kHubSuffix, Endpoints::kProvisioningSuffix,
        Endpoints::kBlobSuffix, Endpoints::kRegistrySuffix, Endpoints::kServiceBusSuffix}) {
    names.push_back(fmt::format("*.{}", suffix));
  }
  // Which addresses a certificate has cannot be told from its DNS names; this one says it.
  names.push_back(fmt::format("at-{}.{}", fmt::join(split(address, ':'), "-"), Endpoints::kDomain));
  return names;
}

Result<KeyPair> make_server(const KeyPair& authority, const std::string& address, Timestamp now) {
  x509::CertificateProfile profile;
  profile.common_name = std::string(Endpoints::kDomain);
  profile.organization = "Drydock";
  profile.not_before = now - kClockSkew;
  profile.not_after = std::min<Timestamp>(now + kServerLifetime, authority.certificate.not_after());
  profile.server_auth = true;
  profile.dns_names = server_names(address);
  profile.ip_addresses = {"127.0.0.1", "::1"};
  if (address != "127.0.0.1" && address != "::1") profile.ip_addresses.push_back(address);
  auto key = x509::PrivateKey::generate();
  auto certificate =
      x509::issue(authority.certificate, x509::KeySigner(authority.key), key.public_key(), profile);
  if (!certificate) return fail(std::move(certificate).error());
  return KeyPair{*std::move(certificate), std::move(key)};
}

}  // namespace

Result<ServerIdentity> open_server_identity(const std::filesystem::path& directory,
                                            const std::string& address, const Clock& clock) {
  const Timestamp now = clock.now();
  std::optional<KeyPair> authority = load(directory, "ca");
  const bool new_authority = !authority || authority->certificate.not_after() < now + kRenewBefore;
  if (new_authority) {
    auto made = make_authority(now);
    if (!made) return fail(std::move(made).error());
    authority = *std::move(made);
    auto saved = save(directory, "ca", *authority);
    if (!saved) return fail(std::move(saved).error());
  }
  std::optional<KeyPair> server = load(directory, "server");
  const bool usable = server && !new_authority &&
                      server->certificate.signed_by(authority->certificate) &&
                      server->certificate.not_after() > now + kRenewBefore &&
                      server->certificate.dns_names() == server_names(address);
  if (!usable) {
    auto made = make_server(*authority, address, now);
    if (!made) return fail(std::move(made).error());
    server = *std::move(made);
    auto saved = save(directory, "server", *server);
    if (!saved) return fail(std::move(saved).error());
  }
  ServerIdentity identity;
  identity.ca_file = std::filesystem::absolute(directory / "ca.pem");
  identity.tls.certificate_chain_pem =
      server->certificate.to_pem() + authority->certificate.to_pem();
  identity.tls.private_key_pem = server->key.to_pem();
  return identity;
}

}  // namespace drydock
