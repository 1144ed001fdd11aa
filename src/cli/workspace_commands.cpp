// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>

#include "cli/commands.hpp"
#include "cli/findings.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {
namespace {

std::string show_drift(const json::array& found) {
  if (found.empty()) return "everything is as Ferry left it\n";
  std::string text;
  for (const auto& item : found) {
    if (const auto* drift = item.if_object()) {
      text += fmt::format("{}{}\n", printable(text_of(*drift, "message")),
                          bool_or(*drift, "mendable", true) ? "" : " (cannot be mended)");
    }
  }
  return text;
}

std::string show_resources(const Context& context, const json::value& resources) {
  Table table({"RESOURCE", "NAME", "REGION", "STATE", "SKU", "AZURE ID"});
  std::string drifted;
  double monthly = 0;
  for (const auto& resource : items_of(resources)) {
    const auto* drift = find_array(resource, "drift");
    if (drift && !drift->empty()) drifted += show_drift(*drift);
    if (const auto* estimate = find_object(resource, "monthlyEstimate")) {
      const auto* amount = estimate->if_contains("amount");
      if (amount && amount->is_number()) monthly += amount->to_number<double>();
    }
    table.add({{text_of(resource, "type"), Tone::plain},
               {text_of(resource, "name"), Tone::strong},
               {text_of(resource, "region"), Tone::plain},
               state_cell(resource, "state"),
               {text_of(resource, "sku"), Tone::plain},
               {text_of(resource, "azureId"), Tone::dim}});
  }
  if (table.empty()) return "no cloud resources\n";
  auto text = table.render(context.terminal.width, context.terminal.colours);
  if (!drifted.empty()) text += "\nnot as Ferry left it, when it last looked:\n" + drifted;
  if (monthly > 0) {
    text +=
        fmt::format("\nlist prices: about {:.2f} USD a month, and what is paid by use\n", monthly);
  }
  return text;
}

// What the free tier allows is little; that must not come as a surprise.
std::string show_limits(const json::object& workspace) {
  const auto* limits = find_object(workspace, "limits");
  if (!limits || string_or(workspace, "sku", "") != "F1") return "";
  return fmt::format("limits of F1  {} messages a day, {} devices, {} deployments, {} endpoint\n",
                     int_or(*limits, "messagesPerDay", 0), int_or(*limits, "devices", 0),
                     int_or(*limits, "deployments", 0), int_or(*limits, "endpoints", 0));
}

std::string show_routing(const Context& context, const json::object& routing) {
  Table table({"ROUTE", "FROM", "CONDITION", "TO", "HEALTH", "PROBLEM"});
  const auto health_of = [&](const std::string& name) -> std::string {
    const auto* endpoints = find_array(routing, "endpoints");
    for (std::size_t i = 0; endpoints && i < endpoints->size(); ++i) {
      const auto* endpoint = (*endpoints)[i].if_object();
      if (endpoint && string_or(*endpoint, "name", "") == name) {
        return string_or(*endpoint, "health", "-");
      }
    }
    return "-";
  };
  const auto* routes = find_array(routing, "routes");
  for (std::size_t i = 0; routes && i < routes->size(); ++i) {
    const auto* route = (*routes)[i].if_object();
    if (!route) continue;
    const auto to = string_or(*route, "endpoint", "");
    table.add({{text_of(*route, "name"), Tone::strong},
               {text_of(*route, "source")},
               {text_of(*route, "condition")},
               {to},
               {health_of(to)},
               {text_of(*route, "problem"), Tone::bad}});
  }
  const bool fallback = bool_or(routing, "fallback", false);
  table.add({{"(fallback)", Tone::dim},
             {"DeviceMessages"},
             {"what no route takes"},
             {fallback ? "events" : "-"},
             {fallback ? health_of("events") : "-"},
             {fallback ? "-" : "it is switched off: such messages are lost",
              fallback ? Tone::plain : Tone::bad}});
  return table.render(context.terminal.width, context.terminal.colours);
}

Done show_workspace(Context& context, std::string name) {
  auto workspace = co_await context.client.get(api_path({"workspaces", name}));
  if (!workspace) co_return fail(std::move(workspace).error());
  auto resources = co_await context.client.get(api_path({"workspaces", name, "resources"}));
  if (!resources) co_return fail(std::move(resources).error());
  json::value both = *workspace;
  json::object routing;
  if (auto* object = both.if_object()) {
    const auto* list = resources->if_object();
    (*object)["resources"] = list && list->contains("value") ? list->at("value") : json::array{};
    const bool routes =
        string_or(*object, "state", "") == "ready" && find_object(*object, "eventHubs") != nullptr;
    if (routes) {
      auto answer = co_await context.client.get(api_path({"workspaces", name, "routing"}));
      // A cloud that does not answer is no reason to show nothing.
      if (!answer) say(context, "the routes are not known: " + answer.error().describe());
      if (answer && answer->is_object()) routing = answer->get_object();
      if (!routing.empty()) (*object)["routing"] = routing;
    }
  }
  print(context, both, [&](const json::value& value) {
    const auto* object = value.if_object();
    if (!object) return std::string();
    return describe_members(*object, {"name", "id", "location", "cloudAccount", "state", "sku",
                                      "units", "createdAt"}) +
           show_limits(*object) + "\n" + show_resources(context, *resources) +
           (routing.empty() ? "" : "\n" + show_routing(context, routing));
  });
  co_return Result<void>{};
}

}  // namespace

