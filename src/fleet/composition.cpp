// SPDX-License-Identifier: Apache-2.0
#include "fleet/composition.hpp"

#include <algorithm>
#include <tuple>

namespace ferry::fleet {
namespace {

auto order_of(const Contribution& contribution) {
  return std::tie(contribution.component->name, contribution.component->version,
                  contribution.deployment->name);
}

void contribute(const Deployment& deployment, Contributions& contributions) {
  for (const auto& component : deployment.components) {
    contributions.push_back({&component, &deployment});
  }
}

// A deployment that names a component or a group twice still contributes once.
void put_in_order(Contributions& contributions) {
  std::sort(contributions.begin(), contributions.end(),
            [](const auto& a, const auto& b) { return order_of(a) < order_of(b); });
  contributions.erase(
      std::unique(contributions.begin(), contributions.end(),
                  [](const auto& a, const auto& b) { return order_of(a) == order_of(b); }),
      contributions.end());
}

// `wanted`: whether a group counts.
template <class Wanted>
std::map<std::string, Contributions> gather(const std::vector<Deployment>& deployments,
                                            const Directory& directory, Wanted wanted) {
  std::map<std::string, Contributions> result;
  for (const auto& deployment : deployments) {
    if (deployment.selector.empty()) {
      for (const auto& group : deployment.groups) {
        if (wanted(group)) contribute(deployment, result[group]);
      }
      continue;
    }
    for (const auto& group : targets_of(deployment, directory)) {
      if (wanted(group)) contribute(deployment, result[group]);
    }
  }
  for (auto& [group, contributions] : result) put_in_order(contributions);
  return result;
}

Module make_module(ComponentContributions contributions,
                   const std::shared_ptr<const PublishedVersion>& published,
                   const GroupLayers& layers) {
  const auto& ref = *contributions.front().component;
  Module module{ref.name, ref.version, published};
  if (published->manifest.configuration) {
    module.settings = known_values(settings_of(contributions, *published, layers), *published);
  }
  return module;
}

}  // namespace

std::map<std::string, Contributions> contributions_by_group(
    const std::vector<Deployment>& deployments, const Directory& directory) {
  return gather(deployments, directory, [](const std::string&) { return true; });
}

std::map<std::string, Contributions> contributions_by_group(
    const std::vector<Deployment>& deployments, const std::set<std::string>& groups,
    const Directory& directory) {
  return gather(deployments, directory,
                [&](const std::string& group) { return groups.contains(group); });
}

const Module* find_module(const Composition& composition, const std::string& name) {
  const auto found = std::lower_bound(
      composition.modules.begin(), composition.modules.end(), name,
      [](const Module& module, const std::string& key) { return module.name < key; });
  return found != composition.modules.end() && found->name == name ? &*found : nullptr;
}

bool is_decided(ComponentContributions contributions) {
  return std::all_of(contributions.begin(), contributions.end(), [&](const Contribution& other) {
    return other.component->version == contributions.front().component->version;
  });
}

std::map<std::string, EffectiveSetting> settings_of(ComponentContributions contributions,
                                                    const PublishedVersion& version,
                                                    const GroupLayers& layers,
                                                    const LayerValues& node) {
  const auto& component = contributions.front().component->name;
  std::vector<LayerValues> all;
  if (version.manifest.configuration) {
    all.push_back({Layer::component, {}, &version.manifest.configuration->defaults()});
  }
  if (layers.workspace) {
    all.push_back({Layer::workspace, {}, find_values(*layers.workspace, component)});
  }
  for (const auto& contribution : contributions) {
    all.push_back({Layer::deployment, contribution.deployment->name,
                   find_values(contribution.deployment->settings, component)});
  }
  if (layers.own) all.push_back({Layer::group, layers.group, find_values(*layers.own, component)});
  if (node.values) all.push_back(node);
  return effective_settings(all);
}

std::vector<std::string> settings_in_conflict(ComponentContributions contributions,
                                              const GroupLayers& layers) {
  const auto& component = contributions.front().component->name;
  const auto* decided = layers.own ? find_values(*layers.own, component) : nullptr;
  struct Wish {
    const json::value* value = nullptr;
    const std::string* deployment = nullptr;
  };
  std::map<std::string, Wish> wishes;
  std::map<std::string, std::string> conflicts;
  for (const auto& contribution : contributions) {
    const auto* values = find_values(contribution.deployment->settings, component);
    if (!values) continue;
    for (const auto& [setting, value] : *values) {
      const auto [wish, is_new] =
          wishes.emplace(setting, Wish{&value, &contribution.deployment->name});
      if (is_new || *wish->second.value == value) continue;
      if (decided && decided->contains(setting)) continue;
      conflicts.emplace(
          setting, fmt::format("deployment {} wants {} of {} to be {}, deployment {} wants {}; "
                               "give both one value, or set it for the group",
                               *wish->second.deployment, setting, component,
                               json::serialize(*wish->second.value), contribution.deployment->name,
                               json::serialize(value)));
    }
  }
  std::vector<std::string> words;
  for (auto& [setting, text] : conflicts) words.push_back(std::move(text));
  return words;
}

json::object known_values(const std::map<std::string, EffectiveSetting>& settings,
                          const PublishedVersion& version) {
  json::object values;
  const auto& schema = version.manifest.configuration;
  for (const auto& [name, setting] : settings) {
    if (schema && schema->find(name)) values[name] = setting.value;
  }
  return values;
}

Result<Composition> compose(const Contributions& contributions, const Catalog& catalog,
                            const GroupLayers& layers) {
  Composition composition;
  std::optional<Error> error;
  for_each_component(contributions, [&](ComponentContributions component) {
    if (error) return;
    const auto& ref = *component.front().component;
    const auto published = catalog.find(ref);
    if (!is_decided(component)) {
      error = Error{Code::conflict,
                    fmt::format("component '{}' is asked for in several versions", ref.name)};
    } else if (published == catalog.end()) {
      error = Error{Code::not_found, fmt::format("component '{}' has no published version {}",
                                                 ref.name, ref.version)};
    } else {
      composition.modules.push_back(make_module(component, published->second, layers));
    }
  });
  if (error) return fail(*std::move(error));
  return composition;
}

Composition compose_decided(const Contributions& contributions, const Catalog& catalog,
                            const GroupLayers& layers) {
  Composition composition;
  for_each_component(contributions, [&](ComponentContributions component) {
    const auto published = catalog.find(*component.front().component);
    if (!is_decided(component) || published == catalog.end()) return;
    composition.modules.push_back(make_module(component, published->second, layers));
  });
  return composition;
}

}  // namespace ferry::fleet
