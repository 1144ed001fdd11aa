// SPDX-License-Identifier: Apache-2.0
#include "api/server_identity.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "x509/authority.hpp"

namespace ferry::api {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;

constexpr auto kCaLife = days(3650);
constexpr auto kServerLife = days(820);
constexpr auto kRenewBefore = days(90);
constexpr auto kBackDate = std::chrono::minutes(10);  // for clients whose clock is behind

bool is_address(const std::string& name) {
  in6_addr buffer{};
  return ::inet_pton(AF_INET, name.c_str(), &buffer) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &buffer) == 1;
}

struct Identity {
  x509::Certificate certificate;
  x509::PrivateKey key;
};

Result<Identity> load(const fs::path& certificate_path, const fs::path& key_path) {
  auto pem = read_file(certificate_path);
  if (!pem) return fail(std::move(pem).error());
  auto key_pem = read_file(key_path);
  if (!key_pem) return fail(std::move(key_pem).error());
  auto certificate = x509::Certificate::from_pem(*pem);
  if (!certificate)
    return fail(std::move(certificate).error().with("{}", certificate_path.string()));
  auto key = x509::PrivateKey::from_pem(Secret(*std::move(key_pem)));
  if (!key) return fail(std::move(key).error().with("{}", key_path.string()));
  if (!certificate->matches(*key)) {
    return fail(Code::internal, "{} and {} do not belong together", certificate_path.string(),
                key_path.string());
  }
  return Identity{*std::move(certificate), *std::move(key)};
}

// The key first: a certificate without its key would be of no use after a crash in between.
Result<Identity> save(Identity identity, const fs::path& certificate_path,
                      const fs::path& key_path) {
  if (auto saved = write_file_atomically(key_path, identity.key.to_pem().reveal(), 0600); !saved) {
    return fail(std::move(saved).error());
  }
  if (auto saved = write_file_atomically(certificate_path, identity.certificate.to_pem(), 0644);
      !saved) {
    return fail(std::move(saved).error());
  }
  return identity;
}

Result<Identity> load_ca(const fs::path& directory, Timestamp now) {
  const auto certificate_path = directory / "ca.pem";
  const auto key_path = directory / "ca.key";
  if (fs::exists(certificate_path)) return load(certificate_path, key_path);
  x509::CertificateProfile profile;
  profile.common_name = "Ferry server CA";
  profile.not_before = now - kBackDate;
  profile.not_after = now + kCaLife;
  profile.ca = true;
  profile.path_length = 0;
  auto key = x509::PrivateKey::generate();
  auto certificate = x509::issue_self_signed(key, profile);
  if (!certificate) return fail(std::move(certificate).error());
  return save({*std::move(certificate), std::move(key)}, certificate_path, key_path);
}

// The names that the certificate was made for are kept beside it, one a line, because a certificate
// does not give its addresses back.
std::string names_text(const std::vector<std::string>& names) {
  return fmt::format("{}\n", fmt::join(names, "\n"));
}

Result<Identity> make_server(const fs::path& directory, const Identity& ca,
                             const std::vector<std::string>& names, Timestamp now) {
  x509::CertificateProfile profile;
  profile.common_name = "ferryd";
  profile.not_before = now - kBackDate;
  profile.not_after = std::min(now + kServerLife, ca.certificate.not_after());
  profile.server_auth = true;
  for (const auto& name : names) {
    (is_address(name) ? profile.ip_addresses : profile.dns_names).push_back(name);
  }
  auto key = x509::PrivateKey::generate();
  auto certificate =
      x509::issue(ca.certificate, x509::KeySigner(ca.key), key.public_key(), profile);
  if (!certificate) return fail(std::move(certificate).error().with("make ferryd's certificate"));
  auto saved = save({*std::move(certificate), std::move(key)}, directory / "server.pem",
                    directory / "server.key");
  if (!saved) return saved;
  auto noted = write_file_atomically(directory / "server.names", names_text(names), 0644);
  if (!noted) return fail(std::move(noted).error());
  return saved;
}

}  // namespace

Result<net::TlsIdentity> load_server_identity(const fs::path& directory,
                                              const std::vector<std::string>& names,
                                              const Clock& clock) {
  const auto now = clock.now();
  auto ca = load_ca(directory, now);
  if (!ca) return fail(std::move(ca).error());
  std::vector<std::string> all{"localhost", "ferry.localhost", "127.0.0.1", "::1"};
  for (const auto& name : names) {
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  }
  auto server = load(directory / "server.pem", directory / "server.key");
  const auto noted = read_file(directory / "server.names");
  const bool usable = server && noted && *noted == names_text(all) &&
                      server->certificate.not_after() > now + kRenewBefore &&
                      server->certificate.signed_by(ca->certificate);
  if (!usable) server = make_server(directory, *ca, all, now);
  if (!server) return fail(std::move(server).error());
  return net::TlsIdentity{server->certificate.to_pem(), server->key.to_pem()};
}

}  // namespace ferry::api
