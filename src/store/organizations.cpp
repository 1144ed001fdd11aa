// SPDX-License-Identifier: Apache-2.0
#include "store/organizations.hpp"

#include "base/json.hpp"
#include "store/rows.hpp"

namespace ferry::store {
namespace {

Result<fleet::Organization> read_organization(const sqlite::Row& row) {
  return fleet::Organization{fleet::OrganizationId(row.text(0)), row.text(1), to_time(row, 2)};
}

Result<User> read_user(const sqlite::Row& row) {
  auto role = fleet::parse_role(row.text(3));
  if (!role) return fail(std::move(role).error());
  return User{row.text(0), fleet::OrganizationId(row.text(1)), row.text(2), *role, to_time(row, 4)};
}

std::string write_environment(const fleet::Environment& environment) {
  const auto& suffixes = environment.suffixes;
  return json::serialize(
      json::object{{"name", environment.name},
                   {"resourceManager", environment.resource_manager},
                   {"activeDirectory", environment.active_directory},
                   {"portal", environment.portal},
                   {"audience", environment.audience},
                   {"suffixes", json::object{{"storage", suffixes.storage},
                                             {"acrLoginServer", suffixes.acr_login_server},
                                             {"iotHub", suffixes.iot_hub},
                                             {"deviceProvisioning", suffixes.device_provisioning},
                                             {"serviceBus", suffixes.service_bus}}}});
}

Result<fleet::Environment> read_environment(const std::string& text) {
  auto object = parse_json_object(text);
  if (!object) return fail(std::move(object).error().with("read a stored environment"));
  fleet::Environment environment;
  environment.name = string_or(*object, "name", "");
  environment.resource_manager = string_or(*object, "resourceManager", "");
  environment.active_directory = string_or(*object, "activeDirectory", "");
  environment.portal = string_or(*object, "portal", "");
  environment.audience = string_or(*object, "audience", "");
  if (const auto* suffixes = find_object(*object, "suffixes")) {
    environment.suffixes = {
        string_or(*suffixes, "storage", ""), string_or(*suffixes, "acrLoginServer", ""),
        string_or(*suffixes, "iotHub", ""), string_or(*suffixes, "deviceProvisioning", ""),
        string_or(*suffixes, "serviceBus", "")};
  }
  return environment;
}

std::string write_credential(const fleet::Credential& credential) {
  json::object object{{"kind", fleet::to_string(credential.kind)}};
  if (!credential.token_file.empty()) object["tokenFile"] = credential.token_file;
  if (credential.send_chain) object["sendChain"] = true;
  return json::serialize(object);
}

Result<fleet::Credential> read_credential(const std::string& text) {
  auto object = parse_json_object(text);
  if (!object) return fail(std::move(object).error().with("read a stored credential"));
  auto kind = fleet::parse_credential_kind(string_or(*object, "kind", ""));
  if (!kind) return fail(std::move(kind).error().with("read a stored credential"));
  return fleet::Credential{*kind, string_or(*object, "tokenFile", ""),
                           bool_or(*object, "sendChain", false)};
}

Result<fleet::CloudAccount> read_account(const sqlite::Row& row) {
  auto environment = read_environment(row.text(3));
  if (!environment) return fail(std::move(environment).error());
  auto credential = read_credential(row.text(9));
  if (!credential) return fail(std::move(credential).error());
  return fleet::CloudAccount{fleet::CloudAccountId(row.text(0)),
                             fleet::OrganizationId(row.text(1)),
                             row.text(2),
                             *std::move(environment),
                             row.text(4),
                             row.text(5),
                             row.text(6),
                             row.text(7),
                             to_time(row, 8),
                             *std::move(credential)};
}

}  // namespace

Result<void> Organizations::insert(const fleet::Organization& organization) {
  return database_.execute(
      "INSERT INTO organizations(id, name, created_at) VALUES(?, ?, ?)",
      {organization.id.str(), organization.name, to_column(organization.created_at)});
}

Result<std::optional<fleet::Organization>> Organizations::find(
    const fleet::OrganizationId& id) const {
  return read_one<fleet::Organization>(
      database_.query_one("SELECT id, name, created_at FROM organizations WHERE id = ?",
                          {id.str()}),
      read_organization);
}

Result<std::optional<fleet::Organization>> Organizations::find_by_name(
    const std::string& name) const {
  return read_one<fleet::Organization>(
      database_.query_one("SELECT id, name, created_at FROM organizations WHERE name = ?", {name}),
      read_organization);
}

Result<void> Organizations::insert_user(const User& user) {
  return database_.execute(
      "INSERT INTO users(id, organization, name, role, created_at) VALUES(?, ?, ?, ?, ?)",
      {user.id, user.organization.str(), user.name, to_string(user.role),
       to_column(user.created_at)});
}

Result<std::optional<User>> Organizations::find_user(const fleet::OrganizationId& organization,
                                                     const std::string& name) const {
  return read_one<User>(
      database_.query_one("SELECT id, organization, name, role, created_at FROM users "
                          "WHERE organization = ? AND name = ?",
                          {organization.str(), name}),
      read_user);
}

Result<void> Organizations::add_api_token(const std::string& hash, const std::string& user,
                                          Timestamp now) {
  return database_.execute(
      "INSERT INTO api_tokens(hash, user, created_at) VALUES(?, ?, ?) ON CONFLICT(hash) DO NOTHING",
      {hash, user, to_column(now)});
}

Result<std::optional<User>> Organizations::find_user_by_token(const std::string& hash) const {
  return read_one<User>(
      database_.query_one("SELECT users.id, organization, name, role, users.created_at FROM users "
                          "JOIN api_tokens ON api_tokens.user = users.id WHERE hash = ?",
                          {hash}),
      read_user);
}

Result<void> CloudAccounts::insert(const fleet::CloudAccount& account) {
  return database_.execute(
      "INSERT INTO cloud_accounts(id, organization, name, environment, ca_pem, tenant, "
      "subscription, client, created_at, credential) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {account.id.str(), account.organization.str(), account.name,
       write_environment(account.environment), account.ca_pem, account.tenant_id,
       account.subscription_id, account.client_id, to_column(account.created_at),
       write_credential(account.credential)});
}

