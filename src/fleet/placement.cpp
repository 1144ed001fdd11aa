// SPDX-License-Identifier: Apache-2.0
#include "fleet/placement.hpp"

#include <algorithm>

namespace ferry::fleet {
namespace {

using Layers = std::map<std::string_view, std::int64_t>;  // digest -> bytes
using Nodes = std::vector<const NodeFacts*>;

constexpr std::size_t kSome = 3;

void collect_layers(const Composition& composition, const std::string& platform, Layers& layers) {
  for (const auto& module : composition.modules) {
    const auto found = module.published->layers.find(platform);
    if (found == module.published->layers.end()) continue;
    for (const auto& layer : found->second) layers.emplace(layer.digest, layer.size);
  }
}

std::map<std::string_view, Nodes> by_platform(const GroupFacts& facts) {
  std::map<std::string_view, Nodes> nodes;
  Nodes* last = nullptr;
  std::string_view platform;
  for (const auto& node : facts.nodes) {
    if (node.platform.empty()) continue;
    if (!last || platform != node.platform) {
      platform = node.platform;
      last = &nodes[platform];
    }
    last->push_back(&node);
  }
  return nodes;
}

std::string name_some(const Nodes& nodes) {
  std::string names;
  for (std::size_t i = 0; i < std::min(nodes.size(), kSome); ++i) {
    names += (i == 0 ? "" : ", ") + nodes[i]->name;
  }
  return nodes.size() > kSome ? names + ", ..." : names;
}

std::string count_nodes(std::size_t nodes) {
  return nodes == 1 ? "1 node" : fmt::format("{} nodes", nodes);
}

bool runs_on(const Module& module, const std::string& platform) {
  const auto& platforms = module.manifest().platforms;
  return platforms.empty() ||
         std::find(platforms.begin(), platforms.end(), platform) != platforms.end();
}

bool is_unchanged(const GroupPlan& group, const std::string& component) {
  const auto& unchanged = group.difference.unchanged;
  const auto found = std::lower_bound(
      unchanged.begin(), unchanged.end(), component,
      [](const ComponentRef& ref, const std::string& name) { return ref.name < name; });
  return found != unchanged.end() && found->name == component;
}

// The disk holds what the images unpack to, which is more than what is fetched: whoever has no
// room for that much certainly lacks it.
void look_at_disks(const Nodes& nodes, std::int64_t bytes, GroupPlan::Disk& disk) {
  for (const auto* node : nodes) {
    if (node->free_bytes < 0) {
      ++disk.unknown;
    } else if (node->free_bytes < bytes) {
      ++disk.lacking.count;
      if (disk.lacking.names.size() < kNamedNodes) disk.lacking.names.push_back(node->name);
    }
  }
}

}  // namespace

void look_at_images(const GroupFacts& facts, const Composition& before, const Composition& after,
                    GroupPlan& group, Plan& plan) {
  for (const auto& [platform_view, nodes] : by_platform(facts)) {
    const std::string platform(platform_view);
    for (const auto& module : after.modules) {
      if (runs_on(module, platform)) continue;
      auto& words = is_unchanged(group, module.name) ? plan.warnings : plan.problems;
      words.push_back(fmt::format("{} {} has no image for {}, which {} of group {} ({}) would need",
                                  module.name, module.version, platform, count_nodes(nodes.size()),
                                  group.group, name_some(nodes)));
    }
    std::int64_t bytes = 0;
    if (group.difference.changes()) {
      Layers there;
      collect_layers(before, platform, there);
      Layers wanted;
      collect_layers(after, platform, wanted);
      for (const auto& [digest, size] : wanted) {
        if (!there.contains(digest)) bytes += size;
      }
    }
    group.pulls.push_back({platform, static_cast<std::int64_t>(nodes.size()), bytes});
    if (bytes > 0) look_at_disks(nodes, bytes, group.disk);
  }
  if (group.disk.lacking.count == 0) return;
  plan.warnings.push_back(fmt::format(
      "{} of group {} {} less room on disk than the images need: {}",
      count_nodes(static_cast<std::size_t>(group.disk.lacking.count)), group.group,
      group.disk.lacking.count == 1 ? "has" : "have", fmt::join(group.disk.lacking.names, ", ")));
}

std::vector<std::string> check_capabilities(const Composition& composition, const GroupFacts& facts,
                                            const Capabilities& capabilities,
                                            const std::string& group) {
  std::map<std::string, std::vector<const Module*>> required;
  for (const auto& module : composition.modules) {
    for (const auto& capability : module.manifest().required_capabilities) {
      if (!capabilities.group.contains(capability)) required[capability].push_back(&module);
    }
  }
  std::vector<std::string> problems;
  for (const auto& [capability, modules] : required) {
    Nodes lacking;
    for (const auto& node : facts.nodes) {
      const auto own = capabilities.nodes.find(node.name);
      if (own == capabilities.nodes.end() || !own->second.contains(capability)) {
        lacking.push_back(&node);
      }
    }
    if (lacking.empty() && !facts.nodes.empty()) continue;
    const std::string who = lacking.empty()
                                ? fmt::format("group {}", group)
                                : fmt::format("{} of group {} ({})", count_nodes(lacking.size()),
                                              group, name_some(lacking));
    for (const auto* module : modules) {
      problems.push_back(
          fmt::format("{} {} requires {}, which {} {} not said to have: ferry capability add {} "
                      "--group {} says "
                      "so, or deploy it to another group",
                      module->name, module->version, capability, who,
                      lacking.size() > 1 ? "are" : "is", capability, group));
    }
  }
  return problems;
}

}  // namespace ferry::fleet
