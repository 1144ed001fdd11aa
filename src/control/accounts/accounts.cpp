// SPDX-License-Identifier: Apache-2.0
#include "control/accounts/accounts.hpp"

#include <set>

#include "azure/limits.hpp"
#include "control/context.hpp"
#include "fleet/hubs.hpp"
#include "fleet/names.hpp"
#include "net/http_client.hpp"

namespace ferry::control {
namespace {

using fleet::CredentialKind;

Error taken(const std::string& name) {
  return Error{Code::conflict, fmt::format("there is a cloud account '{}' already", name),
               "take another name, or delete that one first"};
}

// The Resource Manager of the environment that was named, or the one that was given.
Result<std::string> resource_manager_of(const NewCloudAccount& request) {
  if (!request.environment.empty()) {
    const auto known = azure::built_in_environment(request.environment);
    if (known) return known->resource_manager;
    return fail(Error{Code::invalid_argument,
                      fmt::format("there is no environment '{}'", request.environment),
                      "AzureCloud, AzureUSGovernment or AzureChinaCloud; for another cloud give "
                      "its resourceManager"});
  }
  auto url = net::parse_url(request.resource_manager);
  if (url && url->scheme == "https") return request.resource_manager;
  return fail(Code::invalid_argument,
              "'{}' is not an https URL of a resource manager, such as "
              "https://management.azure.com",
              request.resource_manager);
}

Result<void> check_request(const NewCloudAccount& request) {
  auto name = fleet::check_account_name(request.name);
  if (!name) return name;
  if (request.subscription_id.empty()) {
    return fail(Code::invalid_argument, "'subscriptionId' must not be empty");
  }
  return {};
}

// What lets the account be used, when the credential works but sees nothing.
std::string role_advice(const NewCredential& credential) {
  return fmt::format(
      "give {} a role on the subscription: ferry cloud-account role prints one",
      credential.client_id.empty() ? "the credential" : "application " + credential.client_id);
}

}  // namespace

net::Task<Result<fleet::CloudAccount>> Accounts::prepare(fleet::OrganizationId organization,
                                                         NewCloudAccount request) {
  auto good = check_request(request);
  if (!good) co_return fail(std::move(good).error());
  auto resource_manager = resource_manager_of(request);
  if (!resource_manager) co_return fail(std::move(resource_manager).error());
  auto existing = context_.store.accounts.find_named(organization, request.name);
  if (!existing) co_return fail(std::move(existing).error());
  if (*existing) co_return fail(taken(request.name));
  auto transport = context_.clouds.transport(request.ca_pem);
  if (!transport) {
    co_return fail(std::move(transport).error().with("read the cloud account's CA certificates"));
  }
  auto environment = co_await azure::fetch_environment(*transport, *resource_manager);
  if (!environment) {
    co_return fail(
        std::move(environment).error().with("read the endpoints of {}", *resource_manager));
  }
  co_return fleet::CloudAccount{.id = fleet::CloudAccountId(random_id("acct")),
                                .organization = organization,
                                .name = request.name,
                                .environment = to_fleet(*environment),
                                .ca_pem = request.ca_pem,
                                .tenant_id = request.tenant_id,
                                .subscription_id = request.subscription_id,
                                .client_id = request.credential.client_id,
                                .created_at = context_.clock.now(),
                                .credential = request.credential.shape};
}

net::Task<Result<fleet::CloudAccount>> Accounts::try_credential(fleet::CloudAccount account,
                                                                NewCredential credential,
                                                                std::shared_ptr<Secret> latest) {
  const auto note = [latest](const Secret& token) {
    *latest = token;
    return Result<void>();
  };
  auto connection = context_.clouds.connect(account, credential, note);
  if (!connection) co_return fail(std::move(connection).error());
  auto& cloud = **connection;
  auto token = co_await cloud.tokens->token(cloud.arm.environment().management_scope());
  if (!token) co_return fail(std::move(token).error().with("try the credential"));
  auto subscription = co_await azure::arm::get_subscription(cloud.arm);
  if (!subscription) {
    Error error = std::move(subscription).error();
    if (error.code == Code::not_found || error.code == Code::permission_denied) {
      error.hint = role_advice(credential);
    }
    co_return fail(std::move(error));
  }
  if (account.tenant_id.empty()) account.tenant_id = subscription->tenant;
  co_return account;
}

net::Task<Result<fleet::CloudAccount>> Accounts::try_and_keep(fleet::CloudAccount account,
                                                              NewCredential credential,
                                                              bool is_new) {
  account.client_id = credential.client_id;
  account.credential = credential.shape;
  auto latest = std::make_shared<Secret>(credential.secret);
  auto tried = co_await try_credential(std::move(account), std::move(credential), latest);
  if (!tried) co_return tried;
  auto kept = keep(*tried, *latest, is_new);
  if (!kept) co_return fail(std::move(kept).error());
  context_.clouds.forget(tried->id);
  co_return tried;
}

net::Task<Result<fleet::CloudAccount>> Accounts::connect(fleet::OrganizationId organization,
                                                         NewCloudAccount request) {
  auto good = check_credential(request.credential, request.tenant_id);
  if (!good) co_return fail(std::move(good).error());
  NewCredential credential = request.credential;
  auto account = co_await prepare(std::move(organization), std::move(request));
  if (!account) co_return account;
  co_return co_await try_and_keep(*std::move(account), std::move(credential), true);
}

net::Task<Result<fleet::CloudAccount>> Accounts::update_credential(
    fleet::OrganizationId organization, std::string name, NewCredential credential) {
  auto account = get(organization, name);
  if (!account) co_return account;
  auto good = check_credential(credential, account->tenant_id);
  if (!good) co_return fail(std::move(good).error());
  co_return co_await try_and_keep(*std::move(account), std::move(credential), false);
}

net::Task<Result<SignInView>> Accounts::begin_sign_in(fleet::OrganizationId organization,
                                                      NewCloudAccount request) {
  NewCredential credential = request.credential;
  auto account = co_await prepare(std::move(organization), std::move(request));
  if (!account) co_return fail(std::move(account).error());
  co_return co_await begin(*std::move(account), std::move(credential), true);
}

net::Task<Result<SignInView>> Accounts::begin_credential_sign_in(fleet::OrganizationId organization,
                                                                 std::string name,
                                                                 NewCredential credential) {
  auto account = get(organization, name);
  if (!account) co_return fail(std::move(account).error());
  co_return co_await begin(*std::move(account), std::move(credential), false);
}

net::Task<Result<SignInView>> Accounts::begin(fleet::CloudAccount account, NewCredential credential,
                                              bool is_new) {
  if (credential.client_id.empty()) credential.client_id = azure::kAzureCliClientId;
  auto good = check_credential(credential, account.tenant_id);
  if (!good) co_return fail(std::move(good).error());
  auto transport = context_.clouds.transport(account);
  if (!transport) co_return fail(std::move(transport).error());
  const auto environment = to_azure(account);
  azure::DeviceCodeSignIn flow({environment.active_directory, account.tenant_id},
                               credential.client_id, environment.management_scope());
  auto pending =
      std::make_shared<PendingSignIn>(*std::move(transport), context_.clock, std::move(flow));
  auto code = co_await azure::ask_for_code(pending->pipeline, pending->flow);
  if (!code) co_return fail(std::move(code).error());
  const fleet::OrganizationId organization = account.organization;
  const std::string id = sign_ins_.add(organization, *code, context_.clock.now());
  context_.loop.spawn(
      finish_sign_in(id, std::move(account), std::move(credential), is_new, std::move(pending)));
  co_return *sign_ins_.find(organization, id);
}

net::Task<void> Accounts::finish_sign_in(std::string id, fleet::CloudAccount account,
                                         NewCredential credential, bool is_new,
                                         std::shared_ptr<PendingSignIn> pending) {
  auto token = co_await azure::wait_for_person(pending->pipeline, pending->flow);
  if (!token) {
    sign_ins_.failed(id, std::move(token).error());
    co_return;
  }
  credential.secret = token->refresh_token;
  auto kept = co_await try_and_keep(std::move(account), std::move(credential), is_new);
  if (kept) {
    sign_ins_.succeeded(id, kept->name);
  } else {
    sign_ins_.failed(id, std::move(kept).error());
  }
}

Result<SignInView> Accounts::sign_in(const fleet::OrganizationId& organization,
                                     const std::string& id) const {
  auto found = sign_ins_.find(organization, id);
  if (found) return *std::move(found);
  return fail(Error{Code::not_found, "there is no such sign-in", "begin it again"});
}

Result<void> Accounts::keep(const fleet::CloudAccount& account, const Secret& secret, bool is_new) {
  auto transaction = context_.store.begin();
  if (!transaction) return fail(std::move(transaction).error());
  auto written =
      is_new ? context_.store.accounts.insert(account) : context_.store.accounts.update(account);
  // Somebody else may have taken the name while the credential was tried.
  if (!written && is_new && written.error().code == Code::conflict) {
    return fail(taken(account.name));
  }
  if (!written) return written;
  auto cleared = context_.store.secrets.remove_all(account.id.str());
  if (!cleared) return cleared;
  const std::string name = secret_name_of(account.credential.kind);
  if (!name.empty()) {
    auto sealed = context_.store.secrets.put(account.id.str(), name, secret);
    if (!sealed) return sealed;
  }
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

Result<CustomRole> Accounts::role(const fleet::OrganizationId& organization,
                                  const std::string& name, const RoleFeatures& features) const {
  auto account = get(organization, name);
  if (!account) return fail(std::move(account).error());
  return custom_role(account->subscription_id, features);
}

net::Task<Result<PreflightReport>> Accounts::preflight(fleet::OrganizationId organization,
                                                       std::string name, WorkspaceToBe wanted) {
  auto account = get(organization, name);
  if (!account) co_return fail(std::move(account).error());
  auto cloud = context_.clouds.account(account->id);
  if (!cloud) co_return fail(std::move(cloud).error());
  co_return co_await run_preflight(*std::move(cloud), account->name, std::move(wanted));
}

Result<std::vector<azure::BudgetView>> Accounts::throttles(
    const fleet::OrganizationId& organization, const std::string& name) const {
  auto account = get(organization, name);
  if (!account) return fail(std::move(account).error());
  auto workspaces = context_.store.workspaces.list(organization);
  if (!workspaces) return fail(std::move(workspaces).error());
  std::set<std::string> scopes = {azure::arm_scope(account->subscription_id, account->client_id)};
  for (const auto& workspace : *workspaces) {
    if (workspace.cloud_account != account->id) continue;
    for (const auto& hub : fleet::hub_keys(workspace)) {
      scopes.insert(azure::hub_scope(fleet::hub_host(workspace, hub)));
    }
    scopes.insert(azure::dps_scope(workspace.provisioning_service));
    scopes.insert(azure::registry_scope(workspace.login_server));
  }
  auto views = context_.clouds.throttle().view();
  std::erase_if(views, [&](const auto& view) { return !scopes.contains(view.id.scope); });
  return views;
}

net::Task<Result<std::vector<azure::arm::Location>>> Accounts::locations(
    fleet::OrganizationId organization, std::string name) {
  auto account = get(organization, name);
  if (!account) co_return fail(std::move(account).error());
  auto cloud = context_.clouds.account(account->id);
  if (!cloud) co_return fail(std::move(cloud).error());
  const auto kept = *cloud;  // lives until the answer is there
  co_return co_await azure::arm::list_locations(kept->arm);
}

}  // namespace ferry::control