Result<void> CloudAccounts::update(const fleet::CloudAccount& account) {
  return database_.execute(
      "UPDATE cloud_accounts SET tenant = ?, client = ?, credential = ? WHERE id = ?",
      {account.tenant_id, account.client_id, write_credential(account.credential),
       account.id.str()});
}

Result<std::optional<fleet::CloudAccount>> CloudAccounts::find(
    const fleet::CloudAccountId& id) const {
  return read_one<fleet::CloudAccount>(
      database_.query_one(
          "SELECT id, organization, name, environment, ca_pem, tenant, subscription, client, "
          "created_at, credential FROM cloud_accounts WHERE id = ?",
          {id.str()}),
      read_account);
}

Result<std::optional<fleet::CloudAccount>> CloudAccounts::find_named(
    const fleet::OrganizationId& organization, const std::string& name) const {
  return read_one<fleet::CloudAccount>(
      database_.query_one(
          "SELECT id, organization, name, environment, ca_pem, tenant, subscription, client, "
          "created_at, credential FROM cloud_accounts WHERE organization = ?1 AND (name = ?2 OR id "
          "= ?2) "
          "ORDER BY name = ?2 DESC",
          {organization.str(), name}),
      read_account);
}

Result<std::vector<fleet::CloudAccount>> CloudAccounts::list(
    const fleet::OrganizationId& organization) const {
  return read_all<fleet::CloudAccount>(
      database_.query(
          "SELECT id, organization, name, environment, ca_pem, tenant, subscription, client, "
          "created_at, credential FROM cloud_accounts WHERE organization = ? ORDER BY name",
          {organization.str()}),
      read_account);
}

Result<void> CloudAccounts::remove(const fleet::CloudAccountId& id) {
  return database_.execute("DELETE FROM cloud_accounts WHERE id = ?", {id.str()});
}

}  // namespace ferry::store
