// SPDX-License-Identifier: Apache-2.0
#include "azure/entra/client_credentials.hpp"

#include <cstdlib>

#include "base/crypto.hpp"
#include "base/file.hpp"
#include "base/id.hpp"

namespace ferry::azure {
namespace {

constexpr const char* kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

std::string sign_in(const TokenEndpoint& endpoint, std::string_view client_id) {
  return fmt::format("sign in to tenant {} as {}", endpoint.tenant, client_id);
}

FormFields assertion_form(const std::string& client_id, const std::string& scope,
                          std::string assertion) {
  return {{"grant_type", "client_credentials"},
          {"client_id", client_id},
          {"client_assertion_type", kAssertionType},
          {"client_assertion", std::move(assertion)},
          {"scope", scope}};
}

std::string environment_or(const char* name, std::string given) {
  if (!given.empty()) return given;
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

ClientSecretTokenSource::ClientSecretTokenSource(Pipeline& pipeline, std::string authority,
                                                 ClientSecret credential)
    : CachedTokenSource(pipeline),
      endpoint_{std::move(authority), credential.tenant},
      credential_(std::move(credential)) {}

net::Task<Result<FreshToken>> ClientSecretTokenSource::fetch(std::string scope) {
  FormFields form = {{"grant_type", "client_credentials"},
                     {"client_id", credential_.client_id},
                     {"client_secret", credential_.secret.reveal()},
                     {"scope", scope}};
  co_return co_await ask_for_token(pipeline(), endpoint_, std::move(form),
                                   sign_in(endpoint_, credential_.client_id));
}

Result<ClientCertificate> parse_client_certificate(std::string tenant, std::string client_id,
                                                   const Secret& pem, bool send_chain) {
  auto key = x509::PrivateKey::from_pem(pem);
  if (!key) {
    return fail(std::move(key).error().advise(
        "give one PEM file with the certificate and its unencrypted private key"));
  }
  auto chain = x509::parse_chain(pem.reveal());
  if (!chain) return fail(std::move(chain).error().with("read the client certificate"));
  if (!chain->front().matches(*key)) {
    return fail(Error{Code::invalid_argument,
                      "the private key does not belong to the first certificate",
                      "put the application's own certificate first, its chain behind it"});
  }
  auto signable = key->sign_pss("");
  if (!signable) {
    return fail(Error{Code::invalid_argument, "Entra ID takes certificates with RSA keys only",
                      "make one: openssl req -x509 -newkey rsa:2048 -nodes ..."});
  }
  return ClientCertificate{std::move(tenant), std::move(client_id), *std::move(key),
                           *std::move(chain), send_chain};
}

std::string client_assertion(const ClientCertificate& credential, std::string_view audience,
                             Timestamp now) {
  const auto thumbprint = sha256(credential.chain.front().to_der());
  json::object header{{"alg", "PS256"}, {"typ", "JWT"}, {"x5t#S256", base64url_encode(thumbprint)}};
  if (credential.send_chain) {
    json::array certificates;
    for (const auto& certificate : credential.chain) {
      certificates.emplace_back(base64_encode(certificate.to_der()));
    }
    header["x5c"] = std::move(certificates);
  }
  const std::int64_t issued = unix_seconds(now);
  const json::object claims{{"aud", audience},
                            {"iss", credential.client_id},
                            {"sub", credential.client_id},
                            {"jti", random_uuid()},
                            {"nbf", issued},
                            {"iat", issued},
                            {"exp", issued + 600}};
  std::string text =
      base64url_encode(json::serialize(header)) + "." + base64url_encode(json::serialize(claims));
  auto signature = credential.key.sign_pss(text);
  FERRY_CHECK(signature.has_value());  // parse_client_certificate() saw to it
  return text + "." + base64url_encode(*signature);
}

ClientCertificateTokenSource::ClientCertificateTokenSource(Pipeline& pipeline,
                                                           std::string authority,
                                                           ClientCertificate credential)
    : CachedTokenSource(pipeline),
      endpoint_{std::move(authority), credential.tenant},
      credential_(std::move(credential)) {}

net::Task<Result<FreshToken>> ClientCertificateTokenSource::fetch(std::string scope) {
  const Timestamp now = pipeline().clock().now();
  if (credential_.chain.front().not_after() <= now) {
    co_return fail(
        Error{Code::unauthenticated,
              fmt::format("the client certificate of {} expired on {}", credential_.client_id,
                          format_rfc3339(credential_.chain.front().not_after())),
              "give the account a new one: ferry cloud-account update"});
  }
  auto form = assertion_form(credential_.client_id, scope,
                             client_assertion(credential_, endpoint_.url(), now));
  co_return co_await ask_for_token(pipeline(), endpoint_, std::move(form),
                                   sign_in(endpoint_, credential_.client_id));
}

Result<WorkloadIdentity> complete_workload_identity(WorkloadIdentity wanted) {
  wanted.tenant = environment_or("AZURE_TENANT_ID", std::move(wanted.tenant));
  wanted.client_id = environment_or("AZURE_CLIENT_ID", std::move(wanted.client_id));
  wanted.token_file = environment_or("AZURE_FEDERATED_TOKEN_FILE", wanted.token_file.string());
  if (wanted.client_id.empty()) {
    return fail(Code::invalid_argument, "workload identity needs a client id (AZURE_CLIENT_ID)");
  }
  if (wanted.token_file.empty()) {
    return fail(Code::invalid_argument,
                "workload identity needs the file of the platform's token "
                "(AZURE_FEDERATED_TOKEN_FILE)");
  }
  return wanted;
}

WorkloadIdentityTokenSource::WorkloadIdentityTokenSource(Pipeline& pipeline, std::string authority,
                                                         WorkloadIdentity credential)
    : CachedTokenSource(pipeline),
      endpoint_{std::move(authority), credential.tenant},
      credential_(std::move(credential)) {}

net::Task<Result<FreshToken>> WorkloadIdentityTokenSource::fetch(std::string scope) {
  auto token = read_file(credential_.token_file);
  if (!token) {
    co_return fail(std::move(token).error().with("read the workload's token"));
  }
  auto form = assertion_form(credential_.client_id, scope, std::string(trim(*token)));
  co_return co_await ask_for_token(pipeline(), endpoint_, std::move(form),
                                   sign_in(endpoint_, credential_.client_id));
}

}  // namespace ferry::azure
