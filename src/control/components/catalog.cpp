// SPDX-License-Identifier: Apache-2.0
#include "control/components/catalog.hpp"

#include "base/json.hpp"

namespace ferry::control {
namespace {

constexpr std::size_t kKeptWorkspaces = 64;

std::map<std::string, std::vector<fleet::ImageLayer>> read_layers(const std::string& text) {
  std::map<std::string, std::vector<fleet::ImageLayer>> layers;
  const auto object = parse_json_object(text);
  if (!object) return layers;
  for (const auto& [platform, value] : *object) {
    const auto* array = value.if_array();
    for (std::size_t i = 0; array && i < array->size(); ++i) {
      const auto* layer = (*array)[i].if_object();
      if (!layer) continue;
      layers[platform].push_back({string_or(*layer, "digest", ""), int_or(*layer, "size", 0)});
    }
  }
  return layers;
}

}  // namespace

std::string write_layers(const std::map<std::string, std::vector<fleet::ImageLayer>>& layers) {
  json::object object;
  for (const auto& [platform, list] : layers) {
    json::array array;
    for (const auto& layer : list) {
      array.push_back(json::object{{"digest", layer.digest}, {"size", layer.size}});
    }
    object[platform] = std::move(array);
  }
  return json::serialize(object);
}

Result<fleet::Catalog> PublishedVersions::load(const fleet::WorkspaceId& workspace,
                                               const std::set<fleet::ComponentRef>& wanted) {
  if (kept_.size() > kKeptWorkspaces) kept_.clear();
  auto& kept = kept_[workspace.str()];
  fleet::Catalog catalog;
  for (const auto& ref : wanted) {
    auto& version = kept[ref];
    if (!version) {
      auto found = read(workspace, ref);
      if (!found) return fail(std::move(found).error());
      version = *std::move(found);
    }
    if (version) {
      catalog[ref] = version;
    } else {
      kept.erase(ref);  // it may be published yet
    }
  }
  return catalog;
}

Result<PublishedVersions::Version> PublishedVersions::read(const fleet::WorkspaceId& workspace,
                                                           const fleet::ComponentRef& ref) const {
  auto found = store_.components.find_published(workspace, ref);
  if (!found) return fail(std::move(found).error());
  if (!*found) return Version();
  auto manifest = fleet::parse_manifest((*found)->manifest);
  if (!manifest) {
    return fail(std::move(manifest).error().with("read {} {}", ref.name, ref.version));
  }
  return std::make_shared<const fleet::PublishedVersion>(fleet::PublishedVersion{
      (*found)->image, *std::move(manifest), read_layers((*found)->layers)});
}

}  // namespace ferry::control
