// SPDX-License-Identifier: Apache-2.0
// Organizations, users, API tokens and cloud accounts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct User {
  std::string id;
  fleet::OrganizationId organization;
  std::string name;
  fleet::Role role = fleet::Role::viewer;
  Timestamp created_at;
};

class Organizations {
 public:
  explicit Organizations(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const fleet::Organization& organization);
  Result<std::optional<fleet::Organization>> find(const fleet::OrganizationId& id) const;
  Result<std::optional<fleet::Organization>> find_by_name(const std::string& name) const;

  Result<void> insert_user(const User& user);
  Result<std::optional<User>> find_user(const fleet::OrganizationId& organization,
                                        const std::string& name) const;
  // `hash`: hex SHA-256 of the token. Adding one that is there does nothing.
  Result<void> add_api_token(const std::string& hash, const std::string& user, Timestamp now);
  Result<std::optional<User>> find_user_by_token(const std::string& hash) const;

 private:
  sqlite::Database& database_;
};

class CloudAccounts {
 public:
  explicit CloudAccounts(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const fleet::CloudAccount& account);
  // Tenant, client and credential; the rest of an account never changes.
  Result<void> update(const fleet::CloudAccount& account);
  Result<std::optional<fleet::CloudAccount>> find(const fleet::CloudAccountId& id) const;
  // By name, else by id.
  Result<std::optional<fleet::CloudAccount>> find_named(const fleet::OrganizationId& organization,
                                                        const std::string& name) const;
  Result<std::vector<fleet::CloudAccount>> list(const fleet::OrganizationId& organization) const;
  // Code::conflict while a workspace refers to it.
  Result<void> remove(const fleet::CloudAccountId& id);

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
