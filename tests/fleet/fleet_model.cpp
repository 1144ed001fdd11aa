// SPDX-License-Identifier: Apache-2.0
#include "tests/fleet/fleet_model.hpp"

#include <algorithm>

#include "fleet/edge_deployment.hpp"

namespace ferry::fleet::model {

const std::vector<std::string> kGroups{"g1", "g2", "g3"};
const std::vector<std::string> kComponents{"a", "b", "c", "d"};
const std::vector<std::string> kVersions{"1.0.0", "2.0.0"};

namespace {

const std::vector<std::string> kDeployments{"d1", "d2", "d3", "d4"};
const std::vector<std::string> kSettings{"rate", "mode", "odd"};
const std::vector<std::string> kSelectors{"", "", "", "site=x", "site!=x", "tier", "site=y,!tier"};

const Catalog& catalog() {
  static const Catalog kCatalog = [] {
    Catalog catalog;
    for (const auto& name : kComponents) {
      for (const auto& version : kVersions) {
        std::string members = R"("cmd": ["/x"])";
        // a and b are configured, and their versions differ in it; d needs what few groups have.
        if (name == "a" || name == "b") {
          members += fmt::format(
              R"(, "configuration": {{"properties": {{
                "rate": {{"type": "integer", "maximum": {}, "default": 1}},
                "mode": {{"type": "string", "delivery": "{}"}}}}}})",
              version == "1.0.0" ? 9 : 5, name == "a" ? "twin" : "env");
        }
        if (name == "d") members += R"(, "requires": ["gpu"])";
        auto manifest = parse_manifest(
            fmt::format(R"({{"name": "{}", "version": "{}", {}}})", name, version, members));
        FERRY_CHECK(manifest.has_value());
        catalog[{name, version}] = std::make_shared<PublishedVersion>(
            PublishedVersion{"r/" + name + "@sha256:" + version, *std::move(manifest), {}});
      }
    }
    return catalog;
  }();
  return kCatalog;
}

// Read by hand: selectors have few forms here.
bool selects(const std::string& selector, const Labels& labels) {
  const auto is = [&](const char* label, const char* value) {
    const auto found = labels.find(label);
    return found != labels.end() && found->second == value;
  };
  if (selector == "site=x") return is("site", "x");
  if (selector == "site!=x") return !is("site", "x");
  if (selector == "tier") return labels.contains("tier");
  if (selector == "!tier,site=y" || selector == "site=y,!tier") {
    return is("site", "y") && !labels.contains("tier");
  }
  return false;
}

bool contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

json::value some_value(Dice& dice, const std::string& setting) {
  if (setting == "mode" || dice.chance(3)) return dice.chance(50) ? "slow" : "fast";
  return dice.pick(8);
}

Edit some_edit(Dice& dice) {
  Edit edit;
  edit.deployment = dice.of(kDeployments);
  if (dice.chance(10)) return edit;  // it goes
  for (const auto& name : kComponents) {
    if (!dice.chance(name == "d" ? 10 : 45)) continue;
    edit.components.push_back({name, dice.of(kVersions)});
    if (dice.chance(3)) edit.components.push_back({name, dice.of(kVersions)});
    if ((name == "a" || name == "b") && dice.chance(25)) {
      const auto& setting = dice.of(kSettings);
      edit.settings[name][setting] = some_value(dice, setting);
    }
  }
  for (const auto& group : kGroups) {
    if (dice.chance(45)) edit.groups.push_back(group);
  }
  edit.selector = dice.of(kSelectors);
  return edit;
}

SettingEdit some_setting(Dice& dice, const Fleet& fleet) {
  SettingEdit edit;
  const int layer = dice.pick(3);
  edit.layer = layer == 0 ? Layer::workspace : layer == 1 ? Layer::group : Layer::node;
  if (layer == 1) edit.owner = dice.of(kGroups);
  if (layer == 2) {
    const auto& nodes = fleet.directory.homes;
    if (nodes.empty()) return some_setting(dice, fleet);
    edit.owner = std::next(nodes.begin(), dice.pick(static_cast<int>(nodes.size())))->first;
  }
  edit.component = dice.chance(50) ? "a" : "b";
  edit.setting = dice.of(kSettings);
  if (dice.chance(70)) edit.value = some_value(dice, edit.setting);
  return edit;
}

void put(Settings& settings, const std::string& component, const std::string& setting,
         const std::optional<json::value>& value) {
  if (value) {
    settings[component][setting] = *value;
  } else if (settings.contains(component)) {
    settings[component].erase(setting);
    if (settings[component].empty()) settings.erase(component);
  }
}

