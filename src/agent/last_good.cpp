// SPDX-License-Identifier: Apache-2.0
#include "agent/last_good.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/encoding.hpp"

namespace ferry::agent {
namespace {

constexpr int kFailedSteps = 3;

// Members in one order, whatever order they came in.
json::value in_order(const json::value& value) {
  if (const auto* object = value.if_object()) {
    std::map<std::string, json::value> members;
    for (const auto& [name, member] : *object) members[std::string(name)] = in_order(member);
    json::object ordered;
    for (auto& [name, member] : members) ordered[name] = std::move(member);
    return ordered;
  }
  if (const auto* array = value.if_array()) {
    json::array ordered;
    for (const auto& item : *array) ordered.push_back(in_order(item));
    return ordered;
  }
  return value;
}

const ObservedContainer* find_running(const World& world, const std::string& module) {
  for (const auto& container : world.containers) {
    if (container.module == module && container.state == ContainerState::running) return &container;
  }
  return nullptr;
}

const ObservedContainer* find_any(const World& world, const std::string& module) {
  if (const auto* running = find_running(world, module)) return running;
  const auto found =
      std::find_if(world.containers.begin(), world.containers.end(),
                   [&](const ObservedContainer& container) { return container.module == module; });
  return found == world.containers.end() ? nullptr : &*found;
}

std::string trouble_of(const World& world, const ModuleSpec& spec) {
  const auto record = world.records.find(spec.name);
  if (record == world.records.end() || find_running(world, spec.name)) return {};
  const auto* container = find_any(world, spec.name);
  if (container && record->second.restart_count >= kReturnAfter) {
    return fmt::format("{} {} was started again {} times and ended with exit code {}", spec.name,
                       spec.version, record->second.restart_count, container->exit_code);
  }
  const bool fetched =
      spec.image_pull_policy == ImagePullPolicy::never || world.ready_images.contains(spec.image);
  if (fetched && record->second.failures >= kFailedSteps) {
    return fmt::format("{} {} could not be started: {}", spec.name, spec.version,
                       record->second.last_error);
  }
  return {};
}

}  // namespace

std::string content_of(const json::object& desired) {
  const auto* modules = find_object(desired, "modules");
  return hex_encode(sha256(modules ? json::serialize(in_order(*modules)) : std::string()));
}

std::string reason_to_return(const World& world, const Composition& good) {
  if (!world.desired) return {};
  for (const auto& [name, spec] : world.desired->modules) {
    const auto before = good.modules.find(name);
    const bool same = before != good.modules.end() && before->second.fingerprint(world.hub_host) ==
                                                          spec.fingerprint(world.hub_host);
    if (same || spec.status == DesiredStatus::stopped) continue;
    auto trouble = trouble_of(world, spec);
    if (!trouble.empty()) return trouble;
  }
  return {};
}

bool is_proven(const World& world, const Plan& plan, Timestamp now, std::chrono::seconds duration) {
  if (!world.desired || !plan.settled || !plan.in_backoff.empty() || !plan.given_up.empty()) {
    return false;
  }
  for (const auto& [name, spec] : world.desired->modules) {
    if (spec.status == DesiredStatus::stopped) continue;
    const auto* container = find_any(world, name);
    if (!container || !container->started_at) return false;
    if (container->fingerprint != spec.fingerprint(world.hub_host)) return false;
    const bool ended_well = container->state == ContainerState::exited && container->exit_code == 0;
    if (container->state != ContainerState::running && !ended_well) return false;
    if (now - *container->started_at < duration) return false;
  }
  return true;
}

}  // namespace ferry::agent
