// SPDX-License-Identifier: Apache-2.0
#include "cli/configuration_commands.hpp"

#include "base/encoding.hpp"

namespace ferry::cli {
namespace {

std::string shown(const json::value& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

json::value member_of(const json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  return value ? *value : json::value();
}

std::string origin_of(const json::object& setting) {
  const auto owner = string_or(setting, "owner", "");
  const auto layer = string_or(setting, "layer", "");
  if (layer == "component" && member_of(setting, "value").is_null()) return "-";
  if (layer == "component") return "default";
  return owner.empty() ? layer : layer + " " + owner;
}

std::string delivery_of(const json::object& setting) {
  const auto delivery = string_or(setting, "delivery", "");
  if (delivery == "twin") return "twin";
  if (delivery == "env") return "$" + string_or(setting, "variable", "");
  return "unknown to this version";
}

// A deployment as an edit that leaves it as it is.
json::object edit_of(const json::object& deployment) {
  json::object edit{{"deployment", string_or(deployment, "name", "")}};
  for (const auto* member : {"components", "groups", "selector", "configuration"}) {
    const auto* value = deployment.if_contains(member);
    if (value && !value->is_null()) edit[member] = *value;
  }
  return edit;
}

Result<void> change_settings(const ConfigSet& arguments, json::object& values) {
  for (const auto& text : arguments.settings) {
    if (arguments.unset) {
      values.erase(text);
      continue;
    }
    auto assignment = parse_assignment(text);
    if (!assignment) return fail(std::move(assignment).error());
    values[assignment->first] = assignment->second;
  }
  return {};
}

net::Task<Result<json::object>> deployment_change(Context& context, std::string workspace,
                                                  ConfigSet arguments) {
  auto answer = co_await context.client.get(
      api_path({"workspaces", workspace, "deployments", arguments.layer.deployment}));
  if (!answer) co_return fail(std::move(answer).error());
  const auto* deployment = answer->if_object();
  if (!deployment) co_return fail(Code::internal, "the server's deployment is not an object");
  auto edit = edit_of(*deployment);
  const auto* old = find_object(edit, "configuration");
  json::object configuration = old ? *old : json::object();
  const auto* set = find_object(configuration, arguments.component);
  json::object values = set ? *set : json::object();
  auto changed = change_settings(arguments, values);
  if (!changed) co_return fail(std::move(changed).error());
  configuration[arguments.component] = std::move(values);
  edit["configuration"] = std::move(configuration);
  co_return json::object{{"edits", json::array{std::move(edit)}}};
}

Result<json::object> layer_change(const ConfigSet& arguments) {
  json::array settings;
  for (const auto& text : arguments.settings) {
    json::object setting{{"layer", "workspace"}};
    if (!arguments.layer.group.empty()) {
      setting = {{"layer", "group"}, {"owner", arguments.layer.group}};
    } else if (!arguments.layer.node.empty()) {
      setting = {{"layer", "node"}, {"owner", arguments.layer.node}};
    }
    setting["component"] = arguments.component;
    setting["setting"] = text;
    if (!arguments.unset) {
      auto assignment = parse_assignment(text);
      if (!assignment) return fail(std::move(assignment).error());
      setting["setting"] = assignment->first;
      setting["value"] = assignment->second;
    }
    settings.push_back(std::move(setting));
  }
  return json::object{{"settings", std::move(settings)}};
}

bool is_wanted(const json::object& setting, const ConfigList& arguments) {
  const auto layer = string_or(setting, "layer", "");
  const auto owner = string_or(setting, "owner", "");
  if (!arguments.component.empty() && string_or(setting, "component", "") != arguments.component) {
    return false;
  }
  const auto& [group, node, deployment] = arguments.layer;
  if (group.empty() && node.empty() && deployment.empty()) return true;
  return (layer == "group" && owner == group) || (layer == "node" && owner == node) ||
         (layer == "deployment" && owner == deployment);
}

net::Task<Result<json::value>> traits_of(Context& context, std::string workspace, std::string group,
                                         std::string node) {
  co_return co_await context.client.get(
      api_path({"workspaces", workspace, node.empty() ? "groups" : "nodes",
                node.empty() ? group : node}) +
      "/traits");
}

}  // namespace

Result<std::pair<std::string, json::value>> parse_assignment(const std::string& text) {
  const auto equal = text.find('=');
  if (equal == std::string::npos || equal == 0) {
    return fail(Error{Code::invalid_argument, fmt::format("'{}' is not NAME=VALUE", text),
                      "a value is JSON where it is some (5, true, \"5\", {...}), else a text"});
  }
  const auto value = text.substr(equal + 1);
  auto parsed = parse_json(value);
  return std::pair(text.substr(0, equal), parsed ? *std::move(parsed) : json::value(value));
}

Done config_change(Context& context, ConfigSet arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  json::object body;
  if (!arguments.layer.deployment.empty()) {
    auto change = co_await deployment_change(context, *workspace, arguments);
    if (!change) co_return fail(std::move(change).error());
    body = *std::move(change);
  } else {
    auto change = layer_change(arguments);
    if (!change) co_return fail(std::move(change).error());
    body = *std::move(change);
  }
  co_return co_await plan_and_apply(context, *workspace, std::move(body), arguments.intent);
}

Done config_list(Context& context, ConfigList arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto answer = co_await context.client.get(api_path({"workspaces", *workspace, "configuration"}));
  if (!answer) co_return fail(std::move(answer).error());
  json::array wanted;
  Table table({"COMPONENT", "SETTING", "VALUE", "SET FOR"});
  for (const auto& setting : items_of(*answer)) {
    if (!is_wanted(setting, arguments)) continue;
    wanted.push_back(setting);
    table.add({{text_of(setting, "component"), Tone::strong},
               {text_of(setting, "setting")},
               {shown(member_of(setting, "value"))},
               {origin_of(setting)}});
  }
  if (context.output == OutputFormat::json) {
    print(context, json::object{{"value", std::move(wanted)}}, {});
    co_return Result<void>{};
  }
  print_table(context, table, "nothing is set: components run with their defaults");
  co_return Result<void>{};
}

Done config_show(Context& context, ConfigShow arguments) {
  if (!arguments.effective) {
    co_return co_await config_list(context,
                                   {{arguments.group, arguments.node, {}}, arguments.component});
  }
  if (arguments.group.empty() && arguments.node.empty()) {
    co_return fail(Error{Code::invalid_argument, "settings come to something on a group or a node",
                         "say --group GROUP or --node NODE; ferry config list shows every layer"});
  }
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  const auto& owner = arguments.node.empty() ? arguments.group : arguments.node;
  auto answer = co_await context.client.get(
      api_path({"workspaces", *workspace, "configuration", "effective"}) +
      fmt::format("?{}={}", arguments.node.empty() ? "group" : "node", percent_encode(owner)));
  if (!answer) co_return fail(std::move(answer).error());
  json::array wanted;
  Table table({"COMPONENT", "SETTING", "VALUE", "FROM", "REACHES IT AS"});
  for (const auto& setting : items_of(*answer)) {
    if (!arguments.component.empty() && text_of(setting, "component") != arguments.component) {
      continue;
    }
    wanted.push_back(setting);
    table.add({{text_of(setting, "component"), Tone::strong},
               {text_of(setting, "setting")},
               {shown(member_of(setting, "value"))},
               {origin_of(setting)},
               {delivery_of(setting)}});
  }
  if (context.output == OutputFormat::json) {
    print(context, json::object{{"value", std::move(wanted)}}, {});
    co_return Result<void>{};
  }
  print_table(context, table, "nothing that runs there can be configured");
  co_return Result<void>{};
}

Done label_change(Context& context, LabelSet arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  json::array labels;
  for (const auto& text : arguments.labels) {
    json::object label{{"group", arguments.group}, {"label", text}, {"value", nullptr}};
    if (!arguments.unset) {
      const auto equal = text.find('=');
      if (equal == std::string::npos) {
        co_return fail(Code::invalid_argument, "'{}' is not LABEL=VALUE", text);
      }
      label["label"] = text.substr(0, equal);
      label["value"] = text.substr(equal + 1);
    }
    labels.push_back(std::move(label));
  }
  co_return co_await plan_and_apply(context, *workspace,
                                    json::object{{"labels", std::move(labels)}}, arguments.intent);
}

Done label_list(Context& context, std::string group) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto traits = co_await traits_of(context, *workspace, std::move(group), {});
  if (!traits) co_return fail(std::move(traits).error());
  print(context, *traits, [&](const json::value& value) {
    const auto* object = value.if_object();
    const auto* labels = object ? find_object(*object, "labels") : nullptr;
    std::string text;
    for (std::size_t i = 0; labels && i < labels->size(); ++i) {
      const auto& label = *(labels->begin() + static_cast<std::ptrdiff_t>(i));
      text += fmt::format("{}={}\n", std::string_view(label.key()), shown(label.value()));
    }
    return text.empty() ? std::string("no labels\n") : text;
  });
  co_return Result<void>{};
}

Done capability_change(Context& context, CapabilitySet arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  json::array capabilities;
  for (const auto& capability : arguments.capabilities) {
    json::object edit{{"capability", capability}, {"present", !arguments.remove}};
    if (arguments.node.empty()) {
      edit["group"] = arguments.group;
    } else {
      edit["node"] = arguments.node;
    }
    capabilities.push_back(std::move(edit));
  }
  co_return co_await plan_and_apply(context, *workspace,
                                    json::object{{"capabilities", std::move(capabilities)}},
                                    arguments.intent);
}

Done capability_list(Context& context, CapabilityList arguments) {
  auto workspace = co_await workspace_of(context);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto traits = co_await traits_of(context, *workspace, arguments.group, arguments.node);
  if (!traits) co_return fail(std::move(traits).error());
  print(context, *traits, [&](const json::value& value) {
    const auto* object = value.if_object();
    const auto* list = object ? find_array(*object, "capabilities") : nullptr;
    std::string text;
    for (std::size_t i = 0; list && i < list->size(); ++i) text += shown((*list)[i]) + "\n";
    return text.empty() ? std::string("none\n") : text;
  });
  co_return Result<void>{};
}

}  // namespace ferry::cli