const json::value* get(const Settings& settings, const std::string& component,
                       const std::string& setting) {
  const auto values = settings.find(component);
  if (values == settings.end()) return nullptr;
  const auto value = values->second.find(setting);
  return value == values->second.end() ? nullptr : &value->second;
}

std::vector<const Deployment*> targeting(const Fleet& fleet, const std::string& group) {
  std::vector<const Deployment*> result;
  const auto& labels = fleet.directory.groups.at(group);
  for (const auto& deployment : fleet.deployments) {
    if (contains(deployment.groups, group) || selects(deployment.selector, labels)) {
      result.push_back(&deployment);
    }
  }
  std::sort(result.begin(), result.end(),
            [](const Deployment* x, const Deployment* y) { return x->name < y->name; });
  return result;
}

std::optional<json::value> current(const Fleet& fleet, const SettingEdit& edit) {
  const Settings* settings = &fleet.settings;
  static const Settings kNone;
  if (edit.layer == Layer::group) settings = &fleet.groups.at(edit.owner).settings;
  if (edit.layer == Layer::node) {
    const auto& nodes = fleet.groups.at(fleet.directory.homes.at(edit.owner)).node_settings;
    const auto node = nodes.find(edit.owner);
    settings = node == nodes.end() ? &kNone : &node->second;
  }
  const auto* value = get(*settings, edit.component, edit.setting);
  return value ? std::optional(*value) : std::nullopt;
}

bool apply_settings(const std::vector<SettingChange>& changes, Running& running) {
  for (const auto& change : changes) {
    const auto there = running.settings.find(change.setting);
    const json::value was = there == running.settings.end() ? json::value() : there->second;
    if (was != change.from) return false;
    if (change.to.is_null()) {
      running.settings.erase(change.setting);
    } else {
      running.settings[change.setting] = change.to;
    }
  }
  return true;
}

}  // namespace

Fleet empty_fleet(Dice& dice) {
  Fleet fleet;
  fleet.catalog = catalog();
  for (const auto& group : kGroups) {
    auto& facts = fleet.groups[group];
    for (int i = dice.pick(4); i > 0; --i) {
      facts.nodes.push_back({.name = fmt::format("{}-n{}", group, i), .registered = true});
      fleet.directory.homes[facts.nodes.back().name] = group;
    }
    auto& labels = fleet.directory.groups[group];
    if (dice.chance(60)) labels["site"] = dice.chance(50) ? "x" : "y";
    if (dice.chance(40)) labels["tier"] = "1";
    if (dice.chance(50)) facts.capabilities = {"gpu"};
  }
  return fleet;
}

Change some_change(Dice& dice, const Fleet& fleet) {
  Change change;
  const int kind = dice.pick(10);
  if (kind < 6) change.edits.push_back(some_edit(dice));
  if (kind == 5 || kind == 6 || kind == 7) change.settings.push_back(some_setting(dice, fleet));
  if (kind == 8) {
    change.labels.push_back(
        {dice.of(kGroups), dice.chance(60) ? "site" : "tier",
         dice.chance(70) ? std::optional<std::string>(dice.chance(50) ? "x" : "y") : std::nullopt});
  }
  if (kind == 9) change.capabilities.push_back({dice.of(kGroups), "", "gpu", dice.chance(60)});
  if (change.edits.size() == 1 && dice.chance(15)) change.edits.push_back(some_edit(dice));
  return normal_form(std::move(change));
}

Fleet record(Fleet fleet, const Change& change) {
  for (const auto& edit : change.edits) {
    const bool goes = edit.components.empty() && edit.groups.empty() && edit.selector.empty();
    auto found = std::find_if(fleet.deployments.begin(), fleet.deployments.end(),
                              [&](const Deployment& d) { return d.name == edit.deployment; });
    if (goes) {
      if (found != fleet.deployments.end()) fleet.deployments.erase(found);
      continue;
    }
    auto& deployment = found == fleet.deployments.end() ? fleet.deployments.emplace_back() : *found;
    deployment.name = edit.deployment;
    deployment.components = edit.components;
    deployment.groups = edit.groups;
    deployment.selector = edit.selector;
    deployment.settings = edit.settings;
  }
  for (const auto& edit : change.settings) {
    Settings* settings = &fleet.settings;
    if (edit.layer == Layer::group) settings = &fleet.groups.at(edit.owner).settings;
    if (edit.layer == Layer::node) {
      settings = &fleet.groups.at(fleet.directory.homes.at(edit.owner)).node_settings[edit.owner];
    }
    put(*settings, edit.component, edit.setting, edit.value);
  }
  for (const auto& edit : change.labels) {
    auto& labels = fleet.directory.groups.at(edit.group);
    if (edit.value) {
      labels[edit.label] = *edit.value;
    } else {
      labels.erase(edit.label);
    }
  }
  for (const auto& edit : change.capabilities) {
    auto& capabilities = fleet.groups.at(edit.group).capabilities;
    if (edit.present) {
      capabilities.insert(edit.capability);
    } else {
      capabilities.erase(edit.capability);
    }
  }
  return fleet;
}

