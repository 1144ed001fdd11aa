// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/credentials.hpp"

#include "azure/entra/azure_cli.hpp"
#include "azure/entra/client_credentials.hpp"
#include "azure/entra/device_code.hpp"
#include "azure/entra/managed_identity.hpp"

namespace ferry::control {
namespace {

using fleet::CredentialKind;

Error missing(std::string_view member, CredentialKind kind) {
  return Error{Code::invalid_argument,
               fmt::format("'{}' is missing: a credential of kind {} needs it", member,
                           fleet::to_string(kind))};
}

// A system-assigned identity and a signed-in az have no client id of their own.
bool needs_client_id(CredentialKind kind) {
  return kind == CredentialKind::client_secret || kind == CredentialKind::client_certificate ||
         kind == CredentialKind::device_code;
}

}  // namespace

std::string secret_name_of(CredentialKind kind) {
  switch (kind) {
    case CredentialKind::client_secret:
      return "client-secret";
    case CredentialKind::client_certificate:
      return "client-certificate";
    case CredentialKind::device_code:
      return "refresh-token";
    case CredentialKind::managed_identity:
    case CredentialKind::workload_identity:
    case CredentialKind::azure_cli:
      return {};
  }
  return {};
}

Result<void> check_credential(const NewCredential& credential, const std::string& tenant) {
  const auto kind = credential.shape.kind;
  if (needs_client_id(kind) && credential.client_id.empty()) return fail(missing("clientId", kind));
  if (kind == CredentialKind::client_secret && credential.secret.empty()) {
    return fail(missing("secret", kind));
  }
  if (kind == CredentialKind::client_certificate) {
    if (credential.secret.empty()) return fail(missing("certificatePem", kind));
    auto parsed = azure::parse_client_certificate(tenant, credential.client_id, credential.secret,
                                                  credential.shape.send_chain);
    if (!parsed) return fail(std::move(parsed).error());
  }
  const bool tenant_is_known_elsewhere =
      kind == CredentialKind::managed_identity || kind == CredentialKind::azure_cli;
  if (tenant.empty() && !tenant_is_known_elsewhere) return fail(missing("tenantId", kind));
  return {};
}

Result<MakeTokens> token_factory(const NewCredential& credential, const std::string& tenant,
                                 const std::string& authority, KeepRefreshToken keep) {
  const auto& client = credential.client_id;
  switch (credential.shape.kind) {
    case CredentialKind::client_secret: {
      azure::ClientSecret secret{tenant, client, credential.secret};
      return MakeTokens([=](azure::Pipeline& pipeline) {
        return std::make_unique<azure::ClientSecretTokenSource>(pipeline, authority, secret);
      });
    }
    case CredentialKind::client_certificate: {
      auto certificate = azure::parse_client_certificate(tenant, client, credential.secret,
                                                         credential.shape.send_chain);
      if (!certificate) return fail(std::move(certificate).error());
      return MakeTokens([authority, certificate = *certificate](azure::Pipeline& pipeline) {
        return std::make_unique<azure::ClientCertificateTokenSource>(pipeline, authority,
                                                                     certificate);
      });
    }
    case CredentialKind::managed_identity:
      return MakeTokens([client](azure::Pipeline& pipeline) {
        return std::make_unique<azure::ManagedIdentityTokenSource>(
            pipeline, azure::managed_identity_host(), client);
      });
    case CredentialKind::workload_identity: {
      auto identity =
          azure::complete_workload_identity({tenant, client, credential.shape.token_file});
      if (!identity) return fail(std::move(identity).error());
      return MakeTokens([authority, identity = *identity](azure::Pipeline& pipeline) {
        return std::make_unique<azure::WorkloadIdentityTokenSource>(pipeline, authority, identity);
      });
    }
    case CredentialKind::device_code: {
      azure::RefreshCredential refresh{tenant, client, credential.secret};
      return MakeTokens([=](azure::Pipeline& pipeline) {
        return std::make_unique<azure::RefreshTokenSource>(pipeline, authority, refresh, keep);
      });
    }
    case CredentialKind::azure_cli:
      return MakeTokens([tenant](azure::Pipeline& pipeline) {
        return std::make_unique<azure::AzureCliTokenSource>(pipeline, azure::run_azure_cli(),
                                                            tenant);
      });
  }
  return fail(Code::internal, "unknown kind of credential");
}

Result<NewCredential> load_credential(store::Store& store, const fleet::CloudAccount& account) {
  NewCredential credential{account.credential, account.client_id, Secret()};
  const auto name = secret_name_of(account.credential.kind);
  if (name.empty()) return credential;
  auto secret = store.secrets.get(account.id.str(), name);
  if (!secret) return fail(std::move(secret).error());
  if (!*secret) {
    return fail(Error{Code::conflict,
                      fmt::format("the {} of cloud account '{}' is not there", name, account.name),
                      "give it again: ferry cloud-account update " + account.name});
  }
  credential.secret = **std::move(secret);
  return credential;
}

}  // namespace ferry::control
