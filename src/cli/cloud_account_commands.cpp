// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <iterator>

#include "base/file.hpp"
#include "cli/commands.hpp"

namespace ferry::cli {
namespace {

// Never from the command line, where every user of the machine can read it.
Result<Secret> read_secret(const std::string& file) {
  std::string text;
  if (file.empty() || file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  } else {
    auto content = read_file(file);
    if (!content) return fail(std::move(content).error());
    text = *std::move(content);
  }
  const auto trimmed = trim(text);
  if (trimmed.empty()) {
    return fail(Error{Code::invalid_argument, "the client secret is empty",
                      "give it on standard input or with --secret-file FILE"});
  }
  return Secret(std::string(trimmed));
}

std::string show_account(const json::value& value) {
  const auto* account = value.if_object();
  if (!account) return "";
  std::string text = describe_members(
      *account, {"name", "id", "tenantId", "subscriptionId", "clientId", "createdAt"});
  if (const auto* environment = find_object(*account, "environment")) {
    text += fmt::format(
        "\nenvironment\n{}",
        describe_members(*environment, {"name", "resourceManager", "activeDirectory", "portal"}));
  }
  return text;
}

}  // namespace

Done cloud_account_create(Context& context, CloudAccountCreate arguments) {
  json::object body{{"name", arguments.name},
                    {"resourceManager", arguments.resource_manager},
                    {"tenantId", arguments.tenant_id},
                    {"subscriptionId", arguments.subscription_id},
                    {"clientId", arguments.client_id}};
  if (!arguments.ca_file.empty()) {
    auto pem = read_file(arguments.ca_file);
    if (!pem) co_return fail(std::move(pem).error());
    body["caPem"] = *pem;
  }
  auto secret = read_secret(arguments.secret_file);
  if (!secret) co_return fail(std::move(secret).error());
  body["clientSecret"] = secret->reveal();
  auto answer = co_await context.client.post(api_path({"cloud-accounts"}), std::move(body));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, show_account);
  co_return Result<void>{};
}

Done cloud_account_list(Context& context) {
  auto answer = co_await context.client.get(api_path({"cloud-accounts"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"NAME", "ENVIRONMENT", "SUBSCRIPTION", "TENANT", "AGE"});
  for (const auto& account : items_of(*answer)) {
    const auto* environment = find_object(account, "environment");
    table.add({{text_of(account, "name"), Tone::strong},
               {environment ? text_of(*environment, "name") : "-"},
               {text_of(account, "subscriptionId")},
               {text_of(account, "tenantId")},
               {age(context.clock, account, "createdAt")}});
  }
  print_table(context, table, "no cloud accounts yet: ferry cloud-account create --help");
  co_return Result<void>{};
}

Done cloud_account_show(Context& context, std::string name) {
  auto answer = co_await context.client.get(api_path({"cloud-accounts", name}));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, show_account);
  co_return Result<void>{};
}

Done cloud_account_delete(Context& context, std::string name) {
  auto answer = co_await context.client.remove(api_path({"cloud-accounts", name}));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, json::object{{"name", name}, {"deleted", true}},
        [&](const json::value&) { return fmt::format("cloud account {} is gone\n", name); });
  co_return Result<void>{};
}

}  // namespace ferry::cli
