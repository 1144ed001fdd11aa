// SPDX-License-Identifier: Apache-2.0
// Credentials of cloud accounts, of every kind: checked, kept sealed, made into token sources.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "azure/entra/token_source.hpp"
#include "fleet/types.hpp"
#include "store/store.hpp"

namespace ferry::control {

// As somebody gives it. `secret` is what its kind needs and is never shown again: the client
// secret, the PEM of certificate and key, or the refresh token of a person's sign-in.
struct NewCredential {
  fleet::Credential shape;
  std::string client_id;
  Secret secret;
};

using MakeTokens = std::function<std::unique_ptr<azure::TokenSource>(azure::Pipeline&)>;
using KeepRefreshToken = std::function<Result<void>(const Secret&)>;

// Whether the parts that this kind needs are there and fit. Code::invalid_argument names the member
// of the API that is wrong.
Result<void> check_credential(const NewCredential& credential, const std::string& tenant);

// What makes the account's token source. `authority`: CloudEnvironment::active_directory. `keep` is
// given each new refresh token.
Result<MakeTokens> token_factory(const NewCredential& credential, const std::string& tenant,
                                 const std::string& authority, KeepRefreshToken keep);

// Under which name the secret of this kind is sealed, empty when it has none.
std::string secret_name_of(fleet::CredentialKind kind);

// The credential of a kept account.
Result<NewCredential> load_credential(store::Store& store, const fleet::CloudAccount& account);

}  // namespace ferry::control
