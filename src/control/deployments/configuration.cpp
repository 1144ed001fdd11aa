// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/configuration.hpp"

#include <algorithm>
#include <tuple>

#include "control/deployments/composing.hpp"
#include "control/lookup.hpp"
#include "fleet/composition.hpp"

namespace ferry::control {
namespace {

void add_views(fleet::Layer layer, const std::string& owner, const fleet::Settings& settings,
               std::vector<SettingView>& views) {
  for (const auto& [component, values] : settings) {
    for (const auto& [setting, value] : values) {
      views.push_back({layer, owner, component, setting, value});
    }
  }
}

void add_effective(fleet::ComponentContributions component, const fleet::PublishedVersion& version,
                   const std::map<std::string, fleet::EffectiveSetting>& settings,
                   std::vector<EffectiveView>& views) {
  const auto& ref = *component.front().component;
  const auto& schema = version.manifest.configuration;
  for (const auto& [name, setting] : settings) {
    const auto* info = schema ? schema->find(name) : nullptr;
    views.push_back({ref.name, ref.version, name, setting.value, setting.layer, setting.owner,
                     info ? std::optional(*info) : std::nullopt});
  }
  if (!schema) return;
  for (const auto& [name, info] : schema->settings()) {
    if (!settings.contains(name)) {
      views.push_back({ref.name, ref.version, name, {}, fleet::Layer::component, {}, info});
    }
  }
}

struct Place {
  fleet::NodeGroup group;
  std::optional<fleet::Node> node;
};

Result<Place> find_place(const Context& context, const fleet::Workspace& workspace,
                         const std::string& group_name, const std::string& node_name) {
  if (group_name.empty() == node_name.empty()) {
    return fail(Code::invalid_argument, "say either a group or a node");
  }
  if (node_name.empty()) {
    auto group = find_group(context, workspace, group_name);
    if (!group) return fail(std::move(group).error());
    return Place{*std::move(group), std::nullopt};
  }
  auto node = find_node(context, workspace, node_name);
  if (!node) return fail(std::move(node).error());
  auto group = load_group(context, node->group);
  if (!group) return fail(std::move(group).error());
  return Place{*std::move(group), *std::move(node)};
}

}  // namespace

Result<std::vector<SettingView>> Configuration::list(const fleet::OrganizationId& organization,
                                                     const std::string& workspace_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  const auto& layers = context_.store.layers;
  std::vector<SettingView> views;
  auto own = layers.settings({workspace->id, std::nullopt, std::nullopt});
  if (!own) return fail(std::move(own).error());
  add_views(fleet::Layer::workspace, "", *own, views);
  auto deployments = context_.store.deployments.list(workspace->id);
  if (!deployments) return fail(std::move(deployments).error());
  for (const auto& deployment : *deployments) {
    add_views(fleet::Layer::deployment, deployment.name, deployment.settings, views);
  }
  auto groups = context_.store.groups.list(workspace->id);
  if (!groups) return fail(std::move(groups).error());
  for (const auto& group : *groups) {
    auto settings = layers.settings({workspace->id, group.id, std::nullopt});
    if (!settings) return fail(std::move(settings).error());
    add_views(fleet::Layer::group, group.name, *settings, views);
  }
  for (const auto& group : *groups) {
    auto nodes = layers.node_settings(group.id);
    if (!nodes) return fail(std::move(nodes).error());
    for (const auto& [node, settings] : *nodes) {
      add_views(fleet::Layer::node, node, settings, views);
    }
  }
  return views;
}

Result<std::vector<EffectiveView>> Configuration::effective(
    const fleet::OrganizationId& organization, const std::string& workspace_name,
    const std::string& group_name, const std::string& node_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto place = find_place(context_, *workspace, group_name, node_name);
  if (!place) return fail(std::move(place).error());
  auto deployments = context_.store.deployments.targeting(workspace->id, {place->group.name});
  if (!deployments) return fail(std::move(deployments).error());
  auto layers = load_layers(context_, place->group);
  if (!layers) return fail(std::move(layers).error());
  fleet::Settings node_settings;
  fleet::LayerValues node;
  if (place->node) {
    node = {fleet::Layer::node, place->node->name, nullptr};
    auto own = context_.store.layers.settings({workspace->id, std::nullopt, place->node->id});
    if (!own) return fail(std::move(own).error());
    node_settings = *std::move(own);
  }
  const auto contributions =
      fleet::contributions_by_group(*deployments, {place->group.name}, layers->directory);
  std::vector<EffectiveView> views;
  const auto found = contributions.find(place->group.name);
  if (found == contributions.end()) return views;
  std::set<fleet::ComponentRef> wanted;
  for (const auto& contribution : found->second) wanted.insert(*contribution.component);
  auto catalog = context_.published.load(workspace->id, wanted);
  if (!catalog) return fail(std::move(catalog).error());
  fleet::for_each_component(found->second, [&](fleet::ComponentContributions component) {
    const auto version = catalog->find(*component.front().component);
    if (version == catalog->end()) return;
    node.values = fleet::find_values(node_settings, version->first.name);
    add_effective(component, *version->second,
                  fleet::settings_of(component, *version->second,
                                     {&layers->workspace, place->group.name, &layers->group}, node),
                  views);
  });
  std::sort(views.begin(), views.end(), [](const EffectiveView& a, const EffectiveView& b) {
    return std::tie(a.component, a.setting) < std::tie(b.component, b.setting);
  });
  return views;
}

Result<TraitsView> Configuration::traits(const fleet::OrganizationId& organization,
                                         const std::string& workspace_name,
                                         const std::string& group_name,
                                         const std::string& node_name) const {
  auto workspace = find_workspace(context_, organization, workspace_name);
  if (!workspace) return fail(std::move(workspace).error());
  auto place = find_place(context_, *workspace, group_name, node_name);
  if (!place) return fail(std::move(place).error());
  TraitsView view;
  if (place->node) {
    auto capabilities = context_.store.layers.capabilities(place->node->id);
    if (!capabilities) return fail(std::move(capabilities).error());
    view.capabilities = *std::move(capabilities);
    return view;
  }
  auto labels = context_.store.layers.labels(place->group.id);
  if (!labels) return fail(std::move(labels).error());
  auto capabilities = context_.store.layers.capabilities(place->group.id);
  if (!capabilities) return fail(std::move(capabilities).error());
  view.labels = *std::move(labels);
  view.capabilities = *std::move(capabilities);
  return view;
}

}  // namespace ferry::control