namespace {

json::object adopted_of(const WorkspaceCreate& arguments) {
  json::object adopted;
  const auto add = [&](const char* name, const std::string& id) {
    if (!id.empty()) adopted[name] = id;
  };
  add("hub", arguments.adopt_hub);
  add("provisioningService", arguments.adopt_dps);
  add("storageAccount", arguments.adopt_storage);
  add("registry", arguments.adopt_registry);
  return adopted;
}

std::string show_creation(const Context& context, const json::object& plan) {
  Table table({"RESOURCE", "NAME", "ACTION"});
  const auto* resources = find_array(plan, "resources");
  for (std::size_t i = 0; resources && i < resources->size(); ++i) {
    const auto* resource = (*resources)[i].if_object();
    if (!resource) continue;
    const auto action = text_of(*resource, "action");
    table.add({{text_of(*resource, "type")},
               {text_of(*resource, "name"), Tone::strong},
               {action, action == "create" ? Tone::plain : Tone::good}});
  }
  return table.render(context.terminal.width, context.terminal.colours) + "\n" +
         show_findings(context.terminal, plan);
}

// Fails when something stands in the way.
Done plan_workspace(Context& context, json::object body) {
  auto answer = co_await context.client.post(api_path({"workspaces"}), std::move(body));
  if (!answer) co_return fail(std::move(answer).error());
  const auto* object = answer->if_object();
  const auto* plan = object ? find_object(*object, "plan") : nullptr;
  if (!plan) co_return fail(Code::internal, "the answer has no plan");
  print(context, *plan, [&](const json::value&) { return show_creation(context, *plan); });
  if (bool_or(*plan, "passed", false)) co_return Result<void>{};
  co_return fail(Error{Code::precondition_failed, "the workspace cannot be made like this",
                       "mend what is named above, then ask again"});
}

}  // namespace

Done workspace_create(Context& context, WorkspaceCreate arguments) {
  json::object body{{"name", arguments.name}, {"location", arguments.location}};
  if (!arguments.cloud_account.empty()) body["cloudAccount"] = arguments.cloud_account;
  if (!arguments.sku.empty()) body["sku"] = arguments.sku;
  if (arguments.units > 0) body["units"] = arguments.units;
  if (arguments.event_hubs) {
    json::object hubs;
    if (arguments.partitions > 0) hubs["partitions"] = arguments.partitions;
    if (arguments.retention_hours > 0) hubs["retentionHours"] = arguments.retention_hours;
    body["eventHubs"] = std::move(hubs);
    body["identityBased"] = arguments.identity_based;
  }
  if (auto adopted = adopted_of(arguments); !adopted.empty()) body["adopt"] = std::move(adopted);
  if (arguments.plan) {
    body["plan"] = true;
    co_return co_await plan_workspace(context, std::move(body));
  }
  auto started = co_await context.client.post(api_path({"workspaces"}), std::move(body));
  if (!started) co_return fail(std::move(started).error());
  say(context, fmt::format("creating workspace {} in {}", arguments.name, arguments.location));
  auto finished = co_await follow_answer(context, *started);
  if (!finished) {
    auto error = std::move(finished).error();
    if (error.code != Code::cancelled && error.hint.empty()) {
      error.hint =
          fmt::format("'ferry workspace retry {}' goes on where it stopped", arguments.name);
    }
    co_return fail(std::move(error));
  }
  co_return co_await show_workspace(context, arguments.name);
}

