// SPDX-License-Identifier: Apache-2.0
#include "control/accounts.hpp"

#include "control/context.hpp"
#include "fleet/names.hpp"
#include "net/http_client.hpp"

namespace ferry::control {
namespace {

// Subscriptions API of Microsoft.Resources.
constexpr std::string_view kSubscriptionsVersion = "2022-12-01";

Result<void> check_request(const NewCloudAccount& request) {
  auto name = fleet::check_account_name(request.name);
  if (!name) return name;
  auto url = net::parse_url(request.resource_manager);
  if (!url || url->scheme != "https") {
    return fail(Code::invalid_argument,
                "'{}' is not an https URL of a resource manager, such as "
                "https://management.azure.com",
                request.resource_manager);
  }
  const std::pair<std::string_view, bool> members[] = {
      {"tenantId", request.tenant_id.empty()},
      {"subscriptionId", request.subscription_id.empty()},
      {"clientId", request.client_id.empty()},
      {"clientSecret", request.client_secret.empty()}};
  for (const auto& [member, missing] : members) {
    if (missing) return fail(Code::invalid_argument, "'{}' must not be empty", member);
  }
  return {};
}

Error taken(const std::string& name) {
  return Error{Code::conflict, fmt::format("there is a cloud account '{}' already", name),
               "take another name, or delete that one first"};
}

}  // namespace

net::Task<Result<fleet::CloudAccount>> Accounts::connect(fleet::OrganizationId organization,
                                                         NewCloudAccount request) {
  auto good = check_request(request);
  if (!good) co_return fail(std::move(good).error());
  auto existing = context_.store.accounts.find_named(organization, request.name);
  if (!existing) co_return fail(std::move(existing).error());
  if (*existing) co_return fail(taken(request.name));

  auto transport = context_.clouds.transport(request.ca_pem);
  if (!transport) {
    co_return fail(std::move(transport).error().with("read the cloud account's CA certificates"));
  }
  auto environment = co_await azure::fetch_environment(*transport, request.resource_manager);
  if (!environment) {
    co_return fail(
        std::move(environment).error().with("read the endpoints of {}", request.resource_manager));
  }
  environment->ca_pem = request.ca_pem;
  CloudConnection connection(
      *transport, context_.clock, *environment, request.subscription_id,
      azure::ClientSecret{request.tenant_id, request.client_id, request.client_secret});
  auto token = co_await connection.tokens.token(environment->management_scope());
  if (!token) co_return fail(std::move(token).error().with("try the credential"));
  auto subscription =
      co_await connection.arm.get(fmt::format("/subscriptions/{}", request.subscription_id),
                                  std::string(kSubscriptionsVersion));
  if (!subscription) {
    co_return fail(std::move(subscription)
                       .error()
                       .with("read subscription {}", request.subscription_id)
                       .advise("give the service principal a role on the subscription"));
  }

  fleet::CloudAccount account{.id = fleet::CloudAccountId(random_id("acct")),
                              .organization = organization,
                              .name = request.name,
                              .environment = to_fleet(*environment),
                              .ca_pem = request.ca_pem,
                              .tenant_id = request.tenant_id,
                              .subscription_id = request.subscription_id,
                              .client_id = request.client_id,
                              .created_at = context_.clock.now()};
  auto kept = keep(account, request.client_secret);
  if (!kept) co_return fail(std::move(kept).error());
  co_return account;
}

Result<void> Accounts::keep(const fleet::CloudAccount& account, const Secret& client_secret) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto inserted = context_.store.accounts.insert(account);
  // Somebody else may have taken the name while the credential was tried.
  if (!inserted && inserted.error().code == Code::conflict) return fail(taken(account.name));
  if (!inserted) return inserted;
  auto sealed =
      context_.store.secrets.put(account.id.str(), secret_names::kClientSecret, client_secret);
  if (!sealed) return sealed;
  return transaction->commit();
}

Result<std::vector<fleet::CloudAccount>> Accounts::list(
    const fleet::OrganizationId& organization) const {
  return context_.store.accounts.list(organization);
}

Result<fleet::CloudAccount> Accounts::get(const fleet::OrganizationId& organization,
                                          const std::string& name) const {
  auto account = context_.store.accounts.find_named(organization, name);
  if (!account) return fail(std::move(account).error());
  if (!*account) {
    return fail(Error{Code::not_found, fmt::format("there is no cloud account '{}'", name),
                      "ferry cloud-account list shows them"});
  }
  return **std::move(account);
}

Result<void> Accounts::remove(const fleet::OrganizationId& organization, const std::string& name) {
  auto account = get(organization, name);
  if (!account) return fail(std::move(account).error());
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto removed = context_.store.accounts.remove(account->id);
  if (!removed && removed.error().code == Code::conflict) {
    return fail(Error{Code::conflict,
                      fmt::format("cloud account '{}' is used by a workspace", account->name),
                      "delete its workspaces first"});
  }
  if (!removed) return removed;
  auto forgotten = context_.store.secrets.remove_all(account->id.str());
  if (!forgotten) return forgotten;
  auto committed = transaction->commit();
  if (committed) context_.clouds.forget(account->id);
  return committed;
}

}  // namespace ferry::control