Runs runs_of_node(const Fleet& fleet, const std::string& group, const std::string& node) {
  Runs runs;
  const auto deployments = targeting(fleet, group);
  for (const auto* deployment : deployments) {
    for (const auto& component : deployment->components) {
      runs[component.name].versions.insert(component.version);
    }
  }
  const auto& facts = fleet.groups.at(group);
  const auto own = facts.node_settings.find(node);
  for (auto& [component, running] : runs) {
    if (component != "a" && component != "b") continue;
    for (const auto* setting : {"rate", "mode"}) {
      const json::value fallback(1);
      const json::value* value = std::string_view(setting) == "rate" ? &fallback : nullptr;
      const auto hide = [&](const Settings& settings) {
        if (const auto* own_value = get(settings, component, setting)) value = own_value;
      };
      hide(fleet.settings);
      for (const auto* deployment : deployments) {
        const auto& components = deployment->components;
        const bool brings =
            std::any_of(components.begin(), components.end(),
                        [&](const ComponentRef& ref) { return ref.name == component; });
        if (brings) hide(deployment->settings);
      }
      hide(facts.settings);
      if (own != facts.node_settings.end()) hide(own->second);
      if (value) running.settings[setting] = *value;
    }
  }
  return runs;
}

Runs runs_of(const Fleet& fleet, const std::string& group) {
  return runs_of_node(fleet, group, "");
}

Change back_to(const Fleet& before, const Change& change) {
  Change back;
  for (const auto& edit : change.edits) {
    const auto* was = find_deployment(before.deployments, edit.deployment);
    back.edits.push_back(was ? edit_of(*was) : Edit{edit.deployment, {}, {}});
  }
  for (auto edit : change.settings) {
    edit.value = current(before, edit);
    back.settings.push_back(std::move(edit));
  }
  for (auto edit : change.labels) {
    const auto& labels = before.directory.groups.at(edit.group);
    const auto was = labels.find(edit.label);
    edit.value = was == labels.end() ? std::nullopt : std::optional(was->second);
    back.labels.push_back(std::move(edit));
  }
  for (auto edit : change.capabilities) {
    edit.present = before.groups.at(edit.group).capabilities.contains(edit.capability);
    back.capabilities.push_back(std::move(edit));
  }
  return back;
}

std::optional<Runs> apply(const Difference& difference, Runs runs) {
  for (const auto& removed : difference.removed) {
    if (runs[removed.name].versions != std::set{removed.version}) return std::nullopt;
    runs.erase(removed.name);
  }
  for (const auto& update : difference.updated) {
    auto& running = runs[update.component];
    if (running.versions != std::set{update.from}) return std::nullopt;
    running.versions = {update.to};
    if (!apply_settings(update.settings, running)) return std::nullopt;
  }
  for (const auto* list : {&difference.restarted, &difference.reconfigured}) {
    for (const auto& changed : *list) {
      auto& running = runs[changed.component];
      if (running.versions != std::set{changed.version} || changed.settings.empty() ||
          !apply_settings(changed.settings, running)) {
        return std::nullopt;
      }
    }
  }
  for (const auto& kept : difference.unchanged) {
    if (runs[kept.name].versions != std::set{kept.version}) return std::nullopt;
  }
  for (const auto& added : difference.added) {
    if (runs.contains(added.name)) return std::nullopt;
    runs[added.name].versions = {added.version};
  }
  return runs;
}

std::string content_of(const Fleet& fleet, const std::string& group) {
  const auto contributions = contributions_by_group(fleet.deployments, {group}, fleet.directory);
  const auto found = contributions.find(group);
  Composition composition;
  if (found != contributions.end()) {
    const GroupLayers layers{&fleet.settings, group, &fleet.groups.at(group).settings};
    auto composed = compose(found->second, fleet.catalog, layers);
    if (!composed) return composed.error().describe();
    composition = *std::move(composed);
  }
  return json::serialize(edge_deployment_content(composition, std::nullopt));
}

}  // namespace ferry::fleet::model