Done workspace_list(Context& context) {
  auto answer = co_await context.client.get(api_path({"workspaces"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"NAME", "LOCATION", "CLOUD ACCOUNT", "STATE", "AGE"});
  for (const auto& workspace : items_of(*answer)) {
    table.add({{text_of(workspace, "name"), Tone::strong},
               {text_of(workspace, "location")},
               {text_of(workspace, "cloudAccount")},
               state_cell(workspace, "state"),
               {age(context.clock, workspace, "createdAt")}});
  }
  print_table(context, table, "no workspaces yet: ferry workspace create NAME --location REGION");
  co_return Result<void>{};
}

Done workspace_show(Context& context, std::string name) {
  co_return co_await show_workspace(context, std::move(name));
}

namespace {

std::string show_deletion(const Context& context, const json::value& deletion) {
  Table table({"RESOURCE", "NAME", "ACTION", "WHY"});
  for (const auto& item : items_of(deletion)) {
    const bool goes = text_of(item, "action") == "delete";
    table.add({{text_of(item, "type")},
               {text_of(item, "name"), Tone::strong},
               {goes ? "delete" : "keep", goes ? Tone::bad : Tone::good},
               {text_of(item, "reason"), Tone::dim}});
  }
  if (table.empty()) return "nothing of it is left in the cloud\n";
  return table.render(context.terminal.width, context.terminal.colours);
}

// Whether the person at the terminal agrees; an Error when there is nobody to ask.
Result<bool> agrees(const Context& context, std::string_view question) {
  if (::isatty(STDIN_FILENO) == 0 || !context.terminal.err_is_terminal) {
    return fail(Error{Code::invalid_argument, "this needs to be agreed to, and nobody can be asked",
                      "say --yes"});
  }
  context.terminal.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

Done workspace_delete(Context& context, WorkspaceDelete arguments) {
  const auto& name = arguments.name;
  if (!arguments.yes) {
    auto deletion = co_await context.client.get(api_path({"workspaces", name, "deletion"}));
    if (!deletion) co_return fail(std::move(deletion).error());
    context.terminal.err << show_deletion(context, *deletion);
    auto agreed =
        agrees(context, fmt::format("Delete workspace {} with its groups and nodes?", name));
    if (!agreed) co_return fail(std::move(agreed).error());
    if (!*agreed) co_return fail(Code::cancelled, "nothing was deleted");
  }
  auto started = co_await context.client.remove(api_path({"workspaces", name}));
  if (!started) co_return fail(std::move(started).error());
  say(context, fmt::format("deleting workspace {} and its cloud resources", name));
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());
  print(context, json::object{{"name", name}, {"deleted", true}},
        [&](const json::value&) { return fmt::format("workspace {} is gone\n", name); });
  co_return Result<void>{};
}

Done workspace_retry(Context& context, std::string name) {
  auto started =
      co_await context.client.post(api_path({"workspaces", name, "retry"}), json::object{});
  if (!started) co_return fail(std::move(started).error());
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());
  co_return co_await show_workspace(context, std::move(name));
}

namespace {

// What the last verification found, one object for each finding.
net::Task<Result<json::array>> drift_of(Context& context, std::string name) {
  auto resources = co_await context.client.get(api_path({"workspaces", name, "resources"}));
  if (!resources) co_return fail(std::move(resources).error());
  json::array found;
  for (const auto& resource : items_of(*resources)) {
    const auto* drift = find_array(resource, "drift");
    for (std::size_t i = 0; drift && i < drift->size(); ++i) found.push_back((*drift)[i]);
  }
  co_return found;
}

Done run_on_workspace(Context& context, std::string name, std::string verb) {
  auto started = co_await context.client.post(api_path({"workspaces", name, verb}), json::object{});
  if (!started) co_return fail(std::move(started).error());
  auto finished = co_await follow_answer(context, *started);
  if (!finished) co_return fail(std::move(finished).error());
  co_return Result<void>{};
}

}  // namespace

Done workspace_verify(Context& context, std::string name) {
  auto verified = co_await run_on_workspace(context, name, "verify");
  if (!verified) co_return verified;
  auto found = co_await drift_of(context, name);
  if (!found) co_return fail(std::move(found).error());
  const bool drifted = !found->empty();
  json::value findings = json::object{{"value", *std::move(found)}};
  if (!drifted || context.output == OutputFormat::table) {
    print(context, findings,
          [](const json::value& all) { return show_drift(all.at("value").as_array()); });
  }
  if (!drifted) co_return Result<void>{};
  context.error_details = std::move(findings);
  co_return fail(Error{Code::precondition_failed,
                       fmt::format("workspace {} is not as Ferry left it", name),
                       fmt::format("ferry workspace repair {} mends it", name)});
}

Done workspace_repair(Context& context, std::string name) {
  auto repaired = co_await run_on_workspace(context, name, "repair");
  if (!repaired) co_return repaired;
  auto found = co_await drift_of(context, name);
  if (!found) co_return fail(std::move(found).error());
  print(context, json::object{{"value", *found}},
        [&](const json::value&) { return show_drift(*found); });
  co_return Result<void>{};
}

Done workspace_export(Context& context, std::string name) {
  auto text = co_await context.client.get_text(api_path({"workspaces", name, "bicep"}));
  if (!text) co_return fail(std::move(text).error());
  print(context, json::object{{"bicep", *text}}, [&](const json::value&) { return *text; });
  co_return Result<void>{};
}

}  // namespace ferry::cli
