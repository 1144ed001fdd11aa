// SPDX-License-Identifier: Apache-2.0
#include "control/deployments/nodes_apart.hpp"

#include "base/log.hpp"
#include "control/deployments/composing.hpp"
#include "control/lookup.hpp"
#include "control/nodes/reports.hpp"
#include "fleet/edge_deployment.hpp"

namespace ferry::control {
namespace {

constexpr std::string_view kAgent = "$edgeAgent";

// What makes `actual` into `wanted` as a merge patch.
json::object patch_to(const json::object& wanted, const json::object& actual) {
  json::object patch;
  for (const auto& [name, value] : wanted) {
    const auto* there = actual.if_contains(name);
    if (there && *there == value) continue;
    if (there && there->is_object() && value.is_object()) {
      patch[name] = patch_to(value.get_object(), there->get_object());
    } else {
      patch[name] = value;
    }
  }
  for (const auto& [name, value] : actual) {
    if (!wanted.contains(name) && !std::string_view(name).starts_with('$')) patch[name] = nullptr;
  }
  return patch;
}

// Composition that the hub has applied to a twin; 0 when it is none of the group's.
std::int64_t applied_composition(const azure::Twin& twin, const fleet::NodeGroupId& group) {
  for (const auto& [id, status] : twin.configurations) {
    if (status != "Applied") continue;
    NodeReport report;
    report.configuration = id;
    return composition_of(report, group);
  }
  return 0;
}

// The modules of a composition as the node has them: its own settings lie over the group's.
Result<std::vector<fleet::Module>> modules_of_node(Context& context, const fleet::Node& node,
                                                   const store::CompositionRecord& record) {
  auto own = context.store.layers.settings({node.workspace, std::nullopt, node.id});
  if (!own) return fail(std::move(own).error());
  std::set<fleet::ComponentRef> wanted;
  for (const auto& module : record.modules) wanted.insert({module.name, module.version});
  auto catalog = context.published.load(node.workspace, wanted);
  if (!catalog) return fail(std::move(catalog).error());
  std::vector<fleet::Module> modules;
  for (const auto& running : running_modules(record)) {
    const auto version = catalog->find({running.name, running.version});
    if (version == catalog->end() || !version->second->manifest.configuration) continue;
    fleet::Module module{running.name, running.version, version->second, running.settings};
    if (const auto* values = fleet::find_values(*own, running.name)) {
      for (const auto& [setting, value] : *values) {
        if (version->second->manifest.configuration->find(setting)) {
          module.settings[setting] = value;
        }
      }
    }
    modules.push_back(std::move(module));
  }
  return modules;
}

net::Task<Result<void>> write(azure::IotHubClient& hub, azure::Twin twin, json::object desired) {
  json::object patch{{"properties", json::object{{"desired", std::move(desired)}}}};
  // Only over what was read: if the hub has applied something else since, that is read first.
  auto written = co_await hub.patch_twin({twin.device_id, twin.module_id}, std::move(patch),
                                         std::move(twin.etag));
  if (!written) co_return fail(std::move(written).error());
  co_return Result<void>();
}

net::Task<Result<void>> write_variables(azure::IotHubClient& hub, azure::Twin agent,
                                        std::vector<fleet::Module> modules) {
  json::object patches;
  const auto* there = find_object(agent.desired, "modules");
  for (const auto& module : modules) {
    const auto* entry = there ? find_object(*there, module.name) : nullptr;
    if (!entry) continue;
    const auto* env = find_object(*entry, "env");
    auto patch = patch_to(fleet::module_env(module), env ? *env : json::object());
    if (!patch.empty()) patches[module.name] = json::object{{"env", std::move(patch)}};
  }
  if (patches.empty()) co_return Result<void>();
  co_return co_await write(hub, std::move(agent), json::object{{"modules", std::move(patches)}});
}

net::Task<Result<void>> write_twins(azure::IotHubClient& hub, std::string device,
                                    std::vector<fleet::Module> modules) {
  for (const auto& module : modules) {
    if (!fleet::has_twin_settings(module)) continue;
    auto twin = co_await hub.get_twin({device, module.name});
    if (!twin) co_return fail(std::move(twin).error());
    auto patch = patch_to(fleet::module_desired(module), twin->desired);
    if (patch.empty()) continue;
    auto written = co_await write(hub, *std::move(twin), std::move(patch));
    if (!written) co_return written;
  }
  co_return Result<void>();
}

}  // namespace

net::Task<Result<ApartState>> settle_node(Context& context, fleet::NodeId id) {
  auto found = context.store.nodes.find(id);
  if (!found) co_return fail(std::move(found).error());
  if (!*found || (*found)->deleting) co_return ApartState::settled;
  const fleet::Node node = **found;
  if (!node.registered_at) co_return ApartState::waiting;
  auto workspace = load_workspace(context, node.workspace);
  if (!workspace) co_return fail(std::move(workspace).error());
  auto connection = context.clouds.workspace(*workspace);
  if (!connection) co_return fail(std::move(connection).error());
  auto group = load_group(context, node.group);
  if (!group) co_return fail(std::move(group).error());
  auto& hub = (*connection)->hub_of(*group);
  auto agent = co_await hub.get_twin({node.registration_id, std::string(kAgent)});
  if (!agent && agent.error().code == Code::not_found) co_return ApartState::waiting;
  if (!agent) co_return fail(std::move(agent).error());
  const auto composition = applied_composition(*agent, node.group);
  auto record = context.store.compositions.find(node.group, composition);
  if (!record) co_return fail(std::move(record).error());
  if (!*record) co_return ApartState::waiting;
  auto modules = modules_of_node(context, node, **record);
  if (!modules) co_return fail(std::move(modules).error());
  // Before the twins: whatever happens then, it is known that they may differ.
  auto marked = context.store.layers.mark_apart(id, true);
  if (!marked) co_return fail(std::move(marked).error());
  auto variables = co_await write_variables(hub, *std::move(agent), *modules);
  if (!variables) co_return fail(std::move(variables).error());
  auto twins = co_await write_twins(hub, node.registration_id, *std::move(modules));
  if (!twins) co_return fail(std::move(twins).error());
  auto own = context.store.layers.settings({node.workspace, std::nullopt, id});
  if (!own) co_return fail(std::move(own).error());
  if (own->empty()) {
    auto unmarked = context.store.layers.mark_apart(id, false);
    if (!unmarked) co_return fail(std::move(unmarked).error());
  }
  co_return ApartState::settled;
}

net::Task<Result<void>> settle_nodes_of(Context& context, fleet::NodeGroupId group,
                                        StepContext& step) {
  auto nodes = context.store.layers.nodes_apart(group);
  if (!nodes) co_return fail(std::move(nodes).error());
  std::size_t settled = 0;
  for (const auto& node : *nodes) {
    auto state = co_await settle_node(context, node);
    // Somebody else wrote the twin meanwhile: the next look tells.
    if (!state && state.error().code == Code::precondition_failed) continue;
    if (!state) co_return fail(std::move(state).error());
    if (*state == ApartState::settled) ++settled;
    step.detail(
        fmt::format("{} of {} nodes have their own settings; the others get them once the "
                    "hub has applied the group's",
                    settled, nodes->size()));
  }
  co_return Result<void>();
}

net::Task<void> follow_nodes_apart(Context& context) {
  for (;;) {
    co_await net::sleep_for(context.apart_poll);
    auto nodes = context.store.layers.nodes_apart();
    if (!nodes) {
      log::error("configuration", "{}", nodes.error().describe());
      continue;
    }
    for (const auto& node : *nodes) {
      auto settled = co_await settle_node(context, node);
      if (!settled) log::warning("configuration", "node {}: {}", node, settled.error().describe());
    }
  }
}

}  // namespace ferry::control
