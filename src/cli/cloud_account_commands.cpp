// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "cli/commands.hpp"
#include "cli/findings.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {
namespace {

std::string show_account(const json::value& value) {
  const auto* account = value.if_object();
  if (!account) return "";
  std::string text = describe_members(
      *account, {"name", "id", "tenantId", "subscriptionId", "clientId", "createdAt"});
  if (const auto* credential = find_object(*account, "credential")) {
    text += fmt::format("\ncredential\n{}", describe_members(*credential, {"kind", "tokenFile"}));
  }
  if (const auto* environment = find_object(*account, "environment")) {
    text += fmt::format(
        "\nenvironment\n{}",
        describe_members(*environment, {"name", "resourceManager", "activeDirectory", "portal"}));
  }
  return text;
}

// "20 in 60 s", "25 in 1 s, 250 at once"
std::string describe_limit(const json::object& budget) {
  const auto* window = budget.if_contains("windowSeconds");
  const double seconds = window && window->is_number() ? window->to_number<double>() : 0;
  std::string text = fmt::format("{} in {:g} s", int_or(budget, "limit", 0), seconds);
  const auto burst = int_or(budget, "burst", 0);
  if (burst > 0) text += fmt::format(", {} at once", burst);
  return text;
}

// Shows a person the code and waits until it was entered; the name of the account in the end.
net::Task<Result<std::string>> follow_sign_in(Context& context, json::object sign_in) {
  say(context, printable(string_or(sign_in, "message", "")));
  notice_interrupts();
  const auto path = api_path({"sign-ins", string_or(sign_in, "id", "")});
  while (true) {
    co_await net::sleep_for(std::chrono::seconds(1));
    if (interrupted()) co_return fail(Code::cancelled, "the sign-in was left alone");
    auto state = co_await context.client.get(path);
    if (!state) co_return fail(std::move(state).error());
    if (!state->is_object()) co_return fail(Code::internal, "the server sent no sign-in");
    const auto& object = state->get_object();
    const auto status = string_or(object, "status", "");
    if (status == "succeeded") co_return string_or(object, "cloudAccount", "");
    if (status != "failed") continue;
    co_return fail(error_of(Reply{.status = 400, .body = *state}));
  }
}

// What creating an account or changing its credential answers: the account, or a sign-in first.
Done show_outcome(Context& context, json::value answer) {
  const auto* object = answer.if_object();
  const auto* sign_in = object ? find_object(*object, "signIn") : nullptr;
  if (sign_in) {
    auto name = co_await follow_sign_in(context, *sign_in);
    if (!name) co_return fail(std::move(name).error());
    auto account = co_await context.client.get(api_path({"cloud-accounts", *name}));
    if (!account) co_return fail(std::move(account).error());
    answer = *std::move(account);
  }
  print(context, answer, show_account);
  co_return Result<void>{};
}

}  // namespace

Done cloud_account_create(Context& context, CloudAccountCreate arguments) {
  json::object body{{"name", arguments.name}, {"subscriptionId", arguments.subscription_id}};
  const bool other_cloud = !arguments.resource_manager.empty();
  body[other_cloud ? "resourceManager" : "environment"] =
      other_cloud ? arguments.resource_manager : arguments.environment;
  if (!arguments.tenant_id.empty()) body["tenantId"] = arguments.tenant_id;
  if (!arguments.ca_file.empty()) {
    auto pem = read_file(arguments.ca_file);
    if (!pem) co_return fail(std::move(pem).error());
    body["caPem"] = *pem;
  }
  auto credential = read_credential(arguments.credential);
  if (!credential) co_return fail(std::move(credential).error());
  body["credential"] = *std::move(credential);
  auto answer = co_await context.client.post(api_path({"cloud-accounts"}), std::move(body));
  if (!answer) co_return fail(std::move(answer).error());
  co_return co_await show_outcome(context, *std::move(answer));
}

