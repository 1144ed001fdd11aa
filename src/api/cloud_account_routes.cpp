// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/errors.hpp"
#include "api/routes.hpp"
#include "api/views.hpp"
#include "api/workspace_options.hpp"

namespace ferry::api {
namespace {

using fleet::CredentialKind;

// {"kind", "clientId"?, "secret"?, "certificatePem"?, "sendCertificateChain"?, "tokenFile"?}
Result<control::NewCredential> read_credential(const json::object& object) {
  auto kind = fleet::parse_credential_kind(string_or(object, "kind", "client-secret"));
  if (!kind) {
    return fail(std::move(kind).error().advise(
        "client-secret, client-certificate, managed-identity, workload-identity, device-code or "
        "azure-cli"));
  }
  const bool certificate = *kind == CredentialKind::client_certificate;
  return control::NewCredential{
      {*kind, string_or(object, "tokenFile", ""), bool_or(object, "sendCertificateChain", false)},
      string_or(object, "clientId", ""),
      Secret(string_or(object, certificate ? "certificatePem" : "secret", ""))};
}

// The account's "credential", or the members that stood for a client secret before there was one.
Result<control::NewCredential> credential_in(const json::object& body) {
  if (const auto* credential = find_object(body, "credential")) return read_credential(*credential);
  return control::NewCredential{
      {}, string_or(body, "clientId", ""), Secret(string_or(body, "clientSecret", ""))};
}

Result<control::NewCloudAccount> read_account(const json::object& body) {
  control::NewCloudAccount account;
  auto name = require_string(body, "name");
  if (!name) return fail(std::move(name).error());
  auto subscription = require_string(body, "subscriptionId");
  if (!subscription) return fail(std::move(subscription).error());
  auto credential = credential_in(body);
  if (!credential) return fail(std::move(credential).error());
  account.name = *std::move(name);
  account.subscription_id = *std::move(subscription);
  account.credential = *std::move(credential);
  account.environment = string_or(body, "environment", "");
  account.resource_manager = string_or(body, "resourceManager", "");
  account.tenant_id = string_or(body, "tenantId", "");
  account.ca_pem = string_or(body, "caPem", "");
  return account;
}

Answer sign_in_response(Result<control::SignInView> sign_in) {
  if (!sign_in) return fail(std::move(sign_in).error());
  return json_response(202, json::object{{"signIn", to_json(*sign_in)}});
}

net::Task<Answer> create(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto wanted = read_account(*body);
  if (!wanted) co_return fail(std::move(wanted).error());
  if (wanted->credential.shape.kind == CredentialKind::device_code) {
    auto begun = co_await control.accounts.begin_sign_in(call.organization(), *std::move(wanted));
    co_return sign_in_response(std::move(begun));
  }
  auto account = co_await control.accounts.connect(call.organization(), *std::move(wanted));
  if (!account) co_return fail(std::move(account).error());
  co_return json_response(201, to_json(*account));
}

net::Task<Answer> update_credential(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto credential = read_credential(*body);
  if (!credential) co_return fail(std::move(credential).error());
  auto& accounts = control.accounts;
  if (credential->shape.kind == CredentialKind::device_code) {
    auto begun = co_await accounts.begin_credential_sign_in(call.organization(), call.at("account"),
                                                            *std::move(credential));
    co_return sign_in_response(std::move(begun));
  }
  auto account = co_await accounts.update_credential(call.organization(), call.at("account"),
                                                     *std::move(credential));
  if (!account) co_return fail(std::move(account).error());
  co_return json_response(200, to_json(*account));
}

Answer sign_in(control::Control& control, const Call& call) {
  auto found = control.accounts.sign_in(call.organization(), call.at("signIn"));
  if (!found) return fail(std::move(found).error());
  return json_response(200, to_json(*found));
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

// A parameter of the query that is "true" or "false".
bool flag(const Call& call, std::string_view name, bool otherwise) {
  const auto value = call.request.query_value(name);
  return value ? *value == "true" : otherwise;
}

Answer role(control::Control& control, const Call& call) {
  const control::RoleFeatures features{.event_hubs = flag(call, "eventHubs", true),
                                       .identity_based = flag(call, "identityBased", true),
                                       .register_providers = flag(call, "registerProviders", true)};
  auto found = control.accounts.role(call.organization(), call.at("account"), features);
  if (!found) return fail(std::move(found).error());
  return json_response(200, to_json(*found));
}

// Members that describe the workspace as POST /workspaces takes them.
Result<control::WorkspaceToBe> read_workspace(const json::object& body) {
  control::WorkspaceToBe wanted;
  auto adopted = read_adopted(body);
  if (!adopted) return fail(std::move(adopted).error());
  wanted.adopted = *std::move(adopted);
  wanted.location = string_or(body, "location", "");
  wanted.sku = string_or(body, "sku", "S1");
  wanted.units = static_cast<int>(std::clamp<std::int64_t>(int_or(body, "units", 1), 0, 1'000'000));
  wanted.event_hubs = find_object(body, "eventHubs") || bool_or(body, "eventHubs", false);
  wanted.identity_based = bool_or(body, "identityBased", false);
  wanted.register_providers = bool_or(body, "registerProviders", false);
  return wanted;
}

net::Task<Answer> preflight(control::Control& control, Call call) {
  auto body = body_of(call);
  if (!body) co_return fail(std::move(body).error());
  auto wanted = read_workspace(*body);
  if (!wanted) co_return fail(std::move(wanted).error());
  auto report = co_await control.accounts.preflight(call.organization(), call.at("account"),
                                                    *std::move(wanted));
  if (!report) co_return fail(std::move(report).error());
  co_return json_response(200, to_json(*report));
}

Answer throttles(control::Control& control, const Call& call) {
  auto budgets = control.accounts.throttles(call.organization(), call.at("account"));
  if (!budgets) return fail(std::move(budgets).error());
  return json_response(200, collection(*budgets));
}

net::Task<Answer> locations(control::Control& control, Call call) {
  auto found = co_await control.accounts.locations(call.organization(), call.at("account"));
  if (!found) co_return fail(std::move(found).error());
  co_return json_response(200, collection(*found));
}

}  // namespace

void add_cloud_account_routes(Routes& routes) {
  using fleet::Role;
  routes.add("POST", "/cloud-accounts", Role::owner, create);
  routes.add("GET", "/cloud-accounts", Role::viewer, list);
  routes.add("GET", "/cloud-accounts/{account}", Role::viewer, get);
  routes.add("DELETE", "/cloud-accounts/{account}", Role::owner, remove);
  routes.add("PUT", "/cloud-accounts/{account}/credential", Role::owner, update_credential);
  routes.add("GET", "/cloud-accounts/{account}/role", Role::viewer, role);
  routes.add("POST", "/cloud-accounts/{account}/preflight", Role::owner, preflight);
  routes.add("GET", "/cloud-accounts/{account}/locations", Role::viewer, locations);
  routes.add("GET", "/cloud-accounts/{account}/throttles", Role::viewer, throttles);
  routes.add("GET", "/sign-ins/{signIn}", Role::owner, sign_in);
}

}  // namespace ferry::api
