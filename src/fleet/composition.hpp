// SPDX-License-Identifier: Apache-2.0
// What a node group must run, computed from all live deployments that target it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fleet/change.hpp"
#include "fleet/manifest.hpp"
#include "fleet/types.hpp"

namespace ferry::fleet {

// What one image consists of, as far as it must be carried to a device.
struct ImageLayer {
  std::string digest;
  std::int64_t size = 0;  // bytes as pulled
  friend bool operator==(const ImageLayer&, const ImageLayer&) = default;
};

// A published version as far as devices are concerned.
struct PublishedVersion {
  std::string image;  // by digest
  Manifest manifest;
  std::map<std::string, std::vector<ImageLayer>> layers;  // by platform
};
using Catalog = std::map<ComponentRef, std::shared_ptr<const PublishedVersion>>;

// One module of a composition.
struct Module {
  std::string name;
  std::string version;
  std::shared_ptr<const PublishedVersion> published;
  // What its settings come to for the whole group, by the names that its schema knows, sorted.
  json::object settings = {};
  const Manifest& manifest() const { return published->manifest; }
};

// Modules by name, each name once.
struct Composition {
  std::vector<Module> modules;
};

const Module* find_module(const Composition& composition, const std::string& name);

// That a deployment asks a group for a component. Points into the deployments that it was made of.
struct Contribution {
  const ComponentRef* component = nullptr;
  const Deployment* deployment = nullptr;
};
// By component, version and name of the deployment, each once.
using Contributions = std::vector<Contribution>;

// What every group is asked to run, by group name; groups that nothing targets are absent. Time and
// space are linear, but for sorting, in the sum of (components x groups) over the deployments,
// which must outlive the result.
std::map<std::string, Contributions> contributions_by_group(
    const std::vector<Deployment>& deployments, const Directory& directory = {});
// Of these groups only; what the deployments do elsewhere costs next to nothing.
std::map<std::string, Contributions> contributions_by_group(
    const std::vector<Deployment>& deployments, const std::set<std::string>& groups,
    const Directory& directory = {});

// Those about one component.
using ComponentContributions = std::span<const Contribution>;
// `use` is called once for each component, in order of their names.
template <class Use>
void for_each_component(const Contributions& contributions, Use use) {
  for (std::size_t begin = 0; begin < contributions.size();) {
    std::size_t end = begin + 1;
    const std::string& name = contributions[begin].component->name;
    while (end < contributions.size() && contributions[end].component->name == name) ++end;
    use(ComponentContributions(contributions).subspan(begin, end - begin));
    begin = end;
  }
}
// One version of it, as far as these go.
bool is_decided(ComponentContributions contributions);

// What is set for a group beside what deployments say.
struct GroupLayers {
  const Settings* workspace = nullptr;
  std::string_view group;  // name
  const Settings* own = nullptr;
};

// What the settings of one component come to on a group, also those that its schema does not know;
// with `node` on that one node.
std::map<std::string, EffectiveSetting> settings_of(ComponentContributions contributions,
                                                    const PublishedVersion& version,
                                                    const GroupLayers& layers,
                                                    const LayerValues& node = {});
// Settings that deployments want to be different and that no later layer decides, in words.
std::vector<std::string> settings_in_conflict(ComponentContributions contributions,
                                              const GroupLayers& layers);
// The values that the schema knows.
json::object known_values(const std::map<std::string, EffectiveSetting>& settings,
                          const PublishedVersion& version);

// Fails with Code::conflict when a component has two versions, with Code::not_found when the
// catalog lacks one.
Result<Composition> compose(const Contributions& contributions, const Catalog& catalog,
                            const GroupLayers& layers = {});
// The same, without what is in conflict or unknown.
Composition compose_decided(const Contributions& contributions, const Catalog& catalog,
                            const GroupLayers& layers = {});

}  // namespace ferry::fleet