Done cloud_account_update(Context& context, CloudAccountUpdate arguments) {
  auto credential = read_credential(arguments.credential);
  if (!credential) co_return fail(std::move(credential).error());
  auto reply = co_await context.client.exchange(
      "PUT", api_path({"cloud-accounts", arguments.name, "credential"}), *std::move(credential));
  if (!reply) co_return fail(std::move(reply).error());
  if (!reply->ok()) co_return fail(error_of(*reply));
  co_return co_await show_outcome(context, std::move(reply->body));
}

Done cloud_account_list(Context& context) {
  auto answer = co_await context.client.get(api_path({"cloud-accounts"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"NAME", "ENVIRONMENT", "SUBSCRIPTION", "TENANT", "CREDENTIAL", "AGE"});
  for (const auto& account : items_of(*answer)) {
    const auto* environment = find_object(account, "environment");
    const auto* credential = find_object(account, "credential");
    table.add({{text_of(account, "name"), Tone::strong},
               {environment ? text_of(*environment, "name") : "-"},
               {text_of(account, "subscriptionId")},
               {text_of(account, "tenantId")},
               {credential ? text_of(*credential, "kind") : "-"},
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

// JSON in either format: it is made to be handed to az.
Done cloud_account_role(Context& context, CloudAccountRole arguments) {
  auto answer = co_await context.client.get(
      fmt::format("{}?eventHubs={}&identityBased={}&registerProviders={}",
                  api_path({"cloud-accounts", arguments.name, "role"}), arguments.event_hubs,
                  arguments.identity_based, arguments.register_providers));
  if (!answer) co_return fail(std::move(answer).error());
  print(context, *answer, [](const json::value& role) { return pretty_json(role); });
  co_return Result<void>{};
}

Done cloud_account_preflight(Context& context, CloudAccountPreflight arguments) {
  json::object body{{"sku", arguments.sku},
                    {"units", arguments.units},
                    {"eventHubs", arguments.event_hubs},
                    {"identityBased", arguments.identity_based},
                    {"registerProviders", arguments.register_providers}};
  if (!arguments.location.empty()) body["location"] = arguments.location;
  auto answer = co_await context.client.post(
      api_path({"cloud-accounts", arguments.name, "preflight"}), std::move(body));
  if (!answer) co_return fail(std::move(answer).error());
  const auto* report = answer->if_object();
  const bool passed = report && bool_or(*report, "passed", false);
  print(context, *answer, [&](const json::value&) {
    std::string text = report ? show_findings(context.terminal, *report) : std::string();
    if (passed) text += "nothing stands in the way of a workspace\n";
    return text;
  });
  if (passed) co_return Result<void>{};
  co_return fail(Code::precondition_failed, "a workspace could not be made with this account");
}

Done cloud_account_locations(Context& context, std::string name) {
  auto answer = co_await context.client.get(api_path({"cloud-accounts", name, "locations"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"NAME", "REGION", "GEOGRAPHY"});
  for (const auto& location : items_of(*answer)) {
    table.add({{text_of(location, "name"), Tone::strong},
               {text_of(location, "displayName")},
               {text_of(location, "geography")}});
  }
  print_table(context, table, "the subscription has no regions");
  co_return Result<void>{};
}

Done cloud_account_throttles(Context& context, std::string name) {
  auto answer = co_await context.client.get(api_path({"cloud-accounts", name, "throttles"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"OF", "LIMIT ON", "PER", "REMAINING", "WAITING"});
  for (const auto& budget : items_of(*answer)) {
    std::int64_t waiting = 0;
    if (const auto* shares = find_array(budget, "waiting")) {
      for (const auto& share : *shares) {
        if (share.is_object()) waiting += int_or(share.get_object(), "requests", 0);
      }
    }
    table.add({{text_of(budget, "scope")},
               {text_of(budget, "name"), Tone::strong},
               {describe_limit(budget)},
               {text_of(budget, "remaining")},
               {std::to_string(waiting), waiting > 0 ? Tone::busy : Tone::plain}});
  }
  print_table(context, table, "nothing was sent to this cloud yet");
  co_return Result<void>{};
}

}  // namespace ferry::cli
