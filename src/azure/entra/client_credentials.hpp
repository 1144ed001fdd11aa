// SPDX-License-Identifier: Apache-2.0
// Service principals (OAuth 2.0 client credentials, RFC 6749 s.4.4): with a secret, with a
// certificate, or with the token of another identity provider.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "azure/entra/token_endpoint.hpp"
#include "x509/certificate.hpp"

namespace ferry::azure {

struct ClientSecret {
  std::string tenant;  // id or domain name
  std::string client_id;
  Secret secret;
};

class ClientSecretTokenSource final : public CachedTokenSource {
 public:
  // `pipeline` must outlive it. `authority` is CloudEnvironment::active_directory.
  ClientSecretTokenSource(Pipeline& pipeline, std::string authority, ClientSecret credential);

 private:
  net::Task<Result<FreshToken>> fetch(std::string scope) override;
  TokenEndpoint endpoint_;
  ClientSecret credential_;
};

// An RSA key and the certificate that was uploaded to the application; `chain`, when it is sent,
// lets Entra match subject and issuer instead of the one certificate.
struct ClientCertificate {
  std::string tenant;
  std::string client_id;
  x509::PrivateKey key;
  std::vector<x509::Certificate> chain;  // the leaf first
  bool send_chain = false;
};
// `pem` holds the certificate (further ones are its chain) and the unencrypted private key, in any
// order. Code::invalid_argument when they do not belong together or the key is no RSA key.
Result<ClientCertificate> parse_client_certificate(std::string tenant, std::string client_id,
                                                   const Secret& pem, bool send_chain);

// The signed statement that stands for a secret (RFC 7523): PS256, the certificate named by
// x5t#S256, good for ten minutes. `audience` is the token endpoint's URL.
std::string client_assertion(const ClientCertificate& credential, std::string_view audience,
                             Timestamp now);

class ClientCertificateTokenSource final : public CachedTokenSource {
 public:
  ClientCertificateTokenSource(Pipeline& pipeline, std::string authority,
                               ClientCertificate credential);

 private:
  net::Task<Result<FreshToken>> fetch(std::string scope) override;
  TokenEndpoint endpoint_;
  ClientCertificate credential_;
};

// Workload identity federation: a token that the platform (Kubernetes, a CI system) keeps fresh in
// a file is exchanged. The file is read for each exchange.
struct WorkloadIdentity {
  std::string tenant;
  std::string client_id;
  std::filesystem::path token_file;
};
// What the platform says by AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE, where
// `wanted` leaves it open. Code::invalid_argument names what is missing.
Result<WorkloadIdentity> complete_workload_identity(WorkloadIdentity wanted);

class WorkloadIdentityTokenSource final : public CachedTokenSource {
 public:
  WorkloadIdentityTokenSource(Pipeline& pipeline, std::string authority,
                              WorkloadIdentity credential);

 private:
  net::Task<Result<FreshToken>> fetch(std::string scope) override;
  TokenEndpoint endpoint_;
  WorkloadIdentity credential_;
};

}  // namespace ferry::azure
