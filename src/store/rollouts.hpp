// SPDX-License-Identifier: Apache-2.0
// Rollouts: their status, whom they reach, what stands of them in the cloud, and what happened.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/sqlite.hpp"
#include "fleet/change.hpp"
#include "fleet/rollout.hpp"
#include "fleet/types.hpp"

namespace ferry::store {

struct RolloutRecord {
  std::string id;
  fleet::WorkspaceId workspace;
  std::string plan;  // id of the plan that it delivers; empty when nobody has seen one
  fleet::Change change;
  fleet::RolloutPolicy policy;
  std::string actor;  // who started it
  fleet::RolloutStatus status;
  std::vector<std::string> waves;  // what each is called; empty while it is being prepared
  bool recorded = false;           // the change has become the deployments' next revisions
  std::string trouble;             // what keeps it from going on just now; empty when nothing does
  Timestamp started_at;
  std::optional<Timestamp> finished_at;
};

struct RolloutGroup {
  static constexpr std::int64_t kNothing = -1;
  static constexpr std::int64_t kEverybody = 1'000'000;
  fleet::NodeGroupId group;
  std::string name;
  std::int64_t composition = 0;     // that it brings
  std::int64_t previous = 0;        // that stood before
  std::int64_t reached = kNothing;  // in the cloud: nothing, the waves up to this, or everybody
};

struct RolloutNodeRecord {
  fleet::NodeId node;
  fleet::NodeGroupId group;
  std::string name;
  std::string device;
  std::int64_t ring = 0;
  std::size_t wave = 0;
  std::set<std::string> bad_before;  // modules that did not work when it began
  fleet::NodeFinding finding;
  Timestamp since;  // of the verdict
  bool forgiven = false;
};

struct RolloutEvent {
  Timestamp at;
  std::string what;
};

class Rollouts {
 public:
  explicit Rollouts(sqlite::Database& database) : database_(database) {}
  Result<void> insert(const RolloutRecord& rollout, const std::vector<RolloutGroup>& groups);
  // Status, waves, progress and end; what it is about never changes.
  Result<void> update(const RolloutRecord& rollout);
  Result<std::optional<RolloutRecord>> find(const fleet::WorkspaceId& workspace,
                                            const std::string& id) const;
  Result<std::optional<RolloutRecord>> find(const std::string& id) const;
  // Those that go on first, then the newest.
  Result<std::vector<RolloutRecord>> list(const fleet::WorkspaceId& workspace, int limit) const;
  Result<std::vector<RolloutRecord>> unfinished() const;
  Result<std::vector<RolloutRecord>> unfinished(const fleet::WorkspaceId& workspace) const;
  // The one that is under way for this group.
  Result<std::optional<std::string>> running_for(const fleet::NodeGroupId& group) const;

  Result<std::vector<RolloutGroup>> groups(const std::string& rollout) const;  // by name
  Result<void> set_reached(const std::string& rollout, const RolloutGroup& group);

  Result<void> insert_node(const std::string& rollout, const RolloutNodeRecord& node);
  Result<void> remove_nodes(const std::string& rollout);
  // Leaves every rollout: it has moved to another group.
  Result<void> forget_node(const fleet::NodeId& node);
  // By wave, then name.
  Result<std::vector<RolloutNodeRecord>> nodes(const std::string& rollout) const;
  Result<void> set_finding(const std::string& rollout, const RolloutNodeRecord& node);

  Result<void> note(const std::string& rollout, Timestamp at, std::string_view what);
  Result<std::vector<RolloutEvent>> events(const std::string& rollout) const;  // oldest first

 private:
  sqlite::Database& database_;
};

}  // namespace ferry::store
