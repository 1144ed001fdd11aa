// SPDX-License-Identifier: Apache-2.0
// Cloud accounts: the organization's own subscription and the credential that Ferry was given for
// it.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "fleet/types.hpp"
#include "net/task.hpp"

namespace ferry::control {

struct Context;

struct NewCloudAccount {
  std::string name;
  std::string resource_manager;  // "https://management.azure.com"
  std::string ca_pem;            // may be empty
  std::string tenant_id;
  std::string subscription_id;
  std::string client_id;
  Secret client_secret;
};

class Accounts {
 public:
  explicit Accounts(Context& context) : context_(context) {}

  // Reads {resource_manager}/metadata/endpoints, gets a token and reads the subscription; keeps
  // nothing when one of them fails. Code::conflict when the name is taken.
  net::Task<Result<fleet::CloudAccount>> connect(fleet::OrganizationId organization,
                                                 NewCloudAccount account);
  Result<std::vector<fleet::CloudAccount>> list(const fleet::OrganizationId& organization) const;
  // By name or id.
  Result<fleet::CloudAccount> get(const fleet::OrganizationId& organization,
                                  const std::string& name) const;
  // Code::conflict while a workspace uses it.
  Result<void> remove(const fleet::OrganizationId& organization, const std::string& name);

 private:
  Result<void> keep(const fleet::CloudAccount& account, const Secret& client_secret);
  Context& context_;
};

}  // namespace ferry::control
