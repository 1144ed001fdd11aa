// SPDX-License-Identifier: Apache-2.0
#include "fleet/rollout_waves.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/ranges.h>

#include "base/crypto.hpp"
#include "fleet/azure_names.hpp"

namespace ferry::fleet {
namespace {

// Members in the order in which shares take them: each group by its rings, and every beginning of
// the whole has each group in proportion.
std::vector<std::size_t> in_turn(const std::vector<RolloutMember>& members) {
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < members.size(); ++i) groups[members[i].group].push_back(i);
  struct Turn {
    std::int64_t rank = 0;
    std::int64_t of = 0;
    std::size_t member = 0;
  };
  std::vector<Turn> turns;
  turns.reserve(members.size());
  for (auto& [group, positions] : groups) {
    std::sort(positions.begin(), positions.end(), [&](std::size_t a, std::size_t b) {
      return std::tie(members[a].ring, members[a].device) <
             std::tie(members[b].ring, members[b].device);
    });
    const auto size = static_cast<std::int64_t>(positions.size());
    for (std::int64_t rank = 0; rank < size; ++rank) {
      turns.push_back({rank, size, positions[static_cast<std::size_t>(rank)]});
    }
  }
  std::sort(turns.begin(), turns.end(), [&](const Turn& a, const Turn& b) {
    const auto left = (2 * a.rank + 1) * b.of;
    const auto right = (2 * b.rank + 1) * a.of;
    if (left != right) return left < right;
    return std::tie(members[a.member].ring, members[a.member].device) <
           std::tie(members[b.member].ring, members[b.member].device);
  });
  std::vector<std::size_t> order;
  order.reserve(turns.size());
  for (const auto& turn : turns) order.push_back(turn.member);
  return order;
}

class Assignment {
 public:
  explicit Assignment(const std::vector<RolloutMember>& members)
      : members_(members), order_(in_turn(members)), positions_(members.size(), kNowhere) {}

  Result<void> add(const WaveRule& rule) {
    const auto before = placed_;
    switch (rule.kind) {
      case WaveRule::Kind::nodes: {
        auto named = take_named(rule);
        if (!named) return named;
        break;
      }
      case WaveRule::Kind::label:
        for (std::size_t i = 0; i < members_.size(); ++i) {
          const auto label = members_[i].labels.find(rule.label);
          if (label != members_[i].labels.end() && label->second == rule.value) take(i);
        }
        break;
      case WaveRule::Kind::share:
        take_until(rule.share.rounded_up(static_cast<std::int64_t>(members_.size())));
        break;
    }
    if (placed_ > before) names_.push_back(to_string(rule));
    return {};
  }

  WavePlan finish() {
    const auto before = placed_;
    take_until(static_cast<std::int64_t>(members_.size()));
    if (placed_ > before) names_.emplace_back("100%");
    return {std::move(names_), std::move(positions_)};
  }

 private:
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  void take(std::size_t member) {
    if (positions_[member] != kNowhere) return;
    positions_[member] = names_.size();
    ++placed_;
  }

  void take_until(std::int64_t count) {
    for (const auto member : order_) {
      if (placed_ >= count) return;
      take(member);
    }
  }

  Result<void> take_named(const WaveRule& rule) {
    for (const auto& name : rule.nodes) {
      const auto found = std::find_if(members_.begin(), members_.end(),
                                      [&](const RolloutMember& one) { return one.node == name; });
      if (found == members_.end()) {
        return fail(Error{Code::invalid_argument,
                          fmt::format("node '{}' is none of those that this reaches", name),
                          "name nodes of the groups that the plan changes, which have registered"});
      }
      take(static_cast<std::size_t>(found - members_.begin()));
    }
    return {};
  }

  const std::vector<RolloutMember>& members_;
  std::vector<std::size_t> order_;
  std::vector<std::size_t> positions_;
  std::vector<std::string> names_;
  std::int64_t placed_ = 0;
};

Result<void> check_conditions(const std::vector<RolloutMember>& members, const WavePlan& plan) {
  std::map<std::string, std::vector<PlacedNode>> groups;
  for (std::size_t i = 0; i < members.size(); ++i) {
    groups[members[i].group].push_back({members[i].device, members[i].ring, plan.positions[i]});
  }
  for (const auto& [group, nodes] : groups) {
    for (std::size_t wave = 0; wave < plan.waves.size(); ++wave) {
      const auto named = admission_of(nodes, wave).devices.size();
      if (named <= kNamedDevices) continue;
      return fail(Error{
          Code::invalid_argument,
          fmt::format("wave {} ({}) would name {} nodes of group '{}' one by one", wave + 1,
                      plan.waves[wave], named, group),
          fmt::format("name at most {} nodes of a group, whole groups, or shares", kNamedDevices)});
    }
  }
  return {};
}

}  // namespace

std::int64_t ring_of(const NodeId& node) {
  const std::string digest = sha256(node.str());
  std::int64_t ring = 0;
  for (int i = 0; i < 4; ++i)
    ring = ring * 256 + static_cast<unsigned char>(digest[std::size_t(i)]);
  return ring % kRings;
}

Result<WavePlan> assign_waves(const RolloutPolicy& policy,
                              const std::vector<RolloutMember>& members) {
  Assignment assignment(members);
  for (const auto& rule : policy.waves) {
    auto added = assignment.add(rule);
    if (!added) return fail(std::move(added).error());
  }
  auto plan = assignment.finish();
  auto good = check_conditions(members, plan);
  if (!good) return fail(std::move(good).error());
  return plan;
}

Admission admission_of(const std::vector<PlacedNode>& nodes, std::size_t wave) {
  Admission admission{kRings, {}};
  for (const auto& node : nodes) {
    if (node.wave > wave) admission.below = std::min(admission.below, node.ring);
  }
  for (const auto& node : nodes) {
    if (node.wave <= wave && node.ring >= admission.below) admission.devices.push_back(node.device);
  }
  std::sort(admission.devices.begin(), admission.devices.end());
  return admission;
}

std::string admission_condition(const NodeGroupId& group, const Admission& admission) {
  std::string text =
      fmt::format("{} and (tags.ferry.ring < {}", target_condition(group), admission.below);
  if (!admission.devices.empty()) {
    text += fmt::format(" or deviceId in ['{}']", fmt::join(admission.devices, "', '"));
  }
  return text + ")";
}

}  // namespace ferry::fleet
