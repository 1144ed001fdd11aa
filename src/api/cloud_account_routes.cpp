// SPDX-License-Identifier: Apache-2.0
#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"

namespace ferry::api {
namespace {

Result<control::NewCloudAccount> read_account(const json::object& body) {
  control::NewCloudAccount account;
  struct Member {
    std::string_view name;
    std::string* target;
  };
  std::string secret;
  for (const Member& member :
       {Member{"name", &account.name}, Member{"resourceManager", &account.resource_manager},
        Member{"tenantId", &account.tenant_id}, Member{"subscriptionId", &account.subscription_id},
        Member{"clientId", &account.client_id}, Member{"clientSecret", &secret}}) {
    auto value = require_string(body, member.name);
    if (!value) return fail(std::move(value).error());
    *member.target = *std::move(value);
  }
  account.client_secret = Secret(std::move(secret));
  account.ca_pem = string_or(body, "caPem", "");
  return account;
}

net::Task<Answer> create(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto wanted = read_account(*body);
  if (!wanted) co_return fail(std::move(wanted).error());
  auto account = co_await control.accounts.connect(call.organization(), *std::move(wanted));
  if (!account) co_return fail(std::move(account).error());
  co_return json_response(201, to_json(*account));
}

Answer list(control::Control& control, const Call& call) {
  auto accounts = control.accounts.list(call.organization());
  if (!accounts) return fail(std::move(accounts).error());
  return json_response(200, collection(*accounts));
}

Answer get(control::Control& control, const Call& call) {
  auto account = control.accounts.get(call.organization(), call.at("account"));
  if (!account) return fail(std::move(account).error());
  return json_response(200, to_json(*account));
}

Answer remove(control::Control& control, const Call& call) {
  auto removed = control.accounts.remove(call.organization(), call.at("account"));
  if (!removed) return fail(std::move(removed).error());
  return no_content();
}

}  // namespace

void add_cloud_account_routes(Routes& routes) {
  using fleet::Role;
  routes.add("POST", "/cloud-accounts", Role::owner, create);
  routes.add("GET", "/cloud-accounts", Role::viewer, list);
  routes.add("GET", "/cloud-accounts/{account}", Role::viewer, get);
  routes.add("DELETE", "/cloud-accounts/{account}", Role::owner, remove);
}

}  // namespace ferry::api
