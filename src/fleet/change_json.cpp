// SPDX-License-Identifier: Apache-2.0
#include "fleet/names.hpp"
#include "fleet/plan.hpp"

namespace ferry::fleet {
namespace {

json::object edit_to_json(const Edit& edit) {
  json::array components;
  for (const auto& ref : edit.components) {
    components.push_back(json::object{{"name", ref.name}, {"version", ref.version}});
  }
  json::object object{{"deployment", edit.deployment},
                      {"components", std::move(components)},
                      {"groups", json::array(edit.groups.begin(), edit.groups.end())}};
  if (!edit.selector.empty()) object["selector"] = edit.selector;
  if (!edit.settings.empty()) object["configuration"] = to_json(edit.settings);
  return object;
}

// `items` of `object`, each read by `read`; absent is fine.
template <class T, class Read>
Result<std::vector<T>> read_each(const json::object& object, std::string_view member, Read read) {
  std::vector<T> values;
  const auto* value = object.if_contains(member);
  if (!value) return values;
  if (!value->is_array()) return fail(Code::invalid_argument, "'{}' must be an array", member);
  for (const auto& item : value->as_array()) {
    if (!item.is_object()) {
      return fail(Code::invalid_argument, "'{}' must hold objects", member);
    }
    auto one = read(item.as_object());
    if (!one) return fail(std::move(one).error().with("{} {}", member, values.size() + 1));
    values.push_back(*std::move(one));
  }
  return values;
}

Result<ComponentRef> component_from_json(const json::object& object) {
  auto name = require_string(object, "name");
  if (!name) return fail(std::move(name).error());
  auto version = require_string(object, "version");
  if (!version) return fail(std::move(version).error());
  return ComponentRef{*std::move(name), *std::move(version)};
}

Result<Edit> edit_from_json(const json::object& object) {
  Edit edit;
  auto deployment = require_string(object, "deployment");
  if (!deployment) return fail(std::move(deployment).error());
  edit.deployment = *std::move(deployment);
  if (!object.contains("components"))
    return fail(Code::invalid_argument, "'components' is missing");
  auto components = read_each<ComponentRef>(object, "components", component_from_json);
  if (!components) return fail(std::move(components).error());
  edit.components = *std::move(components);
  const auto* groups = object.if_contains("groups");
  if (!groups && !object.contains("selector")) {
    return fail(Code::invalid_argument, "'groups' or 'selector' is missing");
  }
  if (groups && !groups->is_array()) {
    return fail(Code::invalid_argument, "'groups' must be an array");
  }
  for (std::size_t i = 0; groups && i < groups->as_array().size(); ++i) {
    const auto* group = groups->as_array()[i].if_string();
    if (!group) return fail(Code::invalid_argument, "'groups' must hold group names");
    edit.groups.emplace_back(*group);
  }
  auto selector = Selector::parse(string_or(object, "selector", ""));
  if (!selector) return fail(std::move(selector).error());
  edit.selector = selector->str();
  if (const auto* configuration = object.if_contains("configuration")) {
    if (!configuration->is_object()) {
      return fail(Code::invalid_argument, "'configuration' must be an object");
    }
    auto settings = settings_from_json(configuration->as_object());
    if (!settings) return fail(std::move(settings).error());
    edit.settings = *std::move(settings);
  }
  return edit;
}

Result<SettingEdit> setting_from_json(const json::object& object) {
  SettingEdit edit;
  auto layer = require_string(object, "layer");
  if (!layer) return fail(std::move(layer).error());
  auto parsed = parse_layer(*layer);
  if (!parsed) return fail(std::move(parsed).error());
  edit.layer = *parsed;
  if (edit.layer == Layer::component || edit.layer == Layer::deployment) {
    return fail(Error{Code::invalid_argument,
                      fmt::format("the layer {} is not set by itself", *layer),
                      "a deployment's own configuration is part of its edit, a component's "
                      "defaults are part of its version"});
  }
  edit.owner = string_or(object, "owner", "");
  if ((edit.layer == Layer::workspace) != edit.owner.empty()) {
    return fail(Code::invalid_argument, "'owner' names the group or node, and no workspace");
  }
  auto component = require_string(object, "component");
  if (!component) return fail(std::move(component).error());
  edit.component = *std::move(component);
  auto setting = require_string(object, "setting");
  if (!setting) return fail(std::move(setting).error());
  edit.setting = *std::move(setting);
  auto good = check_component_name(edit.component);
  if (good) good = check_setting_name(edit.setting);
  if (!good) return fail(std::move(good).error());
  const auto* value = object.if_contains("value");
  if (value && !value->is_null()) edit.value = *value;
  return edit;
}

json::object setting_to_json(const SettingEdit& edit) {
  json::object object{{"layer", to_string(edit.layer)}};
  if (!edit.owner.empty()) object["owner"] = edit.owner;
  object["component"] = edit.component;
  object["setting"] = edit.setting;
  object["value"] = edit.value ? *edit.value : json::value();
  return object;
}

Result<LabelEdit> label_from_json(const json::object& object) {
  LabelEdit edit;
  auto group = require_string(object, "group");
  if (!group) return fail(std::move(group).error());
  auto label = require_string(object, "label");
  if (!label) return fail(std::move(label).error());
  edit.group = *std::move(group);
  edit.label = *std::move(label);
  edit.value = optional_string(object, "value");
  auto good = check_label_key(edit.label);
  if (good && edit.value) good = check_label_value(*edit.value);
  if (!good) return fail(std::move(good).error());
  return edit;
}

json::object label_to_json(const LabelEdit& edit) {
  return {{"group", edit.group},
          {"label", edit.label},
          {"value", edit.value ? json::value(*edit.value) : json::value()}};
}

Result<CapabilityEdit> capability_from_json(const json::object& object) {
  CapabilityEdit edit{string_or(object, "group", ""), string_or(object, "node", ""),
                      string_or(object, "capability", ""), bool_or(object, "present", true)};
  if (edit.group.empty() == edit.node.empty()) {
    return fail(Code::invalid_argument, "a capability is either a group's or a node's");
  }
  auto good = check_label("capability", edit.capability, kLongestCapability);
  if (!good) return fail(std::move(good).error());
  return edit;
}

json::object capability_to_json(const CapabilityEdit& edit) {
  json::object object;
  if (!edit.group.empty()) object["group"] = edit.group;
  if (!edit.node.empty()) object["node"] = edit.node;
  object["capability"] = edit.capability;
  object["present"] = edit.present;
  return object;
}

template <class T, class Write>
void write_each(const std::vector<T>& values, std::string_view member, Write write,
                json::object& into) {
  if (values.empty()) return;
  json::array array;
  for (const auto& value : values) array.push_back(write(value));
  into[member] = std::move(array);
}

}  // namespace

json::object to_json(const Change& change) {
  json::array edits;
  for (const auto& edit : change.edits) edits.push_back(edit_to_json(edit));
  json::object object{{"edits", std::move(edits)}};
  write_each(change.settings, "settings", setting_to_json, object);
  write_each(change.labels, "labels", label_to_json, object);
  write_each(change.capabilities, "capabilities", capability_to_json, object);
  return object;
}

Result<Change> change_from_json(const json::object& object) {
  auto edits = read_each<Edit>(object, "edits", edit_from_json);
  if (!edits) return fail(std::move(edits).error());
  auto settings = read_each<SettingEdit>(object, "settings", setting_from_json);
  if (!settings) return fail(std::move(settings).error());
  auto labels = read_each<LabelEdit>(object, "labels", label_from_json);
  if (!labels) return fail(std::move(labels).error());
  auto capabilities = read_each<CapabilityEdit>(object, "capabilities", capability_from_json);
  if (!capabilities) return fail(std::move(capabilities).error());
  Change change;
  for (auto& edit : *edits) {
    if (find_edit(change, edit.deployment)) {
      return fail(Code::invalid_argument, "deployment {} is edited twice", edit.deployment);
    }
    change.edits.push_back(std::move(edit));
  }
  change.settings = *std::move(settings);
  change.labels = *std::move(labels);
  change.capabilities = *std::move(capabilities);
  if (change.empty()) return fail(Code::invalid_argument, "'edits' is missing");
  return change;
}

}  // namespace ferry::fleet
