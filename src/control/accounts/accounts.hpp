// SPDX-License-Identifier: Apache-2.0
// Cloud accounts: the organization's own subscription and the credential that Ferry was given for
// it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "azure/arm/subscriptions.hpp"
#include "base/secret.hpp"
#include "control/accounts/cloud_role.hpp"
#include "control/accounts/credentials.hpp"
#include "control/accounts/preflight.hpp"
#include "control/accounts/sign_ins.hpp"
#include "fleet/types.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct Context;

struct NewCloudAccount {
  std::string name;
  std::string environment;       // "AzureCloud", "AzureUSGovernment", "AzureChinaCloud"; or empty:
  std::string resource_manager;  // "https://management.azure.com", of any cloud
  std::string ca_pem;            // may be empty
  std::string tenant_id;
  std::string subscription_id;
  NewCredential credential;
};

class Accounts {
 public:
  explicit Accounts(Context& context) : context_(context) {}

  // Reads {resource_manager}/metadata/endpoints, gets a token and reads the subscription; keeps
  // nothing when one of them fails. Code::conflict when the name is taken. Not for a person's
  // sign-in by code.
  net::Task<Result<fleet::CloudAccount>> connect(fleet::OrganizationId organization,
                                                 NewCloudAccount account);
  // Asks for a sign-in code. When the person has entered it, the account is connected as above;
  // look at it with sign_in().
  net::Task<Result<SignInView>> begin_sign_in(fleet::OrganizationId organization,
                                              NewCloudAccount account);
  // Code::not_found also for those of another organization, or before a restart.
  Result<SignInView> sign_in(const fleet::OrganizationId& organization,
                             const std::string& id) const;

  Result<std::vector<fleet::CloudAccount>> list(const fleet::OrganizationId& organization) const;
  // By name or id.
  Result<fleet::CloudAccount> get(const fleet::OrganizationId& organization,
                                  const std::string& name) const;
  // Another credential for the same subscription: tried first, kept when it works.
  net::Task<Result<fleet::CloudAccount>> update_credential(fleet::OrganizationId organization,
                                                           std::string name,
                                                           NewCredential credential);
  net::Task<Result<SignInView>> begin_credential_sign_in(fleet::OrganizationId organization,
                                                         std::string name,
                                                         NewCredential credential);
  // Code::conflict while a workspace uses it.
  Result<void> remove(const fleet::OrganizationId& organization, const std::string& name);

  Result<CustomRole> role(const fleet::OrganizationId& organization, const std::string& name,
                          const RoleFeatures& features) const;
  net::Task<Result<PreflightReport>> preflight(fleet::OrganizationId organization, std::string name,
                                               WorkspaceToBe wanted);
  // The rate limits that the account's requests count against, with the queues behind them.
  Result<std::vector<azure::BudgetView>> throttles(const fleet::OrganizationId& organization,
                                                   const std::string& name) const;
  net::Task<Result<std::vector<azure::arm::Location>>> locations(fleet::OrganizationId organization,
                                                                 std::string name);

 private:
  // The account as it would be kept; nothing is kept yet.
  net::Task<Result<fleet::CloudAccount>> prepare(fleet::OrganizationId organization,
                                                 NewCloudAccount request);
  // Gets a token and reads the subscription; completes the account's tenant. `latest` becomes the
  // newest refresh token when one came.
  net::Task<Result<fleet::CloudAccount>> try_credential(fleet::CloudAccount account,
                                                        NewCredential credential,
                                                        std::shared_ptr<Secret> latest);
  net::Task<Result<fleet::CloudAccount>> try_and_keep(fleet::CloudAccount account,
                                                      NewCredential credential, bool is_new);
  net::Task<Result<SignInView>> begin(fleet::CloudAccount account, NewCredential credential,
                                      bool is_new);
  net::Task<void> finish_sign_in(std::string id, fleet::CloudAccount account,
                                 NewCredential credential, bool is_new,
                                 std::shared_ptr<PendingSignIn> pending);
  Result<void> keep(const fleet::CloudAccount& account, const Secret& secret, bool is_new);
  Context& context_;
  SignIns sign_ins_;
};

}  // namespace ferry::control
