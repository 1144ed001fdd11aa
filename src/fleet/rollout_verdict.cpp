// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout_verdict.hpp"

#include <array>

namespace ferry::fleet {
namespace {

constexpr std::array<std::string_view, 7> kVerdicts{
    "pending", "downloading", "done", "crash-looping", "unhealthy", "returned", "offline"};

// It starts again and again, or nobody starts it any more.
bool crash_loops(const ModuleObservation& module, bool counts_restarts) {
  const auto& status = module.runtime_status;
  if (status == "failed" || status == "dead") return true;
  if (status == "backoff" && module.restarts >= kCrashLoop - 1) return true;
  return counts_restarts && module.restarts >= kCrashLoop;
}

// Has ended well, as what has a single task to do.
bool has_ended(const ModuleObservation& module) {
  return module.runtime_status == "stopped" && module.exit_code == 0;
}

std::string crash_words(const ModuleObservation& module) {
  return fmt::format("{} has been started again {} times, last exit code {}", module.name,
                     module.restarts, module.exit_code);
}

bool is_fetching(const NodeObservation& node) {
  for (const auto& module : node.modules) {
    if (module.description.starts_with("downloading")) return true;
  }
  return false;
}

NodeFinding judge_taken(const RolloutTarget& target, const NodeObservation& node,
                        const std::set<std::string>& bad_before) {
  const auto counts = [&](const ModuleObservation& module) {
    return target.changed.contains(module.name) || !bad_before.contains(module.name);
  };
  // Restarts are counted from when a container was made: those of an unchanged one are older.
  for (const auto& module : node.modules) {
    if (counts(module) && crash_loops(module, target.changed.contains(module.name))) {
      return {NodeVerdict::crash_looping, crash_words(module)};
    }
  }
  if (!node.connected) return {NodeVerdict::offline, "went offline after it had taken it"};
  for (const auto& module : node.modules) {
    if (counts(module) && module.runtime_status == "unhealthy") {
      return {NodeVerdict::unhealthy, module.name + " is unhealthy"};
    }
  }
  if (node.code != 0 && node.code != 200) return {NodeVerdict::unhealthy, node.description};
  for (const auto& module : node.modules) {
    if (counts(module) && module.runtime_status != "running" && !has_ended(module)) {
      return {NodeVerdict::pending,
              fmt::format("{} is not running yet ({})", module.name, module.runtime_status)};
    }
  }
  return {NodeVerdict::done, {}};
}

}  // namespace

std::string_view to_string(NodeVerdict verdict) {
  return kVerdicts[static_cast<std::size_t>(verdict)];
}

Result<NodeVerdict> parse_node_verdict(std::string_view text) {
  for (std::size_t i = 0; i < kVerdicts.size(); ++i) {
    if (kVerdicts[i] == text) return static_cast<NodeVerdict>(i);
  }
  return fail(Code::invalid_argument, "'{}' is no verdict of a node", text);
}

std::set<std::string> bad_modules(const NodeObservation& node) {
  std::set<std::string> bad;
  for (const auto& module : node.modules) {
    if (module.runtime_status != "running" && !has_ended(module)) bad.insert(module.name);
  }
  return bad;
}

NodeFinding judge_node(const RolloutTarget& target, const NodeObservation& node,
                       const std::set<std::string>& bad_before) {
  if (!node.reported) return {NodeVerdict::offline, "has never reported"};
  if (node.returned_from == target.composition) {
    return {NodeVerdict::returned, node.returned_because};
  }
  if (node.composition == target.composition) return judge_taken(target, node, bad_before);
  if (!node.connected) return {NodeVerdict::offline, {}};
  if (is_fetching(node)) return {NodeVerdict::downloading, {}};
  return {NodeVerdict::pending, {}};
}

}  // namespace ferry::fleet
