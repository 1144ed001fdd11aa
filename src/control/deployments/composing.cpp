// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/composing.hpp"

#include "fleet/layered_group.hpp"

namespace ferry::control {
Result<StoredLayers> load_layers(const Context& context, const fleet::NodeGroup& group) {
  auto workspace = context.store.layers.settings({group.workspace, std::nullopt, std::nullopt});
  if (!workspace) return fail(std::move(workspace).error());
  auto own = context.store.layers.settings({group.workspace, group.id, std::nullopt});
  if (!own) return fail(std::move(own).error());
  auto labels = context.store.layers.labels(group.id);
  if (!labels) return fail(std::move(labels).error());
  StoredLayers layers{*std::move(workspace), *std::move(own), {}};
  layers.directory.groups[group.name] = *std::move(labels);
  return layers;
}

namespace {

void apply(const fleet::Change& change, const fleet::NodeGroup& group, StoredLayers& layers) {
  for (const auto& edit : change.settings) {
    if (edit.layer == fleet::Layer::workspace) fleet::apply_setting(layers.workspace, edit);
    if (edit.layer == fleet::Layer::group && edit.owner == group.name) {
      fleet::apply_setting(layers.group, edit);
    }
  }
  layers.directory = fleet::apply_labels(std::move(layers.directory), change.labels);
}

}  // namespace

Result<fleet::Composition> compose_group(Context& context, const fleet::NodeGroup& group,
                                         const std::vector<fleet::Deployment>& deployments,
                                         const fleet::Change* change) {
  auto layers = load_layers(context, group);
  if (!layers) return fail(std::move(layers).error());
  if (change) apply(*change, group, *layers);
  const auto contributions =
      fleet::contributions_by_group(deployments, {group.name}, layers->directory);
  const auto found = contributions.find(group.name);
  if (found == contributions.end()) return fleet::Composition();
  std::set<fleet::ComponentRef> wanted;
  for (const auto& contribution : found->second) wanted.insert(*contribution.component);
  auto catalog = context.published.load(group.workspace, wanted);
  if (!catalog) return fail(std::move(catalog).error());
  auto composition =
      fleet::compose(found->second, *catalog, {&layers->workspace, group.name, &layers->group});
  if (!composition) {
    return fail(std::move(composition).error().with("compose group '{}'", group.name));
  }
  return composition;
}

Result<fleet::Composition> compose_group(Context& context, const fleet::NodeGroup& group) {
  auto deployments = context.store.deployments.targeting(group.workspace, {group.name});
  if (!deployments) return fail(std::move(deployments).error());
  return compose_group(context, group, *deployments);
}

std::vector<store::CompositionModule> modules_of(const fleet::Composition& composition) {
  std::vector<store::CompositionModule> modules;
  for (const auto& module : composition.modules) {
    auto settings = module.settings.empty() ? std::string() : json::serialize(module.settings);
    modules.push_back({module.name, module.version, module.published->image, std::move(settings)});
  }
  return modules;
}

std::vector<fleet::RunningModule> running_modules(const store::CompositionRecord& record) {
  std::vector<fleet::RunningModule> modules;
  for (const auto& module : record.modules) {
    auto settings = parse_json_object(module.settings);
    modules.push_back({module.name, module.version, settings ? *settings : json::object()});
  }
  return modules;
}

}  // namespace ferry::control
